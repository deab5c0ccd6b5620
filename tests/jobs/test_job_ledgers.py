"""What a job offers to the one who asks, for every kind of ledger: one suite for `Job` and `SharedJob`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from shards.conftest import taken_over
from trunkline.errors import ConfigurationError, InvalidArgument, NotFound, UnknownName
from trunkline.jobs import Job, JobFolder, Limits
from trunkline.jobs.step import step_of
from trunkline.jobs.summary import JobRecord, Summary
from trunkline.node import Node
from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger
from trunkline.work.guards import NotConfirmed
from trunkline.work.ledger import Entry
from trunkline.work.outcome import Outcome
from trunkline.work.state import State

ACME, OTHER = "https://pbx.example.com", "https://other.example.com"
TARGETS = {"acme": ACME, "other": OTHER}
DELETE = ("fax.delete", {"Id": "{{ $json.Id }}"})


class Asked(Protocol):
    """A job, as `Job` and `SharedJob` both have it."""

    name: str

    @property
    def node(self) -> Node: ...

    @property
    def limits(self) -> Limits: ...

    def summary(self) -> Summary: ...

    def records(self, states: Iterable[State] = ...) -> Iterator[JobRecord]: ...

    def cancel(self) -> None: ...


class Place(Protocol):
    """Where jobs are kept, and what a run would write there."""

    def create(self, *arguments: Any, **options: Any) -> Asked: ...

    def open(self) -> Asked: ...

    def names(self) -> list[str]: ...

    def remove(self) -> None: ...

    def record(self, target: int, outcomes: Sequence[Outcome]) -> None: ...


class Folder:
    """Jobs in SQLite files."""

    def __init__(self, path: Path) -> None:
        self.folder = JobFolder(path)
        self.opened: list[Job] = []

    def create(self, *arguments: Any, **options: Any) -> Job:
        return self._kept(Job.create(self.folder.new("night"), *arguments, **options))

    def open(self) -> Job:
        return self._kept(Job.open(self.folder.existing("night")))

    def names(self) -> list[str]:
        return self.folder.names()

    def remove(self) -> None:
        self.folder.remove("night")

    def record(self, target: int, outcomes: Sequence[Outcome]) -> None:
        self.opened[-1].ledger.write((target, outcome) for outcome in outcomes)

    def _kept(self, job: Job) -> Job:
        self.opened.append(job)
        return job


class Shared:
    """Jobs in one Postgres database."""

    def __init__(self, ledger: PostgresLedger) -> None:
        self.ledger = ledger

    def create(self, *arguments: Any, **options: Any) -> SharedJob:
        return SharedJob.create(self.ledger, "night", *arguments, **{"shard_size": 2, **options})

    def open(self) -> SharedJob:
        return SharedJob.open(self.ledger, "night")

    def names(self) -> list[str]:
        return self.ledger.names()

    def remove(self) -> None:
        self.ledger.remove("night")

    def record(self, target: int, outcomes: Sequence[Outcome]) -> None:
        for shard in self.open().shards():
            within = [o for o in outcomes if shard.first is not None and shard.first <= o.n <= (shard.last or 0)]
            if shard.number == target and within:
                taken_over(self.ledger, shard.id).record(within)
                self.ledger.database.execute("UPDATE shard SET state = 'done' WHERE id = %s", [shard.id])
        self.ledger.database.execute("UPDATE lease SET expires = clock_timestamp()")


@pytest.fixture(params=["SQLite", "Postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "SQLite":
        folder = Folder(tmp_path / "jobs")
        yield folder
        for job in folder.opened:
            job.close()
    else:
        with PostgresLedger(request.getfixturevalue("database_url")) as ledger:
            yield Shared(ledger)


def yes(question: object) -> bool:
    return True


def ids(count: int) -> list[dict[str, Any]]:
    return [{"Id": n} for n in range(count)]


def test_a_new_job_has_everything_before_it(place: Place) -> None:
    job = place.create(*DELETE, ids(5), TARGETS, Limits(concurrency=2, attempts=3, missing_ok=True), confirm=yes)
    for asked in (job, place.open()):
        summary = asked.summary()
        assert (summary.name, summary.action) == ("night", "fax.delete")
        assert summary.status == ("waiting" if isinstance(place, Shared) else "paused")
        assert summary.counts == {"not_started": 10, "sent": 0, "done": 0, "failed": 0, "unknown": 0}
        assert [(t.name, t.url, t.counts["not_started"], t.error) for t in summary.targets] == [
            ("acme", ACME, 5, None),
            ("other", OTHER, 5, None),
        ]
        assert not summary.finished
        assert asked.limits == Limits(concurrency=2, attempts=3, missing_ok=True)
        assert asked.node.action.id == "fax.delete"
        assert [(r["pbx"], r["item"], r["state"], r["key"]) for r in asked.records()] == [
            (pbx, n, "not_started", {"Id": n}) for pbx in TARGETS for n in range(5)
        ]
    assert place.names() == ["night"]


def test_outcomes_are_counted_and_shown_by_pbx_and_place(place: Place) -> None:
    job = place.create(*DELETE, ids(5), TARGETS, confirm=yes)
    error = NotFound("No fax with Id 1.", status=404)
    place.record(1, [Outcome(0, State.DONE, 1, {"Id": 0}), Outcome(1, State.FAILED, 2, error=error)])
    place.record(2, [Outcome(4, State.SENT, 1), Outcome(3, State.UNKNOWN, 1, error=error, note="Look.")])
    summary = job.summary()
    assert summary.counts == {"not_started": 6, "sent": 1, "done": 1, "failed": 1, "unknown": 1}
    assert [target.counts["failed"] for target in summary.targets] == [1, 0]
    records = list(job.records([State.FAILED, State.UNKNOWN, State.DONE]))
    assert [(r["pbx"], r["item"], r["state"], r["attempts"]) for r in records] == [
        ("acme", 0, "done", 1),
        ("acme", 1, "failed", 2),
        ("other", 3, "unknown", 1),
    ]
    assert records[0]["answer"] == {"Id": 0}
    assert records[1]["error"]["code"] == "not_found"
    assert records[2]["note"] == "Look."
    assert records[2]["input"] == {"json": {"Id": 3}}


def test_a_job_is_finished_when_nothing_is_left_to_do(place: Place) -> None:
    job = place.create(*DELETE, ids(2), {"acme": ACME}, confirm=yes)
    place.record(1, [Outcome(0, State.DONE, 1), Outcome(1, State.UNKNOWN, 1)])
    assert job.summary().finished
    assert job.summary().status == "finished"


def test_a_cancelled_job_stays_so(place: Place) -> None:
    place.create(*DELETE, ids(2), {"acme": ACME}, confirm=yes).cancel()
    assert place.open().summary().status == "cancelled"


def test_a_job_without_items_is_finished(place: Place) -> None:
    job = place.create(*DELETE, [], TARGETS, confirm=yes)
    assert job.summary().status == "finished"
    assert list(job.records()) == []


def test_a_removed_job_leaves_its_name_to_another(place: Place) -> None:
    place.create(*DELETE, ids(2), TARGETS, confirm=yes)
    place.record(1, [Outcome(0, State.DONE, 1)])
    if isinstance(place, Folder):
        place.opened.pop().close()
    place.remove()
    assert place.names() == []
    with pytest.raises(ConfigurationError, match="There is no job 'night'"):
        place.open()
    assert place.create(*DELETE, ids(1), TARGETS, confirm=yes).summary().counts["not_started"] == 2


def test_what_templates_see_is_the_same_however_often_the_job_is_opened(place: Place) -> None:
    body = {"FirstName": "{{ $now.toISO() }} {{ $json.Name }} Ä\0"}
    place.create("contacts.update", {"Id": 4, "body": body}, [{"Name": "Ö\0"}], {"acme": ACME})
    ((first, text), (second, again)) = (sent(place.open()) for _ in range(2))
    assert (first, text) == (second, again)
    assert text.endswith(" Ö\0 Ä\0")


def sent(job: Asked) -> tuple[str, str]:
    """The action, and the text that would be sent for the first item."""
    (record,) = job.records()
    call = step_of(job.node, Entry(0, record["input"])).call
    assert call.body is not None
    return call.action.id, call.body["FirstName"]


@pytest.mark.parametrize(
    ("action", "parameters", "items", "targets", "options", "error", "message"),
    [
        ("fax.vanish", {}, [], TARGETS, {}, UnknownName, "fax.vanish"),
        ("fax.delete", {"Ib": 4}, [], TARGETS, {}, UnknownName, "Ib"),
        (*DELETE, ids(2), TARGETS, {"confirm": lambda question: False}, NotConfirmed, "fax.delete"),
        (*DELETE, ids(2), {"a": ACME, "b": ACME + "/"}, {"confirm": yes}, ConfigurationError, "are the same PBX"),
        (*DELETE, [{"Id": 1, "pbx": "third"}], TARGETS, {"confirm": yes}, InvalidArgument, "is of the PBX 'third'"),
        (*DELETE, [{"Id": 1}, 4], TARGETS, {"confirm": yes}, InvalidArgument, "object"),
        (*DELETE, [{"Id": 1}, {"Id": object()}], TARGETS, {"confirm": yes}, InvalidArgument, "can't be kept as JSON"),
        (*DELETE, ids(2), TARGETS, {"limits": Limits(attempts=0)}, InvalidArgument, "attempts must be"),
        (*DELETE, ids(2), TARGETS, {"limits": Limits(concurrency=0)}, InvalidArgument, "concurrency"),
    ],
)
def test_nothing_is_left_of_a_job_that_was_refused(
    place: Place,
    action: str,
    parameters: dict[str, Any],
    items: list[Any],
    targets: dict[str, str],
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        place.create(action, parameters, items, targets, **options)
    assert place.names() == []
    if isinstance(place, Shared):
        for table in ("job", "target", "input", "shard"):
            assert place.ledger.database.execute(f"SELECT count(*) FROM {table}") == [(0,)]


def test_input_that_breaks_off_leaves_no_job(place: Place) -> None:
    def items() -> Iterator[dict[str, Any]]:
        yield from ids(6000)
        raise OSError("the pipe broke")

    with pytest.raises(OSError, match="the pipe broke"):
        place.create(*DELETE, items(), TARGETS, confirm=yes)
    assert place.names() == []


def test_a_name_is_taken_once(place: Place) -> None:
    place.create(*DELETE, ids(1), TARGETS, confirm=yes)
    with pytest.raises(ConfigurationError, match="There is a job 'night' already") as caught:
        place.create(*DELETE, ids(1), TARGETS, confirm=yes)
    assert caught.value.hint.action == "job.resume"
    assert place.open().summary().counts["not_started"] == 2
