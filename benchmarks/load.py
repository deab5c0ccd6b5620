"""Asking a server for many things over a few kept connections, with as little work of our own as can be.

Each connection has one request under way; its answer ends after its Content-Length, with its last chunk, or
at once where its status has no body.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from urllib.parse import urlsplit

AT_ONCE = 16

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], statuses: Counter[int], done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._statuses = statuses
        self._done = done
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        status = int(head[9:12])
        length = _LENGTH.search(head)
        whole = status == 204 or body.endswith(b"\r\n0\r\n\r\n") if length is None else len(body) >= int(length[1])
        if whole:
            self._statuses[status] += 1
            self._received = b""
            self._send()

    def connection_lost(self, problem: Exception | None) -> None:
        self._fail(problem or ConnectionError("the server closed a connection"))

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._transport.write(request)
        elif not self._done.done():
            self._done.set_result(None)
            self._transport.close()

    def _fail(self, problem: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(problem)


def ask(url: str, requests: Sequence[bytes]) -> Counter[int]:
    """Send them all, 16 at once; gives how many answers had which status. OSError if the server hangs up."""
    return asyncio.run(_ask(url, requests))


async def _ask(url: str, requests: Sequence[bytes]) -> Counter[int]:
    loop = asyncio.get_running_loop()
    parts = urlsplit(url)
    waiting, statuses = iter(requests), Counter[int]()
    ends = [loop.create_future() for _ in range(AT_ONCE)]
    for end in ends:
        opened = partial(_Connection, waiting, statuses, end)
        await loop.create_connection(opened, parts.hostname or "", parts.port or 80)
    await asyncio.gather(*ends)
    return statuses


def request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    """One request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body
