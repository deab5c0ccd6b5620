"""Standard input and output: one client, which started this process. Nothing but the protocol is written to stdout."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from mcp.server.stdio import stdio_server

from .server import make_server
from .service import Service


async def serve_stdio(service: Service) -> None:
    """Serve until stdin ends, or SIGTERM or Ctrl-C ends it."""
    server = make_server(service)
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    ended = False

    def end() -> None:
        nonlocal ended
        ended = True
        if task is not None:
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, end)
    try:
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())
    except asyncio.CancelledError:
        if not ended:
            raise
    finally:
        await service.pbxs.close()
