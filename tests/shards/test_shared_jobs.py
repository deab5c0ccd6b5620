"""Jobs that machines share: making them, also at once; what is left of them; and how far they are."""

from __future__ import annotations

import json
import multiprocessing
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shards.conftest import URL, Expire, made, taken_over
from trunkline.errors import ConfigurationError, InvalidArgument, SignInError
from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger
from trunkline.transfer.period import Window
from trunkline.work.outcome import Outcome, described
from trunkline.work.state import State

DAY = timedelta(days=1)
START = datetime(2026, 11, 1, tzinfo=UTC)
WINDOWS = [Window(START, START + DAY), Window(START + DAY, START + 2 * DAY)]
TABLES = ("job", "target", "input", "shard", "outcome", "lane")


def rows(ledger: PostgresLedger) -> dict[str, int]:
    """How many rows each table of jobs has."""
    return {table: ledger.database.execute(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


@pytest.mark.parametrize(
    ("count", "size", "shards"),
    [
        (0, 500, []),
        (1, 500, ["0-0"]),
        (5, 2, ["0-1", "2-3", "4-4"]),
        (1000, 500, ["0-499", "500-999"]),
        (1001, 500, ["0-499", "500-999", "1000-1000"]),
        (2000, 2000, ["0-1999"]),
    ],
)
def test_each_pbx_has_the_same_shards_in_order(
    ledger: PostgresLedger, count: int, size: int, shards: list[str]
) -> None:
    targets = {"b / ö": URL, "a": "https://other.example.com:5001"}
    job = made(ledger, count=count, shard_size=size, targets=targets)
    assert [shard.id for shard in job.shards()] == [f"night/{name}/{part}" for name in targets for part in shards]
    for shard in job.shards(with_results=False):
        assert shard == ledger.shard(shard.id)
        assert (shard.job, shard.kind, shard.state, shard.pauses, shard.result) == (
            "night",
            "items",
            "waiting",
            0,
            None,
        )
        assert f"{shard.first}-{shard.last}" == shard.id.rpartition("/")[2]
        assert (shard.target, shard.url) in targets.items()
        assert shard.pbx in ("https://pbx.example.com:443", "https://other.example.com:5001")


@pytest.mark.parametrize("size", [0, 2001, -1, 1.5, True])
def test_a_size_that_is_none_is_refused(ledger: PostgresLedger, size: Any) -> None:
    with pytest.raises(InvalidArgument, match="A shard has 1 to 2,000 items"):
        made(ledger, shard_size=size)
    assert ledger.names() == []


@pytest.mark.parametrize("name", ["", ".night", "a/b", "a b", "x" * 65, "../night"])
def test_a_name_that_is_none_is_refused(ledger: PostgresLedger, name: str) -> None:
    with pytest.raises(InvalidArgument, match="is not a name for a job"):
        made(ledger, name)
    with pytest.raises(InvalidArgument, match="is not a name for a job"):
        SharedJob.create_reading(ledger, name, "status", {}, {"acme": URL})


def test_what_is_not_there_is_named(ledger: PostgresLedger) -> None:
    made(ledger, "one")
    made(ledger, "two")
    with pytest.raises(ConfigurationError, match="There is no job 'three'") as caught:
        SharedJob.open(ledger, "three")
    assert caught.value.hint.text == "There are: one, two."
    with pytest.raises(ConfigurationError, match="There is no shard 'one/acme/4-7'"):
        ledger.shard("one/acme/4-7")


def test_a_removed_job_leaves_no_row_and_others_stay(ledger: PostgresLedger, expire: Expire) -> None:
    made(ledger, "one")
    before = rows(ledger)
    made(ledger, "two")
    taken_over(ledger, "two/acme/0-3").record([Outcome(0, State.DONE, 1)])
    expire()
    ledger.remove("two")
    assert rows(ledger) == before
    with pytest.raises(ConfigurationError, match="There is no job 'two'"):
        ledger.remove("two")


def test_a_job_that_is_worked_on_is_running_and_stays(ledger: PostgresLedger, expire: Expire) -> None:
    job = made(ledger)
    assert job.summary().status == "waiting"
    taken_over(ledger, "night/acme/0-3")
    assert job.summary().status == "running"
    with pytest.raises(ConfigurationError, match="The job 'night' is running"):
        ledger.remove("night")
    expire()
    assert job.summary().status == "waiting"
    ledger.database.execute("UPDATE shard SET state = 'paused'")
    assert job.summary().status == "paused"
    ledger.remove("night")


def test_a_job_is_not_finished_before_what_a_dead_machine_left_is_looked_up(
    ledger: PostgresLedger, expire: Expire
) -> None:
    job = made(ledger)
    taken_over(ledger, "night/acme/0-3").record([Outcome(n, State.SENT, 1) for n in range(4)])
    taken_over(ledger, "night/acme/0-3")
    assert job.summary().counts["unknown"] == 4
    assert job.summary().status == "running"
    expire()
    assert job.summary().status == "waiting"
    ledger.database.execute("UPDATE shard SET state = 'done'")
    assert job.summary().status == "finished"


def test_a_lane_keeps_its_job_running(ledger: PostgresLedger) -> None:
    job, other = made(ledger), made(ledger, "other")
    ledger.database.execute(
        "INSERT INTO lane (id, job, machine, pid) VALUES (gen_random_uuid(), %s, 'here', 1)", [job.rows.id]
    )
    assert (job.summary().status, other.summary().status) == ("running", "waiting")
    ledger.database.execute("UPDATE lane SET heartbeat = heartbeat - interval '10 minutes'")
    assert job.summary().status == "waiting"


def test_a_paused_shard_shows_why_until_it_is_resumed(ledger: PostgresLedger) -> None:
    job = made(ledger, count=4, shard_size=2)
    error = described(SignInError("The PBX refused the API key.", status=401))
    ledger.database.execute(
        "UPDATE shard SET state = 'paused', pauses = 3, error = %s, not_before = clock_timestamp() WHERE first = 2",
        [json.dumps(error)],
    )
    (target,) = job.summary().targets
    assert target.halt == "The PBX refused the API key."
    assert [(shard.state, shard.pauses) for shard in job.shards()] == [("waiting", 0), ("paused", 3)]
    job.resume()
    assert [(shard.state, shard.pauses, shard.not_before) for shard in job.shards()] == [("waiting", 0, None)] * 2
    assert job.summary().targets[0].error is None


def test_only_shards_that_are_paused_or_have_unknown_items_are_resumed(ledger: PostgresLedger, expire: Expire) -> None:
    job = made(ledger, count=8, shard_size=2)
    taken_over(ledger, "night/acme/2-3").record([Outcome(3, State.UNKNOWN, 1)])
    expire()
    states = "CASE first WHEN 0 THEN 'done' WHEN 2 THEN 'done' WHEN 4 THEN 'running' ELSE 'paused' END"
    ledger.database.execute(f"UPDATE shard SET state = {states}")
    job.resume()
    assert [shard.state for shard in job.shards()] == ["done", "waiting", "running", "waiting"]


def test_a_reading_has_a_shard_for_each_window_of_each_pbx(ledger: PostgresLedger) -> None:
    targets = {"acme": URL, "other": "https://other.example.com"}
    SharedJob.create_reading(ledger, "log", "call_log", {"days": 2}, targets, WINDOWS)
    job = SharedJob.open(ledger, "log")
    assert (job.kind, job.parameters) == ("call_log", {"days": 2})
    shards = list(job.shards())
    assert [shard.id for shard in shards[:2]] == [
        "log/acme/20261101T000000Z-20261102T000000Z",
        "log/acme/20261102T000000Z-20261103T000000Z",
    ]
    assert [(shard.target, shard.window, shard.first) for shard in shards] == [
        (name, window, None) for name in targets for window in WINDOWS
    ]
    assert ledger.shard(shards[3].id) == shards[3]


def test_a_reading_without_windows_counts_its_shards(ledger: PostgresLedger) -> None:
    targets = {f"pbx{n}": f"https://pbx{n}.example.com" for n in range(30)}
    job = SharedJob.create_reading(ledger, "look", "status", {}, targets)
    assert [shard.id for shard in job.shards()] == [f"look/{name}" for name in targets]
    ledger.database.execute(
        "UPDATE shard SET state = 'done', result = %s::json WHERE target <= 25", [json.dumps({"Ä\0": [1, 2.5]})]
    )
    ledger.database.execute("UPDATE shard SET error = %s::json WHERE target = 25", [json.dumps({"message": "No."})])
    ledger.database.execute("UPDATE shard SET state = 'running' WHERE target = 26")
    summary = job.summary()
    assert summary.action == "status"
    assert summary.counts == {"not_started": 4, "sent": 1, "done": 24, "failed": 1, "unknown": 0}
    assert [shard.result for shard in job.shards()] == [{"Ä\0": [1, 2.5]}] * 25 + [None] * 5
    assert [shard.result for shard in job.shards(with_results=False)] == [None] * 30
    ledger.database.execute("UPDATE shard SET state = 'done'")
    assert job.summary().status == "finished"


def test_a_reading_of_one_pbx_twice_is_refused(ledger: PostgresLedger) -> None:
    with pytest.raises(ConfigurationError, match="are the same PBX"):
        SharedJob.create_reading(ledger, "look", "status", {}, {"a": URL, "b": f"{URL}/"})
    assert ledger.names() == []


def test_of_many_who_make_a_job_of_one_name_one_does(database_url: str, ledger: PostgresLedger) -> None:
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        results = pool.starmap(make_in_a_process, [(database_url, n) for n in range(2)])
    (winner,) = (n for n, message in enumerate(results) if not message)
    assert {message for message in results if message} == {"There is a job 'night' already."}
    assert {record["input"]["json"]["Id"] for record in SharedJob.open(ledger, "night").records()} == {winner}
    assert rows(ledger) == {"job": 1, "target": 1, "input": 50, "shard": 1, "outcome": 0, "lane": 0}


def make_in_a_process(url: str, n: int) -> str:
    """Make the job, with items of one's own; return why that is not possible."""
    with PostgresLedger(url) as ledger:
        try:
            SharedJob.create(ledger, "night", "fax.delete", {"Id": "{{ $json.Id }}"}, [{"Id": n}] * 50, {"acme": URL})
        except ConfigurationError as problem:
            return problem.message
    return ""


def test_a_job_whose_maker_was_killed_says_so_and_can_be_removed(database_url: str, ledger: PostgresLedger) -> None:
    maker = f"""
import os, signal
from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger
def items():
    for n in range(7000):
        yield {{"Id": n}}
    os.kill(os.getpid(), signal.SIGKILL)
SharedJob.create(PostgresLedger({database_url!r}), "night", "fax.delete", {{"Id": 1}}, items(), {{"acme": {URL!r}}})
"""
    assert subprocess.run([sys.executable, "-c", maker], check=False).returncode == -signal.SIGKILL
    assert rows(ledger)["input"] > 0
    with pytest.raises(ConfigurationError, match="was not read to its end, so nothing was sent") as caught:
        SharedJob.open(ledger, "night")
    assert caught.value.hint.action == "job.remove"
    ledger.remove("night")
    assert set(rows(ledger).values()) == {0}


def test_a_job_that_is_removed_while_it_is_made_is_not_made(database_url: str, ledger: PostgresLedger) -> None:
    def items() -> Iterator[dict[str, Any]]:
        yield from ({"Id": n} for n in range(6000))
        with PostgresLedger(database_url) as other:
            other.remove("night")
        yield from ({"Id": n} for n in range(6000))

    with pytest.raises(ConfigurationError, match="The job 'night' was removed"):
        SharedJob.create(ledger, "night", "fax.delete", {"Id": "{{ $json.Id }}"}, items(), {"acme": URL})
    assert set(rows(ledger).values()) == {0}


def test_who_looks_sees_a_job_whole_while_it_is_worked_on(database_url: str, ledger: PostgresLedger) -> None:
    job = made(ledger, count=300, shard_size=100)
    stop = threading.Event()

    def work() -> None:
        with PostgresLedger(database_url) as other:
            for shard in SharedJob.open(other, "night").shards():
                entries = taken_over(other, shard.id)
                while (entry := entries.take()) is not None:
                    entries.record([Outcome(entry.n, State.SENT, 1)])
                    entries.record([Outcome(entry.n, State.DONE, 1)])
        stop.set()

    thread = threading.Thread(target=work)
    thread.start()
    done = [0]
    while not stop.is_set():
        counts = job.summary().counts
        assert sum(counts.values()) == 300
        done.append(counts["done"])
    thread.join()
    assert done == sorted(done)
    assert [record["item"] for record in job.records([State.DONE])] == list(range(300))


def test_no_text_has_anything_of_an_item(ledger: PostgresLedger) -> None:
    secret = "a-password-of-an-item"
    job = SharedJob.create(ledger, "night", "fax.delete", {"Id": 1}, [{"AuthPassword": secret}], {"acme": URL})
    shard = taken_over(ledger, "night/acme/0-0")
    entry = shard.take()
    assert entry is not None
    assert secret in str(entry.item)
    assert secret not in f"{job!r} {ledger!r} {shard!r} {entry!r} {job.rows!r} {list(job.shards())!r}"
    with pytest.raises(InvalidArgument) as caught:
        SharedJob.create(ledger, "b", "fax.delete", {"Id": 1}, [{"AuthPassword": secret, "n": object()}], {"acme": URL})
    assert secret not in f"{caught.value!r} {caught.value}"
