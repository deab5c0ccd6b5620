"""Where something is used: every reference that was planted over HTTP is found, and what can't be read is named."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import closed_port
from trunkline import AsyncPbx, Forbidden, InvalidArgument, NotFound, Pbx, TrunklineError, Unreachable, WhereUsed
from trunkline.catalog import load
from trunkline.references import where_used
from trunkline.references.fields import sorts_of

Find = Callable[..., WhereUsed]
TO_104 = {"To": "Extension", "Number": "104", "Type": "Extension"}


@pytest.fixture(params=[Pbx, AsyncPbx])
def find(request: pytest.FixtureRequest, system: System) -> Find:
    """Find where something of the emulated PBX is used, by each of the clients."""

    def sync(what: str, kind: str | None = None, *, client: str = CLIENT, key: str = KEY) -> WhereUsed:
        with Pbx(system.url, client, key) as pbx:
            return WhereUsed.find(pbx, what, kind=kind)

    async def afind(what: str, kind: str | None = None, *, client: str = CLIENT, key: str = KEY) -> WhereUsed:
        async with AsyncPbx(system.url, client, key) as pbx:
            return await WhereUsed.afind(pbx, what, kind=kind)

    if request.param is Pbx:
        return sync
    return lambda *args, **options: asyncio.run(afind(*args, **options))


def shown(found: WhereUsed) -> list[str]:
    return sorted(f"{each.resource} {each.id} {each.field}" for each in found.references)


PLANTED: list[tuple[str, dict[str, Any], str]] = [
    ("queues", {"ForwardNoAnswer": TO_104}, "queues 63 ForwardNoAnswer.Number"),
    ("queues", {"Managers": [{"Number": "104"}]}, "queues 63 Managers[0].Number"),
    ("queues", {"OutOfOfficeRoute": {"Route": TO_104}}, "queues 63 OutOfOfficeRoute.Route.Number"),
    ("ring_groups", {"Members": [{"Number": "136"}, {"Number": "104"}]}, "ring_groups 72 Members[1].Number"),
    ("ring_groups", {"ForwardNoAnswer": {**TO_104, "To": "VoiceMail"}}, "ring_groups 72 ForwardNoAnswer.Number"),
    ("receptionists", {"TimeoutForwardDN": "104"}, "receptionists 82 TimeoutForwardDN"),
    ("receptionists", {"InvalidKeyForwardDN": "104"}, "receptionists 82 InvalidKeyForwardDN"),
    ("groups", {"CustomOperator": TO_104}, "groups 4 CustomOperator.Number"),
    ("groups", {"HolidaysRoute": {"Route": TO_104}}, "groups 4 HolidaysRoute.Route.Number"),
    ("inbound_rules", {"OutOfOfficeHoursDestination": TO_104}, "inbound_rules 3 OutOfOfficeHoursDestination.Number"),
    ("outbound_rules", {"DNRanges": [{"From": "104", "To": "104"}]}, "outbound_rules 2 DNRanges[0]"),
    ("outbound_rules", {"DNRanges": [{"From": "200"}, {"From": "100", "To": "110"}]}, "outbound_rules 2 DNRanges[1]"),
    ("users", {"Blfs": "<Blf><Number>104</Number></Blf>"}, "users 30 Blfs"),
    ("users", {"HotdeskingAssignment": "104"}, "users 30 HotdeskingAssignment"),
    (
        "users",
        {"ForwardingProfiles": [{"Name": "Away", "AwayRoute": {"External": TO_104}}]},
        "users 30 ForwardingProfiles[0].AwayRoute.External.Number",
    ),
    (
        "users",
        {"ForwardingExceptions": [{"Data": "104", "Destination": {"To": "VoiceMail", "Number": "119"}}]},
        "users 30 ForwardingExceptions[0].Data",
    ),
    ("general_settings_for_pbx", {"OperatorExtension": "104"}, "general_settings_for_pbx None OperatorExtension"),
    ("call_parking_settings", {"AutoPickupForwardDN": "104"}, "call_parking_settings None AutoPickupForwardDN"),
    ("hotel_services", {"NoAnswerDestination": TO_104}, "hotel_services None NoAnswerDestination.Number"),
    ("scheduled_reports", {"DN": "104"}, "scheduled_reports 1 DN"),
]
KEYS = {
    "queues": 63, "ring_groups": 72, "receptionists": 82, "groups": 4, "inbound_rules": 3, "outbound_rules": 2,
    "users": 30, "scheduled_reports": 1,
}  # fmt: skip
SEEDED = [
    "device_infos 4 AssignedUser",
    "groups 2 Members[3].Number",
    "queues 61 Agents[3].Number",
    "sip_devices 4 DN.Number",
]


@pytest.mark.parametrize(("resource", "body", "place"), PLANTED, ids=[place for *_, place in PLANTED])
def test_each_planted_reference_is_found(
    system: System, pbx: Pbx, resource: str, body: dict[str, Any], place: str
) -> None:
    key: dict[str, Any] = {"Id": KEYS[resource]} if resource in KEYS else {}
    pbx.call(f"{resource}.update", **key, body=body)
    found = WhereUsed.find(pbx, "104")
    assert shown(found) == sorted([*SEEDED, place])
    assert not found.unavailable


def test_a_record_says_who_as_what_and_what_stands_there(find: Find, system: System) -> None:
    found = find("101")
    assert msgspec.to_builtins(found.target) == {
        "kind": "extension", "number": "101", "id": 12, "name": "Lindqvist, Tomás"
    }  # fmt: skip
    manager = next(each for each in found.references if each.field.startswith("Managers"))
    assert msgspec.to_builtins(manager) == {
        "resource": "queues", "id": 61, "number": "800", "name": "Sales", "field": "Managers[0].Number",
        "role": "manager", "value": "101", "certain": True,
    }  # fmt: skip
    assert [(each.resource, each.certain) for each in found.references if not each.certain] == [("device_infos", False)]
    assert "queue 800 Sales (agent; forward no answer; manager)" in found.facts[0]
    assert len(found.facts) == 1


@pytest.mark.parametrize(
    ("what", "kind", "number", "of", "some"),
    [
        ("800", None, "800", "queue", "receptionists 81 Forwards[0].ForwardDN"),
        ("queue:800", None, "800", "queue", "inbound_rules 1 OfficeHoursDestination.Number"),
        ("ivr:821", None, "821", "receptionist", "inbound_rules 1 OutOfOfficeHoursDestination.Number"),
        ("Billing", None, "802", "queue", None),
        ("Sales", "department", "GRP0001", "department", "users 12 Groups[0].GroupId"),
        ("trunk:10000", None, "10000", "trunk", "outbound_rules 1 Routes[0].TrunkId"),
        ("10000", None, "10000", "trunk", "did_numbers +442079460100 TrunkId"),
        ("+44 20 7946 0100", None, "+442079460100", "did", "trunks 101 DidNumbers[0]"),
        ("00442079460100", "did", "+442079460100", "did", "inbound_rules 1 Data"),
        ("WELCOME.wav", None, "welcome.wav", "file", "receptionists 81 PromptFilename"),
    ],
)
def test_what_is_typed_is_what_is_meant(
    pbx: Pbx, what: str, kind: str | None, number: str, of: str, some: str | None
) -> None:
    found = WhereUsed.find(pbx, what, kind=kind)
    assert (found.target.number, found.target.kind) == (number, of)
    assert some is None or some in shown(found)


@pytest.mark.parametrize(
    ("what", "kind", "error", "words"),
    [
        ("Sales", None, InvalidArgument, "queue:800, department:GRP0001"),
        ("queue:104", None, NotFound, "No queue on .* '104'; it is extension 104 Haddad, Leila"),
        ("Nobody", None, NotFound, "Nothing on .* 'Nobody'"),
        ("prompt:missing.wav", None, NotFound, "No file on"),
        ("104", "telephone", InvalidArgument, "'telephone' is not a kind; extension, queue,"),
        ("queue:104", "user", InvalidArgument, "names a queue, and the kind is extension"),
        ("  ", None, InvalidArgument, "1 to 200 characters"),
        ("1" * 201, None, InvalidArgument, "1 to 200 characters"),
    ],
)
def test_what_is_meant_by_nothing_or_several_is_refused(
    pbx: Pbx, what: str, kind: str | None, error: type[TrunklineError], words: str
) -> None:
    with pytest.raises(error, match=words):
        WhereUsed.find(pbx, what, kind=kind)


def test_what_still_refers_to_a_deleted_extension_is_found(find: Find, pbx: Pbx) -> None:
    pbx.queues.update(63, {"ForwardNoAnswer": {"To": "Extension", "Number": "177"}})
    found = find("177")
    assert (found.target.kind, found.target.id, found.target.name) == ("unknown", None, None)
    assert shown(found) == ["queues 63 ForwardNoAnswer.Number"]
    assert find("178").references == []


@pytest.mark.parametrize("to", ["None", "External"])
def test_a_destination_that_goes_elsewhere_does_not_count(pbx: Pbx, to: str) -> None:
    forward = {"To": to, "Number": "104", "External": "+442079460199"}
    pbx.call("queues.update", Id=63, body={"ForwardNoAnswer": forward})
    assert shown(WhereUsed.find(pbx, "104")) == SEEDED


def test_one_resource_that_fails_is_named_and_the_others_are_read(find: Find, system: System) -> None:
    system.emulator.add_fault("403@/ScheduledReports*")
    system.emulator.add_fault("500@/Queues*")
    found = find("104")
    assert {name: error["code"] for name, error in found.unavailable.items()} == {
        "queues": "server_error", "scheduled_reports": "forbidden"
    }  # fmt: skip
    assert "groups 2 Members[3].Number" in shown(found)
    assert not {"queues", "scheduled_reports"} & set(found.read)
    assert found.facts[-1] == "What could not be read, and may use it too: queues, scheduled_reports."


def test_without_rights_or_a_pbx_there_is_an_error(find: Find, system: System) -> None:
    with pytest.raises(Forbidden):
        find("104", client=VIEWER, key=VIEWER_KEY)
    with Pbx(closed_port(), CLIENT, KEY, connect_timeout=1) as nowhere, pytest.raises(Unreachable):
        WhereUsed.find(nowhere, "104")


def test_a_list_without_end_is_read_to_the_limit(pbx: Pbx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(where_used, "MOST_ROWS", 20)
    found = WhereUsed.find(pbx, "104")
    assert list(found.unavailable) == ["users"]
    assert "More than 20 rows" in found.unavailable["users"]["message"]


def test_few_requests_and_no_secret_is_asked_for(system: System, pbx: Pbx) -> None:
    WhereUsed.find(pbx, "104")
    asked = system.sent("GET")
    assert len(asked) < 30
    assert not [path for path in asked if re.search(r"Password|VMPIN|AuthID|ScriptCode", path)]
    assert not system.sent("PATCH")


NO_REFERENCES = {
    # ranges for new numbers, numbers of the outside world, addresses, sets of prompts, names of others
    "ADUsersSyncConfiguration.SelectedGroups",
    "ADUsersSyncConfiguration.StartingExtensionNumber",
    "AutoSchedulerSettings.ProfileDND",
    "ConferenceSettings.PinNumber",
    "Contact.PhoneNumber",
    "FxsProvisioning.RemoteFQDN",
    "GoogleUserSync.StartingExtensionNumber",
    "Group.PromptSet",
    "GroupProps.SystemNumberFrom",
    "GroupProps.SystemNumberTo",
    "GroupProps.TrunkNumberFrom",
    "GroupProps.TrunkNumberTo",
    "GroupProps.UserNumberFrom",
    "GroupProps.UserNumberTo",
    "Microsoft365TeamsIntegration.SbcFQDN",
    "NetworkSettings.PbxPublicFQDN",
    "OutboundRule.NumberLengthRanges",
    "PhoneSettings.LogoFileExtensionAllowed",
    "PhonesSettings.CustomDNDProfile",
    "Playlist.PromptName",
    "PromptSet.PromptSetName",
    "Queue.PromptSet",
    "QueueAgent.SkillGroup",
    "Receptionist.PromptSet",
    "ReportGroup.GroupName",
    "SystemStatus.FQDN",
    "User.PromptSet",
}
HISTORY = ("CallHistoryView", "ChatHistoryView", "ChatMessagesHistoryView", "EventLog", "Recording")


def string_fields(type_name: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the owner and the name of each text in a type, and in all that it leads to."""
    if type_name in seen:
        return
    seen.add(type_name)
    for name, spec in load().fields(type_name).items():
        if spec.name == "String":
            yield type_name, name
        elif spec.name in load().types:
            yield from string_fields(spec.name, seen)


def test_every_field_that_is_called_like_a_reference_is_one_or_known_not_to_be() -> None:
    """A release with a new such field fails here, until somebody has decided what it is."""
    catalog, seen, undecided = load(), set[str](), set[str]()
    for verbs in catalog.resources.values():
        reader = verbs.get("list") or verbs.get("get")
        if (
            reader is None
            or reader.params
            or reader.answer_type is None
            or reader.answer_type.name not in catalog.types
        ):
            continue
        for owner, name in string_fields(reader.answer_type.name, seen):
            called = re.search(r"DN|Dn$|Extension|Number|Destination|Forward|Prompt|MusicOnHold|Group", name)
            if called and owner.removeprefix("Pbx.") not in HISTORY:
                spec = catalog.fields(owner)[name]
                undecided |= set() if sorts_of(owner, name, spec) else {f"{owner.removeprefix('Pbx.')}.{name}"}
    assert undecided == NO_REFERENCES
