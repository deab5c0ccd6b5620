"""Standard input and output: one client, which started this process. Nothing but the protocol is written to stdout."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

import anyio
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError
from pydantic import ValidationError

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
        async with stdio_server() as (reading, writing), anyio.create_task_group() as tasks:
            send, messages = anyio.create_memory_object_stream[SessionMessage | Exception]()

            async def pass_on() -> None:
                async with send:
                    async for item in reading:
                        if isinstance(item, ValidationError):
                            if refusal := _refusal(item):
                                await writing.send(SessionMessage(refusal))
                        else:
                            await send.send(item)

            tasks.start_soon(pass_on)
            await server.run(messages, writing, server.create_initialization_options())
    except asyncio.CancelledError:
        if not ended:
            raise
    finally:
        await service.pbxs.close()


def _refusal(problem: ValidationError) -> JSONRPCError | None:
    """Return what JSON-RPC answers to a line that is not a message of it, None to an empty one.

    The SDK drops such a line, and a client that waits for an answer would wait for ever.
    """
    faults = problem.errors(include_url=False, include_context=False)
    if faults[0]["type"] == "json_invalid":
        if not str(faults[0]["input"]).strip():
            return None
        return _error(None, PARSE_ERROR, "This line is not JSON. Send each message whole, on one line.")
    ids = [fault["input"].get("id") for fault in faults if isinstance(fault["input"], dict)]
    id = next((id for id in ids if isinstance(id, int | str) and not isinstance(id, bool)), None)
    return _error(id, INVALID_REQUEST, "This JSON is not a message of JSON-RPC 2.0. Batches are not accepted.")


def _error(id: int | str | None, code: int, message: str) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=id, error=ErrorData(code=code, message=message))
