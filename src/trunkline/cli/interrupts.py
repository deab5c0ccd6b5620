"""Ctrl-C during a run: the first lets the requests in progress finish, the second ends it at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


class Interrupts:
    """How often Ctrl-C was pressed; `tell` says once what is waited for."""

    def __init__(self) -> None:
        self.times = 0
        self._told = False

    def tell(self) -> None:
        """To be called now and then from the event loop: a signal may come in the middle of other output."""
        if self.times and not self._told:
            self._told = True
            click.echo("Finishing the requests in progress; press Ctrl-C again to end at once.", err=True)


@contextmanager
def finishing(stop: Callable[[], bool]) -> Iterator[Interrupts]:
    """In a task: the first Ctrl-C calls ``stop``, the next one ends the block with KeyboardInterrupt.

    ``stop`` says whether there is anything to finish; if not, the first one ends the block. It ends where the task
    waits for something, never in the midst of what it does or draws. A third one ends it wherever it is.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None  # noqa: S101 - only coroutines get here
    seen = Interrupts()

    def pressed(number: int, frame: object) -> None:
        seen.times += 1
        if seen.times > 2:
            raise KeyboardInterrupt
        if seen.times > 1 or not stop():
            loop.call_soon_threadsafe(task.cancel)

    before = signal.signal(signal.SIGINT, pressed)
    try:
        yield seen
    except asyncio.CancelledError:
        if not seen.times:
            raise
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGINT, before)
