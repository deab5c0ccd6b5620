"""An apply on a PBX in trouble, and one whose process is killed: it goes on, and nothing is created twice."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from config.applied import GIVEN, System, applied, emulated
from trunkline.config.applying.apply import Apply
from trunkline.config.planning.plan import Plan, plan
from trunkline.config.reading import Reading, read
from trunkline.work.state import State

KILLED = 10
_PROGRAM = """
import sys
from pathlib import Path
from config.applied import CLIENT, GIVEN, KEY
from trunkline import Pbx
from trunkline.config.applying.apply import Apply
from trunkline.config.planning.plan import Plan

url, folder = sys.argv[1:]
with Pbx(url, CLIENT, KEY) as pbx, Apply(Plan.load(Path(folder, "plan")), Path(folder, "x.job"), GIVEN) as apply:
    apply.on(pbx)
"""


@pytest.fixture(scope="module")
def demo() -> Iterator[Reading]:
    """A reading of the demo company."""
    with emulated("demo") as system:
        yield read(system.pbx)


@pytest.fixture
def empty() -> Iterator[System]:
    """An emulated PBX that nobody has set up."""
    with emulated("empty") as system:
        yield system


def created(system: System) -> int:
    """How many requests created something, whether or not anybody got the answer."""
    return sum(entry.method == "POST" and entry.effect for entry in system.emulator.journal if "/xapi/" in entry.path)


def test_killed_at_ten_random_moments(demo: Reading, empty: System, tmp_path: Path) -> None:
    made = plan(demo.configuration, read(empty.pbx), secrets=GIVEN)
    made.save(tmp_path / "plan")
    random, killed = Random(16), 0
    command = [sys.executable, "-X", "faulthandler", "-c", _PROGRAM, empty.url, str(tmp_path)]
    environment = {"PYTHONPATH": "tests", "PATH": "", "HOME": str(tmp_path)}
    while True:
        process = subprocess.Popen(command, env=environment)
        enough = created(empty) + random.randrange(1, 12)
        while killed < KILLED and process.poll() is None and created(empty) < enough:
            time.sleep(0.002)
        if killed == KILLED:
            assert process.wait(120) == 0
            break
        assert process.poll() is None  # it is killed at work, not after it
        process.kill()
        process.wait(10)
        killed += 1
    with Apply.open(tmp_path / "x.job", GIVEN) as apply:
        assert [outcome.state for outcome in apply.outcomes] == [State.DONE] * len(made.steps)
    assert created(empty) == len(made.steps)
    assert plan(demo.configuration, read(empty.pbx), secrets=GIVEN).steps == ()


@pytest.mark.parametrize("fault", ["reset-before:0.1", "reset-after:0.1", "503=0:0.1", "429=0:0.1"])
def test_on_a_pbx_in_trouble(demo: Reading, empty: System, tmp_path: Path, fault: str) -> None:
    made = plan(demo.configuration, read(empty.pbx), secrets=GIVEN)
    empty.emulator.seed_faults(16)
    empty.emulator.add_fault(fault)
    made.save(tmp_path / "plan")
    for _ in range(5):
        with Apply(Plan.load(tmp_path / "plan"), tmp_path / "x.job", GIVEN) as apply:
            apply.on(empty.pbx)
            if apply.summary.is_finished:
                break
    empty.emulator.clear_faults()
    assert created(empty) <= len(made.steps)
    applied(plan(demo.configuration, read(empty.pbx), secrets=GIVEN), empty.pbx, tmp_path)
    assert created(empty) == len(made.steps)
    assert plan(demo.configuration, read(empty.pbx), secrets=GIVEN).steps == ()
