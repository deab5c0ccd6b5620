"""Looking at the calls in progress again and again, through outages, until somebody says stop."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol

from ..catalog.secret import masked
from ..client import AsyncPbx
from ..errors import BrokenAnswer, PbxError, TimedOut, TransportError, TrunklineError
from .call_events import LEAST, Calls, Row

PATIENCE = 15.0
"""Seconds that one look may take."""
_LONGEST = 30.0  # seconds between two tries while a PBX is away


class Audience(Protocol):
    """Who is told."""

    def seen(self, events: list[Row], calls: Calls, at: datetime) -> None: ...
    def lost(self, error: TrunklineError, wait: float, at: datetime) -> None: ...
    def back(self, away: float) -> None: ...

    @property
    def gone(self) -> bool:
        """Whether nobody listens any more."""


async def watch(
    pbx: AsyncPbx, calls: Calls, audience: Audience, *, interval: float, patience: float, count: int | None
) -> None:
    """Look every ``interval`` seconds and tell the audience, until ``count`` events have come or it is gone.

    A PBX that goes away is waited for; one that isn't there at the first look is an error, and so is a refused
    sign-in or a missing right at any time. A PBX that asks to wait (Retry-After) is not asked before.
    """
    failures, lost_at, happened = 0, 0.0, 0
    met = False
    while not audience.gone:
        began = time.monotonic()
        try:
            events = await _look(pbx, calls, patience)
        except TrunklineError as error:
            if not _passes(error, met=met):
                raise
            lost_at = lost_at or began
            failures = min(failures + 1, 10)
            wait = max(min(interval * 2 ** (failures - 1), _LONGEST), getattr(error, "retry_after", None) or 0)
            audience.lost(error, wait, datetime.now(UTC))
            await asyncio.sleep(wait)
            continue
        if failures:
            audience.back(time.monotonic() - lost_at)
            failures, lost_at = 0, 0.0
        met = True
        left = None if count is None else count - happened
        events, more = _first(events, left)
        audience.seen(events, calls, datetime.now(UTC))
        happened += more
        if count is not None and happened >= count:
            return
        await asyncio.sleep(max(LEAST, interval - (time.monotonic() - began)))


async def _look(pbx: AsyncPbx, calls: Calls, patience: float) -> list[Row]:
    rows: list[Row] = []
    pages = 0
    async for page in pbx.call("active_calls.list", timeout=patience).pages():
        rows += masked(page.rows)
        pages += 1
    return calls.see(rows, datetime.now(UTC), whole=pages <= 1)


def _passes(error: TrunklineError, *, met: bool) -> bool:
    """Whether it may pass: what a PBX answers while it starts always, a lost or broken connection once it was met."""
    if isinstance(error, PbxError):
        return error.retryable
    # Half an answer, a proxy's page and a look that took too long are what a restart looks like from here.
    lost = isinstance(error, TransportError) and (error.retryable or isinstance(error, BrokenAnswer | TimedOut))
    return met and lost


def _first(events: list[Row], left: int | None) -> tuple[list[Row], int]:
    """As many events as are still wanted, and their number; calls that were there already don't count."""
    shown: list[Row] = []
    counted = 0
    for event in events:
        if event["event"] != "present":
            if counted == left:
                break
            counted += 1
        shown.append(event)
    return shown, counted
