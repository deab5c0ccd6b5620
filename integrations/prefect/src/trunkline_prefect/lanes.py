"""A lane as a flow run: it carries out shards of one job, each as a task run, until none is left.

The ledger decides which shard is carried out, and has its outcome. Prefect shows it, and nothing that Prefect loses
or repeats changes what is sent to a PBX.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas import State
from prefect.client.schemas.objects import StateType
from prefect.deployments import arun_deployment
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Crashed, Failed

from trunkline.cli.hints import explained
from trunkline.errors import TrunklineError
from trunkline.shards.lane import run_lane
from trunkline.shards.lease import LeaseKeeper
from trunkline.shards.ledger import PostgresLedger
from trunkline.shards.run import ShardResult, arun_shard
from trunkline.work.ledger import LedgerFailed
from trunkline.work.outcome import as_error

from .api import LANES, deployment_of, errors_as_ours, runs_of, tags_of
from .heartbeats import HEARD_OF_WITHIN, shards_left, silence_of, silences
from .tables import counted, error_text

if TYPE_CHECKING:
    from prefect.client.schemas.objects import TaskRun
    from prefect.tasks import Task

Result = TypeVar("Result")
_RETRY_DELAYS = [2.0, 10.0, 30.0]
_LEDGER_FAILED = "LedgerFailed"


class Stop:
    """Whether this process was asked to end: by a cancellation in Prefect, or because its worker ends."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def unless_asked(self, work: Coroutine[Any, Any, Result]) -> Result | None:
        """Return what work gives; None if this process is asked to end before, when the work is cancelled."""
        working = asyncio.ensure_future(work)
        asked = asyncio.ensure_future(self.asked.wait())
        try:
            await asyncio.wait((working, asked), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                working.cancel()
                with suppress(asyncio.CancelledError):
                    await working
                return None
            return await working
        finally:
            working.cancel()
            asked.cancel()

    async def state(self, what_goes_on: str) -> State[Any]:
        """Return the state of a flow run that ended because it was asked to."""
        if await _is_cancelled():
            return Cancelled(message="It was cancelled. Requests that were in progress are finished and recorded.")
        return Crashed(message=f"Its worker was stopped. {what_goes_on}")


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Take SIGTERM as the wish to end well, while a block runs in the main thread.

    Prefect's own handler raises in the middle of whatever runs, so that a request in progress would be given up.
    """
    stop = Stop()
    loop = asyncio.get_running_loop()
    before = None
    with suppress(ValueError, NotImplementedError, RuntimeError):  # another thread, or Windows: no signals there
        before = signal.getsignal(signal.SIGTERM)
        loop.add_signal_handler(signal.SIGTERM, stop.asked.set)
    try:
        yield stop
    finally:
        if before is not None:
            with suppress(ValueError, NotImplementedError, RuntimeError):
                loop.remove_signal_handler(signal.SIGTERM)
                signal.signal(signal.SIGTERM, before)


async def _is_cancelled() -> bool:
    """Whether somebody cancelled this flow run. A server that doesn't answer is not a cancellation."""
    if flow_run.id is None:
        return False
    with suppress(Exception):
        async with get_client() as client:
            state = (await client.read_flow_run(UUID(flow_run.id))).state
        return state is not None and (state.is_cancelling() or state.is_cancelled())
    return False


class Carrier:
    """Carries out shards in this process, and keeps the result of each until the lane asks for it."""

    def __init__(self, ledger: PostgresLedger, keeper: LeaseKeeper) -> None:
        self._ledger = ledger
        self._keeper = keeper
        self._endings: dict[str, ShardResult | TrunklineError] = {}

    async def carry_out(self, shard: str) -> ShardResult:
        """Carry a shard out, without a task run. Raises LedgerFailed."""
        try:
            result = await arun_shard(self._ledger, shard, keeper=self._keeper)
        except BaseException as problem:
            error = self._endings[shard] = as_error(problem)  # a cancellation goes on
            raise error from None
        self._endings[shard] = result
        return result

    async def as_task(self, shard: str) -> ShardResult:
        """Carry a shard out as a task run. Raises LedgerFailed.

        While Prefect is away it is carried out as well, without a task run.
        """
        self._endings.pop(shard, None)
        job, pbx, _ = [*shard.split("/"), "", ""][:3]
        try:
            run: Any = carry_out_shard.with_options(tags=tags_of(job, pbx))
            await run(self, shard, return_state=True)
        except Exception as problem:
            get_run_logger().warning("%s has no task run: Prefect failed with %s.", shard, type(problem).__name__)
        ending = self._endings.pop(shard, None)
        if ending is None:
            return await self.carry_out(shard)
        if isinstance(ending, TrunklineError):
            raise ending
        return ending


def _is_worth_repeating(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether a shard is to be tried again at once: the ledger failed, or its lease was lost. All else is up to it."""
    return state.name == _LEDGER_FAILED and run.run_count <= len(_RETRY_DELAYS)


@task(
    name="shard",
    task_run_name="{shard}",
    description="One PBX, up to 500 items of a job. The ledger has the outcome of each item.",
    retries=len(_RETRY_DELAYS) + 1,  # one more than are used: Prefect logs a traceback when none is left
    retry_delay_seconds=_RETRY_DELAYS,
    retry_condition_fn=_is_worth_repeating,
    persist_result=False,
    cache_policy=NO_CACHE,
)
async def carry_out_shard(carrier: Carrier, shard: str) -> State[Any]:
    """Carry out a shard, and show its outcome. It raises nothing, since Prefect would log a traceback."""
    try:
        result = await carrier.carry_out(shard)
    except LedgerFailed as error:
        return Failed(name=_LEDGER_FAILED, message=str(error))
    except TrunklineError as error:
        return Failed(message=str(error))
    return shown(result)


def failed(problem: BaseException) -> State[Any]:
    """Return the state of a flow run that an error ended, and log it in our words. A cancellation is raised again."""
    text = explained(as_error(problem))
    get_run_logger().error("%s", text)
    return Failed(message=text)


def shown(result: ShardResult) -> State[Any]:
    """Return the outcome of a shard as a state, in counts only."""
    counts = counted(result.counts) if result.counts else ""  # a reading has none
    if result.state == "busy":
        return Completed(name="Busy", message="Another process works on this PBX.")
    if result.state == "cancelled":
        return Cancelled(message=f"The job was cancelled. {counts}".strip())
    if result.state == "paused":
        why = error_text(result.error)
        until = "" if result.retry_in is None else f"It is tried again in {result.retry_in:.0f} s."
        return Completed(name="Paused", message=" ".join(filter(None, (why, until, counts))))
    if result.error is not None:
        return Failed(message=" ".join(filter(None, (error_text(result.error), counts))))
    is_well = not any(result.counts.get(state, 0) for state in ("failed", "unknown"))
    return Completed(message=counts or "Read.") if is_well else Failed(message=counts)


@flow(
    name=LANES,
    description=(
        "One lane of a job: carries out its shards, several PBXs at once, until none is left. It is started by the "
        "flow that sees the job through; cancel that one to cancel the job. A lane that dies is replaced."
    ),
    flow_run_name="{job}",
    persist_result=False,
    validate_parameters=True,
)
async def shards(job: str, at_once: int = 8) -> State[Any]:
    """Carry out shards of a job until none is left.

    Args:
        job: The name of a job in the ledger.
        at_once: PBXs that this lane works on at the same time. Each has its own limit of requests.
    """
    try:
        with (
            PostgresLedger.from_environment() as ledger,
            LeaseKeeper(ledger) as keeper,
            stoppable() as stop,
        ):
            carrier = Carrier(ledger, keeper)
            run = str(flow_run.id or "")
            lane = run_lane(ledger, job, carrier.as_task, at_once=at_once, engine_run=run, keeper=keeper)
            states = await stop.unless_asked(lane)
            if states is None:
                return await stop.state("Other lanes go on with its shards, or the reaper starts one.")
    except BaseException as problem:
        return failed(problem)
    return Completed(message=f"Shards of {job}: {counted(states)}")


UNENDED = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING)


async def start_lanes(ledger: PostgresLedger, job: str, wanted: int) -> int:
    """Start as many lanes of a job as are missing, and return how many. Called in a flow run, they are shown below it.

    Lanes that were started before and are alive count, and those that no worker has taken yet. There are never more
    lanes than shards that are left. Raises ConfigurationError or EngineFailed where Prefect can't do it.
    """
    left = await asyncio.to_thread(shards_left, ledger, job)
    heard = await asyncio.to_thread(silences, ledger)
    with errors_as_ours():
        async with get_client() as client:
            runs = await client.read_flow_runs(**runs_of([LANES], UNENDED, job), limit=200)
            there = [
                run for run in runs if run.state_type is StateType.SCHEDULED or silence_of(run, heard) < HEARD_OF_WITHIN
            ]
            missing = max(0, min(wanted, left) - len(there))
            for _ in range(missing):
                await arun_deployment(
                    deployment_of(LANES), client, {"job": job}, flow_run_name=job, timeout=0, tags=tags_of(job)
                )
    return missing
