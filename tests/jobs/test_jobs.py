"""What becomes of a job's items when all goes well, and when it doesn't."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from jobs.conftest import FakePbx, on
from trunkline.errors import (
    BadRequest,
    BrokenAnswer,
    ConfigurationError,
    ConnectionLost,
    Forbidden,
    InvalidArgument,
    ServerError,
    SignInError,
    TooManyRequests,
    Unreachable,
)
from trunkline.jobs import Job, JobFolder, State
from trunkline.jobs.folder import running_alone
from trunkline.node.input import read_items

from .conftest import Start

DELETE = ("fax.delete", {"Id": "{{ $json.Id }}"})


def faxes(count: int) -> dict[tuple[str, Any], dict[str, Any]]:
    return {("fax", n): {"Id": n} for n in range(1, count + 1)}


def ids(count: int) -> list[dict[str, Any]]:
    return [{"Id": n} for n in range(1, count + 1)]


def lost() -> ConnectionLost:
    return ConnectionLost("The connection broke.", processed=None)


def away() -> Unreachable:
    return Unreachable("Nobody is there.", processed=False)


def broken() -> ServerError:
    return ServerError("It broke.", status=500)


def busy() -> TooManyRequests:
    return TooManyRequests("Slow down.", status=429, retry_after=0.05)


def refused() -> BadRequest:
    return BadRequest("It is in use.", status=400, codes={"": "WARNINGS.XAPI.ALREADY_IN_USE"})


def gateway() -> ServerError:
    return ServerError("The proxy waited in vain.", status=504, retry_after=0.05)


def maintenance() -> ServerError:
    return ServerError("Later.", status=503, retry_after=0.05)


def unread() -> BrokenAnswer:
    """A 404 of something that is not a 3CX."""
    return BrokenAnswer("404 page not found", status=404)


def defect() -> ValueError:
    return ValueError("a header of another encoding")


def redirect() -> BrokenAnswer:
    return BrokenAnswer("It redirects.", status=302)


def fates(job: Job) -> list[tuple[str, int]]:
    """State and number of sendings of each item of the first PBX."""
    return [(entry.state.label, entry.attempts) for entry in job.ledger.entries(1)]


def test_every_item_is_done_once(start: Start, folder: JobFolder) -> None:
    pbx = FakePbx(faxes(2500))
    with start(*DELETE, ids(2500)) as job:
        summary = asyncio.run(job.arun(on(pbx)))
    assert summary.finished
    assert summary.counts == {"not_started": 0, "sent": 0, "done": 2500, "failed": 0, "unknown": 0}
    assert sorted(pbx.asked) == [("delete", n) for n in range(1, 2501)]
    assert pbx.most_at_once == 4
    assert stat.S_IMODE(folder.file("night").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("before", "after", "fate", "asked"),
    [
        ([lost], [], ("done", 2), ["delete", "get", "delete"]),
        ([], [lost], ("done", 1), ["delete", "get"]),
        ([broken], [], ("done", 2), ["delete", "get", "delete"]),
        ([], [broken], ("done", 1), ["delete", "get"]),
        ([away], [], ("done", 1), ["delete", "delete"]),
        ([busy], [], ("done", 1), ["delete", "get", "delete"]),
        ([], [busy], ("done", 1), ["delete", "get"]),
        ([], [maintenance], ("done", 1), ["delete", "get"]),
        ([], [gateway], ("done", 1), ["delete", "get"]),
        ([], [unread], ("done", 1), ["delete", "get"]),
        ([unread], [], ("done", 2), ["delete", "get", "delete"]),
        ([defect], [], ("failed", 1), ["delete", "get"]),
        ([], [defect], ("done", 1), ["delete", "get"]),
        ([refused], [], ("failed", 1), ["delete"]),
        ([lost] * 3, [], ("failed", 3), ["delete", "get"] * 3),
    ],
    ids=[
        "lost before",
        "lost after",
        "500 before",
        "500 after",
        "unreachable",
        "429 before",
        "429 after",
        "503 after",
        "504 after",
        "a gateway's 404 after",
        "a gateway's 404 before",
        "a defect before",
        "a defect after",
        "refused",
        "always lost",
    ],
)
def test_the_fate_of_a_delete(
    start: Start, before: list[Any], after: list[Any], fate: tuple[Any, ...], asked: list[Any]
) -> None:
    pbx = FakePbx(faxes(1))
    pbx.before, pbx.after = list(before), list(after)
    with start(*DELETE, ids(1), attempts=3) as job:
        asyncio.run(job.arun(on(pbx)))
        assert fates(job) == [fate]
    assert [verb for verb, _ in pbx.asked] == asked


@pytest.mark.parametrize(
    ("before", "after", "sent"), [([lost], [], 2), ([], [lost], 1)], ids=["lost before", "lost after"]
)
@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("users.update", {"Id": 1, "body": {"FirstName": "Amara"}}),
        ("users.update", {"Id": 1, "First Name": "Amara"}),
        ("users.create", {"Number": "{{ $json.Number }}", "First Name": "Amara"}),
        ("users.create", {"body": {"Number": "{{ $json.Number }}", "FirstName": "Amara"}}),
    ],
)
def test_updates_and_creates_with_a_key_are_looked_up(
    start: Start, action: str, parameters: dict[str, Any], before: list[Any], after: list[Any], sent: int
) -> None:
    pbx = FakePbx({("users", 1): {"Id": 1, "FirstName": "Ada"}})
    pbx.before, pbx.after = list(before), list(after)
    with start(action, parameters, [{"Number": "150"}]) as job:
        asyncio.run(job.arun(on(pbx)))
        assert fates(job) == [("done", sent)]


def test_what_can_not_be_looked_up_is_not_sent_again(start: Start) -> None:
    pbx = FakePbx()
    pbx.after = [lost]
    with start("contacts.create", {"body": {"FirstName": "{{ $json.name }}"}}, [{"name": "Ada"}]) as job:
        summary = asyncio.run(job.arun(on(pbx)))
        assert fates(job) == [("unknown", 1)]
        assert summary.finished
        again = asyncio.run(job.arun(on(pbx)))
        assert again.counts["unknown"] == 1
    assert len(pbx.asked) == 1


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("trouble", ["lost", "broken", "busy", "maintenance", "gateway", "unread", "defect"])
def test_no_answer_but_the_pbx_s_own_proves_that_a_create_was_not_carried_out(
    start: Start, side: str, trouble: str
) -> None:
    pbx = FakePbx()
    setattr(pbx, side, [globals()[trouble]])
    with start("contacts.create", {"body": {"FirstName": "{{ $json.name }}"}}, [{"name": "Ada"}]) as job:
        asyncio.run(job.arun(on(pbx)))
        assert fates(job) == [("unknown", 1)]
    assert [verb for verb, _ in pbx.asked] == ["create"]


def test_a_pbx_on_which_nothing_can_be_known_pauses(start: Start) -> None:
    pbx = FakePbx()
    pbx.before = [lost] * 1000
    with start("contacts.create", {"body": {"FirstName": "{{ $json.name }}"}}, [{"name": "Ada"}] * 100) as job:
        summary = asyncio.run(job.arun(on(pbx)))
    assert summary.targets[0].halt.startswith("The connection broke.")
    assert 20 <= summary.counts["unknown"] <= 23
    assert summary.counts["unknown"] + summary.counts["not_started"] == 100


def unsigned() -> ServerError:
    return ServerError("It failed at sign-in.", status=500, path="/connect/token")


def test_what_waited_for_a_sign_in_that_failed_was_not_sent(start: Start) -> None:
    pbx = FakePbx()
    pbx.before = [unsigned, unsigned]
    with start("contacts.create", {"body": {"FirstName": "{{ $json.name }}"}}, [{"name": "Ada"}]) as job:
        asyncio.run(job.arun(on(pbx)))
        assert fates(job) == [("done", 1)]
    assert len(pbx.asked) == 3


@pytest.mark.parametrize(("name", "fate"), [("Ada", ("unknown", 1)), ("Amara", ("done", 2))])
def test_an_update_is_not_done_because_a_part_of_it_is_so_already(
    start: Start, name: str, fate: tuple[Any, ...]
) -> None:
    pbx = FakePbx({("users", 1): {"Id": 1, "FirstName": "Ada", "Groups": []}})
    pbx.before = [lost]
    with start("users.update", {"Id": 1, "body": {"FirstName": name, "Groups": [{"GroupId": 3}]}}, [{}]) as job:
        asyncio.run(job.arun(on(pbx)))
        assert fates(job) == [fate]


def test_what_is_unknown_says_what_was_heard_last(start: Start) -> None:
    pbx = FakePbx()
    pbx.after = [lost]
    with start("contacts.create", {"body": {"FirstName": "{{ $json.name }}"}}, [{"name": "Ada"}]) as job:
        asyncio.run(job.arun(on(pbx)))
        (entry,) = job.ledger.entries(1)
    error = entry.record["error"]
    assert (error["code"], error["message"]) == ("connection_lost", "The connection broke.")


def test_a_look_that_is_refused_leaves_the_item_unknown_and_the_others_go_on(start: Start) -> None:
    class Blind(FakePbx):
        def _answer(self, name: str, arguments: dict[str, Any]) -> Any:
            if name == "fax.get":
                raise refused()
            return super()._answer(name, arguments)

    pbx = Blind(faxes(20))
    pbx.after = [lost]
    with start(*DELETE, ids(20)) as job:
        summary = asyncio.run(job.arun(on(pbx)))
        assert fates(job) == [("unknown", 1)] + [("done", 1)] * 19
        assert summary.finished
        asyncio.run(job.arun(on(pbx)))
        assert fates(job)[0] == ("unknown", 1)
    assert [verb for verb, _ in pbx.asked].count("delete") == 20


@pytest.mark.parametrize(
    "trouble",
    [
        lambda: SignInError("The key is wrong.", status=401),
        lambda: Forbidden("No right.", status=403),
        lambda: ConfigurationError("There is no API key."),
        redirect,
    ],
)
def test_a_pbx_that_lets_nobody_in_burns_no_item(start: Start, trouble: Any) -> None:
    pbx = FakePbx(faxes(100))
    pbx.before = [None] * 10 + [trouble] * 4
    with start(*DELETE, ids(100)) as job:
        paused = asyncio.run(job.arun(on(pbx)))
        assert not paused.finished
        assert paused.status == "paused"
        assert paused.targets[0].halt
        assert paused.counts["failed"] == 0
        assert paused.counts["done"] + paused.counts["not_started"] == 100
        assert len(pbx.asked) < 20
        pbx.before = []
        assert asyncio.run(job.arun(on(pbx))).counts["done"] == 100
        assert {sent for _, sent in fates(job)} == {1}


def test_a_pbx_that_is_away_for_too_long_pauses(start: Start) -> None:
    pbx = FakePbx(faxes(20))
    pbx.before = [away] * 1000
    with start(*DELETE, ids(20), patience=0.2) as job:
        summary = asyncio.run(job.arun(on(pbx)))
        assert summary.targets[0].halt.startswith("Nobody is there.")
        assert summary.counts["not_started"] == 20


def test_a_pbx_that_names_a_time_beyond_all_patience_pauses_and_is_not_asked_before(start: Start) -> None:
    def tomorrow() -> TooManyRequests:
        return TooManyRequests("Slow down.", status=429, retry_after=86_400)

    pbx = FakePbx(faxes(20))
    pbx.before = [tomorrow] * 20
    with start(*DELETE, ids(20), concurrency=1) as job:
        summary = asyncio.run(job.arun(on(pbx)))
    assert summary.targets[0].halt.startswith("Slow down.")
    assert (summary.counts["not_started"], summary.counts["unknown"]) == (19, 1)
    assert len(pbx.asked) == 1


def test_one_dead_pbx_does_not_hold_up_the_others(start: Start) -> None:
    names = [f"customer-{n}" for n in range(20)]
    systems = {name: FakePbx(faxes(50), f"https://{name}.example.com") for name in names}
    systems["customer-3"].before = [away] * 10_000
    with start(*DELETE, ids(50), patience=0.3, targets={n: f"https://{n}.example.com" for n in names}) as job:
        summary = asyncio.run(job.arun(on(systems)))
    assert summary.counts["done"] == 19 * 50
    assert [target.name for target in summary.targets if target.halt] == ["customer-3"]


def test_max_errors_stops_the_whole_job(start: Start) -> None:
    pbx = FakePbx(faxes(1000))
    pbx.before = [refused] * 1000
    with start(*DELETE, ids(1000), max_errors=10, concurrency=2) as job:
        summary = asyncio.run(job.arun(on(pbx)))
    assert 10 <= summary.counts["failed"] <= 11
    assert summary.counts["not_started"] == 1000 - summary.counts["failed"]


def test_what_is_missing_counts_as_done_only_if_asked(start: Start, folder: JobFolder) -> None:
    for missing_ok, state in ((False, "failed"), (True, "done")):
        with start(*DELETE, ids(1), missing_ok=missing_ok) as job:
            asyncio.run(job.arun(on(FakePbx())))
            assert fates(job) == [(state, 1)]
        folder.remove("night")


def test_an_item_without_a_value_fails_and_is_not_sent(start: Start) -> None:
    pbx = FakePbx(faxes(3))
    with start(*DELETE, [{"Id": 1}, {"Nr": 2}, {"Id": 3}]) as job:
        summary = asyncio.run(job.arun(on(pbx)))
        assert fates(job) == [("done", 1), ("failed", 0), ("done", 1)]
        error = next(job.ledger.entries(1, [State.FAILED])).record["error"]
    assert error["message"].startswith("Item 1: Id = ")
    assert summary.counts["failed"] == 1
    assert len(pbx.asked) == 2


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("bad", [{"Id": "x"}, {"Nr": 1}, {"Id": None}], ids=repr)
def test_items_that_are_not_sent_take_no_fate_from_the_one_before(
    start: Start, concurrency: int, bad: dict[str, Any]
) -> None:
    pbx = FakePbx(faxes(40))
    items = [bad if n % 5 in (0, 1) else {"Id": n} for n in range(1, 41)]
    with start(*DELETE, items, concurrency=concurrency) as job:
        summary = asyncio.run(job.arun(on(pbx)))
        assert [state for state, _ in fates(job)] == ["failed" if item is bad else "done" for item in items]
    assert summary.finished
    assert len(pbx.asked) == 24


def test_the_rate_is_kept(start: Start) -> None:
    pbx = FakePbx(faxes(10))
    begun = time.monotonic()
    with start(*DELETE, ids(10), rate=50) as job:
        asyncio.run(job.arun(on(pbx)))
    assert time.monotonic() - begun >= 9 / 50


def test_a_name_is_taken_once(start: Start, folder: JobFolder) -> None:
    start(*DELETE, ids(1)).close()
    with pytest.raises(ConfigurationError, match="already"):
        start(*DELETE, ids(1))
    with pytest.raises(InvalidArgument):
        folder.file("../elsewhere")
    with pytest.raises(ConfigurationError, match="no job 'other'"):
        folder.existing("other")


def test_a_job_runs_once_at_a_time(start: Start, folder: JobFolder) -> None:
    with start(*DELETE, ids(1)) as job, running_alone(folder.file("night")):
        with pytest.raises(ConfigurationError, match="another process"):
            asyncio.run(job.arun(on(FakePbx())))


def test_a_cancelled_job_stops_where_it_runs_and_starts_no_more(start: Start, folder: JobFolder) -> None:
    class Slow(FakePbx):
        async def call(self, action: str, /, **arguments: Any) -> Any:
            if len(self.asked) == 20:
                with Job.open(folder.file("night")) as other:
                    other.cancel()
            await asyncio.sleep(0.01)
            return await super().call(action, **arguments)

    pbx = Slow(faxes(5000))
    with start(*DELETE, ids(5000)) as job:
        summary = asyncio.run(job.arun(on(pbx)))
        assert summary.status == "cancelled"
        assert 20 < summary.counts["done"] < 1000
        assert summary.counts["sent"] == 0
        with pytest.raises(ConfigurationError, match="cancelled"):
            asyncio.run(job.arun(on(pbx)))


def test_a_ledger_that_is_none_is_refused(folder: JobFolder) -> None:
    folder.path.mkdir()
    folder.file("odd").write_bytes(b"no database")
    with pytest.raises(ConfigurationError, match="ledger"):
        Job.open(folder.existing("odd"))


def test_input_that_breaks_off_leaves_no_job(start: Start, folder: JobFolder) -> None:
    def items() -> Any:
        yield {"Id": 1}
        raise InvalidArgument("Line 2 of the input is not a JSON object.")

    with pytest.raises(InvalidArgument):
        start(*DELETE, items())
    assert folder.names() == []
    assert list(folder.path.iterdir()) == []


FULL = """
import asyncio, resource, sys
from pathlib import Path
from jobs.conftest import FakePbx, on
from trunkline.jobs import Job
from trunkline.work.ledger import LedgerFailed
pbx = FakePbx({("fax", n): {"Id": n} for n in range(1, 3001)})
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = sum(f.stat().st_size for f in Path(sys.argv[1]).parent.iterdir()) + 60_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
job = Job.open(Path(sys.argv[1]))
try:
    asyncio.run(job.arun(on(pbx)))
except LedgerFailed as full:
    print(sorted(set(range(1, 3001)) - {key[1] for key in pbx.rows}))
"""


def test_a_full_disk_stops_the_job_before_anything_is_sent_that_it_does_not_know_of(
    start: Start, folder: JobFolder
) -> None:
    job = start(*DELETE, ids(3000))
    job.close()
    file = folder.file("night")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(file)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    deleted = set(eval(done.stdout))
    assert 0 < len(deleted) < 3000
    with Job.open(file) as job:
        job.ledger.doubt()
        known = {e.item["json"]["Id"] for e in job.ledger.entries(1, [State.DONE, State.UNKNOWN])}
        assert deleted <= known
        left = {key: row for key, row in faxes(3000).items() if key[1] not in deleted}
        summary = asyncio.run(job.arun(on(FakePbx(left))))
    assert summary.counts["done"] == 3000


NO_ROOM = """
import resource, signal, sys
from pathlib import Path
from trunkline.jobs import Job
from trunkline.work.ledger import LedgerFailed
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    Job.create(Path(sys.argv[1]), "fax.delete", {"Id": "{{ $json.Id }}"}, ({"Id": n} for n in range(30_000)), {"": "x"})
except LedgerFailed as full:
    print(full.hint)
"""


def test_a_disk_without_room_for_the_input_makes_no_job(folder: JobFolder) -> None:
    command = [sys.executable, "-c", NO_ROOM, str(folder.new("night"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "Make room, or look at the disk. Nothing was sent, and no job was kept.\n"
    assert folder.names() == []


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="can't be made: "):
        JobFolder(tmp_path / "file" / "jobs").new("night")
    with pytest.raises(ConfigurationError, match="can't be made: "):
        JobFolder(tmp_path / "file").new("night")


def test_a_column_named_twice_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="names that differ, not 'Id', 'Id'"):
        list(read_items(io.BytesIO(b"Id,Id\n1,2\n")))


@pytest.mark.parametrize("text", ['\ufeff{"Id":1}\n', '\ufeff[{"Id":1}]'])
def test_a_mark_of_the_byte_order_is_no_part_of_the_input(text: str) -> None:
    assert [item["json"] for item in read_items(io.BytesIO(text.encode()))] == [{"Id": 1}]
