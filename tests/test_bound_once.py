"""However an item comes to be sent, its arguments are checked once, and its request is built once."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Pbx, request
from trunkline.jobs import Job, JobFolder
from trunkline.node import Node
from trunkline.transfer import Import
from trunkline.transfer.kinds import CONTACTS
from trunkline.transfer.sheet import read_sheet
from trunkline_emulator import Emulator, running

ITEMS = 3
Way = Callable[[System, Path, str, dict[str, Any]], None]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """How often an action is bound and built, wherever those functions were imported."""
    counts: Counter[tuple[str, str]] = Counter()

    def bind(catalog: Any, action: Any, args: Any, kwargs: Any, *now: Any) -> request.Call:
        counts["bind", action.id] += 1
        return bind_once(catalog, action, args, kwargs, *now)

    def build(call: request.Call, *rest: Any) -> request.HttpRequest:
        counts["build", call.action.id] += 1
        return build_once(call, *rest)

    import_module("trunkline.client.system")  # else the first client of all would bring it, and keep these
    bind_once, build_once = request.bind, request.build
    for module in [m for name, m in sys.modules.items() if name.partition(".")[0] == "trunkline"]:
        for name, original, replacement in (("bind", bind_once, bind), ("build", build_once, build)):
            if vars(module).get(name) is original:
                monkeypatch.setattr(module, name, replacement)
    return counts


def in_threads(system: System, _: Path, action: str, parameters: dict[str, Any]) -> None:
    with Pbx(system.url, CLIENT, KEY) as pbx:
        assert len(Node(action, parameters).run(pbx, items()).done) == ITEMS


def in_a_loop(system: System, _: Path, action: str, parameters: dict[str, Any]) -> None:
    async def run() -> None:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            assert len((await Node(action, parameters).arun(pbx, items())).done) == ITEMS

    asyncio.run(run())


def as_a_job(system: System, folder: Path, action: str, parameters: dict[str, Any]) -> None:
    file = JobFolder(folder).new("night")
    with Job.create(file, action, parameters, items(), {"acme": system.url}) as job:
        assert job.run(lambda _: Pbx(system.url, CLIENT, KEY)).counts["done"] == ITEMS


def items() -> list[dict[str, Any]]:
    return [{"Id": n} for n in range(1, ITEMS + 1)]


@pytest.mark.parametrize("way", [in_threads, in_a_loop, as_a_job])
@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("contacts.delete", {"Id": "{{ $json.Id }}"}),
        ("contacts.get", {"Id": "{{ $json.Id }}"}),
    ],
)
def test_an_item(
    system: System, tmp_path: Path, counted: Counter[tuple[str, str]], way: Way, action: str, parameters: dict[str, Any]
) -> None:
    way(system, tmp_path, action, parameters)
    assert counted == {("bind", action): ITEMS, ("build", action): ITEMS}


def test_an_item_with_a_body_once_the_version_is_known(system: System, counted: Counter[tuple[str, str]]) -> None:
    node = Node("contacts.create", {"FirstName": "{{ $json.Id }}", "PhoneNumber": "+1555012300{{ $json.Id }}"})
    with Pbx(system.url, CLIENT, KEY) as pbx:
        pbx.contacts.get(1)
        counted.clear()
        assert len(node.run(pbx, items()).done) == ITEMS
    assert counted == {("bind", "contacts.create"): ITEMS, ("build", "contacts.create"): ITEMS}


def test_a_line_of_an_import(system: System, counted: Counter[tuple[str, str]]) -> None:
    lines = "".join(f"First{n},+1555012300{n}\n" for n in range(ITEMS))
    imported = Import(read_sheet(f"FirstName,PhoneNumber\n{lines}".encode(), "people.csv"), CONTACTS)
    with Pbx(system.url, CLIENT, KEY) as pbx:
        imported.apply(pbx, imported.plan(pbx), confirm=True)
    of_creates = {name: count for (name, action), count in counted.items() if action == "contacts.create"}
    assert of_creates == {"bind": ITEMS, "build": ITEMS}


def test_it_is_checked_again_where_the_version_has_it_otherwise() -> None:
    emulator = Emulator(version="20.0.7", client_id=CLIENT, api_key=KEY)
    with running(emulator) as url, Pbx(url, CLIENT, KEY) as pbx:
        assert Node("fax.get_by_number", {"Number": "888"}).run(pbx, [{}]).items[0]["json"]["Number"] == "888"
    assert emulator.journal[-1].path == "/xapi/v1/Fax/Pbx.GetByNumber(number='888')"
