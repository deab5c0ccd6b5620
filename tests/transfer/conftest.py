"""What the tests of whole tables share: a PBX that sends no ETags, as a real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import CLIENT, KEY, System
from trunkline import Pbx
from trunkline_emulator import Emulator, running


@pytest.fixture(scope="module")
def _real() -> Iterator[System]:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo")
    with running(emulator) as url:
        yield System(emulator, url)


@pytest.fixture
def system(_real: System) -> System:
    """An emulated PBX with the demo company and no ETags, fresh for each test and without faults."""
    _real.emulator.clear_faults()
    _real.emulator.reset()
    return _real


@pytest.fixture
def pbx(system: System) -> Iterator[Pbx]:
    with Pbx(system.url, CLIENT, KEY, label="acme") as client:
        yield client
