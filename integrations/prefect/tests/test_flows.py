"""The flows through a real server and a real worker: what is carried out, what is shown, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger
from trunkline_prefect import flows
from trunkline_prefect.heartbeats import beat

from .conftest import KEY, until
from .prefect_runs import artifacts_of, carried_out, lanes_of, logs_of, message_of, read, run_of, start, task_runs_of

# Prefect's client, in this process, leaves sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")

if TYPE_CHECKING:
    from trunkline_emulator.tenants import Tenant

    from .conftest import Serve, Server, Worker

ID = {"Id": "{{ $json.Id }}"}


def deletes(tenants: Any) -> list[str]:
    return sorted(entry.path for tenant in tenants for entry in tenant.emulator.journal if entry.method == "DELETE")


def test_a_job_over_a_fleet(worker: Worker, deployed: Server, pbxes: Serve, job: str, tmp_path: Path) -> None:
    """Each item reaches each PBX once; the run shows counts for each, and never an item."""
    tenants = pbxes(3, items=12)
    source = tmp_path / "faxes.jsonl"
    source.write_text("".join(json.dumps({"Id": 100 + n}) + "\n" for n in range(12)))
    run = start(
        "fleet-job",
        {"job": job, "action": "fax.delete", "parameters": ID, "items_file": str(source), "profiles": ["pbx-*"],
         "confirm": True, "lanes": 2},
    )  # fmt: skip
    ended = run_of(run)
    assert (ended.state_name, message_of(ended)) == ("Completed", "36 done.")
    assert deletes(tenants) == sorted(f"/xapi/v1/Fax({100 + n})" for n in range(12) for _ in range(3))
    assert ended.name == job
    with PostgresLedger.from_environment() as ledger:
        assert ledger.job(job).about()["engine"] == "prefect", "`job list` says so"
    assert f"job:{job}" in ended.tags
    table = artifacts_of(run)["markdown"]
    assert [line.split("|")[1:3] for line in table.splitlines()[2:]] == [[f" pbx-{n} ", " 12 "] for n in (1, 2, 3)]
    assert artifacts_of(run)["progress"] == 100
    shards = [run for run in task_runs_of(job) if run.state_name != "Busy"]  # both lanes may try the same one
    assert {shard.name for shard in shards} == {f"{job}/pbx-{n}/0-11" for n in (1, 2, 3)}
    assert set(map(message_of, shards)) == {"12 done"}
    assert all({f"job:{job}", f"pbx:{shard.name.split('/')[1]}"} <= set(shard.tags) for shard in shards)


def rows_of(run: UUID) -> list[list[str]]:
    """Return the cells of the table that a run left."""
    lines = artifacts_of(run)["markdown"].splitlines()[2:]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def test_readings_over_a_fleet(worker: Worker, deployed: Server, pbxes: Serve, tmp_path: Path) -> None:
    """Each ends by itself, also where a PBX doesn't answer, and leaves a table. A second drift shows what changed."""
    tenants = pbxes(3)
    tenants[2].emulator.add_fault({"match": {"path": "/*"}, "do": {"status": 503}})
    two = {"profiles": ["pbx-1", "pbx-2"], "lanes": 1}
    drift = start("config-drift", two)
    exported = start("export-call-log", {**two, "folder": str(tmp_path)})
    status = start("status", {"profiles": ["pbx-*"], "lanes": 1})

    assert (run_of(drift).state_name, message_of(read(drift))) == ("Completed", "2 done.")
    assert {row[5] for row in rows_of(drift)} == {"nothing: first reading"}
    tenants[0].emulator.load_seed({"Contacts": [{"Id": 7, "FirstName": "Ada", "LastName": "Example"}]})
    again = start("config-drift", two)

    assert (run_of(exported).state_name, message_of(read(exported))) == ("Completed", "2 done.")
    assert [row[:3] for row in rows_of(exported)] == [["pbx-1", "1", "0"], ["pbx-2", "1", "0"]]
    assert sorted(path.parent.name for path in tmp_path.glob("*/*.jsonl")) == ["pbx-1", "pbx-2"]

    assert run_of(status).state_name == "Failed"
    assert message_of(read(status)) == "2 done, 1 failed. The table of this run says which and why."
    *answered, silent = rows_of(status)
    assert [bool(row[1] and not row[4]) for row in answered] == [True, True]
    assert "503" in silent[4]

    assert (run_of(again).state_name, message_of(read(again))) == ("Completed", "2 done.")
    assert [row[:4] for row in rows_of(again)] == [["pbx-1", "1", "0", "0"], ["pbx-2", "0", "0", "0"]]
    for run in (drift, exported, status, again):
        name = read(run).name
        assert name.endswith(f"-{str(run)[:8]}")
        assert [lane.parameters for lane in lanes_of(name)] == [{"job": name}]
        assert KEY not in logs_of(run) + str(artifacts_of(run))


FLOWS = {flow.name: flow for flow in (flows.fleet_job, flows.export_call_log, flows.status)}
SECRET = "4711-never-shown"
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("fleet-job", {}, "no action to make one"),
    ("fleet-job", {"action": "fax.delete", "items": [{"Id": 1}]}, "No PBX is named"),
    ("fleet-job", {"action": "fax.delete", "profiles": ["nobody-*"], "items": [{"Id": 1}]}, "nobody-"),
    ("fleet-job", {"action": "fax.delete", "profiles": ["pbx-*"]}, "No items are given"),
    (
        "fleet-job",
        {"action": "fax.delete", "profiles": ["pbx-*"], "items_file": "/nowhere/x"},
        "/nowhere/x can't be read",
    ),
    ("fleet-job", {"action": "fax.erase", "profiles": ["pbx-*"], "items": [{"Id": 1}]}, "`trunkline actions`"),
    (
        "fleet-job",
        {"action": "fax.delete", "parameters": ID, "profiles": ["pbx-*"], "items": [{"Id": n} for n in range(4)]},
        "fax.delete was not confirmed. It is about 4 items on each of 2 PBXs",
    ),
    (
        "fleet-job",
        {"action": "users.update", "profiles": ["pbx-*"], "items": [{"Id": 1, "FirstName": "Ada"}]},
        "users.update on 2 PBXs was not confirmed",
    ),
    (
        "fleet-job",
        {
            "action": "users.update",
            "profiles": ["pbx-*"],
            "items": [{"Id": 1, "AuthPassword": SECRET}],
            "confirm": True,
        },
        "is among the parameters of the run",
    ),
    ("export-call-log", {"period": "days"}, "no first day is named"),
    ("export-call-log", {"period": "yesterday", "first_day": "2026-06-01"}, 'Choose "days"'),
    ("status", {"lanes": 0}, "lanes must be at least 1"),
]
"""What a form may hold, and what its run says. Nothing is sent."""


@pytest.mark.parametrize(("flow", "parameters", "says"), REFUSED)
def test_refused_before_anything_is_sent(
    server: Server, ledger_url: str, pbxes: Serve, job: str, flow: str, parameters: dict[str, Any], says: str
) -> None:
    """The run fails in our words, without a traceback, and there is no job."""
    tenants = pbxes(2, items=4)
    ended = carried_out(FLOWS[flow], {**parameters, "job": job})
    assert ended.state_name == "Failed"
    assert says in (message_of(ended) or "")
    until(lambda: says in logs_of(ended.id), "the log has the reason")
    assert "Traceback" not in logs_of(ended.id)
    assert SECRET not in logs_of(ended.id)
    assert not any(tenant.emulator.journal for tenant in tenants)
    with PostgresLedger(ledger_url) as ledger:
        assert job not in ledger.names()


def paused(ledger: PostgresLedger, job: str, tenants: list[Tenant]) -> None:
    """Make a job over PBXs whose shards wait for a person."""
    targets = {f"pbx-{number}": tenant.url for number, tenant in enumerate(tenants, 1)}
    items = [{"Id": 100 + n} for n in range(3)]
    SharedJob.create(ledger, job, "fax.delete", ID, items, targets, confirm=lambda question: True)
    ledger.database.execute(
        "UPDATE shard SET state = 'paused', pauses = 3 WHERE job = (SELECT id FROM job WHERE name = %s)", [job]
    )


@pytest.mark.parametrize(
    ("flow", "given", "says"),
    [
        (flows.fleet_job, {"action": "fax.delete"}, "There is a job"),
        (flows.fleet_job, {"items": [{"Id": 1}]}, "There is a job"),
        (flows.fleet_job, {"profiles": ["pbx-*"], "confirm": True}, "There is a job"),
        (flows.fleet_job, {"limits": {"rate": 1}}, "Leave the other fields empty to go on with it"),
        (flows.status, {}, "is not one of status. Start fleet-job to go on with it."),
    ],
)
def test_a_name_that_is_taken(
    server: Server, ledger_url: str, pbxes: Serve, job: str, flow: Any, given: dict[str, Any], says: str
) -> None:
    """Nothing is done of the job that has the name, nor of what the form says."""
    tenants = pbxes(1, items=3)
    with PostgresLedger(ledger_url) as ledger:
        paused(ledger, job, tenants)
        ended = carried_out(flow, {"job": job, **given})
        assert ended.state_name == "Failed"
        assert says in str(message_of(ended))
        assert not tenants[0].emulator.journal
        ledger.remove(job)


def test_by_its_name_alone_a_job_goes_on(worker: Worker, ledger_url: str, pbxes: Serve, job: str) -> None:
    """Also where its shards waited for a person: it is a person who fills in the form."""
    tenants = pbxes(2, items=3)
    with PostgresLedger(ledger_url) as ledger:
        paused(ledger, job, tenants)
    ended = run_of(start("fleet-job", {"job": job}))
    assert (ended.state_name, message_of(ended)) == ("Completed", "6 done.")


def test_started_again_a_run_takes_up_its_own_job(worker: Worker, ledger_url: str, pbxes: Serve, job: str) -> None:
    """No person has done that, so what is paused stays paused; and it has the parameters that made the job."""
    worker.stop()
    tenants = pbxes(1, items=3)
    run = start("fleet-job", {"job": job, "action": "fax.delete", "parameters": ID, "profiles": ["pbx-*"]})
    with PostgresLedger(ledger_url) as ledger:
        paused(ledger, job, tenants)
        beat(ledger, job, str(run), 1)
    worker.start()
    ended = run_of(run)
    assert ended.state_name == "Failed"
    assert "3 not started" in str(message_of(ended))
    assert f"trunkline job resume {job}" in str(message_of(ended))
    assert not tenants[0].emulator.journal
