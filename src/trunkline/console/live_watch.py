"""The calls in progress of a PBX, watched once for all tabs, and only while somebody looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from time import monotonic
from typing import NamedTuple

from nicegui import background_tasks

from ..client import AsyncPbx
from ..errors import TrunklineError
from ..monitor.call_watch import Outage, Snapshot, watch_calls
from ..monitor.calls import Row
from .pbx_shared import LASTING
from .pbxs import pbxs

RETRY = 10.0
"""Seconds until a PBX that did not answer at the first look is asked again."""


class Look(NamedTuple):
    """The calls as last seen, at ``at`` by `time.monotonic`; None before the first look that succeeded.

    ``error``: why the latest look failed, at ``time``. ``retry_in``: seconds until the next one, None where somebody
    has to ask for it.
    """

    calls: list[Row] | None
    at: float
    time: datetime
    error: TrunklineError | None = None
    retry_in: float | None = None


Listener = Callable[[Look], None]


class CallWatch:
    """A watch over the calls of one PBX. It runs while it has listeners."""

    def __init__(self, pbx: AsyncPbx) -> None:
        self._pbx = pbx
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self.look: Look | None = None

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with each look from now on, and return what ends that."""
        self._listeners.add(listener)
        self.restart_if_idle()

        def stop() -> None:
            self._listeners.discard(listener)
            if not self._listeners and self._task is not None:
                self._task.cancel()
                self._task, self.look = None, None

        return stop

    def restart_if_idle(self) -> None:
        """Look again where an error ended the watch."""
        if self._task is None or self._task.done():
            self._task = background_tasks.create(self._watch(), name=f"watch calls of {self._pbx.label}")

    async def _watch(self) -> None:
        while True:
            try:
                async with aclosing(watch_calls(self._pbx)) as looks:
                    async for look in looks:
                        self._take(look)
            except TrunklineError as error:
                retry_in = None if isinstance(error, LASTING) else RETRY
                self._show_failure(error, datetime.now(UTC), retry_in)
                if retry_in is None:
                    return
                await asyncio.sleep(retry_in)

    def _take(self, look: Snapshot | Outage) -> None:
        if isinstance(look, Outage):
            self._show_failure(look.error, look.time, look.retry_in)
        else:
            self._show(Look(look.calls, monotonic(), look.time))

    def _show_failure(self, error: TrunklineError, time: datetime, retry_in: float | None) -> None:
        calls, at = (self.look.calls, self.look.at) if self.look else (None, 0.0)
        self._show(Look(calls, at, time, error, retry_in))

    def _show(self, look: Look) -> None:
        self.look = look
        for listener in list(self._listeners):
            with suppress(RuntimeError):  # NiceGUI's, for a page that has just been closed
                listener(look)


_watches: dict[str, CallWatch] = {}


def call_watch(name: str) -> CallWatch:
    """Return the watch over the calls of a PBX. Raises UnknownName, and ConfigurationError for one without a key."""
    if name not in _watches:
        _watches[name] = CallWatch(pbxs().client(name))
    return _watches[name]
