"""A job runs once at a time, whatever becomes of the files around its ledger, and of the ledger itself."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jobs.conftest import FakePbx, on
from trunkline.errors import ConfigurationError
from trunkline.jobs import Job, JobFolder
from trunkline.jobs import lock as lock_module
from trunkline.jobs.folder import running_alone
from trunkline.work.ledger import LedgerFailed

DELETE = ("fax.delete", {"Id": "{{ $json.Id }}"})

OTHER = """
import asyncio, json, sys
from pathlib import Path
from jobs.conftest import FakePbx, on
from trunkline.errors import TrunklineError
from trunkline.jobs import Job
file, what = Path(sys.argv[1]), sys.argv[2]
try:
    with Job.open(file) as job:
        if what == "run":
            asyncio.run(job.arun(on(FakePbx())))
        if what == "cancel":
            job.cancel()
        print(json.dumps([job.summary().status, job.summary().counts["done"]]))
except TrunklineError as error:
    print(json.dumps([type(error).__name__, error.message]))
"""


def other(file: Path, what: str) -> list[Any]:
    """What another process got."""
    done = subprocess.run(
        [sys.executable, "-c", OTHER, str(file), what],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer: list[Any] = json.loads(done.stdout)
    return answer


class Meanwhile(FakePbx):
    """Does something once, when the 20th item is sent."""

    def __init__(self, count: int, what: Any) -> None:
        super().__init__({("fax", n): {"Id": n} for n in range(1, count + 1)})
        self.what, self.came = what, None

    async def call(self, action: str, /, **arguments: Any) -> Any:
        if len(self.asked) >= 20 and self.came is None:
            self.came = await asyncio.to_thread(self.what)
        return await super().call(action, **arguments)


def ids(count: int) -> list[dict[str, Any]]:
    return [{"Id": n} for n in range(1, count + 1)]


def test_nothing_but_the_ledger_keeps_others_out(start: Any, folder: JobFolder) -> None:
    file = folder.file("night")

    def meanwhile() -> list[Any]:
        for path in folder.path.iterdir():
            if path.suffix == ".lock":
                path.unlink()
        return other(file, "run")

    pbx = Meanwhile(400, meanwhile)
    with start(*DELETE, ids(400)) as job:
        summary = asyncio.run(job.arun(on(pbx)))
    assert pbx.came == ["ConfigurationError", "The job 'night' is running in another process."]
    assert summary.counts["done"] == 400
    assert [verb for verb, _ in pbx.asked].count("delete") == 400
    assert {path.name for path in folder.path.iterdir()} == {"night.job"}


def test_another_process_may_look_at_a_job_that_runs(start: Any, folder: JobFolder) -> None:
    pbx = Meanwhile(200, lambda: other(folder.file("night"), "show"))
    with start(*DELETE, ids(200)) as job:
        asyncio.run(job.arun(on(pbx)))
    assert pbx.came is not None
    assert (pbx.came[0], pbx.came[1] > 0) == ("running", True)


def test_another_process_may_cancel_a_job_that_runs(start: Any, folder: JobFolder) -> None:
    class Slow(Meanwhile):
        async def call(self, action: str, /, **arguments: Any) -> Any:
            await asyncio.sleep(0.005)
            return await super().call(action, **arguments)

    pbx = Slow(5000, lambda: other(folder.file("night"), "cancel"))
    with start(*DELETE, ids(5000)) as job:
        summary = asyncio.run(job.arun(on(pbx)))
    assert summary.status == "cancelled"
    assert 20 <= summary.counts["done"] < 4000


def test_the_lock_outlives_other_uses_of_the_ledger_in_the_same_process(start: Any, folder: JobFolder) -> None:
    """POSIX drops a process's locks on a file when it closes any descriptor of it."""
    file = folder.file("night")

    def meanwhile() -> list[Any]:
        with Job.open(file) as again:
            again.summary()
        with pytest.raises(ConfigurationError, match="running"), running_alone(file):
            raise AssertionError("it was taken twice")
        with pytest.raises(ConfigurationError, match="running"):
            folder.remove("night")
        return other(file, "run")

    pbx = Meanwhile(100, meanwhile)
    with start(*DELETE, ids(100)) as job:
        asyncio.run(job.arun(on(pbx)))
        with running_alone(file):
            pass
    assert pbx.came == ["ConfigurationError", "The job 'night' is running in another process."]
    assert other(file, "show") == ["finished", 100]


@pytest.mark.parametrize("without", [False, True], ids=["lock of the open file", "lock of the process"])
def test_both_kinds_of_lock(start: Any, folder: JobFolder, monkeypatch: pytest.MonkeyPatch, without: bool) -> None:
    if without:
        monkeypatch.setattr(lock_module, "_OFD", None)
    file = folder.file("night")
    pbx = Meanwhile(100, lambda: [*other(file, "run"), *other(file, "show")])
    with start(*DELETE, ids(100)) as job:
        asyncio.run(job.arun(on(pbx)))
    assert pbx.came is not None
    assert pbx.came[0] == "ConfigurationError"
    assert pbx.came[2] == "running"
    assert other(file, "show") == ["finished", 100]


@pytest.mark.parametrize("what", ["deleted", "replaced", "log deleted"])
def test_a_ledger_that_goes_away_while_its_job_runs_ends_it(start: Any, folder: JobFolder, what: str) -> None:
    file = folder.file("night")

    def meanwhile() -> str:
        path = file.with_name("night.job-wal") if what == "log deleted" else file
        content = path.read_bytes()
        path.unlink()
        if what == "replaced":
            path.write_bytes(content)
        return "gone"

    pbx = Meanwhile(400, meanwhile)
    with start(*DELETE, ids(400)) as job:
        with pytest.raises(LedgerFailed, match="was deleted or replaced while its job runs"):
            asyncio.run(job.arun(on(pbx)))
    assert len(pbx.asked) < 40


@pytest.mark.parametrize("problem", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL])
def test_a_disk_without_locks_is_told_with_the_option(
    start: Any, monkeypatch: pytest.MonkeyPatch, problem: int
) -> None:
    def refuses(*_: object) -> None:
        raise OSError(problem, os.strerror(problem))

    pbx = FakePbx()
    with start(*DELETE, ids(3)) as job:
        monkeypatch.setattr(lock_module, "_set", refuses)
        with pytest.raises(ConfigurationError, match=r"night\.job can't be locked: ") as caught:
            asyncio.run(job.arun(on(pbx)))
        monkeypatch.undo()
    assert os.strerror(problem) in caught.value.message
    assert "TRUNKLINE_JOB_DIR" in caught.value.hint.text
    assert pbx.asked == []


@pytest.mark.parametrize("problem", [PermissionError(13, "Permission denied"), OSError(30, "Read-only file system")])
def test_a_ledger_that_this_user_may_not_write_is_not_called_broken(
    start: Any, folder: JobFolder, monkeypatch: pytest.MonkeyPatch, problem: OSError
) -> None:
    start(*DELETE, ids(3)).close()
    real = os.open

    def refuses(path: Any, *rest: Any, **more: Any) -> int:
        if str(path).endswith(".job"):
            raise problem
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", refuses)
    with pytest.raises(ConfigurationError) as caught:
        Job.open(folder.file("night"))
    assert str(problem.strerror) in caught.value.message
    assert "remove" not in str(caught.value)
    assert "damage" not in str(caught.value)
