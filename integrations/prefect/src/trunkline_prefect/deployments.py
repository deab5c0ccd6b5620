"""Deploying the flows: the work pool, a deployment of each flow, and the reaper's schedule.

``python -m trunkline_prefect.deployments [POOL] [--here]`` does it on the server of PREFECT_API_URL. Workers need this
package and no code from elsewhere: a deployment names the module of its flow. With ``--here``, all workers are on this
machine and use this Python. A flow run then begins in a third of the time: otherwise Prefect starts Python three times
for each, to look for code that it need not look for.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow
from prefect.types.entrypoint import EntrypointType
from prefect.utilities.processutils import command_to_string
from prefect.workers.process import ProcessWorker

from trunkline.errors import TrunklineError, exit_code_of

from .api import DEPLOYMENT, POOL, TAG, deployment_of, errors_as_ours, opened
from .flows import config_drift, export_call_log, fleet_job, status
from .lanes import shards
from .reaper import reaper

_FLOWS: tuple[Flow[..., Any], ...] = (fleet_job, export_call_log, config_drift, status, shards)
_HERE = "--here"
_REAP_EVERY = timedelta(minutes=2)


def deploy(work_pool: str = POOL, *, is_here: bool = False) -> list[str]:
    """Make the work pool if it is missing, deploy all flows, and return the names of their deployments.

    ``is_here``: all workers of the pool are on this machine, and use this Python.

    It may be done again at any time, as after an upgrade. Raises ConfigurationError where the server can't be reached
    or refuses it, EngineFailed where it fails.
    """
    with opened():
        pass  # it says what is wrong before anything is changed
    with errors_as_ours():
        return asyncio.run(_deploy(work_pool, is_here))


async def _deploy(work_pool: str, is_here: bool) -> list[str]:
    async with get_client() as client:
        try:
            await client.read_work_pool(work_pool)
        except ObjectNotFound:
            template = ProcessWorker.get_default_base_job_template()
            await client.create_work_pool(
                WorkPoolCreate(
                    name=work_pool,
                    type=ProcessWorker.type,
                    description="Processes that carry out Trunkline's flows.",
                    base_job_template=template,
                )
            )
    command = command_to_string([sys.executable, "-m", "prefect.engine"])
    variables = {"command": command} if is_here else {}
    for flow in _FLOWS:
        await _apply(flow, work_pool, job_variables=variables)
    # No limit of Prefect's: a run that died would keep its slot, and no reaper would begin any more.
    options = {"interval": _REAP_EVERY, "concurrency_limit": None}
    await _apply(reaper, work_pool, job_variables=variables, **options)
    return [deployment_of(flow.name) for flow in (*_FLOWS, reaper)]


async def _apply(flow: Flow[..., Any], work_pool: str, **options: Any) -> None:
    deployment = await flow.ato_deployment(
        DEPLOYMENT,
        description=flow.description,
        tags=[TAG],
        work_pool_name=work_pool,
        entrypoint_type=EntrypointType.MODULE_PATH,
        **options,
    )
    await deployment.aapply()


def main() -> int:
    """Deploy, and say what was deployed."""
    given = sys.argv[1:]
    pools = [argument for argument in given if argument != _HERE]
    try:
        names = deploy(*pools[:1], is_here=_HERE in given)
    except TrunklineError as error:
        print(f"Error: {error}", file=sys.stderr)
        return exit_code_of(error)
    print("\n".join(names))
    return 0


if __name__ == "__main__":
    sys.exit(main())
