"""The reaper: ends flow runs whose process is gone, and sees that every job that was begun goes on.

A worker that is killed leaves its runs as Running for ever, since nobody reports their end. What is alive says so in
the ledger every few seconds, so the reaper compares the two. The ledger also sees that one reaper works at a time;
should two do so nevertheless, whatever they start too much ends by itself. Nothing that a reaper does changes what is
sent to a PBX.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from prefect import flow, get_run_logger
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas import OrchestrationResult, State
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.client.schemas.sorting import FlowRunSort
from prefect.runtime import flow_run
from prefect.states import AwaitingRetry, Cancelled, Completed, Crashed

from trunkline.shards.lane import SILENT_AFTER, remove_dead_lanes
from trunkline.shards.ledger import PostgresLedger

from .api import LANES, REAPER, REPLACED, WATCHERS, errors_as_ours, job_of, runs_of
from .heartbeats import ENGINE, silence_of, silences, unfinished
from .lanes import UNENDED, failed, start_lanes
from .retention import remove_old_readings

_MOST_STARTS = 10
"""How often a run that sees a job through is started again."""
_MOST_FAILURES = 10
_LATELY = timedelta(minutes=30)
"""A job whose lanes failed that often within that time gets the next one later."""
_PAGE = 200
_BEGUN = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
_GO_BACK = timedelta(days=1)
_ALONE_FOR = timedelta(seconds=60)
"""How long after one has begun the next reaper leaves at once. One that has died keeps the next from nothing."""
_REAPER_TAKES = 4
"""How many times longer a reaper may be silent than others: it gives no sign of life, and is done within seconds."""
_BEGIN = """
INSERT INTO reaper AS r (engine, began) VALUES (%s, clock_timestamp())
ON CONFLICT (engine) DO UPDATE SET began = excluded.began
WHERE r.began NOT BETWEEN excluded.began - %s AND excluded.began RETURNING 1
"""


class Reaped(NamedTuple):
    """What one look did: runs that were ended, runs that go on, and lanes that were started."""

    ended: int
    resumed: int
    started: int


@flow(
    name=REAPER,
    description=(
        "Ends runs whose process is gone, starts lanes that are missing, and removes readings that ended more than 30 "
        "days ago. It is scheduled every two minutes."
    ),
    persist_result=False,
)
async def reaper(silent_after: int = int(SILENT_AFTER)) -> State[Any]:
    """End runs whose process is gone, and start what is missing.

    Args:
        silent_after: Seconds without a sign of life after which a process counts as dead.
    """
    try:
        with PostgresLedger.from_environment() as ledger:
            if not await asyncio.to_thread(_begins, ledger):
                return Completed(message="Another reaper began less than a minute ago.")
            reaped = await reap(ledger, silent_after)
    except BaseException as problem:
        return failed(problem)
    return Completed(message=f"{reaped.ended} runs ended, {reaped.resumed} runs go on, {reaped.started} lanes started.")


async def reap(ledger: PostgresLedger, silent_after: float = SILENT_AFTER) -> Reaped:
    """Compare Prefect's runs with the ledger, once. Raises LedgerFailed, ConfigurationError or EngineFailed."""
    heard = await asyncio.to_thread(silences, ledger)
    with errors_as_ours():
        async with get_client() as client:
            ended = await _end_silent(client, heard, silent_after)
            resumed = await _resume_watchers(client)
            await _cancel_late(client)
    started = 0
    for job, wanted in await asyncio.to_thread(unfinished, ledger):
        if await _fails_again_and_again(job):
            get_run_logger().warning("Lanes of %s end badly again and again: the next one starts later.", job)
        elif new := await start_lanes(ledger, job, wanted):
            get_run_logger().info("%s: %d lanes are missing, and start.", job, new)
            started += new
    await asyncio.to_thread(remove_dead_lanes, ledger)
    for name in await asyncio.to_thread(remove_old_readings, ledger):
        get_run_logger().info("The reading %s ended more than 30 days ago, and was removed.", name)
    return Reaped(ended, resumed, started)


def _begins(ledger: PostgresLedger) -> bool:
    """Whether no other reaper has begun lately; then this one has. Raises LedgerFailed."""
    return bool(ledger.database.execute(_BEGIN, (ENGINE, _ALONE_FOR)))


async def _end_silent(client: PrefectClient, heard: Mapping[str, float], silent_after: float) -> int:
    """End the runs that have begun and of which nothing was heard; gives how many."""
    ended = 0
    runs = await client.read_flow_runs(**runs_of([LANES, *WATCHERS], _BEGUN), limit=_PAGE)
    reapers = await client.read_flow_runs(**runs_of([REAPER], _BEGUN), limit=_PAGE)
    silent = [(run, "Its shards go on elsewhere.") for run in runs if silence_of(run, heard) >= silent_after]
    silent += [
        (run, "Another one does its work.")
        for run in reapers
        if str(run.id) != flow_run.id and silence_of(run, heard) >= _REAPER_TAKES * silent_after
    ]
    for run, what_follows in silent:
        since = silence_of(run, heard)
        message = f"No sign of life for {since:.0f} s: its process is gone. {what_follows}"
        is_cancelling = run.state_type is StateType.CANCELLING
        state: State[Any] = Cancelled(message=message) if is_cancelling else Crashed(message=message)
        answer: OrchestrationResult[Any] = await client.set_flow_run_state(run.id, state)
        if answer.status is SetStateStatus.ACCEPT:
            get_run_logger().warning("%s (%s): %s", run.name, run.id, message)
            ended += 1
    return ended


async def _resume_watchers(client: PrefectClient) -> int:
    """Start the crashed runs again that see a job through, so that it gets its table; gives how many.

    Of a job's runs it is the last one, and none where another run sees the job through.
    """
    resumed = 0
    seen = {job_of(run.tags) for run in await client.read_flow_runs(**runs_of(WATCHERS, UNENDED), limit=_PAGE)}
    now = datetime.now(UTC)
    for run in await client.read_flow_runs(
        **runs_of(WATCHERS, [StateType.CRASHED]), limit=_PAGE, sort=FlowRunSort.END_TIME_DESC
    ):
        job = job_of(run.tags)
        if run.state_name == REPLACED or (job and job in seen):
            continue
        seen.add(job)
        is_recent = run.end_time is not None and now - run.end_time < _GO_BACK
        if not is_recent or run.deployment_id is None or run.run_count >= _MOST_STARTS:
            continue
        again: State[Any] = AwaitingRetry(
            scheduled_time=now, message="Its process was gone, so it starts again and goes on."
        )
        answer: OrchestrationResult[Any] = await client.set_flow_run_state(run.id, again)
        if answer.status is SetStateStatus.ACCEPT:
            get_run_logger().warning("%s (%s) starts again.", run.name, run.id)
            resumed += 1
    return resumed


async def _cancel_late(client: PrefectClient) -> None:
    """Cancel the reapers that piled up while no worker was there: each would start Python only to leave again."""
    now = datetime.now(UTC)
    scheduled = runs_of([REAPER], [StateType.SCHEDULED])
    for run in await client.read_flow_runs(**scheduled, limit=_PAGE, sort=FlowRunSort.EXPECTED_START_TIME_ASC):
        if run.expected_start_time is not None and run.expected_start_time < now:
            await client.set_flow_run_state(run.id, Cancelled(message="Another run has done its work."))


async def _fails_again_and_again(job: str) -> bool:
    """Whether lanes of a job failed that often lately that another one would most likely fail too."""
    with errors_as_ours():
        async with get_client() as client:
            failed = runs_of([LANES], [StateType.FAILED], job)
            runs = await client.read_flow_runs(**failed, limit=_MOST_FAILURES, sort=FlowRunSort.END_TIME_DESC)
    oldest = runs[-1].end_time if len(runs) == _MOST_FAILURES else None
    return oldest is not None and datetime.now(UTC) - oldest < _LATELY
