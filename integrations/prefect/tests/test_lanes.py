"""A lane in this process: its tasks, what stops it, and a Prefect that goes away."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelling

from trunkline.shards.job import SharedJob
from trunkline.shards.lane import lanes
from trunkline.shards.ledger import Kind, PostgresLedger
from trunkline.shards.readings import plan
from trunkline.shards.run import ShardResult
from trunkline.work.outcome import ErrorRecord
from trunkline_emulator.tenants import Tenant
from trunkline_prefect.api import runs_of, tags_of
from trunkline_prefect.flows import fleet_job
from trunkline_prefect.lanes import shards, shown
from trunkline_prefect.tables import table_of_drift, table_of_exports, table_of_status

from .prefect_runs import carried_out, lanes_of, message_of, task_runs_of

# Prefect's client, in this process, leaves sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

if TYPE_CHECKING:
    from .conftest import Serve, Server

ITEMS = 100


def made(ledger_url: str, job: str, tenants: list[Tenant], items: int = ITEMS) -> None:
    targets = {f"pbx-{number}": tenant.url for number, tenant in enumerate(tenants, 1)}
    with PostgresLedger(ledger_url) as ledger:
        rows = ({"Id": 100 + n} for n in range(items))
        SharedJob.create(
            ledger, job, "fax.delete", {"Id": "{{ $json.Id }}"}, rows, targets, confirm=lambda _: True, shard_size=50
        )


def counts(ledger_url: str, job: str) -> dict[str, int]:
    with PostgresLedger(ledger_url) as ledger:
        return {state: number for state, number in SharedJob.open(ledger, job).summary().counts.items() if number}


def deleted(tenants: list[Tenant]) -> int:
    return sum(entry.effect for tenant in tenants for entry in tenant.emulator.journal if entry.method == "DELETE")


@contextmanager
def meanwhile(is_so: Callable[[], object], what: Callable[[], object]) -> Iterator[None]:
    """Do something in a thread once something is so."""
    over = threading.Event()

    def wait() -> None:
        while not over.wait(0.02):
            if is_so():
                what()
                return

    thread = threading.Thread(target=copy_context().run, args=(wait,))  # the context names the server
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_each_shard_is_a_task_run(server: Server, ledger_url: str, pbxes: Serve, job: str) -> None:
    """A failed item makes its task run fail, and not the lane; nothing is repeated because of it."""
    tenants = pbxes(2, items=ITEMS)
    tenants[1].emulator.ask("DELETE", "/Fax(120)")
    made(ledger_url, job, tenants)
    ended = carried_out(shards, {"job": job}, *tags_of(job))
    assert (ended.state_name, message_of(ended)) == ("Completed", f"Shards of {job}: 4 done")
    assert counts(ledger_url, job) == {"done": 2 * ITEMS - 1, "failed": 1}
    found = {run.name: (run.state_name, message_of(run)) for run in task_runs_of(job)}
    assert found == {
        f"{job}/pbx-1/0-49": ("Completed", "50 done"),
        f"{job}/pbx-1/50-99": ("Completed", "50 done"),
        f"{job}/pbx-2/0-49": ("Failed", "49 done, 1 failed"),
        f"{job}/pbx-2/50-99": ("Completed", "50 done"),
    }
    assert deleted(tenants) == 2 * ITEMS, "one of them by this test"


@pytest.mark.parametrize(("is_cancelled", "state"), [(False, "Crashed"), (True, "Cancelled")])
def test_sigterm_lets_requests_finish(
    server: Server, ledger_url: str, pbxes: Serve, job: str, is_cancelled: bool, state: str
) -> None:
    """Nothing is left in between, and others can have the PBX at once."""
    tenants = pbxes(1, items=ITEMS, latency=0.1)
    made(ledger_url, job, tenants)

    def stop() -> None:
        if is_cancelled:
            with get_client(sync_client=True) as client:
                (run,) = lanes_of(job, StateType.RUNNING)
                client.set_flow_run_state(run.id, Cancelling())
        os.kill(os.getpid(), signal.SIGTERM)

    with meanwhile(lambda: deleted(tenants) > 20, stop):
        ended = carried_out(shards, {"job": job}, *tags_of(job))
    assert ended.state_name == state
    found = counts(ledger_url, job)
    assert set(found) == {"done", "not_started"}
    assert found["done"] == deleted(tenants) < ITEMS
    with PostgresLedger(ledger_url) as ledger:
        assert lanes(ledger, job) == []
        assert ledger.database.execute("SELECT count(*) FROM lease WHERE expires > clock_timestamp()") == [(0,)]


def test_cancelling_the_run_that_sees_it_through_cancels_the_job(
    deployed: Server, ledger_url: str, pbxes: Serve, job: str
) -> None:
    tenants = pbxes(1, items=ITEMS, latency=0.1)
    made(ledger_url, job, tenants)

    def cancel() -> None:
        with get_client(sync_client=True) as client:
            (run,) = client.read_flow_runs(**runs_of(["fleet-job"], [StateType.RUNNING], job))
            client.set_flow_run_state(run.id, Cancelling())
        os.kill(os.getpid(), signal.SIGTERM)

    with meanwhile(lambda: lanes_of(job), cancel):
        ended = carried_out(fleet_job, {"job": job, "lanes": 2})
    assert ended.state_name == "Cancelled"
    assert lanes_of(job, StateType.SCHEDULED) == []
    with PostgresLedger(ledger_url) as ledger:
        assert SharedJob.open(ledger, job).summary().status == "cancelled"


def test_prefect_goes_away_and_comes_back(server: Server, ledger_url: str, pbxes: Serve, job: str) -> None:
    """The ledger decides, so the work goes on."""
    tenants = pbxes(3, items=ITEMS, latency=0.1)
    made(ledger_url, job, tenants)
    restarted = threading.Event()

    def restart() -> None:
        server.stop(signal.SIGKILL)
        time.sleep(1)
        server.start()
        restarted.set()

    with meanwhile(lambda: deleted(tenants) > 20, restart):
        carried_out(shards, {"job": job}, *tags_of(job))
    assert restarted.is_set()
    assert counts(ledger_url, job) == {"done": 3 * ITEMS}
    assert deleted(tenants) == 3 * ITEMS


ERROR = ErrorRecord(
    code="no_answer",
    status=None,
    message="pbx-1 doesn't answer.",
    hint={"text": "Look.", "action": "", "arguments": {}},
)


@pytest.mark.parametrize(
    ("state", "counted", "error", "retry_in", "name", "message"),
    [
        ("done", {}, None, None, "Completed", "Read."),
        ("done", {}, ERROR, None, "Failed", "pbx-1 doesn't answer. Look."),
        ("done", {"done": 2, "failed": 1}, None, None, "Failed", "2 done, 1 failed"),
        ("paused", {}, ERROR, 60.0, "Paused", "pbx-1 doesn't answer. Look. It is tried again in 60 s."),
        (
            "paused",
            {"done": 2, "not_started": 1},
            ERROR,
            None,
            "Paused",
            "pbx-1 doesn't answer. Look. 2 done, 1 not started",
        ),
        ("cancelled", {}, None, None, "Cancelled", "The job was cancelled."),
        ("busy", {}, None, 2.0, "Busy", "Another process works on this PBX."),
    ],
)
def test_the_outcome_of_a_shard_in_words(
    state: Any, counted: dict[str, int], error: ErrorRecord | None, retry_in: float | None, name: str, message: str
) -> None:
    found = shown(ShardResult("job/pbx-1", state, counted, error, retry_in))
    assert (found.name, found.message) == (name, message)


@pytest.mark.parametrize(
    ("kind", "table_of", "row"),
    [
        ("status", table_of_status, r"\| pbx-1 \| [\d.]+ \| 1 \| There is no backup\. \|  \|"),
        ("drift", table_of_drift, r"\| pbx-1 \| [\d,]+ \| 0 \| 0 \| \d+ \| nothing: first reading \|  \|"),
        ("call_log", table_of_exports, r"\| pbx-1 \| 1 \| 0 \| \d+ \|  \|"),
    ],
)
def test_a_table_of_what_was_read(
    server: Server,
    ledger_url: str,
    pbxes: Serve,
    job: str,
    tmp_path: Path,
    kind: Kind,
    table_of: Callable[[SharedJob], str],
    row: str,
) -> None:
    (tenant,) = pbxes(1)
    parameters = {"folder": str(tmp_path)} if kind == "call_log" else {}
    with PostgresLedger(ledger_url) as ledger:
        windows = plan(kind, parameters, datetime.now(UTC))
        reading = SharedJob.create_reading(ledger, job, kind, parameters, {"pbx-1": tenant.url}, windows)
        ended = carried_out(shards, {"job": job}, *tags_of(job))
        assert ended.state_name == "Completed"
        lines = table_of(reading).splitlines()
    assert len(lines) == 3
    assert lines[0].count("|") == lines[2].count("|")
    assert re.fullmatch(row, lines[2]), lines[2]
