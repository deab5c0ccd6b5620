"""Work that blocks, out of the event loop's way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(function: Callable[..., Result], *args: object) -> Result:
    """Run it in a worker thread; wait for its end even if cancelled, so that no file is closed under a write."""
    import asyncio  # whoever works with threads doesn't load it
    from contextvars import copy_context

    # Not a task of its own: an event loop stops at a SystemExit that leaves a task.
    work = asyncio.get_running_loop().run_in_executor(None, copy_context().run, function, *args)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
