"""Lanes carry out a job's shards together, wait for each other, and end when nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from nasty import closed_port
from sharded import asked, most_at_once, named, opener, rows_to_delete, sign_ins
from trunkline.errors import ConfigurationError, InvalidArgument
from trunkline.jobs import Limits
from trunkline.shards.job import SharedJob
from trunkline.shards.lane import is_left, lanes, next_shards, remove_dead_lanes, run_lane
from trunkline.shards.lease import LeaseKeeper
from trunkline.shards.ledger import LeaseLost, PostgresLedger
from trunkline.shards.run import ShardResult, arun_shard
from trunkline_emulator import fleet
from trunkline_emulator.tenants import Tenant

if TYPE_CHECKING:
    from trunkline_prefect.cluster import Cluster

PBXS, ITEMS, SIZE = 6, 30, 10
SHARDS = PBXS * ITEMS // SIZE
Systems = Mapping[str, Tenant]


@pytest.fixture
def ledger(database_url: str) -> Iterator[PostgresLedger]:
    with PostgresLedger(database_url) as ledger:
        yield ledger


@pytest.fixture
def systems() -> Iterator[Systems]:
    with fleet(PBXS, seed={"Fax": rows_to_delete(ITEMS)}, api_key="k", latency=0.005) as tenants:
        yield named(tenants)


def make_job(ledger: PostgresLedger, urls: Mapping[str, str], limits: Limits = Limits()) -> SharedJob:  # noqa: B008
    items = ({"Id": row["Id"]} for row in rows_to_delete(ITEMS))
    parameters = {"Id": "{{ $json.Id }}"}
    return SharedJob.create(ledger, "night", "fax.delete", parameters, items, urls, limits, shard_size=SIZE)


@pytest.fixture
def job(ledger: PostgresLedger, systems: Systems) -> SharedJob:
    return make_job(ledger, {name: str(tenant.url) for name, tenant in systems.items()})


async def lane_of(ledger: PostgresLedger, systems: Systems, at_once: int = 2) -> Mapping[str, int]:
    with LeaseKeeper(ledger, machine="one") as keeper:
        open_pbx = opener(ledger, systems)

        async def carry_out(shard: str) -> ShardResult:
            return await arun_shard(ledger, shard, open_pbx, keeper=keeper)

        return await run_lane(ledger, "night", carry_out, at_once=at_once, engine_run="run-7", keeper=keeper)


def check_each_item_once(systems: Systems) -> None:
    for tenant in systems.values():
        journal = tenant.emulator.journal
        history = asked(journal)
        assert len(history) == ITEMS
        for requests in history.values():
            assert [(each.method, each.effect) for each in requests] == [("DELETE", True)]
        assert most_at_once(journal) <= 4
        assert sign_ins(journal) == [200]


def test_lanes_share_a_job_and_all_end_when_it_is_done(
    ledger: PostgresLedger, job: SharedJob, systems: Systems
) -> None:
    async def three() -> list[Mapping[str, int]]:
        return await asyncio.gather(*(lane_of(ledger, systems) for _ in range(3)))

    done = {"waiting": 0, "running": 0, "paused": 0, "done": SHARDS}
    assert asyncio.run(three()) == [done] * 3
    check_each_item_once(systems)
    assert job.summary().status == "finished"
    assert lanes(ledger) == []


def test_free_shards_are_the_first_of_each_pbx_that_nobody_works_on(
    ledger: PostgresLedger, job: SharedJob, systems: Systems
) -> None:
    everywhere = {f"night/{name}/0-9" for name in systems}
    assert set(next_shards(ledger, "night", 100)) == everywhere
    assert len(next_shards(ledger, "night", 2)) == 2
    assert set(next_shards(ledger, "night", 100, ["night/customer-1/0-9"])) == everywhere - {"night/customer-1/0-9"}
    busy, *_ = job.shards()
    with LeaseKeeper(ledger) as keeper:
        lease = keeper.acquire(busy.pbx, "another/job/0-9")
        assert lease is not None
        assert set(next_shards(ledger, "night", 100)) == everywhere - {busy.id}
        keeper.release(lease)
    ledger.database.execute("UPDATE shard SET state = 'done' WHERE id = %s", (busy.id,))
    assert set(next_shards(ledger, "night", 100)) == everywhere - {busy.id} | {"night/customer-1/10-19"}


@pytest.mark.parametrize(
    ("change", "is_free", "left"),
    [
        ("state = 'waiting'", True, True),
        ("state = 'running'", True, True),  # its lease has ended
        ("state = 'paused', pauses = 1, not_before = clock_timestamp()", True, True),
        ("state = 'paused', pauses = 2, not_before = clock_timestamp() + interval '1 hour'", False, True),
        ("state = 'paused', pauses = 3", False, False),
        ("state = 'done'", False, False),
    ],
)
def test_what_can_be_started_and_what_is_left(
    ledger: PostgresLedger, job: SharedJob, change: str, is_free: bool, left: bool
) -> None:
    ledger.database.execute(f"UPDATE shard SET {change}")
    assert bool(next_shards(ledger, "night", 1)) is is_free
    assert is_left(ledger, "night") is left
    job.cancel()
    assert next_shards(ledger, "night", 1) == []
    assert not is_left(ledger, "night")


def test_a_lane_ends_where_only_a_person_can_help(ledger: PostgresLedger, systems: Systems) -> None:
    urls = {name: str(tenant.url) for name, tenant in systems.items()}
    job = make_job(ledger, urls | {"customer-2": closed_port()}, Limits(patience=0))

    async def until_paused(times: int) -> None:
        lane = asyncio.create_task(lane_of(ledger, systems))
        while {row.pauses for row in await asyncio.to_thread(list, job.shards())} != {0, times}:
            await asyncio.sleep(0.1)
        lane.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lane

    for times in (1, 2):
        asyncio.run(until_paused(times))
        ledger.database.execute("UPDATE shard SET not_before = clock_timestamp() WHERE not_before IS NOT NULL")
    counts = asyncio.run(lane_of(ledger, systems))
    assert counts == {"waiting": 0, "running": 0, "paused": 3, "done": SHARDS - 3}
    assert job.summary().status == "paused"


def test_a_cancelled_job_ends_its_lanes(ledger: PostgresLedger, job: SharedJob, systems: Systems) -> None:
    for tenant in systems.values():
        tenant.emulator.latency = 0.2

    async def cancelled() -> Mapping[str, int]:
        lane = asyncio.create_task(lane_of(ledger, systems, at_once=8))
        while not any(asked(tenant.emulator.journal) for tenant in systems.values()):
            await asyncio.sleep(0.02)
        await asyncio.to_thread(job.cancel)
        return await lane

    counts = asyncio.run(cancelled())
    assert counts["running"] == 0
    assert counts["waiting"] > 0
    summary = job.summary()
    assert summary.status == "cancelled"
    assert summary.counts["sent"] == summary.counts["unknown"] == 0


def test_a_lane_is_seen_while_it_works_and_is_gone_when_it_is_cancelled(
    ledger: PostgresLedger, job: SharedJob, systems: Systems
) -> None:
    async def cancelled() -> None:
        lane = asyncio.create_task(lane_of(ledger, systems))
        while not any(asked(tenant.emulator.journal) for tenant in systems.values()):
            await asyncio.sleep(0.02)
        (row,) = await asyncio.to_thread(lanes, ledger, "night")
        assert (row.job, row.machine, row.engine_run, row.is_dead) == ("night", "one", "run-7", False)
        lane.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lane

    asyncio.run(cancelled())
    assert lanes(ledger) == []
    assert job.summary().counts["sent"] == 0


def test_a_dead_lane_is_told_from_a_living_one_by_its_silence(
    ledger: PostgresLedger, job: SharedJob, systems: Systems
) -> None:
    begin = (
        "INSERT INTO lane (id, job, machine, pid, heartbeat) SELECT gen_random_uuid(), id, %s, 1,"
        " clock_timestamp() - %s * interval '1 second' FROM job"
    )
    ledger.database.execute(begin, ("dead", 95))
    ledger.database.execute(begin, ("alive", 80))
    assert [(row.machine, row.is_dead) for row in lanes(ledger)] == [("dead", True), ("alive", False)]
    assert remove_dead_lanes(ledger) == 1
    assert [row.machine for row in lanes(ledger, "night")] == ["alive"]
    assert lanes(ledger, "another") == []


def test_a_shard_whose_ledger_failed_is_tried_again(
    ledger: PostgresLedger, job: SharedJob, systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: set[str] = set()

    async def carry_out(shard: str) -> ShardResult:
        if shard not in failed:
            failed.add(shard)
            raise LeaseLost("The lease ended.")
        await asyncio.to_thread(ledger.database.execute, "UPDATE shard SET state = 'done' WHERE id = %s", (shard,))
        return ShardResult(shard, "done", {}, None, None)

    async def run() -> Mapping[str, int]:
        with LeaseKeeper(ledger) as keeper:
            return await run_lane(ledger, "night", carry_out, at_once=PBXS, keeper=keeper)

    assert asyncio.run(run())["done"] == SHARDS
    assert len(failed) == SHARDS


def test_a_lane_of_no_job_is_refused(ledger: PostgresLedger) -> None:
    async def run(**options: Any) -> None:
        with LeaseKeeper(ledger) as keeper:
            await run_lane(ledger, "night", lambda shard: arun_shard(ledger, shard), keeper=keeper, **options)

    with pytest.raises(ConfigurationError, match="There is no job 'night'"):
        asyncio.run(run())
    with pytest.raises(InvalidArgument):
        asyncio.run(run(at_once=0))


def test_a_database_that_restarts_ends_no_lane(
    cluster: Cluster, ledger: PostgresLedger, job: SharedJob, systems: Systems
) -> None:
    for tenant in systems.values():
        tenant.emulator.latency = 0.05

    async def restarted() -> Mapping[str, int]:
        lane = asyncio.create_task(lane_of(ledger, systems, at_once=8))
        while not any(asked(tenant.emulator.journal) for tenant in systems.values()):
            await asyncio.sleep(0.02)
        await asyncio.to_thread(cluster.stop, immediate=True)
        await asyncio.to_thread(cluster.start)
        return await lane

    assert asyncio.run(restarted())["done"] == SHARDS
    for tenant in systems.values():
        history = asked(tenant.emulator.journal)
        assert len(history) == ITEMS
        for requests in history.values():
            # Where Postgres takes long to start, shards are tried again, and look first at what was under way.
            assert [each.method for each in requests if each.method != "GET"] == ["DELETE"]
