"""What a run asks of a ledger, for every kind of ledger there is: one suite, so that a new kind only joins the list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from trunkline.errors import NotFound
from trunkline.jobs.ledger import SHARD, TargetLedger
from trunkline.jobs.ledger import Ledger as JobLedger
from trunkline.node.items import as_item
from trunkline.work.ledger import Ledger, LedgerFailed, MemoryLedger
from trunkline.work.outcome import Outcome
from trunkline.work.state import State


class Kind(NamedTuple):
    """A ledger over some items; ``again`` gives the same one to another run, None where it does not outlive its run."""

    ledger: Ledger
    again: Callable[[], Ledger] | None


def in_memory(items: list[Any], folder: Path) -> Iterator[Kind]:
    yield Kind(MemoryLedger(items), None)


def in_sqlite(items: list[Any], folder: Path) -> Iterator[Kind]:
    with JobLedger.create(folder / "night.job", {}, [("acme", "https://pbx.example.com")]) as file:
        file.load(items)
        yield Kind(TargetLedger(file, 1, in_stretches=True), lambda: TargetLedger(file, 1, in_stretches=False))


KINDS = {"memory": in_memory, "SQLite": in_sqlite}
COUNT = SHARD + 3


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kind]:
    yield from KINDS[request.param]([as_item({"Id": n}) for n in range(COUNT)], tmp_path)


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


def test_a_ledger_that_went_away_fails_and_says_so(tmp_path: Path) -> None:
    for kind in in_sqlite([as_item({"Id": 1})], tmp_path):
        for file in tmp_path.glob("night.job*"):
            file.unlink()
        with pytest.raises(LedgerFailed, match="was deleted or replaced"):
            kind.ledger.record([Outcome(0, State.DONE, 1)])
