"""Prefect as an engine of the command line: a job of the ledger is handed over, and ended with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger

from .api import FLOW_OF_KIND, LANES, REPLACED, deployment_of, opened, page_of, runs_of, tags_of
from .heartbeats import HEARD_OF_WITHIN, silence_of, silences

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State, StateType

LANES_OF_A_JOB = 2


class PrefectEngine:
    """Carries out jobs of the ledger that TRUNKLINE_LEDGER names, on the server that PREFECT_API_URL names."""

    def hand_over(self, job: str, *, lanes: int | None = None) -> str:
        """Start the flow that sees a job through, and return the address where it can be looked at.

        A job that such a run sees through already is left to it, if the run has given a sign of life lately or has
        just been started; otherwise another one takes its place. ``lanes``: runs that carry out its shards at once.

        Raises:
            ConfigurationError: the server can't be reached or refuses, is of another version, or lacks the flows; or
                there is no such job.
            EngineFailed: the server failed.
            LedgerFailed: the ledger can't be read.
        """
        with PostgresLedger.from_environment() as ledger:
            flow = FLOW_OF_KIND[SharedJob.open(ledger, job).kind]
            heard = silences(ledger)
        with opened() as client:
            runs = client.read_flow_runs(**runs_of([flow], _unended(), job), limit=200)
            for run in runs:
                if silence_of(run, heard) < HEARD_OF_WITHIN:
                    return page_of(run.id)
            for run in runs:  # the reaper would start it again, beside the new one
                client.set_flow_run_state(run.id, _replaced())
            deployment = client.read_deployment_by_name(deployment_of(flow))
            run = client.create_flow_run_from_deployment(
                deployment.id,
                parameters={"job": job, "lanes": lanes or LANES_OF_A_JOB},
                name=job,
                tags=tags_of(job),
            )
            return page_of(run.id)

    def cancel(self, job: str) -> None:
        """End the runs of a cancelled job that have not begun; those that run read it in the ledger and end by
        themselves, after their requests in progress. Raises as `hand_over`.
        """
        from prefect.client.schemas.objects import StateType
        from prefect.states import Cancelled

        with opened() as client:
            flows = [LANES, *FLOW_OF_KIND.values()]
            for run in client.read_flow_runs(**runs_of(flows, [StateType.SCHEDULED, StateType.PAUSED], job), limit=200):
                client.set_flow_run_state(run.id, Cancelled(message="The job was cancelled."))


def _unended() -> list[StateType]:
    from prefect.client.schemas.objects import StateType

    return [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING]


def _replaced() -> State[None]:
    from prefect.client.schemas.objects import State, StateType

    message = "No sign of life. Another run has taken its place."
    return State(type=StateType.CRASHED, name=REPLACED, message=message)


engine = PrefectEngine()
"""What the entry point ``trunkline.engines`` names."""
