"""A client that sees what comes over the wire, byte by byte, and how the connection ends."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from trunkline_emulator import Emulator, running


@dataclass(frozen=True)
class Seen:
    """What came back, and its ending: kept (still open), closed (FIN), reset (RST) or silence (nothing in time)."""

    data: bytes
    ending: str

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1]) if self.data else 0

    @property
    def headers(self) -> dict[str, str]:
        lines = self.data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def body(self) -> bytes:
        rest = self.data.partition(b"\r\n\r\n")[2]
        if self.headers.get("transfer-encoding") != "chunked":
            return rest
        body = b""
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        return body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Plug:
    """A signed-in client of an emulator on a port; every request has a connection of its own."""

    def __init__(self, emulator: Emulator, url: str) -> None:
        self.emulator = emulator
        self.port = int(url.rpartition(":")[2])
        self.token = ""
        self.token = self.sign_in().json["access_token"]

    def sign_in(self, api_key: str | None = None, **headers: str) -> Seen:
        key = self.emulator.api_key if api_key is None else api_key
        form = f"grant_type=client_credentials&client_id={self.emulator.client_id}&client_secret={key}"
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send("POST", "/connect/token", form.encode(), {**kind, **headers})

    def send(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        *,
        patience: float = 20.0,
        until: Callable[[], object] | None = None,
    ) -> Seen:
        """One request, and what comes until the answer is whole, the connection ends, or patience does.

        Patience begins to wear out once ``until`` holds.
        """
        fields = {"Host": "localhost", "Authorization": f"Bearer {self.token}", **(headers or {})}
        if body is not None:
            fields["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + (body or b""))
            if until is not None:
                wait_for(until)
            connection.settimeout(patience)
            return read(connection)

    def is_in_the_journal(self) -> bool:
        """Whether something was asked, and took effect where it does."""
        return bool(self.emulator.journal)

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Seen:
        """A request of the API."""
        content = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        return self.send(method, f"/xapi/v1{path}", content, headers, **more)

    def control(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Seen:
        """A request of ``/_emulator``, without a token."""
        content = None if body is None else json.dumps(body).encode()
        ours = {"Authorization": "", "X-Trunkline-Emulator": "1"}
        return self.send(method, f"/_emulator{path}", content, {**ours, **(headers or {})})


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


def read(connection: socket.socket) -> Seen:
    data = b""
    while True:
        try:
            more = connection.recv(65536)
        except ConnectionResetError:
            return Seen(data, "reset")
        except TimeoutError:
            return Seen(data, "silence")
        if not more:
            return Seen(data, "closed")
        data += more
        if _whole(data):
            return Seen(data, "kept")


def _whole(data: bytes) -> bool:
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return False
    fields = head.lower()
    if b"\r\ntransfer-encoding: chunked" in fields:
        return body.endswith(b"0\r\n\r\n")
    _, found, rest = fields.partition(b"\r\ncontent-length: ")
    return len(body) >= (int(rest.partition(b"\r\n")[0]) if found else 0)


@contextmanager
def plugged(**options: Any) -> Iterator[Plug]:
    """An emulator on a port with any options, and a client at it."""
    emulator = Emulator(**options)
    with running(emulator) as url:
        yield Plug(emulator, url)
