"""Readings of the call log for the charts: each shared by all tabs that want it, with its progress, kept a while."""

from __future__ import annotations

import asyncio
from datetime import datetime
from time import monotonic

from nicegui import background_tasks

from ..client import AsyncPbx
from ..transfer.call_counts import CallTally, read_calls
from .pbxs import pbxs

MAX_AGE = 180.0
"""Seconds for which a count is shown again: a month of the call log is many requests."""
_MOST = 50  # counts that are kept


class Counting:
    """The calls of a period being counted: ``done`` of ``total`` parts are read. It ends when nobody waits for it."""

    def __init__(self, pbx: AsyncPbx, start: datetime, end: datetime) -> None:
        self.began, self.done, self.total = monotonic(), 0, 0
        self._waiting = 0
        self._task = background_tasks.create(
            read_calls(pbx, start, end, self._note), name=f"count calls of {pbx.label}", handle_exceptions=False
        )

    @property
    def is_usable(self) -> bool:
        """Whether it goes on, or ended well a short time ago."""
        if not self._task.done():
            return True
        failed = self._task.cancelled() or self._task.exception() is not None
        return not failed and monotonic() - self.began < MAX_AGE

    async def result(self) -> CallTally:
        """Wait for the counts. Raises as `read_calls` does."""
        self._waiting += 1
        try:
            tally: CallTally = await asyncio.shield(self._task)
            return tally
        finally:
            self._waiting -= 1
            if not self._waiting and not self._task.done():
                self._task.cancel()

    def _note(self, done: int, total: int) -> None:
        self.done, self.total = done, total


_countings: dict[tuple[str, datetime, datetime | None], Counting] = {}


def counting(name: str, start: datetime, end: datetime, *, is_over: bool) -> Counting:
    """Return the counting of a period of a PBX, which is begun where it is not there. ``is_over``: it ends in the past.

    Raises as `Pbxs.client` does.
    """
    key = (name, start, end if is_over else None)
    for old in [old for old, each in _countings.items() if not each.is_usable]:
        del _countings[old]
    while len(_countings) >= _MOST:
        del _countings[next(iter(_countings))]
    if key not in _countings:
        _countings[key] = Counting(pbxs().client(name), start, end)
    return _countings[key]
