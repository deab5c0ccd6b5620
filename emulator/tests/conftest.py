"""An emulated PBX in process: requests go straight into the ASGI application, byte for byte as a test writes them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from trunkline_emulator import Emulator


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def rows(self) -> list[Any]:
        assert self.status == 200, self.body
        return self.json["value"]

    @property
    def message(self) -> str:
        return self.json["error"]["message"]


class Line:
    """A client at the other end of an emulator."""

    def __init__(self, emulator: Emulator, runner: asyncio.Runner) -> None:
        self.emulator = emulator
        self._runner = runner
        self.token = ""

    def send(
        self,
        method: str,
        target: str | bytes,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        host: str = "pbx",
    ) -> Answer:
        raw = target.encode() if isinstance(target, str) else target
        path, _, query = raw.partition(b"?")
        fields = {"host": host, **(headers or {})}
        scope = {
            "type": "http",
            "method": method,
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "scheme": "https",
            "headers": [(name.lower().encode(), value.encode()) for name, value in fields.items()],
        }
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        self._runner.run(self.emulator(scope, receive, send))
        start, end = sent
        found = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], found, end["body"])

    def sign_in(self, client_id: str | None = None, api_key: str | None = None) -> Line:
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id or self.emulator.client_id,
            "client_secret": api_key or self.emulator.api_key,
        }
        body = "&".join(f"{name}={quote(value)}" for name, value in form.items()).encode()
        answer = self.send("POST", "/connect/token", body, {"content-type": "application/x-www-form-urlencoded"})
        self.token = answer.json["access_token"]
        return self

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """A signed-in request under ``/xapi/v1``; spaces are written as ``%20``."""
        fields = {"authorization": f"Bearer {self.token}", **(headers or {})}
        content = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            fields.setdefault("content-type", "application/json")
        return self.send(method, "/xapi/v1" + path.replace(" ", "%20"), content, fields)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)


Dial = Callable[..., Line]


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def dialling(runner: asyncio.Runner) -> Dial:
    """Opens a PBX with any options and signs in to it."""
    return lambda **options: Line(Emulator(**options), runner).sign_in()


@pytest.fixture
def dial(runner: asyncio.Runner) -> Dial:
    return dialling(runner)


@pytest.fixture
def pbx(dial: Dial) -> Line:
    return dial()


@pytest.fixture(scope="module")
def quiet(runner: asyncio.Runner) -> Line:
    """One PBX for a whole module, for tests that only read."""
    return Line(Emulator(), runner).sign_in()
