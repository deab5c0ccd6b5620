"""A ledger of which the disk changed something: nothing is sent again because of it."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.conftest import FakePbx, on
from trunkline.errors import ConfigurationError
from trunkline.jobs import Job, JobFolder, Limits, State
from trunkline.jobs.ledger import Ledger, LedgerDamaged

ITEMS = 400
USERS = ("users.create", {"body": {"Number": "{{ $json.Number }}", "FirstName": "Ada"}})
CONTACTS = ("contacts.create", {"body": {"FirstName": "{{ $json.Number }}"}})
NUMBERS = [{"Number": f"{1000 + n}", "Note": "n" * 200} for n in range(ITEMS)]

# Sends some items, and dies as a killed process does: SQLite closes nothing.
KILLED = """
import asyncio, os, sys
from pathlib import Path
from jobs.conftest import FakePbx, on
from trunkline.jobs import Job
class Dying(FakePbx):
    async def call(self, action, /, **arguments):
        if len(self.asked) >= int(sys.argv[2]):
            sys.stdout.write(" ".join(str(key) for verb, key in self.asked if verb == "create"))
            sys.stdout.flush()
            os._exit(9)
        return await super().call(action, **arguments)
asyncio.run(Job.open(Path(sys.argv[1])).arun(on(Dying())))
"""


class Made:
    """A job that died after it had sent ``created``, in a folder of its own that tests copy."""

    def __init__(self, file: Path, created: list[str]) -> None:
        self.file, self.created = file, created

    def copy(self, folder: Path) -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.file.parent, folder)
        return folder / self.file.name


def new_job(folder: Path, action: tuple[str, dict[str, Any]] = USERS) -> Path:
    file = JobFolder(folder).new("night")
    Job.create(file, *action, NUMBERS, {"acme": "https://pbx.example.com"}, Limits()).close()
    return file


def killed(file: Path, after: int) -> Made:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(file), str(after)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 9, done.stderr
    return Made(file, done.stdout.split())


@pytest.fixture(scope="module")
def dead(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """What it recorded is in the write-ahead log."""
    return killed(new_job(tmp_path_factory.mktemp("dead") / "jobs"), 150)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """What it recorded is in the database itself."""
    made = killed(new_job(tmp_path_factory.mktemp("quiet") / "jobs"), 150)
    Ledger.open(made.file).close()
    assert sorted(path.name for path in made.file.parent.iterdir()) == ["night.job"]
    return made


def rows(file: Path) -> list[Any]:
    with closing(Ledger.open(file)) as ledger:
        about = {name: value for name, value in ledger.about().items() if name != "needs_log"}  # it is, or was closed
        return [about, ledger.targets(), *ledger.entries(1)]


def opened(file: Path) -> list[Any] | None:
    """All that a job would go by; None where it refuses to go on."""
    try:
        Job.open(file).close()
    except (LedgerDamaged, ConfigurationError):
        return None
    return rows(file)


def overwrite(file: Path, place: int, data: bytes) -> bool:
    """Whether anything changed."""
    content = bytearray(file.read_bytes())
    before = bytes(content[place : place + len(data)])
    content[place : place + len(data)] = data
    file.write_bytes(content)
    return before != data[: len(before)]


def damages(size: int) -> st.SearchStrategy[tuple[int, bytes]]:
    """A flipped byte, a zeroed sector, a zeroed page, or noise, anywhere."""
    place = st.integers(0, size - 1)
    noise = st.tuples(place, st.binary(min_size=1, max_size=600))
    sector = place.map(lambda at: (at // 512 * 512, b"\0" * 512))
    page = place.map(lambda at: (at // 4096 * 4096, b"\0" * 4096))
    return st.one_of(noise, sector, page)


FUZZ = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@FUZZ
@given(data=st.data())
def test_a_change_anywhere_in_the_database_is_noticed_or_changes_nothing(
    quiet: Made, tmp_path: Path, data: st.DataObject
) -> None:
    file = quiet.copy(tmp_path / "copy")
    expected = rows(file)
    file = quiet.copy(tmp_path / "copy")
    overwrite(file, *data.draw(damages(file.stat().st_size)))
    assert opened(file) in (None, expected)


@FUZZ
@given(data=st.data())
def test_a_change_anywhere_in_the_log_is_noticed_or_changes_nothing(
    dead: Made, tmp_path: Path, data: st.DataObject
) -> None:
    expected = rows(dead.copy(tmp_path / "copy"))
    file = dead.copy(tmp_path / "copy")
    log = file.with_name("night.job-wal")
    overwrite(log, *data.draw(damages(log.stat().st_size)))
    assert opened(file) in (None, expected)


def test_every_byte_of_a_row_counts(quiet: Made, tmp_path: Path) -> None:
    file = quiet.copy(tmp_path / "copy")
    with closing(sqlite3.connect(file)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'outcome'").fetchone()
        count = db.execute("SELECT count(*) FROM outcome").fetchone()[0]
        assert count > 100
    content = file.read_bytes()
    places = [at for at in range(len(content)) if content.startswith(b'{"answer":', at)]
    assert len(places) > 100, page
    for at in random.Random(7).sample(places, 40):
        file.write_bytes(content)
        overwrite(file, at - 3, bytes([content[at - 3] ^ 0x02]))
        assert opened(file) is None


@pytest.mark.parametrize("what", ["removed", "empty", "half", "last frame", "header"])
def test_a_log_that_lost_commits_is_noticed(dead: Made, tmp_path: Path, what: str) -> None:
    file = dead.copy(tmp_path / "copy")
    log = file.with_name("night.job-wal")
    size = log.stat().st_size
    if what == "removed":
        log.unlink()
    elif what == "header":
        overwrite(log, 3, b"\x99")
    elif what == "last frame":
        overwrite(log, size - 2000, b"\x99" * 10)
    else:
        os.truncate(log, 0 if what == "empty" else size // 2)
    with pytest.raises(LedgerDamaged, match="write-ahead log") as caught:
        Job.open(file)
    assert caught.value.hint.arguments["accept_damage"] is True


@pytest.mark.parametrize("size", [None, 0, 32])
def test_a_log_that_went_away_together_with_its_index_is_noticed(dead: Made, tmp_path: Path, size: int | None) -> None:
    """As when only the ledger itself was copied. Without the log all 150 items would count as not sent."""
    file = dead.copy(tmp_path / "copy")
    log = file.with_name("night.job-wal")
    file.with_name("night.job-shm").unlink()
    if size is None:
        log.unlink()
    else:
        os.truncate(log, size)
    for _ in range(2):  # to look at it changes nothing
        with pytest.raises(LedgerDamaged, match="write-ahead log"):
            Ledger.open(file)
    pbx = FakePbx({("users", number): {"Number": number, "FirstName": "Ada"} for number in dead.created})
    with Job.open(file, accept_damage=True) as job:
        asyncio.run(job.arun(on(pbx)))
    assert not {key for verb, key in pbx.asked if verb == "create"} & set(dead.created)


def test_a_ledger_that_was_closed_needs_no_log(dead: Made, tmp_path: Path) -> None:
    expected = rows(dead.copy(tmp_path / "copy"))
    file = dead.copy(tmp_path / "copy")
    for _ in range(2):
        Ledger.open(file).close()
        assert [path.name for path in file.parent.iterdir()] == ["night.job"]
    assert rows(file) == expected
    with Job.open(file) as job:
        asyncio.run(job.arun(on(FakePbx())))
    assert [path.name for path in file.parent.iterdir()] == ["night.job"]
    Job.open(file).close()


def test_what_a_power_cut_leaves_is_not_damage(dead: Made, tmp_path: Path) -> None:
    """After a restart the end of the log may be missing, or torn; nothing was sent that relied on it."""
    expected = rows(dead.copy(tmp_path / "copy"))
    for torn in (b"", b"\0" * 3000, os.urandom(3000)):
        file = dead.copy(tmp_path / "copy")
        file.with_name("night.job-shm").unlink()
        with file.with_name("night.job-wal").open("ab") as log:
            log.write(torn)
        assert opened(file) == expected


def test_a_killed_job_is_never_called_damaged(tmp_path: Path) -> None:
    for number, after in enumerate(random.Random(11).sample(range(1, 390), 6)):
        file = killed(new_job(tmp_path / f"jobs-{number}"), after).file
        assert opened(file) is not None


@pytest.mark.parametrize("place", ["log", "database"])
@pytest.mark.parametrize("seed", range(4))
def test_with_accept_damage_nothing_is_created_twice(
    dead: Made, quiet: Made, tmp_path: Path, place: str, seed: int
) -> None:
    made = dead if place == "log" else quiet
    file = made.copy(tmp_path / "copy")
    damaged = file.with_name("night.job-wal") if place == "log" else file
    dice = random.Random(seed)
    size = damaged.stat().st_size
    # Beyond the first pages, which hold what the job is; without them nothing can go on.
    overwrite(damaged, dice.randrange(size // 2, size - 4096) // 4096 * 4096, os.urandom(4096))
    pbx = FakePbx({("users", number): {"Number": number, "FirstName": "Ada"} for number in made.created})
    with pytest.raises(LedgerDamaged):
        Job.open(file)
    with Job.open(file, accept_damage=True) as job:
        assert file.with_name("night.job.damaged").exists()
        summary = asyncio.run(job.arun(on(pbx)))
    creates = [key for verb, key in pbx.asked if verb == "create"]
    assert not set(creates) & set(made.created)
    assert len(creates) == len(set(creates))
    assert sum(summary.counts.values()) == ITEMS
    assert summary.counts["not_started"] == summary.counts["sent"] == 0
    with Job.open(file) as job:  # it is whole again
        for entry in job.ledger.entries(1, [State.FAILED]):
            assert "damaged where this item stood" in entry.record["error"]["message"]
    assert {item["Number"] for item in NUMBERS} - {key for _, key in pbx.rows} <= _numbers_not_done(file)


def _numbers_not_done(file: Path) -> set[str]:
    with Job.open(file) as job:
        done = {entry.item["json"].get("Number") for entry in job.ledger.entries(1, [State.DONE])}
    return {item["Number"] for item in NUMBERS} - done


def test_with_accept_damage_what_can_not_be_looked_up_is_not_sent(tmp_path: Path) -> None:
    made = killed(new_job(tmp_path / "jobs", CONTACTS), 150)
    log = made.file.with_name("night.job-wal")
    overwrite(log, log.stat().st_size // 2, b"\x99" * 100)
    pbx = FakePbx()
    with Job.open(made.file, accept_damage=True) as job:
        summary = asyncio.run(job.arun(on(pbx)))
    assert pbx.asked == []
    assert summary.counts["done"] + summary.counts["unknown"] == ITEMS
    assert summary.counts["unknown"] >= ITEMS - 150


def test_a_job_of_which_nothing_is_left_says_so(quiet: Made, tmp_path: Path) -> None:
    file = quiet.copy(tmp_path / "copy")
    with closing(sqlite3.connect(file)) as db:
        db.execute("DELETE FROM about WHERE name = 'parameters'")
        db.commit()
    with pytest.raises(LedgerDamaged, match="missing"):
        Job.open(file)
    with pytest.raises(ConfigurationError, match="beyond what can be saved: the job's parameters is lost"):
        Job.open(file, accept_damage=True)
    assert [path.name for path in file.parent.iterdir()] == ["night.job"]


def test_accept_damage_leaves_a_sound_ledger_alone(dead: Made, tmp_path: Path) -> None:
    file = dead.copy(tmp_path / "copy")
    with Job.open(file, accept_damage=True) as job:
        assert job.summary().counts["done"] > 100
    assert not file.with_name("night.job.damaged").exists()
