"""Each guard, through each way in: Python in threads and in an event loop, `run`, `delete -`, jobs, flows, imports.

The PBX is the emulator's, and its journal says whether anything was sent.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Flow, Import, Pbx
from trunkline.errors import ConfigurationError, InvalidArgument, ItemsFailed, TrunklineError
from trunkline.jobs import Job, JobFolder, Limits
from trunkline.node import Node
from trunkline.work.guards import MostRemovals, NotConfirmed, Question, check_same_pbx

Way = Callable[..., None]
DELETE_BY_ID = {"Id": "{{ $json.Id }}"}


def node(
    system: System, folder: Path, action: str, rows: list[dict[str, Any]], *, confirm: Any = None, **options: Any
) -> None:
    with Pbx(system.url, CLIENT, KEY) as pbx:
        Node(action, DELETE_BY_ID, **options).run(pbx, rows, confirm=confirm)


def node_in_a_loop(
    system: System, folder: Path, action: str, rows: list[dict[str, Any]], *, confirm: Any = None, **options: Any
) -> None:
    async def run() -> None:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            await Node(action, DELETE_BY_ID, **options).arun(pbx, rows, confirm=confirm)

    asyncio.run(run())


def job(system: System, folder: Path, action: str, rows: list[dict[str, Any]], **options: Any) -> None:
    file = JobFolder(folder / "jobs").new("night")
    with Job.create(file, action, DELETE_BY_ID, iter(rows), {"": system.url}, **options) as made:
        made.run(lambda _: Pbx(system.url, CLIENT, KEY))


def job_in_a_loop(system: System, folder: Path, action: str, rows: list[dict[str, Any]], **options: Any) -> None:
    file = JobFolder(folder / "jobs").new("night")
    with Job.create(file, action, DELETE_BY_ID, iter(rows), {"": system.url}, **options) as made:
        asyncio.run(made.arun(lambda _: AsyncPbx(system.url, CLIENT, KEY)))


def flow(system: System, folder: Path, action: str, rows: list[dict[str, Any]], **options: Any) -> None:
    (folder / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    more = "".join(f"    {name}: {json.dumps(value)}\n" for name, value in options.items())
    text = f"steps:\n  - read: rows.json\n  - action: {action}\n    with:\n      Id: '{{{{ $json.Id }}}}'\n{more}"
    with Pbx(system.url, CLIENT, KEY) as pbx:
        Flow.parse(text, "flow.yaml", folder).run(pbx)


def trunkline(system: System, folder: Path, *argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """What a command of its own process gave."""
    environ = {
        **os.environ,
        "TRUNKLINE_URL": system.url,
        "TRUNKLINE_CLIENT_ID": CLIENT,
        "TRUNKLINE_CLIENT_SECRET": KEY,
        "TRUNKLINE_JOB_DIR": str(folder / "jobs"),
    }
    command = [sys.executable, "-m", "trunkline", *argv]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=environ, check=False)


def command(*argv: str) -> Way:
    def run(system: System, folder: Path, action: str, rows: list[dict[str, Any]], **options: Any) -> None:
        resource, _, verb = action.partition(".")
        names = {"action": action, "resource": resource.replace("_", "-"), "verb": verb}
        flags = [f"--{name}" for name in options]
        stdin = "".join(f"{json.dumps(row)}\n" for row in rows)
        done = trunkline(system, folder, *(word.format_map(names) for word in argv), *flags, stdin=stdin)
        if done.returncode:
            raise TrunklineError(done.stderr)

    return run


WAYS: dict[str, Way] = {
    "Node.run": node,
    "Node.arun": node_in_a_loop,
    "Job.run": job,
    "Job.arun": job_in_a_loop,
    "flow": flow,
    "run": command("run", "{action}", "--set", "Id={{{{ $json.Id }}}}", "--yes"),
    "delete -": command("{resource}", "delete", "-", "--yes"),
    "job run": command("job", "run", "{action}", "--name", "night", "--set", "Id={{{{ $json.Id }}}}", "--yes"),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


def contacts(system: System) -> list[dict[str, Any]]:
    with Pbx(system.url, CLIENT, KEY) as pbx:
        rows = [dict(row) for row in list(pbx.contacts.list())[:3]]
    system.emulator.clear_journal()
    return rows


def test_rows_of_another_resource_are_refused(way: Way, system: System, tmp_path: Path) -> None:
    rows = contacts(system)
    with pytest.raises(TrunklineError, match=r"Item 0 is a row of contacts, not of fax\."):
        way(system, tmp_path, "fax.delete", rows)
    assert system.sent("DELETE") == []
    assert list((tmp_path / "jobs").glob("*")) == []


def test_rows_of_another_pbx_are_refused(way: Way, system: System, tmp_path: Path) -> None:
    rows = [{"pbx": "customer-b", "Id": row["Id"]} for row in contacts(system)]
    with pytest.raises(TrunklineError, match=r"Item 0 is of the PBX 'customer-b', and it would be sent to "):
        way(system, tmp_path, "contacts.delete", rows)
    assert system.sent("DELETE") == []
    assert list((tmp_path / "jobs").glob("*")) == []


def test_rows_that_name_this_pbx_are_not(way: Way, system: System, tmp_path: Path) -> None:
    way(system, tmp_path, "contacts.delete", [{"pbx": f"{system.url}/", "Id": row["Id"]} for row in contacts(system)])
    assert len(system.sent("DELETE")) == 3


def test_the_keys_of_those_rows_are_not(way: Way, system: System, tmp_path: Path) -> None:
    way(system, tmp_path, "contacts.delete", [{"Id": row["Id"]} for row in contacts(system)])
    assert len(system.sent("DELETE")) == 3


@pytest.mark.parametrize(
    "parameters",
    [{"Id": "{{ $json['Id'] }}"}, {"id": "={{ Number($json.Id) }}"}, {"Id": "{{ $json.Id + 0 }}"}],
)
def test_however_the_key_is_spelled(system: System, parameters: dict[str, str]) -> None:
    rows = contacts(system)
    with Pbx(system.url, CLIENT, KEY) as pbx, pytest.raises(InvalidArgument, match="is a row of contacts"):
        Node("fax.delete", parameters).run(pbx, rows)
    assert system.sent("DELETE") == []


@pytest.mark.parametrize(
    ("template", "change"),
    [
        ("{{ $json.Id }}", lambda row: {**row, "Note": "a column of somebody's own"}),
        ("{{ $json.Id }}", lambda row: {**row, "Id": f" 0{row['Id']} "}),
        ("{{ $json.Id }}", lambda row: {**row, "Id": float(row["Id"])}),
        ("{{ $json.id }}", lambda row: {name.lower(): value for name, value in row.items()}),
        ("{{ $json.contact.Id }}", lambda row: {"contact": row}),
        ("{{ $json.a.b.Id }}", lambda row: {"Id": 900, "a": {"b": row}}),
    ],
)
def test_however_the_row_is_dressed_up(
    system: System, template: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    rows = [change(row) for row in contacts(system)]
    with Pbx(system.url, CLIENT, KEY) as pbx, pytest.raises(InvalidArgument, match="is a row of contacts"):
        Node("fax.delete", {"Id": template}).run(pbx, rows)
    assert system.sent("DELETE") == []


def test_a_row_of_its_own_may_hold_a_row_of_another_resource(system: System) -> None:
    with Pbx(system.url, CLIENT, KEY) as pbx:
        row = dict(next(iter(pbx.fax.list())))
        row["contact"] = {**contacts(system)[0], "Id": row["Id"]}
        assert Node("fax.delete", DELETE_BY_ID).run(pbx, [row]).done


def test_another_field_of_a_row_may_be_a_key(system: System) -> None:
    """A row of contacts may well name a fax in a column of its own."""
    with Pbx(system.url, CLIENT, KEY) as pbx:
        fax = next(iter(pbx.fax.list()))["Id"]
        row = {**contacts(system)[0], "FaxId": fax}
        assert Node("fax.delete", {"Id": "{{ $json.FaxId }}"}).run(pbx, [row]).done


def test_what_changed_since_it_was_read_is_left(way: Way, system: System, tmp_path: Path) -> None:
    rows = contacts(system)
    with Pbx(system.url, CLIENT, KEY) as pbx:
        pbx.contacts.update(rows[0]["Id"], {"FirstName": "Somebody else"})
    system.emulator.clear_journal()
    for row in rows:
        del row["@odata.etag"]  # without it the client reads and compares
    try:
        way(system, tmp_path, "contacts.delete", rows, unchanged=True)
    except TrunklineError as error:
        assert "changed since it was read" in str(error) or "1 failed" in str(error)  # noqa: PT017 - or was counted
    assert f"/xapi/v1/Contacts({rows[0]['Id']})" not in system.sent("DELETE")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"Id": 4}], "Item 0 has nothing to compare besides its key"),
        ([{"FirstName": "Ada"}], "Item 0 has no Id, so it can't be compared"),
        ([{"Id": "4", "FirstName": "Ada"}], "Item 0 is all text, so it can't be compared"),
        ([{"Id": 4, "FirstName": "Ada"}, {"Id": 4, "FirstName": "Ada"}], "Item 1 has the same key as another"),
        ([{"Id": 4, "Groups.Name": "Ada"}], "Item 0 has Groups.Name, a part of a field, which can't be compared"),
        ([{"Id": 4, "FirstName": "••••••"}], "Item 0 has nothing to compare besides its key"),
    ],
)
def test_a_row_that_can_not_be_compared_is_refused(
    system: System, tmp_path: Path, rows: list[dict[str, Any]], message: str
) -> None:
    for name in ("Node.run", "Job.run", "flow", "run", "job run"):
        with pytest.raises(TrunklineError, match=message):
            WAYS[name](system, tmp_path, "contacts.delete", rows, unchanged=True)
    assert system.sent("DELETE") == []


def test_an_action_without_an_entity_has_nothing_to_compare() -> None:
    with pytest.raises(InvalidArgument, match="no entity that can be read by key"):
        Node("active_calls.drop_call", {"Id": 1}, unchanged=True)


def test_a_job_runs_only_on_the_pbx_that_it_began_with(system: System, tmp_path: Path) -> None:
    file = JobFolder(tmp_path / "jobs").new("night")
    with Job.create(file, "contacts.delete", DELETE_BY_ID, [{"Id": 1}], {"": "https://pbx.example.com"}) as made:
        refused = pytest.raises(ConfigurationError, match=r"The job 'night' is for https://pbx\.example\.com, and this")
        with refused:
            made.run(lambda _: Pbx(system.url, CLIENT, KEY))
        with refused:
            asyncio.run(made.arun(lambda _: AsyncPbx(system.url, CLIENT, KEY)))
        assert made.summary().counts["not_started"] == 1
    assert system.emulator.journal == []
    done = trunkline(system, tmp_path, "job", "resume", "night")
    assert (done.returncode, "is for https://pbx.example.com" in done.stderr) == (3, True)
    assert system.emulator.journal == []


@pytest.mark.parametrize(
    ("expected", "url", "is_same"),
    [
        ("https://pbx.example.com", "https://PBX.example.com/", True),
        ("https://pbx.example.com:443/xapi/v1", "pbx.example.com.", True),
        ("https://[2001:db8:0::1]:5001", "https://[2001:DB8::1]:5001/", True),
        ("https://pbx.example.com", "https://pbx.example.com:5001", False),
        ("https://pbx.example.com", "http://pbx.example.com", False),
        ("https://pbx.example.com/a", "https://pbx.example.com/b", False),
    ],
)
def test_when_two_addresses_are_of_the_same_pbx(expected: str, url: str, is_same: bool) -> None:
    if is_same:
        check_same_pbx("The job", expected, url)
        return
    with pytest.raises(ConfigurationError):
        check_same_pbx("The job", expected, url)


def test_a_job_has_each_pbx_once(tmp_path: Path) -> None:
    targets = {"acme": "https://pbx.example.com", "again": "https://PBX.example.com:443/"}
    with pytest.raises(ConfigurationError, match="'acme' and 'again' are the same PBX"):
        Job.create(JobFolder(tmp_path).new("night"), "contacts.create", {"FirstName": "Ada"}, [{}], targets)
    assert list(tmp_path.iterdir()) == []


def test_a_client_of_the_other_kind_is_refused(system: System, tmp_path: Path) -> None:
    """Its answers can't be read, so that what it did would be told wrongly."""
    node = Node("contacts.delete", DELETE_BY_ID)
    imported = Import.read(io.BytesIO(b"Id,FirstName\n1,Ada\n"), "contacts")
    file = JobFolder(tmp_path).new("night")
    waits: Any = AsyncPbx(system.url, CLIENT, KEY)
    with (
        Pbx(system.url, CLIENT, KEY) as blocks,
        Job.create(file, "contacts.delete", DELETE_BY_ID, [{"Id": 1}], {"": system.url}) as made,
    ):
        wrong: Any = blocks
        for do in (
            lambda: node.run(waits, [{"Id": 1}]),
            lambda: made.run(lambda _: waits),
            lambda: imported.plan(waits),
        ):
            with pytest.raises(InvalidArgument, match="Threads take a Pbx, not AsyncPbx"):
                do()
        for doing in (node.arun(wrong, [{"Id": 1}]), made.arun(lambda _: wrong), imported.aplan(wrong)):
            with pytest.raises(InvalidArgument, match="An event loop takes an AsyncPbx, not Pbx"):
                asyncio.run(doing)
    assert system.emulator.journal == []


@pytest.mark.parametrize("name", ["Node.run", "Node.arun", "Job.run", "Job.arun"])
def test_a_no_is_heeded(system: System, tmp_path: Path, name: str) -> None:
    rows = [{"Id": row["Id"]} for row in contacts(system)]
    asked: list[Question] = []

    def confirm(question: Question) -> bool:
        asked.append(question)
        return False

    with pytest.raises(NotConfirmed):
        WAYS[name](system, tmp_path, "contacts.delete", rows, confirm=confirm)
    assert [(question.action.id, question.calls) for question in asked] == [("contacts.delete", 3)]
    assert system.sent("DELETE") == []


@pytest.mark.parametrize(
    ("text", "allowed", "refused"),
    [("50%", (30, 60), (31, 60)), ("0", (0, 60), (1, 60)), ("20", (20, 60), (21, 60)), ("100 %", (60, 60), (61, 60))],
)
def test_how_many_removals_are_let_pass(text: str, allowed: tuple[int, int], refused: tuple[int, int]) -> None:
    most = MostRemovals.parse(text)
    assert most.allows(*allowed)
    assert not most.allows(*refused)


@pytest.mark.parametrize("text", ["", "%", "-1", "ten", "10%5", "1.5", True])
def test_what_is_not_a_number_of_removals(text: Any) -> None:
    with pytest.raises(InvalidArgument, match="a number such as 20, or a share such as 10%"):
        MostRemovals.parse(text)


@pytest.mark.parametrize(
    "limits",
    [
        {"attempts": 0},
        {"concurrency": 0},
        {"concurrency": 257},
        {"max_errors": 0},
        {"rate": 0.0},
        {"patience": -1.0},
        {"patience": float("nan")},
    ],
)
def test_what_is_not_a_limit_of_a_job(tmp_path: Path, limits: dict[str, Any]) -> None:
    targets = {"": "https://pbx.example.com"}
    with pytest.raises(InvalidArgument, match=f"^{next(iter(limits))} must be"):
        Job.create(tmp_path / "night.job", "fax.delete", DELETE_BY_ID, [], targets, Limits(**limits))
    assert list(tmp_path.iterdir()) == []


def test_an_item_that_is_not_json_makes_no_job(tmp_path: Path) -> None:
    targets = {"": "https://pbx.example.com"}
    with pytest.raises(InvalidArgument, match="Item 1 can't be kept as JSON"):
        Job.create(JobFolder(tmp_path).new("night"), "fax.delete", DELETE_BY_ID, [{"Id": 1}, {"Id": object()}], targets)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_stopped_tells_unknown_from_failed(system: System, pbx: Pbx) -> None:
    system.emulator.add_fault("503=3600@DELETE /Contacts*")
    node = Node("contacts.delete", DELETE_BY_ID, concurrency=1, retries=1)
    with pytest.raises(ItemsFailed, match=r"0 of 2 items done, 0 failed, 1 unknown, 1 not started\.") as stopped:
        node.run(pbx, [{"Id": 1}, {"Id": 2}])
    assert stopped.value.result.unknown == [0]
