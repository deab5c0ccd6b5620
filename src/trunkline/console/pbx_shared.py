"""What several tabs show of a PBX is read once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Final, NamedTuple, TypeVar

from nicegui import background_tasks

from ..errors import ConfigurationError, Forbidden, SignInError

Read = TypeVar("Read")
LASTING: Final = (ConfigurationError, SignInError, Forbidden)
"""Errors that asking again does not end. Refused sign-ins can get this machine's address blocked."""
_MOST = 500  # readings that are kept; each PBX has a few


class _Kept(NamedTuple):
    value: Any
    time: float


class SharedReadings:
    """Readings by key. Whoever asks while one is under way gets the same one; an answer is used again for a while."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._kept: dict[object, _Kept] = {}
        self._running: dict[object, asyncio.Task[Any]] = {}

    async def get(self, key: object, read: Callable[[], Awaitable[Read]], max_age: float) -> Read:
        """Return a reading that is at most ``max_age`` seconds old. Raises what ``read`` raises, and keeps no error.

        The reading goes on if whoever asked for it leaves: others may wait for it.
        """
        kept = self._kept.get(key)
        if kept is not None and self._clock() - kept.time <= max_age:
            value: Read = kept.value
            return value
        task = self._running.get(key)
        if task is None:
            task = background_tasks.create(self._read(key, read), name=f"read {key}", handle_exceptions=False)
            task.add_done_callback(_retrieved)
            self._running[key] = task
        fresh: Read = await asyncio.shield(task)
        return fresh

    def forget(self, key: object) -> None:
        """Read it again next time: it was changed from here."""
        self._kept.pop(key, None)
        self._running.pop(key, None)

    async def _read(self, key: object, read: Callable[[], Awaitable[Any]]) -> Any:
        task = asyncio.current_task()
        try:
            value = await read()
            if self._running.get(key) is task:
                self._kept.pop(key, None)
                self._kept[key] = _Kept(value, self._clock())
                while len(self._kept) > _MOST:
                    del self._kept[next(iter(self._kept))]
            return value
        finally:
            if self._running.get(key) is task:
                del self._running[key]


def _retrieved(task: asyncio.Task[Any]) -> None:
    """Take the exception of a reading that nobody waits for any more, which asyncio would complain about."""
    if not task.cancelled():
        task.exception()


readings = SharedReadings()
"""Those of this process."""
