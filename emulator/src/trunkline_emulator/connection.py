"""One connection to the emulator's port, and how much time and room whoever is at the other end may take.

uvicorn waits for ever for the rest of a request, and for ever for somebody to read an answer. What is ended here is
only what a client leaves undone: an answer that the emulator itself holds back (a fault, a latency) waits for
its own time.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from .control.wire import HANGS, TRANSPORT, reset
from .messages import LISTENS, MAX_UPLOAD

if TYPE_CHECKING:
    from .server import Config


@dataclass(frozen=True)
class Limits:
    """How many connections a server keeps, and what each may take, in seconds and bytes."""

    connections: int = 2000
    # From the opening of a connection, or from a request's first byte on one that is kept open, to the end of its
    # headers. messages.py has stricter limits of their size; this one is for headers that never end.
    head_seconds: float = 15.0
    head_bytes: int = 64 * 1024
    # A body may take this long, and a second more for each ``body_rate`` bytes that came.
    body_seconds: float = 15.0
    body_rate: int = 4096
    # Of a body that nobody wants so much is thrown away before the connection is closed. It is as much as the largest
    # body that anybody wants: a client that sends one with a dead token gets to read its 401.
    unwanted_bytes: int = MAX_UPLOAD
    # An answer must be read on before this much time has passed, and a closed connection be gone.
    read_seconds: float = 30.0
    closing_seconds: float = 5.0
    # Requests that may wait behind the one that is being answered.
    pipelined: int = 64


class Malformed(Exception):
    """Raised in a callback of the parser: the request is answered with 400."""


class Connection(HttpToolsProtocol):
    """uvicorn's, with limits. The server calls ``end_if_late`` every half second."""

    config: Config

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._limits = self.config.limits
        self._answered: RequestResponseCycle | None = None
        self._host: bytes | None = None
        self._in_body = False
        self._broken = False
        self._in_head = True  # between two requests it is neither in a head nor in a body
        self._head_bytes = 0
        self._heads = 0
        self._body_bytes = 0
        # Since when the rest of a head or body is awaited; ``end_if_late`` sets it, to spare each request the clock.
        self._since: float | None = None
        # The last time that something of an answer was read, and how much of it was left then.
        self._read_at = 0.0
        self._unread = 0
        self._closing_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            self._refuse(503)

    def data_received(self, data: bytes) -> None:
        if self._broken:
            self.flow.pause_reading()
            return
        self._unset_keepalive_if_required()
        was_in_head, heads = not self._in_body, self._heads
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Nothing is spoken here but HTTP/1.1, and what follows such a request is not read.
            self._end_after_answers()
        except httptools.HttpParserError:
            self._refuse(400)
        else:
            if was_in_head and heads == self._heads:
                self._in_head = True
                self._head_bytes += len(data)
                if self._head_bytes > self._limits.head_bytes:
                    self._refuse(431)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forsake()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def _forsake(self) -> None:
        """Let the application know that nobody waits for its answers any more."""
        for cycle in (self._answered, self.cycle, *(waiting for waiting, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 1  # of a chunk that also held the request before only this much is known
        self._in_head, self._since = True, None
        self._host = None
        extensions: dict[str, Any] = {TRANSPORT: self.transport, LISTENS: self.config.listens}
        self.scope["extensions"] = extensions

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_body:  # trailers come after the body, when the headers have been judged
            return
        name = name.lower()
        if name == b"host":
            if self._host is not None:
                raise Malformed
            self._host = value
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._heads += 1
        self._in_head, self._since = False, None
        if not self.url.startswith(b"/"):
            self._check_target()
        if len(self.pipeline) >= self._limits.pipelined:
            raise Malformed
        self._in_body = True
        self._body_bytes = 0
        super().on_headers_complete()

    def _check_target(self) -> None:
        """Refuse a target whose own host differs from the Host header (RFC 9112, 3.2.2)."""
        scheme, mark, rest = self.url.partition(b"://")
        if mark and scheme.isalpha():
            authority = rest.partition(b"/")[0].partition(b"?")[0]
            if authority.lower() != (self._host or b"").lower():
                raise Malformed

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self.cycle.response_complete and self._body_bytes > self._limits.unwanted_bytes:
            self._close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_body, self._since = False, None
        super().on_message_complete()
        if self.cycle.response_complete:
            self._in_head = True  # uvicorn's own clock for the next request ran while the body came

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._since = None  # a client need not hurry while it waits for an answer

    def end_if_late(self, now: float) -> None:
        """End the connection if the client has not done in time what it is to do next."""
        limits = self._limits
        if self.transport.is_closing():
            self._closing_since = now if self._closing_since is None else self._closing_since
            if now - self._closing_since > limits.closing_seconds and not self._is_read(now):
                reset(self.transport)
        elif not self._is_read(now):
            reset(self.transport)
        elif self._in_body:
            self._check_body(now)
        elif self._in_head and not self._is_answering and self._waited(now) > limits.head_seconds:
            self._refuse(408) if self._head_bytes else self._close()  # nothing was asked, so nothing is answered

    def _check_body(self, now: float) -> None:
        if self._is_answering and self.flow.read_paused and not self._broken:
            self._since = None  # it is us who don't read
        elif self._waited(now) > self._limits.body_seconds + self._body_bytes / self._limits.body_rate:
            self._close() if self.cycle.response_complete else self._refuse(408)

    def _waited(self, now: float) -> float:
        if self._since is None:
            self._since = now
        return now - self._since

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _is_read(self, now: float) -> bool:
        """Whether the client goes on reading what it was sent."""
        left = self.transport.get_write_buffer_size()
        if left == 0 or left < self._unread or self._unread == 0:
            self._read_at = now
        self._unread = left
        limit = self._limits.closing_seconds if self._closing_since else self._limits.read_seconds
        return left == 0 or now - self._read_at <= limit

    def _refuse(self, status: int) -> None:
        """Answer for the application, which gets to see no more of this connection, and close.

        What was asked before on the same connection is answered first.
        """
        if self._is_answering and not (self._in_body and not self.pipeline):
            self._end_after_answers()
            return
        if not (self._is_answering and self.cycle.response_started):
            self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
        self._close()

    def _end_after_answers(self) -> None:
        self._broken = True
        self.flow.pause_reading()
        if self._in_body and self.pipeline:
            self.pipeline.popleft()  # the rest of it will not come
        last = self.pipeline[0][0] if self.pipeline else self.cycle
        if last is None or last.response_complete:
            self._close()
        else:
            last.keep_alive = False

    def _close(self) -> None:
        self._broken = True
        self._forsake()
        self.transport.close()

    def shutdown(self) -> None:
        super().shutdown()
        if self.scope and HANGS in (self.scope.get("extensions") or {}):
            self.transport.close()
