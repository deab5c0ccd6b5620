"""Faults on the connection: what a client is sent, or isn't, where a fault hit its request.

On a port the server puts the connection's transport into the ASGI scope (server.py), so that resets and half answers
are real. In process there is none: what would break the connection raises ConnectionResetError out of the
application, and what would hang for good raises TimeoutError.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import msgspec

from ..messages import Message, Receive, Response, Scope, Send, start, write
from .faults import Fault

TRANSPORT = "trunkline.transport"
# Set by a request that hangs for good: a server that stops need not wait for it.
HANGS = "trunkline.hangs"

# Turns an abort into a reset: closing throws away what wasn't sent.
_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
_OF_A_PROXY = (502, 503, 504)
_PORTAL = "<!doctype html><html><head><title>Sign in to the network</title></head><body><form>…</form></body></html>"


def made_up(fault: Fault, now: float) -> Response:
    """Return the answer that a ``status`` or ``html`` fault gives in place of the PBX's own."""
    if fault.kind == "html":
        return Response(200, _PORTAL.encode(), {"Content-Type": "text/html; charset=utf-8"})
    status, options = fault.value, fault.options
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    body = b""
    if "body" in options:
        is_text = isinstance(options["body"], str)
        body = options["body"].encode() if is_text else msgspec.json.encode(options["body"])
        headers["Content-Type"] = "text/plain; charset=utf-8" if is_text else "application/json"
    elif status in _OF_A_PROXY:
        title = f"{status} {HTTPStatus(status).phrase}"
        body = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><hr>nginx</body></html>".encode()
        headers["Content-Type"] = "text/html"
    if "content_type" in options:
        headers["Content-Type"] = options["content_type"]
    if "retry_after" in options:
        wait = options["retry_after"]
        as_date = options.get("retry_after_form") == "date"
        headers["Retry-After"] = formatdate(now + wait, usegmt=True) if as_date else str(wait)
    return Response(status, body, {**headers, **options.get("headers", {})})


def from_a_proxy(fault: Fault) -> bool:
    """Whether the made-up answer is not the PBX's own, and so has none of its headers."""
    of_a_proxy = fault.value in _OF_A_PROXY or fault.options.get("proxy", False)
    return fault.kind == "html" or (fault.kind == "status" and of_a_proxy)


def reset(transport: Any) -> None:
    """End a connection at once with a TCP reset; what wasn't sent is thrown away."""
    found = transport.get_extra_info("socket")
    if found is not None:
        with suppress(OSError), socket.socket(fileno=os.dup(found.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    transport.abort()


class Wire:
    """The connection of one request, for an answer that goes wrong."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._extensions: dict[str, Any] = scope.get("extensions") or {}
        self._transport: Any = self._extensions.get(TRANSPORT)
        self._receive = receive
        self._send = send

    async def play(self, fault: Fault, response: Response) -> int:
        """Send an answer as the fault has it. Gives the status that went out, or 0.

        A body that isn't there can't be broken: such an answer is lost where the fault would have closed the
        connection in the end, and goes out as it is where not.
        """
        played = _PLAYED.get(fault.kind, Wire._whole)
        if not response.body and played in (Wire._half_body, Wire._content_length):
            played = Wire._close
        if not response.body and played in (Wire._garbage, Wire._content_type, Wire._trickle):
            played = Wire._whole
        return await played(self, fault, response)

    async def _whole(self, fault: Fault, response: Response) -> int:
        await write(response, self._send)
        return response.status

    async def _reset(self, fault: Fault, response: Response) -> int:
        if self._transport is None:
            raise ConnectionResetError("A fault of the emulator reset the connection.")
        reset(self._transport)
        await self._gone()
        return 0

    async def _close(self, fault: Fault, response: Response) -> int:
        await self._hang_up()
        return 0

    async def _stall(self, fault: Fault, response: Response) -> int:
        sent = 0
        if fault.value == "headers":
            await self._send(start(response, max(len(response.body), 1)))
            sent = response.status
        if self._transport is None:
            raise TimeoutError("A fault of the emulator lets this request hang.")
        self._extensions[HANGS] = True
        await self._gone()
        return sent

    async def _half_body(self, fault: Fault, response: Response) -> int:
        body = response.body
        await self._send(start(response, None if fault.options.get("chunked") else len(body)))
        await self._send(_part(body[: min(int(len(body) * fault.value), len(body) - 1)]))
        await self._hang_up()
        return response.status

    async def _garbage(self, fault: Fault, response: Response) -> int:
        response.body = response.body[: len(response.body) // 2] + b"\xff\xfe<<"
        await write(response, self._send)
        return response.status

    async def _content_type(self, fault: Fault, response: Response) -> int:
        response.headers["Content-Type"] = fault.value
        await write(response, self._send)
        return response.status

    async def _content_length(self, fault: Fault, response: Response) -> int:
        told = max(len(response.body) + fault.value, 0)
        await self._send(start(response, told))
        await self._send(_part(response.body[:told]))
        if self._transport is not None:
            self._transport.write(response.body[told:])
        await self._hang_up()
        return response.status

    async def _trickle(self, fault: Fault, response: Response) -> int:
        await self._send(start(response, len(response.body)))
        piece = fault.options.get("piece", 1)
        for at in range(0, len(response.body), piece):
            await self._send(_part(response.body[at : at + piece]))
            if await self._gone_within(fault.value):
                return response.status
        await self._send({"type": "http.response.body", "body": b""})
        return response.status

    async def _hang_up(self) -> None:
        """Close politely, after what was sent so far."""
        if self._transport is None:
            raise ConnectionResetError("A fault of the emulator closed the connection.")
        self._transport.close()
        await self._gone()

    async def _gone(self) -> None:
        """Until the connection is no more; the server would take an earlier end for a mistake."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _gone_within(self, seconds: float) -> bool:
        if self._transport is None:
            await asyncio.sleep(seconds)
            return False
        try:
            await asyncio.wait_for(self._gone(), seconds)
        except TimeoutError:
            return False
        return True


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}


_PLAYED: dict[str, Callable[[Wire, Fault, Response], Awaitable[int]]] = {
    "reset": Wire._reset,
    "close": Wire._close,
    "flap": Wire._reset,
    "stall": Wire._stall,
    "half_body": Wire._half_body,
    "garbage": Wire._garbage,
    "content_type": Wire._content_type,
    "content_length": Wire._content_length,
    "trickle": Wire._trickle,
}
