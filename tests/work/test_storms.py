"""A PBX, or what stands before it, that answers a third of the requests with an error after it carried them out.

The client sends each request once here (``attempts=1``): what may be sent again is the engines' affair.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Pbx
from trunkline.jobs import Job, JobFolder
from trunkline.node import Node
from trunkline.node.run import NodeRun
from trunkline.transfer.importing import Import
from trunkline.transfer.kinds import CONTACTS, USERS, Kind
from trunkline.transfer.sheet import read_sheet
from trunkline.transport.retries import Retries

ONCE = Retries(attempts=1)
FAULTS = [
    "503-after=0",
    "503-after",
    "429-after=0",
    "502-after",
    "504-after",
    "500-after",
    "reset-after",
]
COUNT = 30


@pytest.fixture(params=FAULTS)
def storm(request: pytest.FixtureRequest, system: System) -> Any:
    """Every third write takes effect and is then answered like this."""
    system.emulator.clear_faults()
    for method in ("POST", "DELETE", "PATCH"):
        for path in ("/Users*", "/Contacts*"):
            system.emulator.add_fault(f"{request.param}:every=3@{method} {path}")
    yield request.param
    system.emulator.clear_faults()


def people(first: int = 200) -> list[dict[str, str]]:
    return [{"Number": str(first + n), "Mail": f"storm{n}@example.com"} for n in range(COUNT)]


CREATE = (
    "users.create",
    {"Number": "{{ $json.Number }}", "First Name": "Storm", "EmailAddress": "{{ $json.Mail }}"},
)
CONTACT = ("contacts.create", {"First Name": "Storm", "PhoneNumber": "+4420794602{{ $json.Number }}"})

Numbers = Counter[str]
Do = Callable[[System, Path, str, Any, list[Any]], Numbers]


def in_a_job(system: System, folder: Path, action: str, parameters: Any, items: list[Any]) -> Numbers:
    @asynccontextmanager
    async def opened(_: str) -> Any:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            yield pbx

    with Job.create(JobFolder(folder).new("storm"), action, parameters, items, {"": system.url}) as job:
        summary = asyncio.run(job.arun(opened))
    assert summary.finished
    return Counter({state: count for state, count in summary.counts.items() if count})


def _counted(run: NodeRun) -> Numbers:
    outcome = run.summary()
    failed = len(outcome.failed) - len(outcome.unknown)
    return +Counter(done=len(run.items) - len(outcome.errors), failed=failed, unknown=len(outcome.unknown))


def in_threads(system: System, folder: Path, action: str, parameters: Any, items: list[Any]) -> Numbers:
    run = Node(action, parameters, on_error="split", retries=3, retry_wait=0).over(items)
    with Pbx(system.url, CLIENT, KEY, retries=ONCE) as pbx:
        run.on(pbx)
    return _counted(run)


def in_a_loop(system: System, folder: Path, action: str, parameters: Any, items: list[Any]) -> Numbers:
    async def main() -> Numbers:
        run = Node(action, parameters, on_error="split", retries=3, retry_wait=0).over(items)
        async with AsyncPbx(system.url, CLIENT, KEY, retries=ONCE) as pbx:
            await run.aon(pbx)
        return _counted(run)

    return asyncio.run(main())


engines = pytest.mark.parametrize("do", [in_a_job, in_threads, in_a_loop])


def made(pbx: Pbx, kind: str) -> Numbers:
    """The new ones on the PBX, by number."""
    if kind == "users":
        return Counter(row["Number"] for row in pbx.users.list() if row["FirstName"] == "Storm")  # type: ignore[misc]
    return Counter(row["PhoneNumber"] for row in pbx.contacts.list() if row["FirstName"] == "Storm")  # type: ignore[misc]


@engines
def test_creates_with_a_key(storm: str, system: System, pbx: Pbx, tmp_path: Path, do: Do) -> None:
    assert do(system, tmp_path, *CREATE, people()) == {"done": COUNT}
    assert made(pbx, "users") == Counter(str(200 + n) for n in range(COUNT))


@engines
def test_creates_that_nobody_can_look_up(storm: str, system: System, pbx: Pbx, tmp_path: Path, do: Do) -> None:
    counts = do(system, tmp_path, *CONTACT, people())
    assert counts["done"] + counts["unknown"] == COUNT
    assert counts["unknown"] == COUNT // 3
    assert set(made(pbx, "contacts").values()) == {1}, "nothing was made twice"
    assert len(made(pbx, "contacts")) == COUNT, "nothing was lost"


@engines
def test_deletes(storm: str, system: System, pbx: Pbx, tmp_path: Path, do: Do) -> None:
    items = [{"Id": n} for n in range(1, COUNT + 1)]
    assert do(system, tmp_path, "contacts.delete", {"Id": "{{ $json.Id }}"}, items) == {"done": COUNT}
    assert not {row["Id"] for row in pbx.contacts.list()} & set(range(1, COUNT + 1))
    assert len(system.sent("DELETE")) == COUNT


@engines
def test_updates(storm: str, system: System, pbx: Pbx, tmp_path: Path, do: Do) -> None:
    items = [{"Id": n} for n in range(1, COUNT + 1)]
    assert do(system, tmp_path, "contacts.update", {"Id": "{{ $json.Id }}", "Title": "Dr"}, items) == {"done": COUNT}
    assert len(system.sent("PATCH")) == COUNT


@pytest.mark.parametrize(
    ("kind", "content", "name"),
    [
        (
            USERS,
            "Number,FirstName,EmailAddress\n" + "".join(f"{p['Number']},Storm,{p['Mail']}\n" for p in people()),
            "users",
        ),
        (
            CONTACTS,
            "PhoneNumber,FirstName\n" + "".join(f"+4420794602{p['Number']},Storm\n" for p in people()),
            "contacts",
        ),
    ],
    ids=["users", "contacts"],
)
def test_an_import(storm: str, system: System, pbx: Pbx, kind: Kind, content: str, name: str) -> None:
    imported = Import(read_sheet(content.encode(), "x.csv"), kind)

    async def run() -> Numbers:
        async with AsyncPbx(system.url, CLIENT, KEY, retries=ONCE) as client:
            outcomes = await imported.aapply(client, await imported.aplan(client))
            again = await imported.aplan(client)
        assert again.steps == []
        return Counter(outcome.state.label for outcome in outcomes)

    assert asyncio.run(run()) == {"done": COUNT}
    assert (len(made(pbx, name)), set(made(pbx, name).values())) == (COUNT, {1})


def test_a_run_waits_as_long_as_it_is_asked(system: System, pbx: Pbx, monkeypatch: pytest.MonkeyPatch) -> None:
    """One wait for the answer to the write, none before it is sent again; a day is not waited for."""
    system.emulator.clear_faults()
    system.emulator.add_fault("503=7:times=1@DELETE /Contacts(1)")
    system.emulator.add_fault("503-after=3600:times=1@DELETE /Contacts(2)")
    run = Node("contacts.delete", {"Id": "{{ $json.Id }}"}, on_error="split", retries=1, retry_wait=0.25).over(
        [{"Id": 1}, {"Id": 2}]
    )

    class Clock(threading.Event):
        """Time passes only while somebody waits."""

        now = 1.0

        def wait(self, timeout: float | None = None) -> bool:
            self.now += timeout or 0
            return self.is_set()

    clock = run._run.stopping = Clock()
    monkeypatch.setattr("trunkline.work.run.time", SimpleNamespace(monotonic=lambda: clock.now))
    with Pbx(system.url, CLIENT, KEY, retries=ONCE) as client:
        run.on(client)
    system.emulator.clear_faults()
    outcome = run.summary()
    assert clock.now == 8.0
    assert (len(outcome.done), list(outcome.unknown)) == (1, [1])
    assert system.sent("DELETE").count("/xapi/v1/Contacts(2)") == 1
