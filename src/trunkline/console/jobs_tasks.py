"""Work that outlives the tab that began it: tasks of this process, which end well when the process does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType

from ..client import AsyncPbx, Pbx
from .pbxs import pbxs

PATIENCE = 10.0
"""Seconds that requests in progress get when the process ends; what is cut off then counts as unknown."""

_tasks: dict[asyncio.Task[None], Callable[[], None]] = {}


def begin(work: Awaitable[None], stop: Callable[[], None]) -> asyncio.Task[None]:
    """Begin a work of this process. ``stop`` lets it start nothing more; it has to keep its own errors."""

    async def working() -> None:
        await work

    task = asyncio.create_task(working())
    _tasks[task] = stop
    task.add_done_callback(lambda done: _tasks.pop(done, None))
    return task


async def end_all() -> None:
    """Stop all work, and wait until what is in progress was answered, or `PATIENCE` is over."""
    tasks = dict(_tasks)
    for stop in tasks.values():
        stop()
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=PATIENCE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


class Lent:
    """The open client of a PBX, for work that opens and closes a client of its own: closing it leaves it open.

    It is also a place of `trunkline.work.fleet`. Raises UnknownName, as `Pbxs.target` does.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.url = pbxs().target(name).url

    def aopen(self) -> Lent:
        return self

    def open(self) -> Pbx:
        """Return a client of its own, for threads."""
        return pbxs().target(self.name).open()

    async def __aenter__(self) -> AsyncPbx:
        return pbxs().client(self.name)

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the client open: `Pbxs` closes it."""
