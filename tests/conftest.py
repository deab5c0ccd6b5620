"""What all tests share: one emulated PBX over a real socket, as the demo has it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from trunkline import Pbx
from trunkline_emulator import Emulator, running

pytest_plugins = ("healthy",)

CLIENT, KEY = "tests", "tests-key-0123456789"
VIEWER, VIEWER_KEY = "viewer", "viewer-key-0123456789"


class System(NamedTuple):
    """An emulator and where it answers."""

    emulator: Emulator
    url: str

    def sent(self, method: str) -> list[str]:
        """The paths that this test asked for with a method."""
        return [entry.path for entry in self.emulator.journal if entry.method == method]


@pytest.fixture(scope="session")
def _serving() -> Iterator[System]:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo", etags=True)
    emulator.add_client(VIEWER, VIEWER_KEY, roles=())
    with running(emulator) as url:
        yield System(emulator, url)


@pytest.fixture
def system(_serving: System) -> System:
    """An emulated PBX with the demo company and ETags on, fresh for each test."""
    _serving.emulator.reset()
    _serving.emulator.clear_faults()
    return _serving


@pytest.fixture
def pbx(system: System) -> Iterator[Pbx]:
    """A client of it with all rights."""
    with Pbx(system.url, CLIENT, KEY, label="acme") as client:
        yield client


@pytest.fixture
def environment(system: System) -> dict[str, str]:
    """The environment of a process on a terminal of 120 columns that is connected to the emulated PBX."""
    inherited = {name: value for name, value in os.environ.items() if name != "LINES"}  # else a terminal has no height
    return {
        **inherited,
        "TRUNKLINE_URL": system.url,
        "TRUNKLINE_CLIENT_ID": CLIENT,
        "TRUNKLINE_CLIENT_SECRET": KEY,
        "TERM": "xterm",
        "COLUMNS": "120",
        "NO_COLOR": "1",
    }
