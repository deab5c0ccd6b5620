"""Who may write the outcomes of a shard, and which of two writes counts, in whatever order they arrive."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from shards.conftest import URL, Expire, made, taken_over
from trunkline.errors import NotFound
from trunkline.shards.ledger import LeaseLost, PostgresLedger, write_outcomes
from trunkline.shards.postgres import Database, Row, Values
from trunkline.work.ledger import LedgerFailed
from trunkline.work.outcome import Outcome
from trunkline.work.state import State

if TYPE_CHECKING:
    from trunkline_prefect.cluster import Cluster

SHARD = "night/acme/0-3"
SENT = [Outcome(n, State.SENT, 1) for n in range(4)]


def states(ledger: PostgresLedger) -> list[tuple[str, int]]:
    """State and number of sendings of each item."""
    return [(entry.state.label, entry.attempts) for entry in ledger.job("night").entries(1)]


def test_what_a_dead_machine_left_as_sent_is_unknown_to_the_next(ledger: PostgresLedger) -> None:
    made(ledger)
    first = taken_over(ledger, SHARD)
    first.record(SENT[:2])
    first.record([Outcome(0, State.DONE, 1)])
    second = taken_over(ledger, SHARD)
    assert states(ledger) == [("done", 1), ("unknown", 1), ("not_started", 0), ("not_started", 0)]
    assert second.size == 3
    assert [second.take() for _ in range(4)][-1] is None


def test_another_machine_s_lease_ends_all_writing(ledger: PostgresLedger) -> None:
    made(ledger)
    first = taken_over(ledger, SHARD)
    first.record(SENT[:1])
    taken_over(ledger, SHARD)
    with pytest.raises(LeaseLost, match=r"does not hold https://pbx\.example\.com for the shard 'night/acme/0-3'"):
        first.record([Outcome(0, State.DONE, 1), Outcome(1, State.SENT, 1)])
    assert states(ledger)[:2] == [("unknown", 1), ("not_started", 0)]
    assert issubclass(LeaseLost, LedgerFailed)


def test_a_lease_that_ended_ends_all_writing(ledger: PostgresLedger, expire: Expire) -> None:
    made(ledger)
    shard = taken_over(ledger, SHARD)
    shard.record(SENT[:1])
    expire()
    with pytest.raises(LeaseLost):
        shard.record([Outcome(0, State.DONE, 1)])
    assert states(ledger)[0] == ("sent", 1)


def test_a_shard_can_not_be_begun_with_a_lease_that_ended(ledger: PostgresLedger) -> None:
    made(ledger)
    taken_over(ledger, SHARD).record(SENT[:1])
    with pytest.raises(LeaseLost):
        taken_over(ledger, SHARD, seconds=-1)
    assert states(ledger)[0] == ("sent", 1)


def test_a_lease_for_another_shard_of_the_pbx_writes_nothing_in_this_one(ledger: PostgresLedger) -> None:
    made(ledger, count=8, shard_size=4)
    first = taken_over(ledger, SHARD)
    taken_over(ledger, "night/acme/4-7")
    with pytest.raises(LeaseLost):
        first.record(SENT[:1])


def test_a_removed_job_is_not_written_to(ledger: PostgresLedger) -> None:
    made(ledger)
    shard = taken_over(ledger, SHARD)
    ledger.job("night").discard()
    with pytest.raises(LeaseLost):
        shard.record(SENT[:1])
    assert ledger.database.execute("SELECT count(*) FROM outcome") == [(0,)]


class Repeating(Database):
    """A network that delivers every statement twice: the answer to the first was lost. It also remembers them."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.delivered: list[tuple[str, Values]] = []

    def execute(self, statement: str, values: Values = (), *, patience: float = 20) -> list[Row]:
        self.delivered.append((statement, values))
        super().execute(statement, values, patience=patience)
        return super().execute(statement, values, patience=patience)


def test_a_statement_that_is_carried_out_twice_does_the_same_as_once(database_url: str) -> None:
    with PostgresLedger(Repeating(database_url)) as ledger:
        job = made(ledger, targets={"acme": URL, "other": "https://other.example.com"})
        assert [shard.id for shard in job.shards()] == [SHARD, "night/other/0-3"]
        shard = taken_over(ledger, SHARD)
        shard.record(SENT)
        shard.record([Outcome(0, State.DONE, 1)])
        assert states(ledger) == [("done", 1), ("sent", 1), ("sent", 1), ("sent", 1)]
        taken_over(ledger, SHARD)
        assert states(ledger) == [("done", 1), ("unknown", 1), ("unknown", 1), ("unknown", 1)]


@pytest.mark.parametrize("is_taken_over", [False, True])
def test_a_packet_that_arrives_late_changes_nothing(database_url: str, is_taken_over: bool) -> None:
    with PostgresLedger(network := Repeating(database_url)) as ledger:
        made(ledger)
        shard = taken_over(ledger, SHARD)
        shard.record(SENT)
        late = network.delivered[-1]
        if is_taken_over:
            shard = taken_over(ledger, SHARD)
        shard.record([Outcome(n, State.DONE, 1) for n in range(4)])
        network.execute(*late)
        assert states(ledger) == [("done", 1)] * 4


def test_two_outcomes_of_an_item_in_one_write_are_the_later_one(ledger: PostgresLedger) -> None:
    made(ledger)
    shard = taken_over(ledger, SHARD)
    shard.record([Outcome(0, State.NOT_STARTED, 0), Outcome(1, State.SENT, 1), Outcome(0, State.SENT, 1)])
    shard.record([])
    assert states(ledger)[:2] == [("sent", 1), ("sent", 1)]


def test_of_several_shards_in_one_write_those_that_are_held_are_written(ledger: PostgresLedger) -> None:
    job = made(
        ledger, targets={"acme": URL, "other": "https://other.example.com", "third": "https://third.example.com"}
    )
    shards = {shard.target: taken_over(ledger, shard.id) for shard in job.shards()}
    taken_over(ledger, "night/other/0-3")
    lost = write_outcomes(
        ledger.database,
        {
            shards["acme"]: [Outcome(0, State.SENT, 1), Outcome(1, State.SENT, 1), Outcome(0, State.DONE, 1)],
            shards["other"]: SENT,
            shards["third"]: SENT[3:],
        },
        patience=20,
    )
    assert lost == {shards["other"]}
    counts = {target.name: target.counts for target in job.summary().targets}
    assert counts["acme"] == {"not_started": 2, "sent": 1, "done": 1, "failed": 0, "unknown": 0}
    assert counts["other"]["not_started"] == 4
    assert counts["third"] == {"not_started": 3, "sent": 1, "done": 0, "failed": 0, "unknown": 0}


def test_a_write_outlasts_a_restart(ledger: PostgresLedger, cluster: Cluster) -> None:
    made(ledger)
    shard = taken_over(ledger, SHARD)

    async def write_while_it_restarts() -> None:
        restart = asyncio.create_task(asyncio.to_thread(cluster.restart, immediate=True))
        for n in range(4):
            await asyncio.to_thread(shard.record, [Outcome(n, State.SENT, 1)])
            await asyncio.to_thread(shard.record, [Outcome(n, State.DONE, 1, {"Id": n})])
        await restart
        await asyncio.to_thread(shard.record, [Outcome(3, State.FAILED, 2, error=NotFound("No fax with Id 3."))])

    asyncio.run(write_while_it_restarts())
    assert states(ledger) == [("done", 1)] * 3 + [("failed", 2)]


@pytest.mark.parametrize("column", ["input SET item", "outcome SET record"])
def test_rows_that_another_program_changed_are_not_taken_for_ours(ledger: PostgresLedger, column: str) -> None:
    made(ledger)
    taken_over(ledger, SHARD).record([Outcome(2, State.UNKNOWN, 1, error=NotFound("No fax with Id 2."))])
    ledger.database.execute(f"UPDATE {column} = convert_to('not JSON: a-secret', 'UTF8') WHERE n = 2")
    for read in (lambda: taken_over(ledger, SHARD), lambda: states(ledger)):
        with pytest.raises(
            LedgerFailed, match="Item 2 of the ledger, or its outcome, is not as it was written"
        ) as caught:
            read()
        assert "a-secret" not in str(caught.value)
