"""What 3CX asks of each set: requests that it refuses, with the code and the field that its answer names."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from trunkline import catalog
from trunkline_emulator import Emulator

from . import whole
from .conftest import Dial, Line

X = "WARNINGS.XAPI."
REQUIRED, NOT_FOUND, IN_USE = X + "REQUIRED", X + "NOT_FOUND", X + "ALREADY_IN_USE"
DUPLICATE, RANGE, FIXED = X + "DUPLICATE", X + "OUT_OF_THE_RANGE", X + "FORBIDDEN_CHANGE"
INVALID, LONG_50, LONG_255 = (
    f"WARNINGS.{name}" for name in ("INVALID", "LENGTH_NOT_MORE_50_CHARS", "LENGTH_NOT_MORE_255_CHARS")
)
MAC_IN_USE, HEX = "WARNINGS.MAC_ADDRESS_ALREADY_IN_USE", "WARNINGS.INVALID_HEX_CHARACTER"
GONE = 9999
# Extension 101 of the demo seed, with its phone; somebody else's phone.
USER, PHONE, OTHERS_PHONE = "/Users(12)", "805EC0000001", "805EC0000002"


def to(kind: str, number: str = "") -> dict[str, str]:
    return {"To": kind, "Number": number}


def away(**destination: str) -> list[dict[str, object]]:
    return [{"Name": "Away", "AwayRoute": {"Internal": destination}}]


NEW_USER = {"Number": "150"}
NEW_QUEUE = {"Number": "850", "Name": "New"}
RULE = {"RuleName": "New", "Condition": "BasedOnDID", "Data": "+442079460101", "TrunkDN": {"Number": "10000"}}

FIELDS = [
    # users
    ("POST", "/Users", NEW_USER | {"EmailAddress": "EXT100@example.com"}, "EmailAddress", IN_USE),
    ("PATCH", USER, {"EmailAddress": "ext100@example.com"}, "EmailAddress", IN_USE),
    ("PATCH", USER, {"EmailAddress": "nowhere"}, "EmailAddress", INVALID),
    ("PATCH", USER, {"EmailAddress": "a@" + "b" * 254}, "EmailAddress", LONG_255),
    ("POST", "/Users", {"Number": "reception"}, "Number", INVALID),
    ("POST", "/Users", {"Number": "SP0"}, "Number", IN_USE),
    ("PATCH", USER, {"Number": "150"}, "Number", FIXED),
    ("PATCH", USER, {"FirstName": "x" * 51}, "FirstName", LONG_50),
    ("PATCH", USER, {"LastName": "x" * 51}, "LastName", LONG_50),
    ("PATCH", USER, {"VMPIN": "12"}, "VMPIN", X + "INVALID_PIN_NUMBER"),
    ("PATCH", USER, {"VMPIN": "12ab"}, "VMPIN", X + "INVALID_PIN_NUMBER"),
    ("PATCH", USER, {"PinProtectTimeout": -1}, "PinProtectTimeout", RANGE),
    ("PATCH", USER, {"ClickToCallId": "ext100"}, "ClickToCallId", IN_USE),
    ("PATCH", USER, {"ClickToCallId": "sales"}, "ClickToCallId", IN_USE),
    ("PATCH", USER, {"WebMeetingFriendlyName": "EXT100"}, "WebMeetingFriendlyName", IN_USE),
    ("PATCH", USER, {"EmergencyLocationId": "7"}, "EmergencyLocationId", NOT_FOUND),
    ("PATCH", USER, {"CurrentProfileName": "Lunch"}, "CurrentProfileName", NOT_FOUND),
    # departments of a user
    ("POST", "/Users", NEW_USER | {"Groups": [{"GroupId": GONE}]}, "Groups[0].GroupId", NOT_FOUND),
    ("PATCH", USER, {"Groups": [{"GroupId": 2}, {"GroupId": GONE}]}, "Groups[1].GroupId", NOT_FOUND),
    ("PATCH", USER, {"Groups": [{"Number": "GRP0099"}]}, "Groups[0].GroupId", NOT_FOUND),
    ("PATCH", USER, {"Groups": [{}]}, "Groups[0].GroupId", REQUIRED),
    ("PATCH", USER, {"Groups": [{"GroupId": 2}, {"Number": "GRP0001"}]}, "Groups[1].GroupId", DUPLICATE),
    (
        "PATCH",
        USER,
        {"Groups": [{"GroupId": 2, "Rights": {"RoleName": "kings"}}]},
        "Groups[0].Rights.RoleName",
        NOT_FOUND,
    ),
    ("PATCH", USER, {"PrimaryGroupId": GONE}, "Groups[1].GroupId", NOT_FOUND),
    # forwarding profiles
    ("PATCH", USER, {"ForwardingProfiles": [{"Id": 7}]}, "ForwardingProfiles[0].Id", NOT_FOUND),
    ("PATCH", USER, {"ForwardingProfiles": [{"Name": "Lunch"}]}, "ForwardingProfiles[0].Name", NOT_FOUND),
    (
        "PATCH",
        USER,
        {"ForwardingProfiles": [{"Name": "Away"}, {"Name": "Away"}]},
        "ForwardingProfiles[1].Id",
        DUPLICATE,
    ),
    ("PATCH", USER, {"ForwardingProfiles": [{"Id": 121, "Name": "Lunch"}]}, "ForwardingProfiles[0].Name", FIXED),
    (
        "PATCH",
        USER,
        {"ForwardingProfiles": [{"Name": "Away", "NoAnswerTimeout": -1}]},
        "ForwardingProfiles[0].NoAnswerTimeout",
        RANGE,
    ),
    (
        "PATCH",
        USER,
        {"ForwardingProfiles": away(To="Extension", Number="999")},
        "ForwardingProfiles[0].AwayRoute.Internal.Number",
        NOT_FOUND,
    ),
    (
        "PATCH",
        USER,
        {"ForwardingProfiles": away(To="External")},
        "ForwardingProfiles[0].AwayRoute.Internal.External",
        REQUIRED,
    ),
    # phones
    ("PATCH", USER, {"Phones": [{"MacAddress": OTHERS_PHONE}]}, "Phones[0].MacAddress", MAC_IN_USE),
    (
        "POST",
        "/Users",
        NEW_USER | {"Phones": [{"MacAddress": "80:5e:c0:00:00:02"}]},
        "Phones[0].MacAddress",
        MAC_IN_USE,
    ),
    ("PATCH", USER, {"Phones": [{"MacAddress": "C074AD000099"}]}, "Phones[0].MacAddress", MAC_IN_USE),
    ("PATCH", USER, {"Phones": [{"MacAddress": "805EC000000G"}]}, "Phones[0].MacAddress", HEX),
    ("PATCH", USER, {"Phones": [{}]}, "Phones[0].MacAddress", REQUIRED),
    ("PATCH", USER, {"Phones": [{"MacAddress": PHONE}, {"MacAddress": PHONE}]}, "Phones[1].MacAddress", DUPLICATE),
    ("PATCH", USER, {"Phones": [{"MacAddress": PHONE, "TemplateName": "x"}]}, "Phones[0].TemplateName", NOT_FOUND),
    (
        "PATCH",
        USER,
        {"Phones": [{"MacAddress": PHONE, "Settings": {"SbcName": "x"}}]},
        "Phones[0].Settings.SbcName",
        NOT_FOUND,
    ),
    # departments
    ("POST", "/Groups", {}, "Name", REQUIRED),
    ("POST", "/Groups", {"Name": ""}, "Name", REQUIRED),
    ("PATCH", "/Groups(2)", {"Name": ""}, "Name", REQUIRED),
    ("POST", "/Groups", {"Name": "sales"}, "Name", IN_USE),
    ("POST", "/Groups", {"Name": "x" * 51}, "Name", LONG_50),
    ("PATCH", "/Groups(2)", {"Number": "GRP0077"}, "Number", FIXED),
    ("POST", "/Groups", {"Name": "New", "Members": [{"Number": "999"}]}, "Members[0].Number", NOT_FOUND),
    ("POST", "/Groups", {"Name": "New", "Members": [{}]}, "Members[0].Number", REQUIRED),
    ("PATCH", "/Groups(2)", {"Members": [{"Number": "101"}, {"Id": 12}]}, "Members[1].Number", DUPLICATE),
    (
        "PATCH",
        "/Groups(2)",
        {"Members": [{"Number": "101", "Rights": {"RoleName": "kings"}}]},
        "Members[0].Rights.RoleName",
        NOT_FOUND,
    ),
    ("PATCH", "/Groups(2)", {"Rights": [{"RoleName": "kings"}]}, "Rights[0].RoleName", NOT_FOUND),
    (
        "PATCH",
        "/Groups(2)",
        {"Rights": [{"RoleName": "users"}, {"RoleName": "users"}]},
        "Rights[1].RoleName",
        DUPLICATE,
    ),
    (
        "POST",
        "/Groups",
        {"Name": "New", "Props": {"UserNumberFrom": "320", "UserNumberTo": "319"}},
        "Props.UserNumberTo",
        RANGE,
    ),
    # queues
    ("POST", "/Queues", {"Number": "850"}, "Name", REQUIRED),
    ("POST", "/Queues", NEW_QUEUE | {"Number": "100"}, "Number", IN_USE),
    ("POST", "/Queues", NEW_QUEUE | {"Agents": [{"Number": "999"}]}, "Agents[0].Number", NOT_FOUND),
    ("POST", "/Queues", NEW_QUEUE | {"Agents": [{"Number": "801"}]}, "Agents[0].Number", NOT_FOUND),
    ("POST", "/Queues", NEW_QUEUE | {"Agents": [{"SkillGroup": "1"}]}, "Agents[0].Number", REQUIRED),
    ("PATCH", "/Queues(61)", {"Agents": [{"Number": "101"}, {"Id": 12}]}, "Agents[1].Number", DUPLICATE),
    ("PATCH", "/Queues(61)", {"Managers": [{"Number": "999"}]}, "Managers[0].Number", NOT_FOUND),
    ("PATCH", "/Queues(61)", {"ForwardNoAnswer": to("Queue", "899")}, "ForwardNoAnswer.Number", NOT_FOUND),
    ("PATCH", "/Queues(61)", {"ForwardNoAnswer": to("Extension", "800")}, "ForwardNoAnswer.Number", NOT_FOUND),
    ("PATCH", "/Queues(61)", {"ForwardNoAnswer": to("IVR")}, "ForwardNoAnswer.Number", REQUIRED),
    ("PATCH", "/Queues(61)", {"ForwardNoAnswer": {"Number": "100"}}, "ForwardNoAnswer.To", REQUIRED),
    ("PATCH", "/Queues(61)", {"BreakRoute": {"Route": to("Fax", "1")}}, "BreakRoute.Route.Number", NOT_FOUND),
    ("PATCH", "/Queues(61)", {"RingTimeout": 0}, "RingTimeout", RANGE),
    ("PATCH", "/Queues(61)", {"MaxCallersInQueue": -1}, "MaxCallersInQueue", RANGE),
    ("PATCH", "/Queues(61)", {"WrapUpTime": 86_401}, "WrapUpTime", RANGE),
    ("PATCH", "/Queues(61)", {"Name": "x" * 51}, "Name", LONG_50),
    # ring groups
    ("POST", "/RingGroups", {"Number": "850"}, "Name", REQUIRED),
    ("POST", "/RingGroups", NEW_QUEUE | {"Members": [{"Number": "999"}]}, "Members[0].Number", NOT_FOUND),
    ("PATCH", "/RingGroups(71)", {"RingTime": 0}, "RingTime", RANGE),
    ("PATCH", "/RingGroups(71)", {"ForwardNoAnswer": to("RingGroup", "899")}, "ForwardNoAnswer.Number", NOT_FOUND),
    # digital receptionists
    ("POST", "/Receptionists", {"Number": "850"}, "Name", REQUIRED),
    (
        "PATCH",
        "/Receptionists(81)",
        {"Forwards": [{"Input": "1", "ForwardType": "Queue", "ForwardDN": "100"}]},
        "Forwards[0].ForwardDN",
        NOT_FOUND,
    ),
    (
        "PATCH",
        "/Receptionists(81)",
        {"Forwards": [{"Input": "1", "ForwardType": "Queue"}]},
        "Forwards[0].ForwardDN",
        REQUIRED,
    ),
    (
        "PATCH",
        "/Receptionists(81)",
        {"Forwards": [{"Input": "1", "ForwardType": "EndCall"}, {"Input": "1", "ForwardType": "RepeatPrompt"}]},
        "Forwards[1].Input",
        DUPLICATE,
    ),
    ("PATCH", "/Receptionists(81)", {"TimeoutForwardType": "Queue"}, "TimeoutForwardDN", REQUIRED),
    (
        "PATCH",
        "/Receptionists(81)",
        {"TimeoutForwardType": "Queue", "TimeoutForwardDN": "100"},
        "TimeoutForwardDN",
        NOT_FOUND,
    ),
    ("PATCH", "/Receptionists(81)", {"InvalidKeyForwardDN": "999"}, "InvalidKeyForwardDN", NOT_FOUND),
    # faxes, parking places, call flows
    ("PATCH", "/Fax(122)", {"Groups": [{"GroupId": GONE}]}, "Groups[0].GroupId", NOT_FOUND),
    ("PATCH", "/Fax(122)", {"OutboundCallerId": "1" * 51}, "OutboundCallerId", LONG_50),
    ("POST", "/Parkings", {"Groups": [{"GroupId": GONE}]}, "Groups[0].GroupId", NOT_FOUND),
    ("POST", "/Parkings", {"Number": "100"}, "Number", IN_USE),
    ("POST", "/CallFlowApps", {"Number": "850"}, "Name", REQUIRED),
    ("POST", "/CallFlowApps", {"Number": "850", "Name": "callback"}, "Name", IN_USE),
    # trunks
    ("POST", "/Trunks", {"Number": "10000"}, "Number", IN_USE),
    ("POST", "/Trunks", {"Number": "trunk"}, "Number", INVALID),
    ("PATCH", "/Trunks(101)", {"Number": ""}, "Number", REQUIRED),
    ("PATCH", "/CallFlowApps(141)", {"Number": None}, "Number", REQUIRED),
    ("POST", "/Trunks", {"Number": "10005", "DidNumbers": ["+442079460100"]}, "DidNumbers[0]", IN_USE),
    ("PATCH", "/Trunks(101)", {"DidNumbers": ["+12025550199", "+12025550199"]}, "DidNumbers[1]", DUPLICATE),
    ("PATCH", "/Trunks(101)", {"Gateway": {"Port": 65_536}}, "Gateway.Port", RANGE),
    ("PATCH", "/Trunks(101)", {"TunnelRemotePort": -1}, "TunnelRemotePort", RANGE),
    ("PATCH", "/Trunks(101)", {"SimultaneousCalls": -1}, "SimultaneousCalls", RANGE),
    # inbound rules
    ("POST", "/InboundRules", RULE | {"TrunkDN": {"Number": "10009"}}, "TrunkDN.Number", NOT_FOUND),
    ("POST", "/InboundRules", RULE | {"TrunkDN": {"Number": "100"}}, "TrunkDN.Number", NOT_FOUND),
    ("POST", "/InboundRules", RULE | {"Data": ""}, "Data", REQUIRED),
    (
        "POST",
        "/InboundRules",
        RULE | {"OfficeHoursDestination": to("Queue", "899")},
        "OfficeHoursDestination.Number",
        NOT_FOUND,
    ),
    (
        "PATCH",
        "/InboundRules(1)",
        {"HolidaysDestination": to("Extension", "800")},
        "HolidaysDestination.Number",
        NOT_FOUND,
    ),
    # outbound rules
    ("POST", "/OutboundRules", {"Prefix": "9"}, "Name", REQUIRED),
    ("POST", "/OutboundRules", {"Name": "New", "Routes": [{"TrunkId": GONE}]}, "Routes[0].TrunkId", NOT_FOUND),
    (
        "POST",
        "/OutboundRules",
        {"Name": "New", "Routes": [{"TrunkId": 101}] * 6},
        "Routes",
        X + "TOO_MANY_ITEMS_IN_LIST",
    ),
    ("PATCH", "/OutboundRules(2)", {"GroupIds": [1, GONE]}, "GroupIds[1]", NOT_FOUND),
    ("PATCH", "/OutboundRules(2)", {"Prefix": "nine"}, "Prefix", INVALID),
    ("PATCH", "/OutboundRules(2)", {"NumberLengthRanges": "7-"}, "NumberLengthRanges", INVALID),
    ("PATCH", "/OutboundRules(2)", {"DNRanges": [{"From": "200", "To": "100"}]}, "DNRanges[0].To", RANGE),
    ("PATCH", "/OutboundRules(2)", {"DNRanges": [{"To": "100"}]}, "DNRanges[0].From", INVALID),
    # blocked addresses and numbers
    ("POST", "/Blocklist", {}, "IPAddrMask", REQUIRED),
    ("POST", "/Blocklist", {"IPAddrMask": "192.0.2.44"}, "IPAddrMask", IN_USE),
    *[
        ("POST", "/Blocklist", {"IPAddrMask": address}, "IPAddrMask", "WARNINGS.INVALID_IP_MASK")
        for address in ("192.0.2", "192.0.2.256", "192.0.2.0/33", "192.0.2.1/24", "example.com", "2001:db8::/129")
    ],
    (
        "POST",
        "/Blocklist",
        {"IPAddrMask": "192.0.2.200", "ExpiresAt": "2020-01-01T00:00:00Z"},
        "ExpiresAt",
        "WARNINGS.ALREADY_EXPIRED",
    ),
    ("POST", "/BlackListNumbers", {}, "CallerId", REQUIRED),
    ("POST", "/BlackListNumbers", {"CallerId": "+12025550190"}, "CallerId", IN_USE),
    ("POST", "/BlackListNumbers", {"CallerId": "someone"}, "CallerId", INVALID),
    # contacts
    (
        "POST",
        "/Contacts",
        {"PhoneNumber": "+12025550123"},
        "FirstName",
        "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME_COMPANY",
    ),
    ("POST", "/Contacts", {"FirstName": "Ada"}, "PhoneNumber", "WARNINGS.CONTACTS_SPECIFY_PHONE_NUMBER"),
    (
        "PATCH",
        "/Contacts(1)",
        {"FirstName": "", "LastName": "", "CompanyName": ""},
        "FirstName",
        "WARNINGS.CONTACTS_SPECIFY_NAME_SURNAME_COMPANY",
    ),
    ("PATCH", "/Contacts(1)", {"Email": "nowhere"}, "Email", INVALID),
    ("PATCH", "/Contacts(1)", {"Mobile2": "1" * 51}, "Mobile2", LONG_50),
    # website links, holidays, playlists
    ("POST", "/WebsiteLinks", {"Link": "SALES"}, "Link", IN_USE),
    ("POST", "/WebsiteLinks", {"Link": "ext100"}, "Link", IN_USE),
    ("POST", "/WebsiteLinks", {"Link": "new", "DN": {"Number": "999"}}, "DN.Number", NOT_FOUND),
    ("POST", "/WebsiteLinks", {"Link": "new", "DN": {"Name": "Sales"}}, "DN.Number", REQUIRED),
    ("POST", "/WebsiteLinks", {"Link": "new", "Group": "GRP0099"}, "Group", NOT_FOUND),
    ("POST", "/WebsiteLinks", {"Link": "new", "Website": ["no site"]}, "Website[0]", INVALID),
    ("POST", "/Holidays", {"Day": 1, "Month": 5}, "Name", REQUIRED),
    ("POST", "/Holidays", {"Name": "New", "Day": 1, "Month": 13, "MonthEnd": 12, "IsRecurrent": True}, "Month", RANGE),
    ("POST", "/Holidays", {"Name": "New", "Day": 30, "Month": 2, "DayEnd": 1, "MonthEnd": 3}, "Day", RANGE),
    (
        "POST",
        "/Holidays",
        {"Name": "New", "Day": 29, "Month": 2, "Year": 2027, "DayEnd": 1, "MonthEnd": 3},
        "Day",
        RANGE,
    ),
    ("POST", "/Holidays", {"Name": "New", "Day": 2, "Month": 5, "DayEnd": 1, "Year": 2027}, "DayEnd", RANGE),
    ("POST", "/Holidays", {"Name": "New", "Day": 2, "Month": 5, "Group": "GRP0099"}, "Group", NOT_FOUND),
    ("PATCH", "/Playlists('Jazz')", {"MaxVolumePercent": 101}, "MaxVolumePercent", RANGE),
    # gateways and session border controllers
    ("POST", "/Fxs", {"MacAddress": "gate"}, "MacAddress", HEX),
    ("POST", "/Fxs", {"MacAddress": OTHERS_PHONE}, "MacAddress", MAC_IN_USE),
    ("POST", "/Fxs", {"MacAddress": "C0:74:AD:00:00:99"}, "MacAddress", IN_USE),
    (
        "POST",
        "/Fxs",
        {"MacAddress": "C074AD000001", "FxsLines": [{"Key": 1, "Number": "999"}]},
        "FxsLines[0].Number",
        NOT_FOUND,
    ),
    ("POST", "/Fxs", {"MacAddress": "C074AD000001", "Template": {"Id": "x"}}, "Template.Id", NOT_FOUND),
    ("POST", "/Sbcs", {"Name": "200000000002"}, "DisplayName", REQUIRED),
    ("POST", "/Sbcs", {"Name": "200000000002", "DisplayName": "x", "Group": "x"}, "Group", NOT_FOUND),
    ("POST", "/Sbcs", {"Name": "200000000002", "DisplayName": "x", "PhoneUserId": GONE}, "PhoneUserId", NOT_FOUND),
]

# What may not go: path, what the answer names, code.
REMOVALS = [
    ("/Users(11)", "100", "WARNINGS.OPERATOR_CANNOT_BE_DELETED"),
    ("/Groups(1)", "GRP0000", "WARNINGS.GROUP_CANNOT_BE_DELETED"),
    ("/Groups(2)", "GRP0001", "WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED"),
    ("/Trunks(101)", "10000", "WARNINGS.CANNOT_DELETE_TRUNKS_BINDED_ERMERGENCY_NUMBER"),
]

ACTIONS = [
    ("/Users/Pbx.BulkUpdate", {"ids": [12], "user": {"Groups": [{"GroupId": GONE}]}}, "Groups[0].GroupId", NOT_FOUND),
    ("/Groups/Pbx.DeleteCompanyById", {"id": 2}, "GRP0001", "WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED"),
]


def everything(line: Line) -> str:
    """All that a PBX shows of the sets that have rules."""
    names = ("Users", "Groups", "Queues", "RingGroups", "Receptionists", "Fax", "Parkings", "CallFlowApps", "Trunks")
    names += ("InboundRules", "OutboundRules", "Contacts", "Blocklist", "BlackListNumbers", "WebsiteLinks", "Holidays")  # type: ignore[assignment]
    names += ("Playlists", "Fxs", "Sbcs", "DeviceInfos", "SipDevices", "EmergencyGeoLocations")  # type: ignore[assignment]
    return json.dumps([whole.rows(line, name) for name in names])


@pytest.fixture
def pbx(dial: Dial) -> Line:
    """A strict PBX: what these rules refuse is assumed."""
    return dial(strict=True)


@pytest.fixture(scope="module")
def quiet(runner: asyncio.Runner) -> Line:
    return Line(Emulator(strict=True), runner).sign_in()


@pytest.fixture(scope="module")
def before(quiet: Line) -> str:
    return everything(quiet)


def check(answer: Any, target: str, code: str) -> None:
    assert answer.status == 400, answer.body
    details = {"code": "", "message": code, "target": target}
    assert answer.json == {"error": {"code": "", "message": f"{target}:\n{code}", "details": [details]}}


@pytest.mark.parametrize(("method", "path", "body", "target", "code"), FIELDS)
def test_a_wrong_field_is_named(quiet: Line, method: Any, path: Any, body: Any, target: Any, code: Any) -> None:
    check(quiet.ask(method, path, body), target, code)


@pytest.mark.parametrize(("path", "target", "code"), REMOVALS)
def test_what_may_not_go_stays(quiet: Line, path: Any, target: Any, code: Any) -> None:
    check(quiet.ask("DELETE", path), target, code)


@pytest.mark.parametrize(("path", "body", "target", "code"), ACTIONS)
def test_actions_name_what_is_wrong(quiet: Line, path: Any, body: Any, target: Any, code: Any) -> None:
    check(quiet.ask("POST", path, body), target, code)


def test_refused_writes_changed_nothing(dial: Dial, before: str) -> None:
    """Every refusal of this module once more, on a PBX that must look the same afterwards."""
    line = dial(strict=True)
    for method, path, body, *_ in FIELDS:
        line.ask(method, path, body)
    for path, *_ in REMOVALS:
        line.ask("DELETE", path)
    for path, body, *_ in ACTIONS:
        line.ask("POST", path, body)
    assert everything(line) == before


def test_all_wrong_fields_are_named_at_once(quiet: Line) -> None:
    answer = quiet.ask("PATCH", USER, {"FirstName": "x" * 51, "VMPIN": "1"})
    found = {detail["target"]: detail["message"] for detail in answer.json["error"]["details"]}
    assert found == {"FirstName": LONG_50, "VMPIN": X + "INVALID_PIN_NUMBER"}
    assert answer.message == "\n".join(f"{target}:\n{code}" for target, code in found.items())


def test_only_codes_that_3cx_has(quiet: Line) -> None:
    known = catalog.load("20.0.10").enum_values("Pbx.Warnings")
    asked = [*(row[-1] for row in FIELDS), *(row[-1] for row in REMOVALS), *(row[-1] for row in ACTIONS)]
    assert {code for code in asked if code not in known} == set()


@pytest.mark.parametrize("version", ["pre-20.0.5", "20.0.7"])
def test_older_versions_say_it_with_the_codes_they_have(dial: Dial, version: str) -> None:
    line, known = dial(version=version, strict=True), catalog.load(version)
    sets, codes = known.sets, known.enum_values("Pbx.Warnings")
    for method, path, body, *_ in FIELDS:
        if path[1:].partition("(")[0] in sets:
            answer = line.ask(method, path, body)
            assert answer.status == 400, (path, body)
            details = answer.json["error"].get("details", [])
            assert all(detail["message"] in codes for detail in details if detail["message"].startswith("WARNINGS"))


def test_the_fax_server_stays(pbx: Line) -> None:
    assert pbx.ask("PATCH", "/Fax(121)", {"FaxServer": True}).status == 204
    check(pbx.ask("DELETE", "/Fax(121)"), "888", "WARNINGS.FAX_SERVER_CANNOT_BE_DELETED")
    both = {"ids": [121, 122]}
    check(pbx.ask("POST", "/Fax/Pbx.BulkFaxDelete", both), "888", "WARNINGS.FAX_SERVER_CANNOT_BE_DELETED")
    assert pbx.get("/Fax(122)").status == 200


def test_a_playlist_that_somebody_hears_stays(pbx: Line) -> None:
    assert pbx.ask("PATCH", "/Queues(61)", {"OnHoldFile": "Jazz"}).status == 204
    check(pbx.ask("DELETE", "/Playlists('Jazz')"), "Jazz", X + "PLAYLIST_IN_USE")
    assert pbx.ask("PATCH", "/Queues(61)", {"OnHoldFile": ""}).status == 204
    assert pbx.ask("DELETE", "/Playlists('Jazz')").status == 204


def test_after_the_last_number_of_the_plan_come_longer_ones(pbx: Line) -> None:
    rows = pbx.get("/Parameters?$filter=Name eq 'EXTENSIONLENGTH'").rows
    assert pbx.ask("PATCH", f"/Parameters({rows[0]['Id']})", {"Value": "2"}).status == 204
    for number in range(10, 100):
        assert pbx.get("/Users/Pbx.GetFirstAvailableExtensionNumber()").json["Number"] == str(number)
        assert pbx.ask("POST", "/Users", {"Number": str(number)}).status == 201
    assert pbx.get("/Users/Pbx.GetFirstAvailableExtensionNumber()").json["Number"] == "140"
