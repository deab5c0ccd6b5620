"""What an emulator holds at the start."""

from __future__ import annotations

import json

import pytest

from trunkline import catalog
from trunkline.catalog import TypeSpec
from trunkline.emulator.seeds import SEEDS
from trunkline.emulator.store import Store
from trunkline.emulator.values import Values

CATALOG = catalog.load("20.0.10")


@pytest.mark.parametrize("name", SEEDS)
def test_the_same_seed_gives_the_same_data(name):
    assert json.dumps(SEEDS[name]()) == json.dumps(SEEDS[name]())


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_fits_the_newest_version(name):
    values = Values(CATALOG)
    for set_name, content in SEEDS[name]().items():
        spec = TypeSpec(CATALOG.sets[set_name].type)
        for row in content if isinstance(content, list) else [content]:
            values.check(row, spec, set_name)


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("version", [edition.version for edition in CATALOG.editions])
def test_a_seed_is_narrowed_to_every_version(name, version):
    narrowed = catalog.load(version)
    store, values = Store(narrowed, SEEDS[name]()), Values(narrowed)
    for table in store.tables.values():
        for row in table.rows.values():
            values.check(row, TypeSpec(table.type_name), table.name)


def test_the_demo_company(quiet):
    expected = {
        "Users": 40,
        "Groups": 6,
        "Fax": 12,
        "DeviceInfos": 15,
        "Contacts": 60,
        "Blocklist": 10,
        "WebsiteLinks": 8,
        "Queues": 3,
        "Trunks": 2,
    }
    counted = {name: quiet.get(f"/{name}?$count=true&$top=0").json["@odata.count"] for name in expected}
    assert counted == expected
    assert [row["Number"] for row in quiet.get("/Users?$select=Number").rows] == [str(n) for n in range(100, 140)]


def test_keys_and_numbers_are_unique():
    store = Store(CATALOG, SEEDS["demo"]())
    seeded = SEEDS["demo"]()
    for name, table in store.tables.items():
        assert len(table.rows) == len(seeded.get(name, [])), name
    dns = [row for table in store.tables.values() if table.is_dn for row in table.rows.values()]
    assert len({row["Id"] for row in dns}) == len(dns)
    assert len({row["Number"] for row in dns}) == len(dns)


def test_references_resolve():
    store = Store(CATALOG, SEEDS["demo"]())
    numbers = store.numbers()
    groups = store.tables["Groups"].rows
    users = store.tables["Users"].rows
    for table in store.tables.values():
        for row in table.rows.values():
            assert all(groups[member["GroupId"]]["Number"] == member["Number"] for member in row.get("Groups") or [])
    for group in groups.values():
        assert all(users[member["Id"]]["Number"] == member["Number"] for member in group["Members"])
    for queue in store.rows("Queues"):
        assert all(users[agent["Id"]]["Number"] == agent["Number"] for agent in [*queue["Agents"], *queue["Managers"]])
    for menu in store.rows("Receptionists"):
        assert all(forward["ForwardDN"] in numbers for forward in menu["Forwards"])
    for rule in store.rows("OutboundRules"):
        assert all(route["TrunkId"] in store.tables["Trunks"].rows for route in rule["Routes"])
    for rule in store.rows("InboundRules"):
        assert rule["OfficeHoursDestination"]["Number"] in numbers
        assert rule["TrunkDN"]["Number"] in numbers
    for link in store.rows("WebsiteLinks"):
        assert link["DN"]["Number"] in numbers


def test_the_empty_pbx_has_one_department_and_nobody(dial):
    line = dial(seed="empty")
    assert [row["Name"] for row in line.get("/Groups").rows] == ["DEFAULT"]
    assert line.get("/Users").rows == []
    assert line.get("/Defs").json["Id"] == 1
    assert line.ask("POST", "/Users", {"Number": "100"}).status == 201


def test_unknown_seeds_and_versions_are_refused(dial):
    with pytest.raises(ValueError, match="No seed is called 'nope'"):
        dial(seed="nope")
    with pytest.raises(ValueError, match="invalid literal"):
        dial(version="latest")
