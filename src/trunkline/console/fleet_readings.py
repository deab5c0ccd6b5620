"""What is known of each PBX: one reading for all tabs, repeated for as long as somebody looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from time import monotonic

from ..connections.opened import OpenPbxs
from ..monitor.status import Status
from ..monitor.survey import AT_ONCE, failed_status
from ..work.outcome import as_error
from .pbxs import pbxs

EVERY = 30.0
"""Seconds between two readings of a PBX."""
_MOMENT = 0.02  # seconds between the beginnings of two readings
_PATIENCE = 0.5  # seconds that a reading waits for a loop that is late
Listener = Callable[[str], None]


class FleetReadings:
    """The last status of each PBX. They are read again every `EVERY` seconds, at most 16 at once, each by itself."""

    def __init__(self, pbxs: OpenPbxs) -> None:
        self._pbxs = pbxs
        self._statuses: dict[str, Status] = {}
        self._due: dict[str, float] = {}
        self._listeners: list[Listener] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._beginning = asyncio.Lock()

    def status(self, name: str) -> Status | None:
        """Return the last status of a PBX, with its ``error`` where it could not be read; None before the first."""
        return self._statuses.get(name)

    def watch(self, listener: Listener) -> Callable[[], None]:
        """Read for as long as somebody watches. ``listener`` gets the name of each PBX that was read.

        Returns what ends the watching; it may be called twice.
        """
        self._listeners.append(listener)
        if not self._tasks:
            turn = asyncio.Semaphore(AT_ONCE)
            self._tasks = [asyncio.create_task(self._read_often(name, turn)) for name in self._pbxs.names]

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
            if not self._listeners:
                self.stop()

        return end

    def stop(self) -> None:
        """Read no more."""
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    async def _read_often(self, name: str, turn: asyncio.Semaphore) -> None:
        while True:
            await asyncio.sleep(max(0.0, self._due.get(name, 0.0) - monotonic()))
            async with turn:
                await self._let_pages_go_first()
                self._statuses[name] = await self._read(name)
            self._due[name] = monotonic() + EVERY
            for listener in list(self._listeners):
                listener(name)

    async def _let_pages_go_first(self) -> None:
        """Begin one reading after the other, and none while the loop is late: fifty at once would hold up all pages."""
        async with self._beginning:
            until = monotonic() + _PATIENCE
            while (now := monotonic()) < until:
                await asyncio.sleep(_MOMENT)
                if monotonic() - now < 2 * _MOMENT:
                    return

    async def _read(self, name: str) -> Status:
        try:
            return await Status.aread(self._pbxs.client(name))
        except Exception as problem:
            return failed_status(self._pbxs.target(name), as_error(problem))


@cache
def readings() -> FleetReadings:
    """Return the readings of this process."""
    return FleetReadings(pbxs())
