"""What is read of a PBX: which entities, called what, with how many requests, and what is said of the rest."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Pbx
from trunkline.catalog import Catalog, load
from trunkline.catalog.secret import secrets_in
from trunkline.config.kinds import kind_of, kinds, settings_kinds
from trunkline.config.model import Id, Secret
from trunkline.config.reading import Reading, aread, read
from trunkline.config.spelling import references
from trunkline.errors import Forbidden, ServerError, UnknownName
from trunkline_emulator import Emulator, running

CATALOG = load()


def of(seed: str | Mapping[str, Any], wanted: list[str] | None = None, version: str = "20.0.10") -> Reading:
    """What is read of a PBX with these rows."""
    with running(Emulator(version, CLIENT, KEY, seed=seed)) as url, Pbx(url, CLIENT, KEY) as pbx:
        return read(pbx, wanted)


def keys(reading: Reading, kind: str) -> list[str]:
    return [entity.id.key for entity in reading.configuration.of_kind(kind)]


def fields(reading: Reading, kind: str, key: str) -> dict[str, Any]:
    return reading.configuration.entities[Id(kind, key)].fields


def test_a_pbx_is_read_whole(pbx: Pbx) -> None:
    reading = read(pbx)
    configuration = reading.configuration

    counts = Counter(id.kind for id in configuration.entities)
    assert counts["users"] == pbx.users.list().count()
    assert counts["contacts"] == pbx.contacts.list(filter="ContactType eq '3CX'").count()
    assert counts["settings"] == len(settings_kinds(load("20.0.10")))
    assert keys(reading, "hours") == ["company"]
    assert keys(reading, "groups") == ["DEFAULT", "Engineering", "Finance", "Operations", "Sales", "Support"]
    assert set(configuration.scope.manage) == set(kinds(CATALOG))
    assert (configuration.unread, configuration.warnings) == ({}, [])
    assert (configuration.name, configuration.version) == (pbx.url, reading.version)
    assert reading.version.startswith("20.0.10")


def test_what_is_read_has_natural_keys_and_no_secret(pbx: Pbx) -> None:
    reading = read(pbx)

    assert fields(reading, "inbound_rules", "Sales line")["TrunkDN"] == "London SIP"
    assert fields(reading, "queues", "800")["Groups"] == {"DEFAULT": "users"}
    assert fields(reading, "users", "100")["AuthPassword"] == Secret("users/100/AuthPassword")
    rows = [row for name in ("users", "trunks", "sbcs", "fax") for row in pbx.call(f"{name}.list")]
    secret = {text for row in rows for text in secrets_in(row) if text}
    text = repr(reading) + repr(reading.configuration.entities) + json.dumps(reading.names.as_record())
    assert secret
    assert not any(f"'{each}'" in text or f'"{each}"' in text for each in secret)


def test_everything_that_it_refers_to_has_a_name(pbx: Pbx) -> None:
    reading = read(pbx)

    for entity in reading.configuration.entities.values():
        for reference in references(CATALOG, kind_of(CATALOG, entity.id), entity.fields):
            if reference.kind == "custom_prompts":
                assert reference.key in reading.files
            elif not reference.is_loose:
                assert Id(reference.kind, reference.key) in reading.names, reference


def test_it_is_the_same_each_time_and_in_an_event_loop(system: System, pbx: Pbx) -> None:
    first, second = read(pbx), read(pbx)

    async def in_a_loop() -> Reading:
        async with AsyncPbx(system.url, CLIENT, KEY) as other:
            return await aread(other)

    third = asyncio.run(in_a_loop())
    for other in (second, third):
        assert list(other.configuration.entities) == list(first.configuration.entities)
        assert other.configuration == first.configuration
        assert other.names.as_record() == first.names.as_record()
        assert (other.files, other.requests) == (first.files, first.requests)


def test_entities_come_in_the_order_of_their_creation_then_by_key(pbx: Pbx) -> None:
    found = list(read(pbx).configuration.entities)
    order = list(kinds(CATALOG))

    assert found == sorted(found, key=lambda id: (order.index(id.kind), id.key))


def test_a_page_is_one_request() -> None:
    users = [{"Number": str(1000 + n), "FirstName": "U"} for n in range(1000)]
    queues = [{"Number": str(8000 + n), "Name": "Q"} for n in range(60)]
    contacts = [{"FirstName": f"C{n}", "PhoneNumber": f"+44{n}"} for n in range(500)]
    emulator = Emulator("20.0.10", CLIENT, KEY, seed={"Users": users, "Queues": queues, "Contacts": contacts})
    with running(emulator) as url, Pbx(url, CLIENT, KEY) as pbx:
        reading = read(pbx)

    asked = [entry.path for entry in emulator.journal if "/xapi/" in entry.path]
    lists = {kind.set for kind in kinds(CATALOG).values() if kind.set and not kind.single}
    rows = {"Users": 1000, "Queues": 60, "Contacts": 500}
    needed = sum(-(-max(rows.get(name, 1), 1) // 100) for name in lists) + len(settings_kinds(load("20.0.10"))) + 1
    assert len(keys(reading, "users")) == 1000
    assert reading.requests == len(asked)
    assert len(asked) <= 1.3 * needed


def test_some_kinds_are_read_with_the_names_that_they_need(system: System, pbx: Pbx) -> None:
    whole, some = read(pbx), read(pbx, ["queues", "inbound_rules"])

    assert {id.kind for id in some.configuration.entities} == {"queues", "inbound_rules"}
    for id, entity in some.configuration.entities.items():
        assert entity == whole.configuration.entities[id]
    assert set(some.configuration.scope.manage) == {"queues", "inbound_rules"}
    assert some.names.api(Id("trunks", "London SIP"), "Id") == 101
    assert Id("users", "139") in some.names, "a queue may get any user as an agent"
    assert some.requests < whole.requests / 4


def test_what_names_nobody_is_read_alone(system: System, pbx: Pbx) -> None:
    system.emulator.reset()

    reading = read(pbx, ["contacts"])

    asked = [entry.path for entry in system.emulator.journal if "/xapi/" in entry.path]
    assert len(keys(reading, "contacts")) == 30
    assert len(asked) == reading.requests == 2, "one for the version, one page"


def test_a_caller_with_an_event_loop_of_its_own_can_read_too(pbx: Pbx) -> None:
    async def in_a_loop() -> Reading:
        return read(pbx, ["contacts"])

    assert asyncio.run(in_a_loop()).configuration == read(pbx, ["contacts"]).configuration


def test_there_is_no_other_kind(pbx: Pbx) -> None:
    with pytest.raises(UnknownName, match=r"There is no kind 'queue'\. Did you mean queues"):
        read(pbx, ["queue"])


def test_several_of_a_name_are_counted_in_the_order_of_their_ids() -> None:
    rules = [
        {"Id": 12, "RuleName": "Main", "Data": "3"},
        {"Id": 9, "RuleName": "Main", "Data": "2"},
        {"Id": 2, "RuleName": "Main", "Data": "1"},
    ]
    reading = of({"InboundRules": rules}, ["inbound_rules"])

    named = {key: fields(reading, "inbound_rules", key)["Data"] for key in keys(reading, "inbound_rules")}
    assert named == {"Main": "1", "Main#2": "2", "Main#3": "3"}
    assert reading.configuration.warnings == []
    assert [reading.names.api(Id("inbound_rules", key), "Id") for key in named] == [2, 9, 12]


def test_a_name_that_looks_like_a_count_is_kept() -> None:
    rules = [{"Id": n, "RuleName": name, "Data": str(n)} for n, name in ((1, "Main"), (2, "Main"), (3, "Main#2"))]
    reading = of({"InboundRules": rules}, ["inbound_rules"])

    named = {key: fields(reading, "inbound_rules", key)["Data"] for key in keys(reading, "inbound_rules")}
    assert named == {"Main": "1", "Main#2": "3", "Main#3": "2"}


def test_a_secret_of_the_second_one_is_its_own() -> None:
    contacts = [{"Id": 1, "Name": "X_PIN", "Value": "1111"}, {"Id": 2, "Name": "X_PIN", "Value": "2222"}]
    reading = of({"Parameters": contacts}, ["parameters"])

    assert fields(reading, "parameters", "X_PIN#2")["Value"] == Secret("parameters/X_PIN#2/Value")
    assert reading.configuration.warnings == ["Several parameters are called X_PIN; one of them is X_PIN#2 here."]


def test_what_nobody_configured_and_what_has_no_name_is_left_out() -> None:
    blocked = [{"Id": 1, "IPAddrMask": "192.0.2.1", "AddedBy": "AutoBlacklist"}, {"Id": 2, "IPAddrMask": "192.0.2.2"}]
    contacts = [{"Id": 6, "FirstName": "Ada", "ContactType": "M365"}, {"Id": 7, "Title": "Dr"}]
    reading = of({"Blocklist": blocked, "Contacts": contacts}, ["blocklist", "contacts"])

    assert keys(reading, "blocklist") == ["192.0.2.2"]
    assert keys(reading, "contacts") == []
    (warning,) = reading.configuration.warnings
    assert warning.startswith("One of the contacts has no FirstName LastName CompanyName, PhoneNumber, Email")
    assert warning.endswith("(Id 7): it is left out.")


PHONES = [
    {"Id": 5, "MacAddress": "00155D000001", "Name": "Desk", "Interface": "eth0", "Settings": {"Secret": "hidden"}},
    {"Id": 6, "Name": "Soft phone"},
]


def test_phones_are_entities_of_their_own() -> None:
    reading = of({"Users": [{"Number": "100", "Phones": PHONES}, {"Number": "101", "Phones": []}]})

    phone = fields(reading, "phones", "00155D000001")
    assert list(phone) == ["MacAddress", "User", "Name", "Settings"]
    assert (phone["User"], phone["Name"]) == ("100", "Desk")
    assert phone["Settings"]["Secret"] == Secret("phones/00155D000001/Settings.Secret")
    assert keys(reading, "phones") == ["00155D000001"]
    assert "Phones" not in fields(reading, "users", "100")
    assert reading.configuration.warnings == [
        "One of the phones has no MacAddress, which is what it is called by (User 100): it is left out."
    ]


@pytest.mark.parametrize(("wanted", "found"), [("phones", {"phones"}), ("users", {"users"})])
def test_phones_and_users_can_be_read_without_each_other(wanted: str, found: set[str]) -> None:
    reading = of({"Users": [{"Number": "100", "Phones": PHONES}]}, [wanted])

    assert {id.kind for id in reading.configuration.entities} == found
    assert Id("users", "100") in reading.names


def test_the_default_department_is_the_same_everywhere() -> None:
    groups = [{"Id": 1, "Name": "Head office", "IsDefault": True}, {"Id": 2, "Name": "Sales"}]
    reading = of({"Groups": groups, "Users": [{"Number": "100", "PrimaryGroupId": 1}]})

    assert keys(reading, "groups") == ["DEFAULT", "Sales"]
    assert fields(reading, "groups", "DEFAULT")["Name"] == "Head office"
    assert fields(reading, "users", "100")["PrimaryGroupId"] == "DEFAULT"


def test_an_older_pbx_gives_what_it_has() -> None:
    reading = of("demo", version="20.0.6")

    assert keys(reading, "users")
    assert reading.version.startswith("20.0.6")
    lacking = {name for name in settings_kinds(CATALOG) if name not in settings_kinds(load("20.0.6"))}
    assert lacking
    assert set(reading.configuration.absent) == {f"settings/{name}" for name in lacking}
    assert reading.configuration.unread == {}
    assert not reading.configuration.is_partial


def test_a_field_that_a_version_lacks_is_one_that_none_of_its_answers_has_either() -> None:
    published = of("demo", ["queues"], "20.0.7").configuration
    lacking = published.lacking["queues"]
    assert {"ComfortPrompts", "MaxWaitTimeSkillGroupValues"} < lacking
    assert published.lacks(Id("queues", "999"), "ComfortPrompts.Language")
    assert not published.lacks(Id("queues", "800"), "Name")
    assert not of("demo", ["queues"]).configuration.lacks(Id("queues", "800"), "ComfortPrompts")

    with running(Emulator("20.0.7", CLIENT, KEY, seed="demo")) as url, Pbx(url, CLIENT, KEY) as pbx:
        late = read(WithMore(pbx, "queues.list", {"ComfortPrompts": None}), ["queues"]).configuration
    assert late.lacking == {"queues": lacking - {"ComfortPrompts"}}, "a late build of that release"


# ── a PBX that does not give all ────────────────────────────────────────────────────────────────


@pytest.fixture
def faulty(system: System) -> Iterator[System]:
    yield system
    system.emulator.clear_faults()


def test_what_a_pbx_does_not_give_is_named_and_the_rest_is_read(faulty: System, pbx: Pbx) -> None:
    for operation in ("ListContact", "GetMailSettings", "ListUser"):
        faulty.emulator.add_fault({"match": {"operation": operation}, "do": {"status": 403}})

    configuration = read(pbx).configuration

    assert list(configuration.unread) == ["contacts", "phones", "settings/mail_settings", "users"]
    assert all(isinstance(error, Forbidden) for error in configuration.unread.values())
    assert not any(id.kind in ("contacts", "users") for id in configuration.entities)
    assert Id("queues", "800") in configuration.entities


def test_a_pbx_that_cannot_expand_a_set_is_read_without(faulty: System, pbx: Pbx) -> None:
    faulty.emulator.add_fault({"match": {"operation": "ListQueue", "times": 1}, "do": {"status": 400}})

    reading = read(pbx)

    assert "Agents" not in fields(reading, "queues", "800")
    assert reading.configuration.warnings == [
        "The PBX does not give Groups, Agents, Managers of its queues: acme refused queues.list: it gave no reason."
    ]
    assert reading.configuration.ungiven == ("queues/*/Agents", "queues/*/Groups", "queues/*/Managers")


def test_a_field_that_names_what_a_pbx_does_not_give_is_not_given(faulty: System, pbx: Pbx) -> None:
    faulty.emulator.add_fault({"match": {"operation": "ListPromptSet"}, "do": {"status": 403}})

    reading = read(pbx, ["users"])

    assert "PromptSet" not in fields(reading, "users", "100")
    assert reading.configuration.ungiven == ("users/*/PromptSet",)
    assert reading.unnamed == {"prompt_sets"}
    first, second = reading.configuration.warnings
    assert first.startswith("The PBX did not give the names of its prompt sets: ")
    assert second == "Without the names of prompt sets, nobody knows what these fields name: users/*/PromptSet."


def test_a_pbx_in_trouble_is_not_asked_on(faulty: System, pbx: Pbx) -> None:
    faulty.emulator.add_fault({"match": {"path": "/*", "after": 5}, "do": {"status": 500}})

    with pytest.raises(ServerError):
        read(pbx)
    assert len([entry for entry in faulty.emulator.journal if entry.method == "GET"]) < 60


@pytest.mark.parametrize("wanted", ["users", "phones"])
def test_a_pbx_that_gives_nothing_of_what_is_wanted_is_an_error(faulty: System, pbx: Pbx, wanted: str) -> None:
    faulty.emulator.add_fault({"match": {"operation": "ListUser"}, "do": {"status": 403}})

    with pytest.raises(Forbidden):
        read(pbx, [wanted])


class WithMore:
    """A PBX of a later build, whose answer to an action has fields that its version has not published."""

    def __init__(self, pbx: Pbx, action: str, more: Mapping[str, Any]) -> None:
        self._pbx, self._action, self._more = pbx, action, more
        self.url, self.action = pbx.url, pbx.action

    @property
    def catalog(self) -> Catalog:
        return self._pbx.catalog

    def call(self, action: str, /, **arguments: Any) -> Any:
        answer = self._pbx.call(action, **arguments)
        return [{**row, **self._more} for row in answer] if action == self._action else answer


def test_a_field_that_nobody_has_published_is_named(pbx: Pbx) -> None:
    reading = read(WithMore(pbx, "contacts.list", {"Mood": "good"}), ["contacts"])

    assert len(keys(reading, "contacts")) == 30
    assert reading.configuration.warnings == [
        "contacts have a field that no published version has, Mood: it is in no file."
    ]
