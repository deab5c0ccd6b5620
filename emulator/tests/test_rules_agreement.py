"""Whatever is created, changed and deleted: memberships agree both ways, and nothing names what isn't there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline_emulator import Emulator

from . import whole
from .conftest import Dial, Line

KINDS = {
    "Users": "Extension",
    "Queues": "Queue",
    "RingGroups": "RingGroup",
    "Receptionists": "IVR",
    "Fax": "Fax",
    "CallFlowApps": "RoutePoint",
    "Trunks": "ExternalLine",
    "Parkings": "Parking",
    "Groups": "Group",
}
LEADS = {**{kind: name for name, kind in KINDS.items()}, "VoiceMail": "Users"}
OTHERS = ("InboundRules", "OutboundRules", "WebsiteLinks", "Fxs", "SipDevices", "DeviceInfos")


def snapshot(line: Line) -> dict[str, list[dict[str, Any]]]:
    return {name: whole.rows(line, name) for name in (*KINDS, *OTHERS)}


def inside(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a row, at any depth."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from inside(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from inside(inner)


def name_of(row: dict[str, Any]) -> str:
    if "FirstName" in row:
        return ", ".join(part for part in (row["LastName"], row["FirstName"]) if part) or row["Number"]
    return (row.get("Gateway") or {}).get("Name") or row.get("Name") or row["Number"]


def check_agreement(found: dict[str, list[dict[str, Any]]]) -> None:
    dns = {name: {row["Number"]: row for row in found[name]} for name in KINDS}
    everything = {number: row for rows in dns.values() for number, row in rows.items()}
    assert len(everything) == sum(len(found[name]) for name in KINDS)
    check_memberships(found)
    for name in (*KINDS, *OTHERS):
        for row in found[name]:
            check_destinations(name, row, dns)
    for queue in found["Queues"]:
        check_people([*queue["Agents"], *queue["Managers"]], dns["Users"])
    for group in found["RingGroups"]:
        check_people(group["Members"], dns["Users"])
    for gateway in found["Fxs"]:
        assert all(not wire["Number"] or wire["Number"] in dns["Users"] for wire in gateway["FxsLines"])
    for menu in found["Receptionists"]:
        for key in menu["Forwards"]:
            assert key["ForwardType"] not in LEADS or key["ForwardDN"] in dns[LEADS[key["ForwardType"]]]
        assert (
            menu["TimeoutForwardType"] not in LEADS
            or menu["TimeoutForwardDN"] in dns[LEADS[menu["TimeoutForwardType"]]]
        )
        assert not menu["InvalidKeyForwardDN"] or menu["InvalidKeyForwardDN"] in everything
    trunks, groups = ({row["Id"]: row for row in found[name]} for name in ("Trunks", "Groups"))
    for rule in found["OutboundRules"]:
        used = [route for route in rule["Routes"] if (route["TrunkId"] or -1) > 0]
        assert all(route["TrunkName"] == name_of(trunks[route["TrunkId"]]) for route in used)
        assert rule["GroupNames"] == [groups[id_]["Name"] for id_ in rule["GroupIds"]]
    for rule in found["InboundRules"]:
        assert rule["TrunkDN"] is None or rule["TrunkDN"]["Number"] in dns["Trunks"]
    for row in [*found["WebsiteLinks"], *found["SipDevices"]]:
        if row["DN"] is not None:
            there = everything[row["DN"]["Number"]]
            assert (row["DN"]["Id"], row["DN"]["Name"]) == (there["Id"], name_of(there))
    phones = {phone["MacAddress"]: user["Number"] for user in found["Users"] for phone in user["Phones"]}
    assert {row["Registrar"]["MAC"]: row["DN"]["Number"] for row in found["SipDevices"]} == phones
    assert {row["MAC"] for row in found["DeviceInfos"] if row["Assigned"]} == phones.keys() & {
        row["MAC"] for row in found["DeviceInfos"]
    }


def check_memberships(found: dict[str, list[dict[str, Any]]]) -> None:
    groups = {row["Id"]: row for row in found["Groups"]}
    of_people = {
        (row["GroupId"], user["Id"], row["Rights"]["RoleName"], user["Number"], name_of(user))
        for user in found["Users"]
        for row in user["Groups"]
    }
    of_groups = {
        (group["Id"], row["Id"], row["Rights"]["RoleName"], row["Number"], row["MemberName"])
        for group in found["Groups"]
        for row in group["Members"]
    }
    assert of_people == of_groups
    for group in found["Groups"]:
        assert group["HasMembers"] == bool(group["Members"])
        assert all(row["GroupId"] == group["Id"] for row in group["Members"])
    for name in KINDS.keys() - {"Groups"}:
        for row in found[name]:
            assert row["Groups"], (name, row["Number"])
            for membership in row["Groups"]:
                group = groups[membership["GroupId"]]
                assert (membership["Number"], membership["Name"]) == (group["Number"], group["Name"])
    for user in found["Users"]:
        assert user["PrimaryGroupId"] in {row["GroupId"] for row in user["Groups"]}


def check_destinations(name: str, row: dict[str, Any], dns: dict[str, dict[str, Any]]) -> None:
    for inner in inside(row):
        if "To" in inner and "External" in inner and inner["To"] in LEADS and inner["Number"]:
            assert inner["Number"] in dns[LEADS[inner["To"]]], (name, row.get("Number"), inner)
            assert inner["Name"] == name_of(dns[LEADS[inner["To"]]][inner["Number"]])


def check_people(rows: list[dict[str, Any]], users: dict[str, dict[str, Any]]) -> None:
    for row in rows:
        user = users[row["Number"]]
        assert (row["Id"], row["Name"]) == (user["Id"], name_of(user))


def test_the_demo_company_agrees_with_itself(quiet: Line) -> None:
    check_agreement(snapshot(quiet))


ROLES = st.sampled_from(["system_owners", "managers", "users"])
EXTENSIONS = st.sampled_from([str(number) for number in (*range(100, 140, 3), 141, 142, 143)])
QUEUES = st.sampled_from(["800", "801", "850"])
GROUPS = st.sampled_from([1, 2, 3, 6, 152, 153, 154])
DESTINATIONS = st.one_of(
    st.builds(lambda number, to: {"To": to, "Number": number}, EXTENSIONS, st.sampled_from(["Extension", "VoiceMail"])),
    st.builds(lambda number: {"To": "Queue", "Number": number}, QUEUES),
    st.sampled_from([{"To": "None"}, {"To": "IVR", "Number": "821"}, {"To": "External", "External": "+12025550123"}]),
)
MEMBERSHIPS = st.lists(
    st.builds(lambda group, role: {"GroupId": group, "Rights": {"RoleName": role}}, GROUPS, ROLES), max_size=3
)
PEOPLE = st.lists(st.builds(lambda number: {"Number": number}, EXTENSIONS), max_size=4)
PHONES = st.lists(
    st.sampled_from([{"MacAddress": mac} for mac in ("805EC0000001", "805EC000AAAA", "C074AD00000F")]), max_size=2
)
ROUTED = st.builds(lambda way: [{"Name": "Away", "AwayRoute": {"Internal": way, "External": way}}], DESTINATIONS)
USER = {
    "FirstName": st.sampled_from(["Ada", "Grace", ""]),
    "Groups": MEMBERSHIPS,
    "PrimaryGroupId": GROUPS,
    "Phones": PHONES,
    "ForwardingProfiles": ROUTED,
}
QUEUE = {"Name": st.sampled_from(["A", "B"]), "Agents": PEOPLE, "Managers": PEOPLE, "ForwardNoAnswer": DESTINATIONS}
MENU = {
    "Forwards": st.builds(lambda number: [{"Input": "1", "ForwardType": "Extension", "ForwardDN": number}], EXTENSIONS),
    "TimeoutForwardType": st.just("Extension"),
    "TimeoutForwardDN": EXTENSIONS,
    "InvalidKeyForwardDN": EXTENSIONS,
}


def some(fields: dict[str, Any], **always: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(always, optional=fields)


# Method, address and body; addresses by number are looked up first.
STEPS = st.one_of(
    st.tuples(st.just("POST"), st.just("/Users"), some(USER, Number=EXTENSIONS)),
    st.tuples(st.just("PATCH"), st.builds(lambda n: ("Users", n), EXTENSIONS), some(USER)),
    st.tuples(st.just("DELETE"), st.builds(lambda n: ("Users", n), EXTENSIONS), st.none()),
    st.tuples(st.just("POST"), st.just("/Groups"), some({"Members": PEOPLE}, Name=st.sampled_from(["P", "Q", "R"]))),
    st.tuples(
        st.just("PATCH"),
        st.builds("/Groups({})".format, GROUPS),
        some({"Members": PEOPLE, "Name": st.sampled_from(["P", "Q", "Sales"])}),
    ),
    st.tuples(st.just("DELETE"), st.builds("/Groups({})".format, GROUPS), st.none()),
    st.tuples(st.just("POST"), st.just("/Queues"), some({**QUEUE, "Name": st.just("New")}, Number=QUEUES)),
    st.tuples(st.just("PATCH"), st.builds(lambda n: ("Queues", n), QUEUES), some(QUEUE)),
    st.tuples(st.just("DELETE"), st.builds(lambda n: ("Queues", n), QUEUES), st.none()),
    st.tuples(st.just("PATCH"), st.just("/RingGroups(71)"), some({"Members": PEOPLE, "ForwardNoAnswer": DESTINATIONS})),
    st.tuples(st.just("PATCH"), st.just("/Receptionists(81)"), some(MENU)),
    st.tuples(st.just("DELETE"), st.sampled_from(["/Receptionists(82)", "/Trunks(102)", "/Fax(125)"]), st.none()),
    st.tuples(st.just("PATCH"), st.just("/Trunks(102)"), some({"Number": st.sampled_from(["10001", "10007"])})),
    st.tuples(st.just("PATCH"), st.just("/InboundRules(1)"), some({"OfficeHoursDestination": DESTINATIONS})),
    st.tuples(
        st.just("POST"),
        st.just("/Users/Pbx.BatchDelete"),
        st.builds(lambda ids: {"ids": ids}, st.lists(st.integers(11, 60), max_size=6)),
    ),
    st.tuples(
        st.just("POST"),
        st.just("/Users/Pbx.BulkUpdate"),
        st.builds(lambda ids, user: {"ids": ids, "user": user}, st.lists(st.integers(11, 60), max_size=4), some(USER)),
    ),
    st.tuples(
        st.just("POST"),
        st.builds("/DeviceInfos({})/Pbx.Provision".format, st.integers(1, 15)),
        st.builds(lambda id_, again: {"userId": id_, "reprovision": again}, st.integers(11, 60), st.booleans()),
    ),
)


@pytest.fixture(scope="module")
def strict(runner: asyncio.Runner) -> Line:
    return Line(Emulator(strict=True), runner).sign_in()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=25))
def test_after_any_writes(strict: Line, steps: Any) -> None:
    strict.emulator.reset()
    for method, where, body in steps:
        path = where
        if isinstance(where, tuple):
            name, number = where
            answer = strict.get(f"/{name}(Number='{number}')?$select=Id")
            if answer.status == 404:
                continue
            path = f"/{name}({answer.json['Id']})"
        answer = strict.ask(method, path, body)
        assert answer.status in (200, 201, 204, 400, 404), (method, path, body)
    check_agreement(snapshot(strict))


@pytest.mark.parametrize("version", ["pre-20.0.5", "20.0.7"])
def test_older_versions_agree_too(dial: Dial, version: str) -> None:
    line = dial(version=version)
    assert line.ask("POST", "/Users", {"Number": "150", "Groups": [{"GroupId": 2}]}).status == 201
    assert line.ask("PATCH", "/Groups(3)", {"Members": [{"Number": "150"}]}).status == 204
    assert line.ask("PATCH", "/Queues(61)", {"Agents": [{"Number": "150"}]}).status == 204
    id_ = line.get("/Users?$filter=Number eq '150'").rows[0]["Id"]
    assert line.ask("DELETE", f"/Users({id_})").status == 204
    assert line.get("/Queues(61)/Agents").rows == []
    assert line.get("/Groups(3)/Members").rows == []
    check_agreement(snapshot(line))
