"""One shard carried out: by whatever engine, on whatever machine, started once or twice, and cut off anywhere.

The ledger decides. Only who holds the lease of a PBX asks it or writes of its items; each item is on record as sent
before it is sent; and what was sent without an answer is looked up by the next one that has the lease.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any, Literal, NamedTuple

import msgspec

from ..client import AsyncPbx
from ..errors import (
    ConfigurationError,
    Forbidden,
    Hint,
    ItemsFailed,
    ServerError,
    SignInError,
    TooManyRequests,
    TransportError,
    TrunklineError,
    VersionMismatch,
)
from ..jobs.step import step_of
from ..transport.threads import in_thread
from ..work.drivers import check_async, run_in_loop
from ..work.guards import check_same_pbx
from ..work.ledger import LedgerFailed
from ..work.outcome import ErrorRecord, Outcome, as_error, described
from ..work.recovery import retry_after
from ..work.run import Run
from ..work.state import State
from . import readings
from .gate import Gate
from .job import SharedJob
from .lease import Lease, LeaseKeeper
from .ledger import HELD, PostgresLedger, ShardLedger, ShardRow
from .opening import OpenPbx, open_saved
from .readings.stored import last_snapshot, store
from .recorder import Recorded

PAUSES = 3
"""After this number of pauses in a row a shard stays paused until its job is resumed."""
LOOK_AGAIN = 1.0
"""Seconds between two looks for the end of the job, and for failures on other machines."""
_PAUSE_LASTS = (60.0, 240.0)  # seconds, of the first pause and of the second
_PATIENCE = 60.0  # seconds that a PBX may be away, at most, before its shard is paused and others get their turn
_GRACE = 10.0  # seconds that requests in progress get to end when the work is cancelled
_NEEDS_A_PERSON = (SignInError, Forbidden, VersionMismatch)
_OF_THE_PBX = (*_NEEDS_A_PERSON, ConfigurationError, TransportError, TooManyRequests, ServerError)

_FAILED = f"SELECT count(*) FROM outcome o WHERE o.job = {{job}} AND o.state = {int(State.FAILED)}"
_BEGIN = f"""
WITH {HELD} UPDATE shard s SET state = 'running' FROM held
WHERE s.id = %(shard)s AND s.state <> 'done' AND s.pauses < {PAUSES} RETURNING 1
"""
_PUT_BACK = f"""
WITH {HELD} UPDATE shard s SET state = 'waiting' FROM held WHERE s.id = %(shard)s AND s.state = 'running' RETURNING 1
"""
_DONE = f"""
WITH {HELD} UPDATE shard s SET state = 'done', error = %(error)s::json, not_before = NULL, done_at = clock_timestamp()
FROM held WHERE s.id = %(shard)s RETURNING 1
"""
# A PBX that works again works for the shards that were paused with this one.
_LET_OTHERS_GO = f"""
WITH {HELD} UPDATE shard s SET state = 'waiting', pauses = 0, not_before = NULL, error = NULL
FROM held WHERE s.job = held.job AND s.target = held.target AND s.state = 'paused' AND s.pauses < {PAUSES} RETURNING 1
"""
# What keeps this shard from its PBX keeps the job's other shards from it too.
_PAUSE = f"""
WITH {HELD} UPDATE shard s SET state = 'paused', pauses = %(pauses)s, error = %(error)s::json,
not_before = clock_timestamp() + %(seconds)s * interval '1 second'
FROM held WHERE s.job = held.job AND s.target = held.target AND s.state <> 'done' RETURNING 1
"""
# Failures up to now are not counted again once the job is resumed.
_STOP = f"""
WITH {HELD}, stopped AS (
    UPDATE job j SET failures = ({_FAILED.format(job="j.id")}) FROM held WHERE j.id = held.job
)
UPDATE shard s SET state = 'paused', pauses = {PAUSES}, error = %(error)s::json, not_before = NULL
FROM held WHERE s.job = held.job AND s.state <> 'done' RETURNING 1
"""
_LOOK = f"""
SELECT j.cancelled, s.state = 'paused', CASE WHEN %s THEN ({_FAILED.format(job="j.id")}) - j.failures ELSE 0 END
FROM shard s JOIN job j ON j.id = s.job WHERE s.id = %s
"""
_COUNTS = """
SELECT coalesce(o.state, 0), count(*) FROM shard s JOIN input i ON i.job = s.job AND i.n BETWEEN s.first AND s.last
LEFT JOIN outcome o ON o.job = s.job AND o.target = s.target AND o.n = i.n WHERE s.id = %s GROUP BY 1
"""


class ShardResult(NamedTuple):
    """The outcome of a shard: ``done``; ``busy``, as another process works on its PBX; ``paused``, because of
    ``error``; or ``cancelled`` with its job.

    ``counts``: its items in each state. ``retry_in``: seconds after which it makes sense to start it again, None where
    it doesn't.
    """

    shard: str
    state: Literal["done", "busy", "paused", "cancelled"]
    counts: Mapping[str, int]
    error: ErrorRecord | None
    retry_in: float | None


def run_shard(ledger: PostgresLedger | str, shard: str, open_pbx: OpenPbx | None = None) -> ShardResult:
    """As `arun_shard`, for who has no event loop."""
    return asyncio.run(arun_shard(ledger, shard, open_pbx))


async def arun_shard(
    ledger: PostgresLedger | str,
    shard: str,
    open_pbx: OpenPbx | None = None,
    *,
    keeper: LeaseKeeper | None = None,
) -> ShardResult:
    """Carry out what is left of a shard. It may be started several times, also at once: one works, the others leave.

    ``ledger`` may be the address of its database. ``open_pbx`` gives the client for a PBX's name; None takes this
    machine's saved profiles, with tokens that all machines share. ``keeper`` is this process's, if it has one.

    What goes wrong at the PBX is in the result. Raises ConfigurationError if there is no such shard; LedgerFailed if
    the database is away for too long or the lease was lost, after which the shard can be started again.
    """
    with ExitStack() as stack:
        if isinstance(ledger, str):
            ledger = stack.enter_context(await in_thread(PostgresLedger, ledger))
        if keeper is None:
            keeper = stack.enter_context(LeaseKeeper(ledger))
        row = await in_thread(ledger.shard, shard)
        job = await in_thread(SharedJob.open, ledger, row.job)
        return await _Work(ledger, row, job, keeper, open_pbx or open_saved(ledger)).result()


class _Ended(NamedTuple):
    """How the work on a shard ended: ``error`` None where nothing is left to do. A reading may end with an error of its
    own (``is_final``), which trying again would not change. ``is_stopped``: something is left, for no fault of the PBX.
    ``is_everywhere``: the whole job stops."""

    error: TrunklineError | None = None
    is_final: bool = False
    is_stopped: bool = False
    is_everywhere: bool = False
    reading: readings.Reading | None = None


class _Work:
    """One shard being carried out by one process."""

    def __init__(
        self, ledger: PostgresLedger, row: ShardRow, job: SharedJob, keeper: LeaseKeeper, open_pbx: OpenPbx
    ) -> None:
        self._ledger = ledger
        self._row = row
        self._job = job
        self._keeper = keeper
        self._open = open_pbx
        self._is_cancelled = bool(job.about["cancelled"])
        self._is_paused = False
        self._failures: TrunklineError | None = None
        self._was_cut_off = False
        self._progress = 0

    async def result(self) -> ShardResult:
        """Do what is left, if this process gets the lease."""
        if self._is_cancelled or self._row.state == "done":
            return await self._as_it_is()
        taken: list[Lease | None] = []
        try:
            # In a list: if this task is cancelled, the lease is taken nevertheless.
            await in_thread(lambda: taken.append(self._keeper.acquire(self._row.pbx, self._row.id)))
            if (lease := taken[0]) is None:
                return ShardResult(self._row.id, "busy", {}, None, random.uniform(1, 5))  # noqa: S311 - not a secret
            return await self._carried_out(lease)
        finally:
            for lease in filter(None, taken):
                # A request that was cut off may still be carried out: nobody asks the PBX until the lease has ended.
                await in_thread(self._keeper.forget if self._was_cut_off else self._keeper.release, lease)

    async def _carried_out(self, lease: Lease) -> ShardResult:
        """Carry the shard out under a lease, and leave in the ledger how that ended."""
        if not await self._marked(_BEGIN, lease):
            lease.check(0)
            return await self._as_it_is()  # another process has done it meanwhile, or paused it
        try:
            ended = await (self._items(lease) if self._row.kind == "items" else self._reading(lease))
        except asyncio.CancelledError:
            with suppress(TrunklineError):
                await self._marked(_PUT_BACK, lease)
            raise
        if self._is_cancelled or self._is_paused or ended.is_stopped:
            await self._marked(_PUT_BACK, lease)
            return await self._as_it_is()
        record = None if ended.error is None else described(ended.error)
        error = None if record is None else msgspec.json.encode(record).decode()
        retry_in = None
        if ended.reading is not None:
            await in_thread(store, self._ledger, self._row, lease, ended.reading)
            is_marked = True
        elif ended.error is None or ended.is_final:
            is_marked = await self._marked(_DONE, lease, error=error)
        elif ended.is_everywhere:
            is_marked = await self._marked(_STOP, lease, error=error)
        else:
            pauses = 1 if self._progress else self._row.pauses + 1
            if isinstance(ended.error, _NEEDS_A_PERSON):
                pauses = PAUSES
            if pauses < PAUSES:
                retry_in = max(_PAUSE_LASTS[pauses - 1], retry_after(ended.error) or 0.0)
            is_marked = await self._marked(_PAUSE, lease, error=error, pauses=pauses, seconds=retry_in)
        if not is_marked:
            raise lease.lost()
        if ended.error is None and self._row.state == "paused":
            await self._marked(_LET_OTHERS_GO, lease)
        return (await self._as_it_is())._replace(retry_in=retry_in)

    async def _marked(self, statement: str, lease: Lease, **values: object) -> bool:
        """Change the state of the shard as its holder; whether that was possible."""
        return bool(await in_thread(self._ledger.database.execute, statement, {**lease.fence, **values}))

    async def _as_it_is(self) -> ShardResult:
        """Return what the ledger has of the shard."""

        def read() -> ShardResult:
            row = self._ledger.shard(self._row.id)
            counts = dict.fromkeys((state.label for state in State), 0)
            for number, count in self._ledger.database.execute(_COUNTS, [row.id]):
                counts[State(number).label] = count
            state: Literal["done", "paused", "cancelled"] = "paused"
            if row.state == "done":
                state = "done"
            elif self._is_cancelled:
                state = "cancelled"
            return ShardResult(row.id, state, counts if row.kind == "items" else {}, row.error, None)

        return await in_thread(read)

    # ── items ────────────────────────────────────────────────────────────────────────────────────

    async def _items(self, lease: Lease) -> _Ended:
        limits = self._job.limits
        limits = limits._replace(patience=min(limits.patience, _PATIENCE))
        entries = await in_thread(ShardLedger, self._ledger, self._row, lease)
        recorded = Recorded(entries, lease, self._keeper.recorder)
        failed = 0

        def heard(outcome: Outcome) -> None:
            nonlocal failed
            self._progress += outcome.state in (State.DONE, State.FAILED)
            failed += outcome.state is State.FAILED
            if failed == limits.max_errors:
                run.stop()

        run = Run(recorded, partial(step_of, self._job.node), limits.policy, heard)
        error: TrunklineError | None = None
        try:
            async with self._opened() as pbx:
                work = asyncio.create_task(run_in_loop(run, Gate(pbx, lease), recorded.arecord))
                await self._watched(work, run.stop)
            error = run.halt
        except asyncio.CancelledError:
            with suppress(TrunklineError):
                await recorded.written()
            raise
        except BaseException as problem:
            error = _alone(problem)
            if isinstance(error, LedgerFailed):
                self._was_cut_off = True
                raise error from None
        await recorded.written()
        await self._look()
        if self._failures is not None:
            return _Ended(self._failures, is_everywhere=True)
        return _Ended(error, is_stopped=error is None and run.stopping.is_set())

    async def _watched(self, work: asyncio.Task[Any], stop: Callable[[], object]) -> None:
        """Wait for the end of some work, and stop it if the job ends. If this task is cancelled, the requests that are
        in progress get some time to end."""
        watching = asyncio.create_task(self._watch(stop))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            stop()
            try:
                await asyncio.wait([work], timeout=_GRACE)
            finally:
                if not work.done():
                    self._was_cut_off = True
                    work.cancel()
                    await asyncio.wait([work])
                elif not work.cancelled():
                    work.exception()  # is of no more interest
            raise
        finally:
            watching.cancel()

    async def _watch(self, stop: Callable[[], object]) -> None:
        """Look again and again whether the job has ended."""
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            with suppress(TrunklineError):  # a database that is away is noticed where something is written
                await self._look()
            if self._is_cancelled or self._is_paused or self._failures:
                stop()

    async def _look(self) -> None:
        """See whether the job was cancelled or paused, or has too many failures on all machines together."""
        most = self._job.limits.max_errors
        rows = await in_thread(self._ledger.database.execute, _LOOK, (most is not None, self._row.id))
        if not rows:
            return  # the job was removed, and the next write says so
        ((self._is_cancelled, self._is_paused, failures),) = rows
        if most is not None and failures >= most:
            self._failures = ItemsFailed(
                f"{failures} items of the job {self._job.name!r} failed, and it stops after {most}.",
                hint=Hint("Look at them, then resume it.", "job.resume", {"name": self._job.name}),
            )

    # ── a reading ────────────────────────────────────────────────────────────────────────────────

    async def _reading(self, lease: Lease) -> _Ended:
        row = self._row
        before = await in_thread(last_snapshot, self._ledger, row)
        try:
            async with self._opened() as pbx:
                reading = readings.carry_out(row.kind, pbx, self._job.parameters, row.window, before)
                work = asyncio.create_task(reading)
                guard = asyncio.create_task(_end_with(lease, work))
                try:
                    await self._watched(work, work.cancel)
                finally:
                    guard.cancel()
        except LedgerFailed:
            raise
        except BaseException as problem:
            if isinstance(problem, asyncio.CancelledError) and (self._is_cancelled or self._is_paused):
                return _Ended()
            lease.check(0)
            error = _alone(problem)
            # That a PBX can't be reached now is its status; other readings are worth another try.
            return _Ended(error, is_final=row.kind == "status" or not isinstance(error, _OF_THE_PBX))
        return _Ended(reading=work.result())

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[AsyncPbx]:
        """Open the client of the shard's PBX. Raises ConfigurationError for one of another PBX."""
        pbx = self._open(self._row.target)
        check_async(pbx)
        async with pbx:
            check_same_pbx(f"The job {self._job.name!r}", self._row.url, pbx.url)
            yield pbx


async def _end_with(lease: Lease, work: asyncio.Task[Any]) -> None:
    """End some work when its lease does."""
    while (left := lease.left) > 0:  # noqa: ASYNC110 - a thread counts it
        await asyncio.sleep(min(left, LOOK_AGAIN))
    work.cancel()


def _alone(problem: BaseException) -> TrunklineError:
    """Return the error that ended the work, the ledger's before all others; Ctrl-C and cancellation go on."""
    while isinstance(problem, BaseExceptionGroup):
        failures = problem.subgroup(LedgerFailed)
        problem = (failures or problem).exceptions[0]
    return as_error(problem)
