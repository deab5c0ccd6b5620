"""What a company exports says what the company has: read back it is the same, and there is nothing to do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings

from trunkline import Pbx
from trunkline.config.difference import differences
from trunkline.config.folder.loading import load
from trunkline.config.folder.writing import write
from trunkline.config.planning.plan import plan
from trunkline.config.reading import read
from trunkline_emulator import Emulator, running

from .companies import randoms, set_up

CLIENT, KEY = "tests", "tests-key-0123456789"


@pytest.fixture(scope="module")
def company() -> Iterator[tuple[Emulator, Pbx]]:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="empty")
    with running(emulator) as url, Pbx(url, CLIENT, KEY, token_store=None) as pbx:
        yield emulator, pbx


@pytest.mark.parametrize("terse", [False, True])
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(random=randoms)
def test_an_export_is_the_company(company: tuple[Emulator, Pbx], terse: bool, random: Random) -> None:
    emulator, pbx = company
    emulator.reset()
    set_up(emulator, random)
    reading = read(pbx)
    assert reading.configuration.unread == {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(reading.configuration, folder, terse=terse)
        loaded = load(folder)
        assert loaded.entities.keys() == reading.configuration.entities.keys()
        assert differences(loaded, reading.configuration) == []
        again = write(read(pbx).configuration, folder, terse=terse)
        assert (again.added, again.changed, again.removed) == ((), (), ())
        assert plan(loaded, reading, remove=True).steps == ()
    assert {entry.method for entry in emulator.journal} <= {"GET", "POST"}
    assert all(entry.path == "/connect/token" for entry in emulator.journal if entry.method == "POST")
