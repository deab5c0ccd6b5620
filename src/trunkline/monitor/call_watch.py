"""Watching the calls in progress: one look after another, through outages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import NamedTuple

from ..client import AsyncPbx
from ..errors import BrokenAnswer, PbxError, TimedOut, TransportError, TrunklineError
from ..transport.retries import Retries
from .calls import MIN_INTERVAL, CallEvent, CallFilter, CallTracker, Row

TIMEOUT = 15.0
"""Seconds that one look may take."""
_MAX_WAIT = 30.0  # seconds between two tries while a PBX is away
_ONCE = Retries(attempts=1)  # the next look is the retry


class Snapshot(NamedTuple):
    """The calls in progress at a ``time`` in UTC: those that match the filter, how many there are in all, and what
    happened since the last look. ``outage``: for how many seconds the PBX was away before, or 0."""

    time: datetime
    calls: list[Row]
    total: int
    events: list[CallEvent]
    outage: float


class Outage(NamedTuple):
    """A look that failed, at a ``time`` in UTC; the next one follows in ``retry_in`` seconds."""

    time: datetime
    error: TrunklineError
    retry_in: float


async def watch_calls(
    pbx: AsyncPbx,
    filter: CallFilter = CallFilter(),  # noqa: B008 - immutable
    *,
    interval: float = 2.0,
    timeout: float = TIMEOUT,
) -> AsyncGenerator[Snapshot | Outage, None]:
    """Look at the calls in progress every ``interval`` seconds, for as long as the caller iterates.

    A PBX that goes away is waited for. A PBX that asks to wait (Retry-After) gets no request before.

    Raises: the error of a PBX that isn't there at the first look, and of a refused sign-in or a missing right at any.
    """
    calls = CallTracker(filter)
    failures, lost_at, connected = 0, 0.0, False
    while True:
        began = time.monotonic()
        try:
            rows, complete = await _read_calls(pbx, timeout)
        except TrunklineError as error:
            if not _may_pass(error, connected=connected):
                raise
            lost_at = lost_at or began
            failures = min(failures + 1, 10)
            wait = max(min(interval * 2 ** (failures - 1), _MAX_WAIT), getattr(error, "retry_after", None) or 0)
            yield Outage(datetime.now(UTC), error, wait)
            await asyncio.sleep(wait)
            continue
        now = datetime.now(UTC)
        events = calls.update(rows, now, complete=complete)
        yield Snapshot(now, calls.matching, calls.total, events, time.monotonic() - lost_at if failures else 0.0)
        failures, lost_at, connected = 0, 0.0, True
        await asyncio.sleep(max(MIN_INTERVAL, interval - (time.monotonic() - began)))


async def _read_calls(pbx: AsyncPbx, timeout: float) -> tuple[list[Row], bool]:
    """Read the calls in progress, and whether they came in one answer."""
    rows: list[Row] = []
    pages = 0
    async for page in pbx.call("active_calls.list", timeout=timeout, retries=_ONCE).pages():
        rows += page.rows
        pages += 1
    return rows, pages <= 1


def _may_pass(error: TrunklineError, *, connected: bool) -> bool:
    """Whether an error may pass: what a PBX answers while it starts always, a lost connection once there was one."""
    if isinstance(error, PbxError):
        return error.retryable
    # Half an answer, a proxy's page and a look that took too long are what a restart looks like from here.
    lost = isinstance(error, TransportError) and (error.retryable or isinstance(error, BrokenAnswer | TimedOut))
    return connected and lost
