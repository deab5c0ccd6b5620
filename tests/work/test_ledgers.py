"""What a run asks of a ledger, for every kind of ledger there is: one suite, so that a new kind only joins the list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from shards.conftest import URL, taken_over
from trunkline.errors import NotFound
from trunkline.jobs.ledger import SHARD, TargetLedger
from trunkline.jobs.ledger import Ledger as JobLedger
from trunkline.node.items import as_item
from trunkline.shards.ledger import PostgresLedger
from trunkline.shards.postgres import Database
from trunkline.work.ledger import Ledger, LedgerFailed, MemoryLedger
from trunkline.work.outcome import Outcome
from trunkline.work.state import State


class Kind(NamedTuple):
    """A ledger over some items; ``again`` gives the same one to another run, None where it does not outlive its run."""

    ledger: Ledger
    again: Callable[[], Ledger] | None


def in_memory(items: list[Any], request: pytest.FixtureRequest) -> Iterator[Kind]:
    yield Kind(MemoryLedger(items), None)


def in_sqlite(items: list[Any], request: pytest.FixtureRequest) -> Iterator[Kind]:
    folder: Path = request.getfixturevalue("tmp_path")
    with JobLedger.create(folder / "night.job", {}, [("acme", URL)]) as file:
        file.load(items)
        yield Kind(TargetLedger(file, 1, in_stretches=True), lambda: TargetLedger(file, 1, in_stretches=False))


def in_postgres(items: list[Any], request: pytest.FixtureRequest) -> Iterator[Kind]:
    with PostgresLedger(request.getfixturevalue("database_url")) as ledger:
        job = ledger.create("night", "items", {}, {"acme": URL})
        job.load(items)
        job.begin(len(items), [(0, len(items) - 1)])
        ((shard,),) = ledger.database.execute("SELECT id FROM shard")
        yield Kind(taken_over(ledger, shard), lambda: taken_over(ledger, shard))


KINDS = {"memory": in_memory, "SQLite": in_sqlite, "Postgres": in_postgres}
COUNT = SHARD + 3


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Iterator[Kind]:
    yield from KINDS[request.param]([as_item({"Id": n}) for n in range(COUNT)], request)


def taken(ledger: Ledger) -> list[int]:
    places = []
    while (entry := ledger.take()) is not None:
        assert entry.item == {"json": {"Id": entry.n}}
        places.append(entry.n)
    return places


def test_every_item_is_given_once_and_in_order(kind: Kind) -> None:
    assert kind.ledger.size == COUNT
    assert taken(kind.ledger) == list(range(COUNT))
    assert kind.ledger.take() is None


def test_only_what_is_done_or_failed_is_not_given_to_another_run(kind: Kind) -> None:
    error = NotFound("No fax with Id 2.", status=404)
    outcomes = [
        Outcome(0, State.DONE, 1, {"success": True}),
        Outcome(1, State.FAILED, 1, error=error),
        Outcome(2, State.UNKNOWN, 2, error=error, note="Look at the PBX."),
        Outcome(3, State.NOT_STARTED, 0, error=error),
    ]
    kind.ledger.record(outcomes)
    if kind.again is None:
        return
    ledger = kind.again()
    entry = ledger.take()
    assert entry is not None
    assert (entry.n, entry.state, entry.attempts) == (2, State.UNKNOWN, 2)
    assert entry.record["error"]["code"] == "not_found"
    assert entry.outcome.note == "Look at the PBX."
    assert taken(ledger) == list(range(3, COUNT))


def test_a_later_outcome_replaces_the_earlier_one(kind: Kind) -> None:
    kind.ledger.record([Outcome(0, State.SENT, 1)])
    kind.ledger.record([Outcome(0, State.UNKNOWN, 1), Outcome(0, State.DONE, 2, {"Id": 0})])
    if kind.again is not None:
        assert taken(kind.again()) == list(range(1, COUNT))
    elif isinstance(kind.ledger, MemoryLedger):
        assert kind.ledger.outcomes[0] == Outcome(0, State.DONE, 2, {"Id": 0})


def test_an_answer_that_is_not_json_keeps_no_other_from_being_recorded(kind: Kind) -> None:
    kind.ledger.record([Outcome(0, State.DONE, 1, object()), Outcome(1, State.DONE, 1, {"Id": 1})])
    if kind.again is not None:
        assert taken(kind.again()) == list(range(2, COUNT))


def test_no_text_of_a_ledger_shows_what_an_item_holds(kind: Kind) -> None:
    entry = kind.ledger.take()
    assert repr(entry) == "<item 0, NOT_STARTED, 0 attempts>"


def remove_files(request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue("tmp_path")
    for file in folder.glob("night.job*"):
        file.unlink()


def drop_tables(request: pytest.FixtureRequest) -> None:
    with Database(request.getfixturevalue("database_url")) as database:
        database.execute("DROP TABLE outcome")


@pytest.mark.parametrize(
    ("kind", "lose", "message"),
    [
        ("SQLite", remove_files, "was deleted or replaced"),
        ("Postgres", drop_tables, '"outcome" does not exist'),
    ],
)
def test_a_ledger_that_went_away_fails_and_says_so(
    request: pytest.FixtureRequest, kind: str, lose: Callable[[pytest.FixtureRequest], None], message: str
) -> None:
    for lost in KINDS[kind]([as_item({"Id": 1})], request):
        lose(request)
        with pytest.raises(LedgerFailed, match=message):
            lost.ledger.record([Outcome(0, State.DONE, 1)])
