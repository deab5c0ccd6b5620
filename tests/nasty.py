"""A server that misbehaves on purpose, byte by byte, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple


class Asked(NamedTuple):
    """One request as it came over the wire; header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Bytes(NamedTuple):
    """Send these bytes, then close politely, or with a reset. ``trickle``: seconds after each byte of the body.

    ``forever`` is sent after them, again and again, until the client has had enough.
    """

    data: bytes
    reset: bool = False
    delay: float = 0.0
    keep_alive: bool = False
    trickle: float = 0.0
    forever: bytes = b""


def http(status: int, body: bytes | str = b"", content_type: str = "application/json", **headers: str) -> Bytes:
    """A well-formed answer; underscores in header names stand for dashes."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", f"Content-Type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Bytes("\r\n".join([*lines, "", ""]).encode() + content, keep_alive=True)


HTML = http(200, "<!doctype html><title>Router login</title>", "text/html; charset=utf-8")
TOKEN = http(200, '{"token_type":"Bearer","expires_in":3600,"access_token":"opaque","refresh_token":null}')
MISSING = http(404, '{"error":{"code":"","message":"Not Found"}}')
"""A 404 as a 3CX writes it; another one proves nothing."""
RESET = Bytes(b"", reset=True)
HALF = Bytes(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{"Id": 4')

Script = Callable[[Asked], Bytes]


class Nasty:
    """``with Nasty(script) as url``: each request is answered with what the script gives for it."""

    def __init__(self, script: Script, *, sign_in: bool = True, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        """How many were made in all."""
        self.open_connections = 0
        self._script = script
        self._sign_in = sign_in
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._counting = threading.Lock()
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def api_calls(self) -> list[Asked]:
        return [asked for asked in self.asked if not asked.target.startswith("/connect/")]

    def __enter__(self) -> Nasty:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # or the thread that accepts would hold the port for ever
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._count, args=(connection,), daemon=True).start()

    def _count(self, connection: socket.socket) -> None:
        with self._counting:
            self.open_connections += 1
        try:
            self._serve(connection)
        finally:
            with self._counting:
                self.open_connections -= 1

    def _serve(self, connection: socket.socket) -> None:
        with (
            contextlib.suppress(OSError),
            connection,
            self._tls.wrap_socket(connection, server_side=True) if self._tls else connection as stream,
        ):
            stream.settimeout(10)
            for asked in _requests(stream):
                self.asked.append(asked)
                signing_in = self._sign_in and asked.target == "/connect/token"
                answer = TOKEN if signing_in else self._script(asked)
                time.sleep(answer.delay)
                if answer.data:
                    _send(stream, answer)
                if answer.reset:
                    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if not answer.keep_alive:
                    return


def _send(stream: socket.socket, answer: Bytes) -> None:
    if not answer.trickle:
        stream.sendall(answer.data)
        while answer.forever:
            stream.sendall(answer.forever)
        return
    head, end, body = answer.data.partition(b"\r\n\r\n")
    stream.sendall(head + end)
    for position in range(len(body)):
        stream.sendall(body[position : position + 1])
        time.sleep(answer.trickle)


def _requests(stream: socket.socket) -> Iterator[Asked]:
    buffer = b""
    while True:
        while b"\r\n\r\n" not in buffer:
            more = stream.recv(65536)
            if not more:
                return
            buffer += more
        head, _, buffer = buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(buffer) < length:
            more = stream.recv(65536)
            if not more:
                return
            buffer += more
        body, buffer = buffer[:length], buffer[length:]
        yield Asked(method, target, headers, body)


_RESERVED: list[socket.socket] = []


def closed_port() -> str:
    """An address where nothing listens; the port stays ours, or another program would soon get it."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    _RESERVED.append(bound)
    return f"http://127.0.0.1:{bound.getsockname()[1]}"
