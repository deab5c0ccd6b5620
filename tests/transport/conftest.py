"""What the tests of the transport share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import WAYS, Ask
from sharing import CLIENT, KEY
from trunkline_emulator import Emulator, running

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests talk to this machine, whatever proxy it uses."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(params=WAYS)
def ask(request: pytest.FixtureRequest) -> Ask:
    return WAYS[request.param]


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(client_id=CLIENT, api_key=KEY, latency=0.02)


@pytest.fixture
def url(emulator: Emulator) -> Iterator[str]:
    with running(emulator) as address:
        yield address


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tokens"
