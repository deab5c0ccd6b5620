"""A lane: a process of some engine that carries out shards of one job, several PBXs at once, until none is left.

Lanes know nothing of each other. Each takes what is free, at random so that two seldom want the same, and the lease
decides. The shards of a lane that dies are free once their leases have ended; the other lanes go on with them.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID, uuid4

from ..errors import TrunklineError
from ..logs import log
from ..transport.threads import in_thread
from ..work.guards import check_concurrency
from ..work.ledger import LedgerFailed
from .lease import LeaseKeeper
from .ledger import PostgresLedger
from .run import PAUSES, ShardResult

AT_ONCE = 8
SILENT_AFTER = 90.0
"""Seconds without a heartbeat after which a lane counts as dead: its leases have ended by then."""
_PATIENCE = 120.0  # seconds that the database may be away before the lane ends
_LOOK_AGAIN = 1.0  # seconds, half more or less, between two looks for shards that others have left

# Of each PBX the first shard that is left, so that its items are done in order and a PBX that is away costs one try.
_NEXT = f"""
SELECT s.id FROM job j JOIN target t ON t.job = j.id CROSS JOIN LATERAL (
    SELECT s.id, s.not_before FROM shard s
    WHERE s.job = t.job AND s.target = t.id AND s.state <> 'done' AND s.pauses < {PAUSES} ORDER BY s.no LIMIT 1
) s
WHERE j.name = %s AND NOT j.cancelled AND (s.not_before IS NULL OR s.not_before <= clock_timestamp())
AND s.id <> ALL(%s) AND NOT EXISTS (SELECT FROM lease l WHERE l.pbx = t.pbx AND l.expires > clock_timestamp())
ORDER BY random() LIMIT %s
"""
_IS_LEFT = f"""
SELECT EXISTS (SELECT FROM shard s WHERE s.job = j.id AND s.state <> 'done' AND s.pauses < {PAUSES}) AND NOT j.cancelled
FROM job j WHERE j.name = %s
"""
_COUNTS = "SELECT s.state, count(*) FROM shard s JOIN job j ON j.id = s.job WHERE j.name = %s GROUP BY s.state"
_BEGIN = """
INSERT INTO lane (id, job, machine, pid, engine_run) SELECT %s, j.id, %s, %s, %s FROM job j WHERE j.name = %s
ON CONFLICT DO NOTHING
"""
_END = "DELETE FROM lane WHERE id = %s"
_LANES = """
SELECT l.id, j.name, l.machine, l.pid, l.engine_run, extract(epoch FROM clock_timestamp() - l.heartbeat)::float
FROM lane l JOIN job j ON j.id = l.job WHERE j.name = %s OR %s::text IS NULL ORDER BY l.started
"""
_BURY = """
DELETE FROM lane WHERE heartbeat < clock_timestamp() - %s * interval '1 second' RETURNING id
"""


class LaneRow(NamedTuple):
    """A lane as the ledger has it. ``silence``: seconds since its last heartbeat."""

    id: UUID
    job: str
    machine: str
    pid: int
    engine_run: str
    silence: float

    @property
    def is_dead(self) -> bool:
        return self.silence > SILENT_AFTER


def lanes(ledger: PostgresLedger, job: str | None = None) -> list[LaneRow]:
    """Return the lanes of a job, or of all, the oldest first; also those that died. Raises LedgerFailed."""
    return [LaneRow(*row) for row in ledger.database.execute(_LANES, (job, job))]


def remove_dead_lanes(ledger: PostgresLedger) -> int:
    """Forget the lanes that are silent; gives how many. Raises LedgerFailed."""
    return len(ledger.database.execute(_BURY, (SILENT_AFTER,)))


def next_shards(ledger: PostgresLedger, job: str, count: int, but: Sequence[str] = ()) -> list[str]:
    """Return some shards that could be started now, one of a PBX at most, without those in ``but``.

    Their PBX is free, and the time has come for those that were paused. Raises LedgerFailed.
    """
    return [id_ for (id_,) in ledger.database.execute(_NEXT, (job, list(but), count), patience=_PATIENCE)]


def is_left(ledger: PostgresLedger, job: str) -> bool:
    """Whether a job has shards that are waiting, running, or going to be tried again. Raises LedgerFailed."""
    return ledger.database.execute(_IS_LEFT, (job,), patience=_PATIENCE) == [(True,)]


def counts_of(ledger: PostgresLedger, job: str) -> dict[str, int]:
    """Count the shards of a job in each state. Raises LedgerFailed."""
    counts: dict[str, int] = {"waiting": 0, "running": 0, "paused": 0, "done": 0}
    for state, count in ledger.database.execute(_COUNTS, (job,)):
        counts[state] = count
    return counts


async def run_lane(
    ledger: PostgresLedger,
    job: str,
    carry_out: Callable[[str], Awaitable[ShardResult]],
    *,
    at_once: int = AT_ONCE,
    engine_run: str = "",
    keeper: LeaseKeeper,
) -> Mapping[str, int]:
    """Carry out shards of a job until none is left that is waiting, running elsewhere, or going to be tried again.

    ``carry_out`` is `arun_shard`, or what an engine makes of it; one that raises LedgerFailed is tried again.
    ``at_once``: PBXs at the same time. ``engine_run``: what the engine calls this lane. Gives the counts of the job's
    shards by state. Raises ConfigurationError if there is no such job, LedgerFailed if the database is away for long.
    """
    check_concurrency(at_once)
    await in_thread(ledger.job, job)
    id_ = uuid4()
    await in_thread(ledger.database.execute, _BEGIN, (id_, keeper.machine, os.getpid(), engine_run, job))
    keeper.add_lane(id_)
    try:
        await _Lane(ledger, job, carry_out, at_once).run()
    finally:
        keeper.remove_lane(id_)
        with suppress(TrunklineError):  # it is silent from now on, which says the same
            await in_thread(ledger.database.execute, _END, (id_,))
    return await in_thread(counts_of, ledger, job)


class _Lane:
    """The shards that one lane is working on."""

    def __init__(
        self, ledger: PostgresLedger, job: str, carry_out: Callable[[str], Awaitable[ShardResult]], at_once: int
    ) -> None:
        self._ledger = ledger
        self._job = job
        self._carry_out = carry_out
        self._at_once = at_once
        self._working: dict[asyncio.Future[ShardResult], str] = {}
        self._put_off: dict[str, float] = {}
        """Shards that are not to be tried before a moment of the monotonic clock."""

    async def run(self) -> None:
        try:
            while True:
                await self._start()
                if not self._working and not await in_thread(is_left, self._ledger, self._job):
                    return
                await self._wait()
        finally:
            for working in self._working:
                working.cancel()
            await asyncio.gather(*self._working, return_exceptions=True)

    async def _start(self) -> None:
        """Start as many shards as there is room for."""
        room = self._at_once - len(self._working)
        if not room:
            return
        now = time.monotonic()
        self._put_off = {shard: until for shard, until in self._put_off.items() if until > now}
        but = [*self._working.values(), *self._put_off]
        shards = await in_thread(next_shards, self._ledger, self._job, room, but)
        for shard in shards:
            self._working[asyncio.ensure_future(self._carry_out(shard))] = shard

    async def _wait(self) -> None:
        """Wait until one of the shards has ended, or for a while where others may leave some."""
        seconds = random.uniform(0.5, 1.5) * _LOOK_AGAIN  # noqa: S311 - not a secret
        if not self._working:
            await asyncio.sleep(seconds)
            return
        timeout = seconds if len(self._working) < self._at_once else None
        ended, _ = await asyncio.wait(self._working, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        for working in ended:
            shard = self._working.pop(working)
            try:
                result = working.result()
            except LedgerFailed as problem:
                log.warning("The shard %s is tried again: %s", shard, problem)
                self._put_off[shard] = time.monotonic() + random.uniform(1, 3)  # noqa: S311 - not a secret
            else:
                if result.state == "busy":
                    self._put_off[shard] = time.monotonic() + (result.retry_in or 1.0)
