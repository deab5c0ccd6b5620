"""Seeing a job through: lanes are started, progress is shown, and it ends with a table.

A flow run that does this may die at any time. Started again, it finds the job in the ledger and goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact, aupdate_progress_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas import State
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed

from trunkline.errors import TrunklineError
from trunkline.jobs.summary import Summary
from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger
from trunkline.work.ledger import LedgerFailed

from .api import tags_of
from .engine import engine
from .heartbeats import BEAT, ENGINE, beat, shards_left
from .lanes import Stop, start_lanes, stoppable
from .tables import counted, key_of

LOOK_AGAIN = 2.0
"""Seconds between two looks at the ledger."""
_LOG_AGAIN = 30.0  # seconds between two lines of progress in the log


class Progress:
    """Shows how far a job is: a bar on Prefect's page, and now and then a line in the log."""

    def __init__(self, job: str) -> None:
        self._job = job
        self._artifact: UUID | None = None
        self._shown = -1.0
        self._logged_at = float("-inf")

    async def show(self, summary: Summary) -> None:
        """Show how far it is. Prefect being away must not end the work, so nothing of that is raised."""
        counts = summary.counts
        total = sum(counts.values())
        percent = 100.0 * (counts["done"] + counts["failed"]) / total if total else 100.0
        now = asyncio.get_running_loop().time()
        if percent != self._shown and now - self._logged_at >= _LOG_AGAIN:
            self._logged_at = now
            get_run_logger().info("%s: %.0f %%, %s", self._job, percent, counted(counts))
        if percent == self._shown:
            return
        with suppress(Exception):
            if self._artifact is None:
                self._artifact = await acreate_progress_artifact(
                    progress=percent, key=f"{key_of(self._job)}-progress", description=f"How far {self._job} is."
                )
            else:
                await aupdate_progress_artifact(self._artifact, progress=percent)
            self._shown = percent


async def see_through(
    job: SharedJob, ledger: PostgresLedger, lanes: int, table_of: Callable[[SharedJob], str]
) -> State[Any]:
    """Start a job's lanes, wait until nothing is left that can be done now, and leave a table of the outcome.

    Raises: TrunklineError where the lanes can't be started.
    """
    logger = get_run_logger()
    await asyncio.to_thread(beat, ledger, job.name, this_run(), lanes)  # first: it is how a restart knows its own job
    await _name_this_run(job.name)
    if job.about.get("engine") != ENGINE:  # one that no command line has handed over
        await asyncio.to_thread(job.rows.tell, {"engine": ENGINE})
    with stoppable() as stop:
        started = await start_lanes(ledger, job.name, lanes)
        logger.info("%s: %d lanes started.", job.name, started)
        await _watch(job, ledger, lanes, stop)
    if stop.asked.is_set():
        state = await stop.state("The reaper starts this run again, and it goes on.")
        if state.is_cancelled():
            await asyncio.to_thread(job.cancel)
            with suppress(TrunklineError):  # lanes that begin nevertheless find a job that is cancelled
                await asyncio.to_thread(engine.cancel, job.name)
        return state
    text = await asyncio.to_thread(table_of, job)
    with suppress(Exception):  # the outcome doesn't depend on its table
        await acreate_markdown_artifact(markdown=text, key=key_of(job.name), description=f"The outcome of {job.name}.")
    return ended(await asyncio.to_thread(job.summary), is_reading=job.kind != "items")


def ended(summary: Summary, *, is_reading: bool = False) -> State[Any]:
    """Return the state of a flow run whose job came to rest."""
    counts = counted(summary.counts)
    if summary.status == "cancelled":
        return Cancelled(message=f"The job was cancelled: {counts}.")
    stopped = sum(target.error is not None for target in summary.targets)
    if summary.status != "finished":
        return Failed(
            message=f"{counts}; {stopped:,} PBXs stopped. Look at the table. To go on, start this flow again with the "
            f"name of the job and nothing else, or: trunkline job resume {summary.name}"
        )
    if any(summary.counts.get(state, 0) for state in ("failed", "unknown")) or stopped:
        where = f"Which and why: trunkline job show {summary.name} --items"
        return Failed(message=f"{counts}. {'The table of this run says which and why.' if is_reading else where}")
    return Completed(message=f"{counts}.")


async def _watch(job: SharedJob, ledger: PostgresLedger, lanes: int, stop: Stop) -> None:
    """Return when no shard is carried out any more, nor going to be; or when this process is asked to end."""
    progress = Progress(job.name)
    clock = asyncio.get_running_loop().time
    beat_at = clock()
    is_away = False
    while not stop.asked.is_set():
        try:
            if clock() - beat_at >= BEAT:
                beat_at = clock()
                await asyncio.to_thread(beat, ledger, job.name, this_run(), lanes)
            left = await asyncio.to_thread(shards_left, ledger, job.name)
            await progress.show(await asyncio.to_thread(job.summary))
        except LedgerFailed as problem:  # the lanes see to the job even if nobody looks
            if not is_away:
                get_run_logger().warning("%s This run looks again until it answers.", problem)
            is_away = True
        else:
            is_away = False
            if not left:
                return
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.asked.wait(), LOOK_AGAIN)


def this_run() -> str:
    """Return the id of the flow run that this process carries out, "" outside of one."""
    return str(flow_run.id or "")


async def _name_this_run(job: str) -> None:
    """Give this flow run the job's name and tags, by which the reaper and people find it."""
    if run := this_run():
        async with get_client() as client:
            await client.update_flow_run(UUID(run), name=job, tags=tags_of(job))
