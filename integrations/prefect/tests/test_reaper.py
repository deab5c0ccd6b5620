"""A machine that dies while it works: its runs are ended, others go on, and each item is carried out once."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import prefect
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.states import Pending, Running, Scheduled

from trunkline.shards.ledger import PostgresLedger
from trunkline_emulator.tenants import Tenant
from trunkline_prefect.api import REAPER, deployment_of
from trunkline_prefect.reaper import Reaped, reap, reaper

from .conftest import until
from .prefect_runs import carried_out, lanes_of, message_of, read, run_of, start

# Prefect's client, in this process, leaves sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

if TYPE_CHECKING:
    from .conftest import Serve, Server, Worker

UNENDED = FlowRunFilter(
    state=FlowRunFilterState(
        type=FlowRunFilterStateType(
            any_=[StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING, StateType.PAUSED]
        )
    )
)
ITEMS = 150
SILENT_AFTER = 2.0


@pytest.fixture(autouse=True)
def _alone(_worker: Worker, ledger_url: str) -> None:
    """Remove what earlier tests left: a reaper looks at all runs and jobs, and a worker that is stopped leaves some."""
    _worker.stop()
    with PostgresLedger(ledger_url) as ledger, get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=UNENDED):
            client.delete_flow_run(run.id)
        ledger.database.execute("DELETE FROM job")


def requests(tenant: Tenant) -> dict[int, list[tuple[str, bool]]]:
    """What a PBX was asked of each fax: the method, and whether something was changed."""
    found = defaultdict(list)
    for entry in tenant.emulator.journal:
        if match := re.match(r"/xapi/v1/Fax\((\d+)\)", entry.path):
            found[int(match[1])].append((entry.method, entry.effect))
    return found


def look(ledger: PostgresLedger) -> Reaped:
    @prefect.flow
    async def one_look() -> Reaped:
        return await reap(ledger, SILENT_AFTER)

    try:
        return asyncio.run(one_look())
    finally:
        gc.collect()  # the sockets, while this test ignores what is said of them


def test_a_machine_dies(worker: Worker, ledger_url: str, pbxes: Serve, job: str, tmp_path: Path) -> None:
    """Worker, lane and the run that sees the job through are killed at once, with requests in progress."""
    tenants = pbxes(2, items=ITEMS, latency=0.2)
    source = tmp_path / "faxes.jsonl"
    source.write_text("".join(json.dumps({"Id": 100 + n}) + "\n" for n in range(ITEMS)))
    parameters = {"job": job, "action": "fax.delete", "parameters": {"Id": "{{ $json.Id }}"}, "lanes": 1}
    run = start("fleet-job", {**parameters, "items_file": str(source), "profiles": ["pbx-*"], "confirm": True})
    until(lambda: len(requests(tenants[1])) > 20, "the second PBX is asked")
    worker.kill()
    assert [lane.state_type for lane in lanes_of(job)] == [StateType.RUNNING], "a zombie"
    assert read(run).state_type is StateType.RUNNING

    with PostgresLedger(ledger_url) as ledger:
        reaped = until(lambda: (found := look(ledger)).started and found, "the reaper finds them")
        assert reaped == Reaped(ended=2, resumed=1, started=1)
        assert read(run).state_name == "AwaitingRetry"
        dead = lanes_of(job, StateType.CRASHED)
        assert ["its process is gone" in str(message_of(lane)) for lane in dead] == [True]
        assert len(lanes_of(job, StateType.SCHEDULED)) == 1
        assert look(ledger) == Reaped(0, 0, 0), "a second look finds nothing to do"
        # The leases last for as long as a request of the dead could be under way. They are dead, so this need not wait.
        ledger.database.execute("UPDATE lease SET expires = clock_timestamp()")

    worker.start()
    ended = run_of(run)
    assert (ended.state_name, message_of(ended)) == ("Completed", f"{2 * ITEMS} done.")
    assert len(lanes_of(job)) == 2
    for tenant in tenants:
        history = requests(tenant)
        assert len(history) == ITEMS
        for asked in history.values():
            assert [effect for method, effect in asked if method == "DELETE"].count(True) == 1
            for (first, _), (second, _) in itertools.pairwise(asked):
                assert (first, second) != ("DELETE", "DELETE"), "sent again unchecked"


@pytest.fixture
def rested(ledger_url: str) -> PostgresLedger:
    """A ledger in which no reaper has begun lately."""
    ledger = PostgresLedger(ledger_url)
    ledger.database.execute("DELETE FROM reaper")
    return ledger


def test_a_dead_reaper_keeps_the_next_one_from_nothing(worker: Worker, rested: PostgresLedger) -> None:
    """One died before its process began, one after; both are ended once they are silent."""
    worker.stop()
    dead = [start(REAPER, {}) for _ in range(2)]
    states: list[State[None]] = [Pending(), Pending(), Running()]
    with rested, get_client(sync_client=True) as client:
        for state, run in zip(states, [*dead, dead[1]], strict=True):
            assert client.set_flow_run_state(run, state).status is SetStateStatus.ACCEPT
        worker.start()
        assert message_of(run_of(start(REAPER, {}))) == "0 runs ended, 0 runs go on, 0 lanes started."
        until(lambda: look(rested) and all(read(run).state_name == "Crashed" for run in dead), "both are ended")


def test_one_reaper_works_at_a_time(server: Server, rested: PostgresLedger) -> None:
    with rested:
        assert "0 lanes started" in str(message_of(carried_out(reaper, {})))
        assert message_of(carried_out(reaper, {})) == "Another reaper began less than a minute ago."
        rested.database.execute("UPDATE reaper SET began = clock_timestamp() + interval '1 year'")
        assert "0 lanes started" in str(message_of(carried_out(reaper, {}))), "a clock that was wrong"


def test_what_piled_up_is_cancelled(worker: Worker, rested: PostgresLedger) -> None:
    """No worker was there for a while. What is to come stays."""
    worker.stop()
    late = [start(REAPER, {}) for _ in range(2)]
    with rested, get_client(sync_client=True) as client:
        tomorrow: State[None] = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(days=1))
        deployment = client.read_deployment_by_name(deployment_of(REAPER)).id
        coming = client.create_flow_run_from_deployment(deployment, state=tomorrow).id
        look(rested)
        assert [read(run).state_name for run in [*late, coming]] == ["Cancelled", "Cancelled", "Scheduled"]
        client.delete_flow_run(coming)
