"""What changed in the configuration of a PBX between two readings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from sharded import most_at_once
from trunkline import AsyncPbx, ConfigurationError, Forbidden, Pbx, Retries, ServerError, SignInError
from trunkline.catalog import load
from trunkline.catalog.secret import MASK, is_secret
from trunkline.config.tables import tables
from trunkline.shards import readings
from trunkline.shards.readings import MOST, Reading
from trunkline.shards.readings.configuration import LONGEST, sources
from trunkline.shards.readings.drift import Drift
from trunkline.shards.readings.snapshot import Snapshot, packed, unpacked
from trunkline_emulator import Emulator, running


def read(
    url: str,
    before: bytes | None = None,
    parameters: Mapping[str, Any] | None = None,
    client: str = CLIENT,
    key: str = KEY,
) -> Reading:
    async def once() -> Reading:
        async with AsyncPbx(url, client, key, label="acme", retries=Retries(base=0)) as pbx:
            return await readings.carry_out("drift", pbx, parameters or {}, None, before)

    return asyncio.run(once())


def drift_of(reading: Reading) -> Drift:
    return msgspec.convert(reading.result, Drift)


@pytest.fixture
def before(system: System) -> bytes:
    """A first reading of the demo company."""
    snapshot = read(system.url).snapshot
    assert snapshot is not None
    return snapshot


def counts(changed: int = 0, removed: int = 0, added: int = 0) -> dict[str, int]:
    return {"changed": changed, "removed": removed, "added": added}


# ── what is configuration ───────────────────────────────────────────────────────────────────────


def test_every_set_that_can_be_read_and_changed_is_configuration_or_an_exception() -> None:
    catalog = load()
    listed = {action.resource for action in catalog.actions if action.kind == "list"}
    read = {action.resource for action in catalog.actions if action.kind == "get"}
    updated = {action.resource for action in catalog.actions if action.kind == "update"}
    changed = updated | {action.resource for action in catalog.actions if action.kind in ("create", "delete")}
    expected = {
        name
        for name, entity_set in catalog.sets.items()
        if entity_set.resource in ((read & updated) if entity_set.singleton else (listed & changed))
    }
    assert set(sources(catalog)) == expected - set(tables().not_configuration)
    assert set(tables().not_configuration) <= expected
    assert {"Users", "Trunks", "OutboundRules", "MailSettings", "OfficeHours", "Blocklist"} < set(sources(catalog))


def test_history_is_not_configuration() -> None:
    history = ("Log", "History", "Report", "Call", "Recordings", "Backup", "Status")
    named = [name for name in sources(load()) if any(word in name for word in history)]
    assert named == [
        *("CallFlowApps", "CallParkingSettings", "CallTypesSettings", "ChatLogSettings"),
        *("LoggingSettings", "PhoneLogos", "ScheduledReports"),
    ]


# ── a first reading ─────────────────────────────────────────────────────────────────────────────


def test_the_first_reading_says_so_and_everything_is_new(system: System, pbx: Pbx) -> None:
    reading = read(system.url)
    drift = drift_of(reading)
    assert (drift.note, drift.since, drift.is_accepted) == ("First reading: everything is new.", None, True)
    assert drift.counts == counts(added=drift.entities)
    assert drift.sets["Users"] == counts(added=pbx.users.list().count())
    assert drift.sets["MailSettings"] == counts(added=1)
    assert (drift.unread, drift.unexpanded, drift.is_limited) == ({}, {}, False)
    assert set(drift.first_read) == set(sources(load()))
    [ada] = [entry for entry in drift.added if entry.set == "Users" and entry.name.startswith("100 ")]
    assert (ada.key, ada.row) == ({"Id": pbx.users.list(filter="Number eq '100'").all()[0]["Id"]}, None)


def test_nothing_is_changed_and_four_requests_are_under_way_at_most(system: System) -> None:
    system.emulator.latency = 0.005
    try:
        read(system.url)
    finally:
        system.emulator.latency = 0
    assert {entry.method for entry in system.emulator.journal} == {"GET", "POST"}
    assert system.sent("POST") == ["/connect/token"]
    assert 1 < most_at_once(system.emulator.journal) <= 4


def test_nothing_changed_is_nothing(system: System, before: bytes) -> None:
    first = drift_of(read(system.url))
    drift = drift_of(read(system.url, before))
    assert (drift.counts, drift.sets, drift.note) == (counts(), {}, "")
    assert (drift.changed, drift.removed, drift.added, drift.first_read) == ([], [], [], [])
    assert drift.entities == first.entities
    assert drift.since is not None


# ── changes ─────────────────────────────────────────────────────────────────────────────────────


def test_changes_are_named_with_their_values(system: System, before: bytes, pbx: Pbx) -> None:
    user = pbx.users.list(filter="Number eq '100'").all()[0]
    contact = pbx.contacts.list(top=1).all()[0]
    pbx.call("users.update", Id=user["Id"], body={"FirstName": "Grace", "Mobile": "+12025550199"})
    pbx.call("mail_settings.update", body={"MailServer": "mail.example.com"})
    pbx.call("contacts.delete", Id=contact["Id"])
    pbx.call("parkings.create", body={"Number": "SP77"})
    drift = drift_of(read(system.url, before))
    assert drift.counts == counts(changed=2, removed=1, added=1)
    assert drift.sets == {
        "Contacts": counts(removed=1),
        "MailSettings": counts(changed=1),
        "Parkings": counts(added=1),
        "Users": counts(changed=1),
    }
    changed = {entry.set: entry for entry in drift.changed}
    assert changed["Users"].key == {"Id": user["Id"]}
    assert {name: (values.before, values.now) for name, values in changed["Users"].fields.items()} == {
        "FirstName": (user["FirstName"], "Grace"),
        "Mobile": (user.get("Mobile"), "+12025550199"),
        "DisplayName": (user["DisplayName"], changed["Users"].fields["DisplayName"].now),
    }
    assert changed["MailSettings"].key == {}
    assert changed["MailSettings"].fields["MailServer"].now == "mail.example.com"
    [removed], [added] = drift.removed, drift.added
    assert (removed.set, removed.key) == ("Contacts", {"Id": contact["Id"]})
    assert removed.row is not None
    assert removed.row["PhoneNumber"] == contact["PhoneNumber"]
    assert (added.set, added.name) == ("Parkings", "SP77")
    assert added.row is not None


def test_what_an_entity_only_refers_to_is_compared_too(system: System, before: bytes, pbx: Pbx) -> None:
    queue = pbx.queues.list(expand="Agents", top=1).all()[0]
    agents = [{"Number": agent["Number"], "SkillGroup": agent["SkillGroup"]} for agent in queue["Agents"]]
    pbx.call("queues.update", Id=queue["Id"], body={"Agents": agents[1:]})
    user = pbx.users.list(expand="Groups($expand=Rights)", filter="Number eq '105'").all()[0]
    group = user["Groups"][0]
    body = {"Groups": [{"GroupId": group["GroupId"], "Rights": {"RoleName": "managers"}}]}
    pbx.call("users.update", Id=user["Id"], body=body)
    drift = drift_of(read(system.url, before))
    changed = {entry.set: entry.fields for entry in drift.changed}
    gone = changed["Queues"]["Agents"]
    assert ([agent["Number"] for agent in gone.before], gone.now) == ([agents[0]["Number"]], [])
    [now] = changed["Users"]["Groups"].now
    assert now["Rights"]["RoleName"] == "managers"
    assert drift.counts == counts(changed=2)


def test_of_an_object_only_what_differs_is_shown(system: System, before: bytes, pbx: Pbx) -> None:
    trunk = pbx.trunks.list(top=1).all()[0]
    gateway = trunk["Gateway"]
    assert gateway is not None
    pbx.call("trunks.update", Id=trunk["Id"], body={"Gateway": {**gateway, "Host": "sip.example.com"}})
    [changed] = drift_of(read(system.url, before)).changed
    values = changed.fields["Gateway"]
    assert (values.before, values.now) == ({"Host": gateway["Host"]}, {"Host": "sip.example.com"})


def test_a_new_name_is_one_change(system: System, before: bytes, pbx: Pbx) -> None:
    """Queues, ring groups and departments show the names of their members, which are no change of theirs."""
    user = pbx.users.list(filter="Number eq '101'").all()[0]
    pbx.call("users.update", Id=user["Id"], body={"LastName": "Renamed"})
    drift = drift_of(read(system.url, before))
    assert drift.sets == {"Users": counts(changed=1)}


def test_what_changes_by_itself_is_not_a_change(system: System) -> None:
    trunk = {"Id": 7, "Number": "10000", "IsOnline": True}
    user = {"Id": 8, "Number": "100", "IsRegistered": True, "CurrentProfileName": "Available"}
    system.emulator.load_seed({"Trunks": [trunk], "Users": [user]})
    before = read(system.url).snapshot
    away = {"IsRegistered": False, "CurrentProfileName": "Away"}
    system.emulator.load_seed({"Trunks": [{**trunk, "IsOnline": False}], "Users": [{**user, **away}]})
    assert drift_of(read(system.url, before)).counts == counts()
    system.emulator.load_seed({"Trunks": [trunk], "Users": [{**user, "FirstName": "Ada"}]})
    assert drift_of(read(system.url, before)).sets == {"Users": counts(changed=1)}
    system.emulator.load_seed("demo")


def test_addresses_that_the_pbx_blocks_by_itself_are_not_configuration(system: System, before: bytes, pbx: Pbx) -> None:
    address = {"BlockType": "Block", "IPAddrMask": "192.0.2.7", "Description": "x", "ExpiresAt": "2099-01-01T00:00:00Z"}
    pbx.call("blocklist.create", body={"Id": 0, "AddedBy": "AutoBlacklist", **address})
    assert drift_of(read(system.url, before)).counts == counts()
    pbx.call("blocklist.create", body={"Id": 0, "AddedBy": "Manual", **address, "IPAddrMask": "192.0.2.8"})
    assert drift_of(read(system.url, before)).sets == {"Blocklist": counts(added=1)}


def test_a_field_of_a_new_version_is_not_a_change_of_every_entity() -> None:
    queue = {"Id": 7, "Number": "800", "Name": "Sales"}
    with running(Emulator("20.0.9", client_id=CLIENT, api_key=KEY, seed={"Queues": [queue]})) as url:
        before = read(url).snapshot
    new = {"SLATime": 30, "Name": "Support"}
    with running(Emulator("20.0.10", client_id=CLIENT, api_key=KEY, seed={"Queues": [{**queue, **new}]})) as url:
        drift = drift_of(read(url, before))
    [changed] = [entry for entry in drift.changed if entry.set == "Queues"]
    assert set(changed.fields) == {"Name"}
    assert "SLATime" in drift.version_fields["Queues"]


# ── secrets and size ────────────────────────────────────────────────────────────────────────────


def test_secrets_are_neither_kept_nor_shown(system: System, before: bytes, pbx: Pbx) -> None:
    user = pbx.users.list(filter="Number eq '100'").all()[0]
    secret = "a-phone-password-4711"
    pbx.call("users.update", Id=user["Id"], body={"AuthPassword": secret, "VMPIN": "", "Mobile": "+12025550100"})
    reading = read(system.url, before)
    kept = unpacked(reading.snapshot or b"", "")
    texts: list[bytes] = [msgspec.json.encode(reading.result)]
    texts += [row for rows in kept.rows.values() for row in rows.values()]
    for text in map(str, (secret, user["AuthPassword"], user["AuthID"])):
        assert not any(text.encode() in each for each in texts)
    [entry] = drift_of(reading).changed
    assert set(entry.fields) == {"VMPIN", "Mobile"}
    assert (entry.fields["VMPIN"].before, entry.fields["VMPIN"].now) == (MASK, "")


def test_a_long_text_is_kept_as_a_digest(system: System, pbx: Pbx) -> None:
    parameter = next(row for row in pbx.parameters.list() if not is_secret(row["Name"]))
    long = "x" * LONGEST
    pbx.call("parameters.update", Id=parameter["Id"], body={"Value": f"{long}one"})
    before = read(system.url).snapshot
    pbx.call("parameters.update", Id=parameter["Id"], body={"Value": f"{long}two"})
    [entry] = drift_of(read(system.url, before)).changed
    value = entry.fields["Value"]
    assert "2,003 characters" in value.before
    assert "2,003 characters" in value.now
    assert value.before != value.now


def test_a_result_is_limited_and_its_counts_are_exact(system: System, before: bytes) -> None:
    rows = [
        {"Id": 10_000 + n, "FirstName": f"{n}", "Department": "d" * 1_500, "PhoneNumber": f"+1202555{n:04}"}
        for n in range(1_200)
    ]
    system.emulator.load_seed({"Contacts": rows})
    reading = read(system.url, before, {"leave_out": [name for name in sources(load()) if name != "Contacts"]})
    drift = drift_of(reading)
    assert (drift.sets["Contacts"]["added"], drift.is_limited) == (1_200, True)
    assert 0 < len(drift.added) < 1_200
    assert drift.sets["Contacts"]["removed"] == len(drift.removed)
    assert MOST // 2 < len(msgspec.json.encode(reading.result)) <= MOST
    system.emulator.load_seed("demo")


# ── what can't be read ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_set_that_can_not_be_read_keeps_its_basis(system: System, before: bytes, pbx: Pbx, status: int) -> None:
    contact = pbx.contacts.list(top=1).all()[0]
    pbx.call("contacts.delete", Id=contact["Id"])
    system.emulator.add_fault({"match": {"operation": "ListContact"}, "do": {"status": status}})
    reading = read(system.url, before)
    drift = drift_of(reading)
    assert list(drift.unread) == ["Contacts"]
    assert drift.unread["Contacts"].status == status
    assert (drift.counts, drift.first_read) == (counts(), [])
    system.emulator.clear_faults()
    [removed] = drift_of(read(system.url, reading.snapshot)).removed
    assert removed.key == {"Id": contact["Id"]}


def test_a_set_that_is_read_for_the_first_time_later_is_named(system: System) -> None:
    system.emulator.add_fault({"match": {"operation": "ListContact"}, "do": {"status": 403}})
    before = read(system.url).snapshot
    system.emulator.clear_faults()
    drift = drift_of(read(system.url, before))
    assert (drift.first_read, drift.note) == (["Contacts"], "")
    assert set(drift.sets) == {"Contacts"}


def test_a_pbx_that_can_not_expand_gives_the_rest(system: System, before: bytes, pbx: Pbx) -> None:
    user = pbx.users.list(filter="Number eq '100'").all()[0]
    pbx.call("users.update", Id=user["Id"], body={"FirstName": "Grace"})
    system.emulator.add_fault({"match": {"operation": "ListUser", "times": 1}, "do": {"status": 400}})
    drift = drift_of(read(system.url, before))
    assert "ForwardingProfiles" in drift.unexpanded["Users"]
    assert (drift.unread, drift.counts) == ({}, counts(changed=1))
    assert "FirstName" in drift.changed[0].fields


def test_an_old_pbx_lacks_sets(system: System) -> None:
    with running(Emulator("20.0.5", client_id=CLIENT, api_key=KEY, seed="demo")) as url:
        drift = drift_of(read(url))
        assert drift.version is not None
        assert drift.version.startswith("20.0.5")
    assert "AISettings" in drift.unread
    assert {error.code for error in drift.unread.values()} == {"version_mismatch"}
    assert drift.sets["Users"]["added"] > 0


def test_a_client_without_rights_is_refused(system: System) -> None:
    with pytest.raises(Forbidden):
        read(system.url, client=VIEWER, key=VIEWER_KEY)


def test_a_refused_key_is_tried_once(system: System) -> None:
    with pytest.raises(SignInError):
        read(system.url, key="another-key-0123456789")
    assert len(system.sent("POST")) == 1


def test_a_pbx_in_trouble_is_not_asked_for_everything(system: System) -> None:
    system.emulator.add_fault({"match": {"path": "/*", "after": 20}, "do": {"status": 500}})
    with pytest.raises(ServerError):
        read(system.url)


# ── what is kept ────────────────────────────────────────────────────────────────────────────────


def test_a_reading_that_is_not_accepted_leaves_the_basis(system: System, before: bytes, pbx: Pbx) -> None:
    pbx.call("mail_settings.update", body={"MailServer": "mail.example.com"})
    reading = read(system.url, before, {"accept": False})
    assert (reading.snapshot, drift_of(reading).is_accepted) == (None, False)
    assert drift_of(reading).sets == {"MailSettings": counts(changed=1)}
    assert drift_of(read(system.url, reading.snapshot or before)).sets == {"MailSettings": counts(changed=1)}


def test_sets_are_left_out(system: System, before: bytes, pbx: Pbx) -> None:
    contact = pbx.contacts.list(top=1).all()[0]
    pbx.call("contacts.delete", Id=contact["Id"])
    system.emulator.clear_journal()
    reading = read(system.url, before, {"leave_out": ["Contacts"]})
    assert not any("Contacts" in path for path in system.sent("GET"))
    assert drift_of(reading).counts == counts()
    assert drift_of(read(system.url, reading.snapshot)).sets == {"Contacts": counts(removed=1)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"nothing", "is damaged"),
        (packed(Snapshot("2026-06-15T00:00:00Z", None, {}))[:-4], "is damaged"),
        (packed(Snapshot("2026-06-15T00:00:00Z", None, {}, format=99)), "newer Trunkline"),
    ],
)
def test_a_snapshot_that_can_not_be_used_is_refused_before_anything_is_read(
    system: System, content: bytes, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read(system.url, content)
    assert system.sent("GET") == []


def test_a_snapshot_is_small(before: bytes) -> None:
    kept = unpacked(before, "")
    rows = sum(len(row) for rows in kept.rows.values() for row in rows.values())
    assert len(before) < rows / 4
