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
    """Send these bytes, then close politely, or with a reset."""

    data: bytes
    reset: bool = False
    delay: float = 0.0
    keep_alive: bool = False


def http(status: int, body: bytes | str = b"", content_type: str = "application/json", **headers: str) -> Bytes:
    """A well-formed answer; underscores in header names stand for dashes."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", f"Content-Type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Bytes("\r\n".join([*lines, "", ""]).encode() + content, keep_alive=True)


HTML = http(200, "<!doctype html><title>Router login</title>", "text/html; charset=utf-8")
TOKEN = http(200, '{"token_type":"Bearer","expires_in":3600,"access_token":"opaque","refresh_token":null}')
RESET = Bytes(b"", reset=True)
HALF = Bytes(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{"Id": 4')

Script = Callable[[Asked], Bytes]


class Nasty:
    """``with Nasty(script) as url``: each request is answered with what the script gives for it."""

    def __init__(self, script: Script, *, sign_in: bool = True, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self._script = script
        self._sign_in = sign_in
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = False
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def api_calls(self) -> list[Asked]:
        return [asked for asked in self.asked if not asked.target.startswith("/connect/")]

    def __enter__(self) -> Nasty:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            stream = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
            stream.settimeout(10)
            for asked in _requests(stream):
                self.asked.append(asked)
                signing_in = self._sign_in and asked.target == "/connect/token"
                answer = TOKEN if signing_in else self._script(asked)
                time.sleep(answer.delay)
                if answer.data:
                    stream.sendall(answer.data)
                if answer.reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if not answer.keep_alive:
                    return


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
            buffer += stream.recv(65536)
        body, buffer = buffer[:length], buffer[length:]
        yield Asked(method, target, headers, body)


def closed_port() -> str:
    """An address where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
