"""Readings in the ledger: result and snapshot are kept together, and only while the lease is held."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from trunkline import AsyncPbx, Pbx, run_shard
from trunkline.shards import readings
from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import LeaseLost, PostgresLedger, ShardRow
from trunkline.shards.readings import Reading
from trunkline.shards.readings.stored import last_snapshot, store


class Lease(NamedTuple):
    pbx: str
    holder: object
    generation: int = 1


def shard_of(ledger: PostgresLedger, name: str, url: str) -> ShardRow:
    job = SharedJob.create_reading(ledger, name, "drift", {}, {"acme": url})
    [shard] = job.shards()
    return shard


def hold(ledger: PostgresLedger, shard: ShardRow, *, expires: str = "1 minute") -> Lease:
    holder = uuid.uuid4()
    ledger.database.execute(
        "INSERT INTO lease (pbx, holder, generation, shard, machine, expires)"
        " VALUES (%s, %s, 1, %s, 'one', clock_timestamp() + %s::interval)"
        " ON CONFLICT (pbx) DO UPDATE SET holder = excluded.holder, shard = excluded.shard, expires = excluded.expires",
        [shard.pbx, holder, shard.id, expires],
    )
    return Lease(shard.pbx, holder)


def run(ledger: PostgresLedger, name: str) -> Any:
    """Carry out the shards of a job; the results of all."""
    job = SharedJob.open(ledger, name)
    urls = {shard.target: shard.url for shard in job.shards()}
    for shard in job.shards():
        ended = run_shard(ledger, shard.id, lambda target: AsyncPbx(urls[target], CLIENT, KEY, label=target))
        assert (ended.state, ended.error) == ("done", None)
    return [shard.result for shard in job.shards()]


def test_a_drift_is_compared_with_the_one_before(ledger: PostgresLedger, system: System, pbx: Pbx) -> None:
    for name in ("monday", "tuesday"):
        SharedJob.create_reading(ledger, name, "drift", {}, {"acme": system.url})
    [monday] = run(ledger, "monday")
    assert monday["note"] == "First reading: everything is new."
    pbx.call("mail_settings.update", body={"MailServer": "mail.example.com"})
    [tuesday] = run(ledger, "tuesday")
    assert tuesday["counts"] == {"changed": 1, "removed": 0, "added": 0}
    assert tuesday["since"] == monday["time"]


def test_a_drift_that_is_not_accepted_is_found_again(ledger: PostgresLedger, system: System, pbx: Pbx) -> None:
    for name, accept in (("monday", True), ("tuesday", False), ("wednesday", True)):
        SharedJob.create_reading(ledger, name, "drift", {"accept": accept}, {"acme": system.url})
    [monday] = run(ledger, "monday")
    pbx.call("mail_settings.update", body={"MailServer": "mail.example.com"})
    assert [result["since"] for result in run(ledger, "tuesday") + run(ledger, "wednesday")] == [monday["time"]] * 2


def test_each_day_is_a_shard_with_its_file(ledger: PostgresLedger, system: System, tmp_path: Path) -> None:
    parameters = {"folder": str(tmp_path), "start": "2026-06-01", "end": "2026-06-04"}
    windows = readings.plan("call_log", parameters, datetime(2026, 6, 15, tzinfo=UTC))
    SharedJob.create_reading(ledger, "june", "call_log", parameters, {"acme": system.url}, windows)
    files = run(ledger, "june")
    assert [Path(file["path"]).name[:8] for file in files] == ["20260601", "20260602", "20260603"]
    for day, file in enumerate(files, 1):
        content = Path(file["path"]).read_bytes()
        assert (len(content), content.count(b"\n")) == (file["bytes"], file["rows"])
        assert {json.loads(line)["StartTime"][:10] for line in content.splitlines()} == {f"2026-06-{day:02}"}


def test_a_status_is_the_result_of_its_shard(ledger: PostgresLedger, system: System) -> None:
    SharedJob.create_reading(ledger, "now", "status", {}, {"acme": system.url})
    [status] = run(ledger, "now")
    assert (status["pbx"], status["error"], status["trunks"]["total"]) == ("acme", None, 2)


def test_a_reading_whose_pbx_refuses_it_is_paused_with_the_reason(ledger: PostgresLedger, system: System) -> None:
    SharedJob.create_reading(ledger, "now", "drift", {}, {"acme": system.url})
    [shard] = SharedJob.open(ledger, "now").shards()
    ended = run_shard(ledger, shard.id, lambda target: AsyncPbx(shard.url, VIEWER, VIEWER_KEY, label=target))
    assert ended.error is not None
    assert (ended.state, ended.error["code"]) == ("paused", "forbidden")


@pytest.mark.parametrize("expires", ["1 minute", "-1 second"])
def test_without_the_lease_nothing_is_kept(ledger: PostgresLedger, system: System, expires: str) -> None:
    shard = shard_of(ledger, "monday", system.url)
    lease = hold(ledger, shard, expires=expires)
    late = lease if expires.startswith("-") else lease._replace(generation=0)
    with pytest.raises(LeaseLost):
        store(ledger, shard, late, Reading({"counts": {}}, b"snapshot"))
    [left] = SharedJob.open(ledger, "monday").shards()
    assert (left.state, left.result, last_snapshot(ledger, shard)) == ("waiting", None, None)


def test_without_a_snapshot_the_last_one_stays(ledger: PostgresLedger, system: System) -> None:
    shard = shard_of(ledger, "monday", system.url)
    lease = hold(ledger, shard)
    store(ledger, shard, lease, Reading({"n": 1}, b"snapshot"))
    store(ledger, shard, lease, Reading({"n": 2}))
    [done] = SharedJob.open(ledger, "monday").shards()
    assert (done.result, last_snapshot(ledger, shard)) == ({"n": 2}, b"snapshot")
