"""Processes and sessions that share one token: what the tests of the token store have in common."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pytest

from trunkline.request import HttpRequest
from trunkline.result import HttpResponse
from trunkline.transport.async_driver import AsyncDriver
from trunkline.transport.driver import Driver
from trunkline.transport.exchange import exchange
from trunkline.transport.options import ConnectOptions, connect, connect_async
from trunkline.transport.retries import Retries
from trunkline.transport.session import Session
from trunkline.transport.token_store import TokenStore
from trunkline_emulator import Emulator

CLIENT, KEY = "shared", "shared-key-0123456789"
GET = HttpRequest("GET", "/Fax?$top=1")
POSIX = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")

WORKER = """
import sys
from trunkline.errors import TrunklineError
from trunkline.request import HttpRequest
from trunkline.transport.driver import Driver
from trunkline.transport.exchange import exchange
from trunkline.transport.options import ConnectOptions, connect
from trunkline.local.private_files import ExposedSecret
from trunkline.transport.retries import Retries
from trunkline.transport.session import Session
from trunkline.transport.token_store import TokenStore

url, client, key, folder = sys.argv[1:]
session = Session(url, client, key, store=TokenStore(folder))
driver = Driver(connect(ConnectOptions()))
print("ready", flush=True)
for line in sys.stdin:  # one request a line
    try:
        answer = driver.run(exchange(session, HttpRequest("GET", "/Fax?$top=1"), Retries()))
        print(answer.status, flush=True)
    except TrunklineError as error:
        print(type(error).__name__, error, flush=True)
"""


class Process:
    """A Python process that is told what to do line by line."""

    def __init__(self, code: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self) -> None:
        self._stream(self._process.stdin).write("go\n")
        self._stream(self._process.stdin).flush()

    def hear(self) -> str:
        line = self._stream(self._process.stdout).readline()
        assert line, "the process ended"
        return line.rstrip("\n")

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        self.close()

    def close(self) -> None:
        self._stream(self._process.stdin).close()
        self._process.wait(20)
        self._stream(self._process.stdout).close()

    @staticmethod
    def _stream(stream: IO[str] | None) -> IO[str]:
        assert stream is not None
        return stream


def at_once(processes: list[Process]) -> list[str]:
    """One request by each, all at the same time; what came of them."""
    for process in processes:
        process.tell()
    return [process.hear() for process in processes]


def sign_ins(emulator: Emulator) -> list[int]:
    return [entry.status for entry in emulator.journal if entry.path == "/connect/token"]


def alone(url: str) -> HttpResponse:
    """A request by somebody else with the same client id, who shares nothing and so ends the others' token."""
    driver = Driver(connect(ConnectOptions()))
    return driver.run(exchange(Session(url, CLIENT, KEY), GET, Retries()))


def session(url: str, folder: Path, key: str = KEY) -> Session:
    return Session(url, CLIENT, key, store=TokenStore(folder))


def ask(shared: Session) -> HttpResponse:
    response: HttpResponse = Driver(connect(ConnectOptions())).run(exchange(shared, GET, Retries()))
    return response


class Hanging:
    """An HTTP library that never gets an answer."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None: ...


async def many_tasks(sessions: Sequence[Session]) -> list[int]:
    """Ask in 20 tasks of each session at once; the statuses."""
    pairs = [(each, AsyncDriver(connect_async(ConnectOptions()))) for each in sessions]
    tasks = [driver.run(exchange(shared, GET, Retries())) for shared, driver in pairs for _ in range(20)]
    statuses = [answer.status for answer in await asyncio.gather(*tasks)]
    for _, driver in pairs:
        await driver.adapter.close()
    return statuses
