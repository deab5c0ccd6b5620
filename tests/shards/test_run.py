"""A shard is carried out once, whoever starts it how often; and whatever keeps it from its PBX is in its result."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nasty import closed_port
from sharded import asked, most_at_once, named, opener, rows_to_delete, sign_ins
from trunkline import AsyncPbx
from trunkline.errors import ConfigurationError
from trunkline.jobs import Limits
from trunkline.shards import run as shard_run
from trunkline.shards.job import SharedJob
from trunkline.shards.lease import LeaseKeeper
from trunkline.shards.ledger import Kind, LeaseLost, PostgresLedger
from trunkline.shards.opening import OpenPbx
from trunkline.shards.run import ShardResult, arun_shard, run_shard
from trunkline.work.ledger import LedgerFailed
from trunkline.work.outcome import Outcome
from trunkline.work.state import State
from trunkline_emulator import fleet
from trunkline_emulator.tenants import Tenant

if TYPE_CHECKING:
    from trunkline_prefect.cluster import Cluster

ITEMS, SIZE = 30, 10
SHARD = "night/customer-1/0-9"
NOTHING = {"not_started": 0, "sent": 0, "done": 0, "failed": 0, "unknown": 0}


@pytest.fixture
def ledger(database_url: str) -> Iterator[PostgresLedger]:
    with PostgresLedger(database_url) as ledger:
        yield ledger


@pytest.fixture
def pbx() -> Iterator[Tenant]:
    with fleet(1, seed={"Fax": rows_to_delete(ITEMS)}, api_key="k", latency=0.01) as (tenant,):
        yield tenant


@pytest.fixture
def open_pbx(ledger: PostgresLedger, pbx: Tenant) -> OpenPbx:
    return opener(ledger, named([pbx]))


def make_job(ledger: PostgresLedger, url: str, limits: Limits = Limits(), count: int = ITEMS) -> SharedJob:  # noqa: B008
    items = ({"Id": row["Id"]} for row in rows_to_delete(count))
    parameters = {"Id": "{{ $json.Id }}"}
    return SharedJob.create(
        ledger, "night", "fax.delete", parameters, items, {"customer-1": url}, limits, shard_size=SIZE
    )


@pytest.fixture
def job(ledger: PostgresLedger, pbx: Tenant) -> SharedJob:
    return make_job(ledger, str(pbx.url))


def states(job: SharedJob) -> list[str]:
    return [row.state for row in job.shards()]


def deleted(pbx: Tenant) -> list[int]:
    return sorted(n for n, requests in asked(pbx.emulator.journal).items() for each in requests if each.effect)


def test_a_shard_is_carried_out_and_the_others_are_left(
    ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    assert run_shard(ledger, SHARD, open_pbx) == ShardResult(SHARD, "done", {**NOTHING, "done": SIZE}, None, None)
    assert deleted(pbx) == list(range(100, 100 + SIZE))
    assert states(job) == ["done", "waiting", "waiting"]
    assert most_at_once(pbx.emulator.journal) <= 4
    assert [record["attempts"] for record in job.records([State.DONE])] == [1] * SIZE


def test_a_shard_that_is_done_is_not_asked_for_again(
    ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_pbx: OpenPbx, database_url: str
) -> None:
    first = run_shard(ledger, SHARD, open_pbx)
    count = len(pbx.emulator.journal)
    assert run_shard(database_url, SHARD, open_pbx) == first, "the address of the ledger will do"
    assert len(pbx.emulator.journal) == count


def test_of_two_that_start_a_shard_at_once_one_works(
    ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    async def both() -> list[ShardResult]:
        return await asyncio.gather(*(arun_shard(ledger, SHARD, open_pbx) for _ in range(2)))

    results = sorted(asyncio.run(both()))
    assert sorted(result.state for result in results) == ["busy", "done"]
    (busy,) = [result for result in results if result.state == "busy"]
    assert busy.retry_in is not None
    assert 0 < busy.retry_in < 10
    assert deleted(pbx) == list(range(100, 100 + SIZE))


def test_shards_of_one_pbx_never_run_at_once(
    ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    async def two() -> list[ShardResult]:
        with LeaseKeeper(ledger) as keeper:
            return await asyncio.gather(
                *(arun_shard(ledger, row.id, open_pbx, keeper=keeper) for row in list(job.shards())[:2])
            )

    assert sorted(result.state for result in asyncio.run(two())) == ["busy", "done"]
    assert most_at_once(pbx.emulator.journal) <= 4


def test_what_a_dead_process_left_as_sent_is_looked_up_before_it_is_sent(
    ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    with LeaseKeeper(ledger) as keeper:
        lease = keeper.acquire(next(job.shards()).pbx, SHARD)
        assert lease is not None
        from trunkline.shards.ledger import ShardLedger

        ShardLedger(ledger, ledger.shard(SHARD), lease).record([Outcome(n, State.SENT, 1) for n in range(5)])
        pbx.emulator.ask("DELETE", "/Fax(100)")  # of these it was answered by none, and carried out for one
        before = len(pbx.emulator.journal)
        keeper.release(lease)
    assert run_shard(ledger, SHARD, open_pbx).counts == {**NOTHING, "done": SIZE}
    history = asked(pbx.emulator.journal[before:])
    assert [each.method for each in history[100]] == ["GET"]
    assert [each.method for n in range(101, 105) for each in history[n]] == ["GET", "DELETE"] * 4
    assert [each.method for n in range(105, 110) for each in history[n]] == ["DELETE"] * 5


def test_a_pbx_that_is_away_pauses_all_its_shards_for_a_while_and_then_for_good(
    ledger: PostgresLedger, pbx: Tenant
) -> None:
    away = closed_port()
    job = make_job(ledger, away, Limits(patience=0))

    def open_pbx(name: str) -> AsyncPbx:
        return AsyncPbx(away, "c", "k", label=name, token_store=None)

    results = []
    for _ in range(shard_run.PAUSES):
        results.append(run_shard(ledger, SHARD, open_pbx))
        ledger.database.execute("UPDATE shard SET not_before = clock_timestamp() WHERE not_before IS NOT NULL")
    assert [(result.state, result.retry_in) for result in results] == [
        ("paused", 60),
        ("paused", 240),
        ("paused", None),
    ]
    assert all(result.error is not None and result.error["code"] == "unreachable" for result in results)
    assert results[0].counts == {**NOTHING, "not_started": SIZE}, "no item is used up"
    assert [(row.state, row.pauses) for row in job.shards()] == [("paused", 3)] * 3
    assert job.summary().targets[0].error == results[0].error
    again = run_shard(ledger, SHARD, open_pbx)
    assert (again.state, again.retry_in) == ("paused", None), "nobody takes it until the job is resumed"
    job.resume()
    assert run_shard(ledger, SHARD, open_pbx).retry_in == 60


def test_a_refused_key_pauses_the_pbx_until_the_job_is_resumed(ledger: PostgresLedger, pbx: Tenant) -> None:
    job = make_job(ledger, str(pbx.url))
    from trunkline.shards.tokens import TokenRows

    def open_wrong(name: str) -> AsyncPbx:
        return AsyncPbx(str(pbx.url), pbx.client_id, "wrong-key-0123456789", label=name, token_store=TokenRows(ledger))

    result = run_shard(ledger, SHARD, open_wrong)
    assert (result.state, result.retry_in) == ("paused", None)
    assert result.error is not None
    assert result.error["code"] == "sign_in"
    assert "wrong-key" not in str(result)
    assert states(job) == ["paused"] * 3
    assert sign_ins(pbx.emulator.journal) == [400]


def test_a_pbx_that_works_again_lets_its_other_shards_be_taken(
    ledger: PostgresLedger, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    job = make_job(ledger, str(pbx.url), Limits(patience=0))
    pbx.emulator.add_fault("503@/Fax(*")
    assert run_shard(ledger, SHARD, open_pbx).state == "paused"
    assert states(job) == ["paused"] * 3
    pbx.emulator.clear_faults()
    assert run_shard(ledger, SHARD, open_pbx).state == "done"
    assert states(job) == ["done", "waiting", "waiting"]


def raising(_: str) -> AsyncPbx:
    raise ConfigurationError("No profile is called 'customer-1'.")


def exploding(_: str) -> AsyncPbx:
    raise ZeroDivisionError("a library's own")


@pytest.mark.parametrize(
    ("open_", "code"),
    [
        (raising, "configuration"),
        (exploding, "unexpected"),
        (lambda name: AsyncPbx("https://other.example.com", "c", "k", token_store=None), "configuration"),
    ],
    ids=["no such profile here", "a foreign exception", "another PBX"],
)
def test_a_client_that_can_t_be_had_pauses_the_shard(
    ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_: OpenPbx, code: str
) -> None:
    result = run_shard(ledger, SHARD, open_)
    assert (result.state, result.retry_in) == ("paused", 60), "another machine may fare better"
    assert result.error is not None
    assert result.error["code"] == code
    assert pbx.emulator.journal == []


def test_items_that_fail_by_themselves_end_nothing(ledger: PostgresLedger, pbx: Tenant, open_pbx: OpenPbx) -> None:
    make_job(ledger, str(pbx.url), count=ITEMS + SIZE)
    result = run_shard(ledger, "night/customer-1/30-39", open_pbx)
    assert (result.state, result.counts) == ("done", {**NOTHING, "failed": SIZE})


def test_too_many_failures_on_all_machines_stop_the_job_until_it_is_resumed(
    ledger: PostgresLedger, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    job = make_job(ledger, str(pbx.url), Limits(max_errors=15), count=ITEMS + 3 * SIZE)
    assert run_shard(ledger, "night/customer-1/30-39", open_pbx).state == "done", "ten failed, which is not enough"
    result = run_shard(ledger, "night/customer-1/40-49", open_pbx)
    assert result.state == "paused"
    assert result.error is not None
    assert "stops after 15" in result.error["message"]
    assert states(job) == ["paused"] * 3 + ["done"] + ["paused"] * 2
    assert run_shard(ledger, SHARD, open_pbx).state == "paused"
    job.resume()
    assert run_shard(ledger, "night/customer-1/50-59", open_pbx).state == "done", "those that failed before don't count"


def test_a_job_that_is_resumed_looks_up_what_nobody_knew(
    ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    run_shard(ledger, SHARD, open_pbx)
    ledger.database.execute("UPDATE outcome SET state = %s WHERE n = 3", (int(State.UNKNOWN),))
    before = len(pbx.emulator.journal)
    assert run_shard(ledger, SHARD, open_pbx).counts == {**NOTHING, "done": SIZE - 1, "unknown": 1}
    job.resume()
    assert run_shard(ledger, SHARD, open_pbx).counts == {**NOTHING, "done": SIZE}
    assert [(entry.method, entry.path) for entry in pbx.emulator.journal[before:]] == [
        ("GET", "/xapi/v1/Fax(103)?$select=Id")
    ]


def test_a_saved_profile_is_opened_by_its_name_and_its_token_is_kept_for_all_machines(
    ledger: PostgresLedger, job: SharedJob, pbx: Tenant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    profiles = tmp_path / "profiles.toml"
    saved = {"url": str(pbx.url), "client_id": pbx.client_id, "client_secret": pbx.api_key}
    profiles.write_text("[customer-1]\n" + "".join(f'{name} = "{text}"\n' for name, text in saved.items()))
    profiles.chmod(0o600)
    monkeypatch.setenv("TRUNKLINE_PROFILES", str(profiles))
    assert [run_shard(ledger, row.id).state for row in job.shards()] == ["done"] * 3
    assert sign_ins(pbx.emulator.journal) == [200]
    assert ledger.database.execute("SELECT server, client_id FROM token") == [(str(pbx.url), pbx.client_id)]
    monkeypatch.setenv("TRUNKLINE_PROFILES", str(tmp_path / "none.toml"))
    SharedJob.create(ledger, "day", "fax.delete", {"Id": "{{ $json.Id }}"}, [{"Id": 1}], {"customer-1": str(pbx.url)})
    result = run_shard(ledger, "day/customer-1/0-0")
    assert result.error is not None
    assert (result.state, result.error["code"]) == ("paused", "configuration")


def test_a_cancelled_job_sends_nothing_more(
    ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    job.cancel()
    result = run_shard(ledger, SHARD, open_pbx)
    assert (result.state, result.counts) == ("cancelled", {**NOTHING, "not_started": SIZE})
    assert pbx.emulator.journal == []


def slow_down(pbx: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    pbx.emulator.latency = 0.3
    monkeypatch.setattr(shard_run, "LOOK_AGAIN", 0.1)


def meanwhile(pbx: Tenant, action: Callable[[], object]) -> threading.Thread:
    """Do something once the first requests are under way."""

    def wait() -> None:
        while not asked(pbx.emulator.journal):
            threading.Event().wait(0.02)
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_job_that_is_cancelled_meanwhile_finishes_its_requests_and_ends(
    ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_pbx: OpenPbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(pbx, monkeypatch)
    thread = meanwhile(pbx, job.cancel)
    result = run_shard(ledger, SHARD, open_pbx)
    thread.join()
    assert result.state == "cancelled"
    assert result.counts["sent"] == result.counts["unknown"] == 0
    assert 0 < result.counts["done"] == len(deleted(pbx)) < SIZE
    assert states(job)[0] == "waiting"


def test_work_that_is_cancelled_gives_the_lease_back_with_nothing_in_progress(
    ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    pbx.emulator.latency = 0.2

    async def cancelled() -> None:
        with LeaseKeeper(ledger) as keeper:
            task = asyncio.create_task(arun_shard(ledger, SHARD, open_pbx, keeper=keeper))
            while not asked(pbx.emulator.journal):
                await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancelled())
    counts = job.summary().counts
    assert counts["sent"] == counts["unknown"] == 0
    assert counts["done"] == len(deleted(pbx)) < SIZE
    assert run_shard(ledger, SHARD, open_pbx).state == "done"
    assert deleted(pbx) == list(range(100, 100 + SIZE))


def test_who_loses_the_lease_sends_nothing_more(
    ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    pbx.emulator.latency = 0.5
    with PostgresLedger(ledger.database.separate()) as other:  # connected before, for the shard lasts a moment only
        other.database.execute("SELECT 1")
        thread = meanwhile(pbx, lambda: other.database.execute("UPDATE lease SET expires = clock_timestamp()"))
        with pytest.raises(LeaseLost):
            run_shard(ledger, SHARD, open_pbx)
        thread.join()
    sent = asked(pbx.emulator.journal)
    assert len(sent) < SIZE
    pbx.emulator.latency = 0.0
    assert run_shard(ledger, SHARD, open_pbx).state == "done"
    assert deleted(pbx) == list(range(100, 100 + SIZE))
    # What was noted as sent is looked up, and deleted where it is still there. Its first request may not have begun
    # when the lease was lost, or may arrive even after the look.
    for requests in asked(pbx.emulator.journal).values():
        methods = [each.method for each in requests]
        assert methods == ["DELETE"] or (methods.count("GET") == 1 and methods.count("DELETE") <= 2)


def test_a_database_that_restarts_is_waited_for(
    cluster: Cluster, ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    pbx.emulator.latency = 0.1

    def restart() -> None:
        cluster.stop(immediate=True)
        cluster.start()

    thread = meanwhile(pbx, restart)
    result = run_shard(ledger, SHARD, open_pbx)
    thread.join()
    assert (result.state, result.counts) == ("done", {**NOTHING, "done": SIZE})
    assert all(len(requests) == 1 for requests in asked(pbx.emulator.journal).values()), "nothing was sent twice"


def test_without_a_database_nothing_is_sent(
    cluster: Cluster, ledger: PostgresLedger, job: SharedJob, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    pbx.emulator.latency = 0.1
    thread = meanwhile(pbx, lambda: cluster.stop(immediate=True))

    async def short() -> ShardResult:
        with LeaseKeeper(ledger, ttl=3) as keeper:
            return await arun_shard(ledger, SHARD, open_pbx, keeper=keeper)

    with pytest.raises(LedgerFailed):
        asyncio.run(short())
    thread.join()
    assert len(asked(pbx.emulator.journal)) <= 8
    cluster.start()
    ledger.database.execute("UPDATE lease SET expires = clock_timestamp()")  # as if the time had passed
    assert run_shard(ledger, SHARD, open_pbx).state == "done"
    assert deleted(pbx) == list(range(100, 100 + SIZE))


def test_a_shard_or_a_job_that_is_not_there_is_said(ledger: PostgresLedger, job: SharedJob, open_pbx: OpenPbx) -> None:
    with pytest.raises(ConfigurationError, match="There is no shard"):
        run_shard(ledger, "night/customer-1/7-8", open_pbx)


def test_a_reading_leaves_its_result(ledger: PostgresLedger, pbx: Tenant, open_pbx: OpenPbx) -> None:
    job = SharedJob.create_reading(ledger, "look", "status", {}, {"customer-1": str(pbx.url)})
    assert run_shard(ledger, "look/customer-1", open_pbx) == ShardResult("look/customer-1", "done", {}, None, None)
    (row,) = job.shards()
    assert row.state == "done"
    assert row.result
    assert most_at_once(pbx.emulator.journal) <= 4


def test_a_pbx_that_is_away_pauses_a_reading_but_ends_a_status(ledger: PostgresLedger) -> None:
    away = closed_port()
    expected: list[tuple[Kind, str, int | None]] = [("drift", "paused", 60), ("status", "done", None)]
    for kind, state, retry_in in expected:
        SharedJob.create_reading(ledger, kind, kind, {}, {"customer-1": away})
        result = run_shard(ledger, f"{kind}/customer-1", lambda name: AsyncPbx(away, "c", "k", token_store=None))
        assert (result.state, result.retry_in) == (state, retry_in)
        assert result.error is not None
        assert result.error["code"] == "unreachable"


def test_a_reading_that_makes_no_sense_is_not_tried_again(
    ledger: PostgresLedger, pbx: Tenant, open_pbx: OpenPbx
) -> None:
    job = SharedJob.create_reading(ledger, "odd", "drift", {"colour": "red"}, {"customer-1": str(pbx.url)})
    result = run_shard(ledger, "odd/customer-1", open_pbx)
    assert result.state == "done"
    assert result.error is not None
    assert job.summary().counts["failed"] == 1
