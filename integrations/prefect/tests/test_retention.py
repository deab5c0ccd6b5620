"""Readings that ended long ago leave the ledger; nothing else does."""

from __future__ import annotations

import pytest

from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import Kind, PostgresLedger
from trunkline_prefect.heartbeats import beat
from trunkline_prefect.retention import remove_old_readings

TARGETS = {"pbx-1": "http://127.0.0.1:1"}
OLD = "created = clock_timestamp() - interval '90 days'"


def made(ledger: PostgresLedger, job: str, kind: Kind, days: int | None) -> None:
    """Make an old job whose shard was done some days ago, or is not done."""
    if kind == "items":
        SharedJob.create(ledger, job, "fax.delete", {"Id": 1}, [{}], TARGETS, confirm=lambda question: True)
    else:
        SharedJob.create_reading(ledger, job, kind, {}, TARGETS)
    ledger.database.execute(f"UPDATE job SET {OLD} WHERE name = %s", [job])
    if days is not None:
        ledger.database.execute(
            "UPDATE shard SET state = 'done', done_at = clock_timestamp() - %s * interval '1 day'"
            " WHERE job = (SELECT id FROM job WHERE name = %s)",
            [days, job],
        )


@pytest.mark.parametrize(
    ("kind", "days", "is_removed"),
    [
        ("status", 31, True),
        ("drift", 31, True),
        ("call_log", 31, True),
        ("status", 29, False),
        ("status", None, False),
        ("items", 31, False),
    ],
)
def test_old_readings_are_removed(ledger_url: str, job: str, kind: Kind, days: int | None, is_removed: bool) -> None:
    with PostgresLedger(ledger_url) as ledger:
        made(ledger, job, kind, days)
        beat(ledger, job, "a run of long ago", 1)
        assert remove_old_readings(ledger) == ([job] if is_removed else [])
        assert (job in ledger.names()) is not is_removed
        if not is_removed:
            ledger.remove(job)  # a reaper of another test would go on with it


def test_cancelled_ones_are_removed(ledger_url: str, job: str) -> None:
    with PostgresLedger(ledger_url) as ledger:
        made(ledger, job, "status", None)
        beat(ledger, job, "a run of long ago", 1)
        SharedJob.open(ledger, job).cancel()
        assert remove_old_readings(ledger) == [job]


def test_what_prefect_has_not_carried_out_stays(ledger_url: str, job: str) -> None:
    with PostgresLedger(ledger_url) as ledger:
        made(ledger, job, "status", 31)
        assert remove_old_readings(ledger) == []
        ledger.remove(job)
