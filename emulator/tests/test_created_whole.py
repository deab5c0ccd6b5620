"""An entity that a client creates with everything that it has reads as it was sent, as carrying a PBX over needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trunkline import catalog

from . import whole
from .conftest import Dial

CATALOG = catalog.load("20.0.10")
NOWHERE = {"To": "None", "Number": "", "External": ""}
ROUTE = {"IsPromptEnabled": True, "Prompt": "closed.wav", "Route": {"To": "Extension", "Number": "200", "External": ""}}
TIMES = {"BreakRoute": ROUTE, "HolidaysRoute": ROUTE, "OutOfOfficeRoute": ROUTE}
HOURS = {
    "Type": "SpecificHours",
    "IgnoreHolidays": True,
    "Periods": [{"DayOfWeek": "Monday", "Start": "08:00:00.0000000", "Stop": "12:30:00.0000000"}],
}
MANAGER = {"RoleName": "managers", "CanBargeIn": True}
OUTSIDE = {"To": "External", "External": "+12025550199", "Number": ""}
MAILBOX = {"To": "VoiceMail", "Number": "200", "External": ""}
AVAILABLE = {"BusyAllCalls": False, "BusyExternal": OUTSIDE, "BusyInternal": MAILBOX, "NoAnswerExternal": NOWHERE}
PROFILES = [
    {"Name": "Available", "NoAnswerTimeout": 25, "AvailableRoute": AVAILABLE},
    {"Name": "Away", "AwayRoute": {"AllHoursExternal": False, "External": OUTSIDE, "Internal": MAILBOX}},
    {"Name": "Out of office", "CustomName": "In the field", "CustomMessage": "Back on Monday"},
    {"Name": "Custom 1"},
    {"Name": "Custom 2"},
]
EXCEPTIONS = [
    {"Condition": "BasedOnCallerID", "Data": "+12025550150", "Destination": MAILBOX, "Hours": HOURS},
    {"Condition": "ForwardAll", "CallType": "AllCalls", "Destination": OUTSIDE},
]
# The first have what the later ones name. ``@`` stands for the Id of what was created under that number or name.
TABLE: list[tuple[str, dict[str, Any]]] = [
    ("Groups", {"Name": "Büro", "Rights": [MANAGER, {"RoleName": "users"}], "Hours": HOURS, "OfficeRoute": ROUTE}),
    ("Groups", {"Name": "Lager", "Props": {"UserNumberFrom": "200", "UserNumberTo": "299"}, "CustomOperator": MAILBOX}),
    ("Playlists", {"Name": "Jazz", "Files": ["b.wav", "a.wav"], "Shuffle": True, "MaxVolumePercent": 40}),
    ("Sbcs", {"Name": "200000000001", "DisplayName": "Depot", "Group": "GRP0001", "Password": "abc"}),
    ("FxsTemplates", {"Id": "own.fxs.xml", "Brand": "Example", "IsCustom": True}),
    ("PhoneTemplates", {"Id": "own.ph.xml", "IsCustom": True, "Content": "<xml/>"}),
    ("TrunkTemplates", {"Id": "own.pv.xml", "Name": "Own", "IsCustom": True}),
    ("Parameters", {"Name": "OWN", "Value": "7", "Description": "Own"}),
    ("TenantProperties", {"Name": "OWN", "Value": "7", "Description": "Own"}),
    (
        "Users",
        {
            "Number": "200",
            "FirstName": "Zoë",
            "Groups": [
                {"GroupId": "@Büro", "Rights": {"RoleName": "managers"}},
                {"GroupId": "@Lager", "Rights": {"RoleName": "users"}},
            ],
            "PrimaryGroupId": "@Lager",
            "ForwardingProfiles": PROFILES,
            "ForwardingExceptions": EXCEPTIONS,
            "CurrentProfileName": "Away",
            "Hours": HOURS,
            "Phones": [
                {"MacAddress": "805EC00000F1", "TemplateName": "own.ph.xml", "Settings": {"SbcName": "200000000001"}},
                {"MacAddress": "805EC00000F2", "Name": "Hall"},
            ],
            "Greetings": [{"DisplayName": "Mine", "Filename": "mine.wav", "Type": "Default"}],
        },
    ),
    # A role that its department does not list: whether a 3CX refuses it is not known.
    ("Users", {"Number": "201", "Groups": [{"GroupId": "@Büro", "Rights": {"RoleName": "receptionists"}}]}),
    ("Fxs", {"MacAddress": "C074AD0000F1", "Group": "GRP0001", "FxsLines": [{"Key": 1, "Number": "200"}]}),
    ("Parkings", {"Number": "SP9", "Groups": [{"GroupId": "@Lager", "Rights": {"RoleName": "users"}}]}),
    ("Fax", {"Number": "880", "OutboundCallerId": "+12025550188", "AuthID": "fax", "AuthPassword": "abc"}),
    ("CallFlowApps", {"Number": "830", "Name": "Callback", "RoutingType": "Forward"}),
    (
        "Trunks",
        {
            "Number": "10000",
            "AuthID": "me",
            "DidNumbers": ["+12025550100", "+12025550101"],
            "Gateway": {"Name": "Görlitz SIP", "Type": "Provider", "Host": "sip.example.com", "Port": 5062},
            "Messaging": {"Enabled": True, "SMS_PREFIX": "+44"},
            "ReceiveExtensions": [{"Number": "200"}],
            "Groups": [{"GroupId": "@Büro", "Rights": {"RoleName": "users"}}],
            "SimultaneousCalls": 3,
        },
    ),
    (
        "Queues",
        {
            "Number": "800",
            "Name": "Sales",
            "Agents": [{"Number": "201", "SkillGroup": "2"}, {"Number": "200"}],
            "Managers": [{"Number": "201"}],
            "ForwardNoAnswer": {"To": "Queue", "Number": "800", "External": ""},
            "ResetQueueStatisticsSchedule": {"Day": "Friday", "Frequency": "Weekly", "Time": "18:00:00.0000000"},
            "Groups": [{"GroupId": "@Büro", "Rights": {"RoleName": "users"}}],
            **TIMES,
        },
    ),
    (
        "RingGroups",
        {
            "Number": "810",
            "Name": "Desk",
            "Members": [{"Number": "201"}, {"Number": "200"}],
            "ForwardNoAnswer": OUTSIDE,
            **TIMES,
        },
    ),
    (
        "Receptionists",
        {
            "Number": "820",
            "Name": "Menu",
            "Forwards": [
                {"Input": "2", "ForwardType": "RingGroup", "ForwardDN": "810"},
                {"Input": "1", "ForwardType": "Queue", "ForwardDN": "800"},
                {"Input": "9", "ForwardType": "IVR", "ForwardDN": "820"},
                {"Input": "0", "ForwardType": "RepeatPrompt", "ForwardDN": ""},
            ],
            "TimeoutForwardType": "Extension",
            "TimeoutForwardDN": "200",
            "InvalidKeyForwardDN": "810",
            **TIMES,
        },
    ),
    (
        "InboundRules",
        {
            "RuleName": "Main",
            "Condition": "BasedOnDID",
            "Data": "+12025550100",
            "TrunkDN": {"Number": "10000"},
            "OfficeHoursDestination": {"To": "IVR", "Number": "820", "External": ""},
            "OutOfOfficeHoursDestination": MAILBOX,
            "HolidaysDestination": NOWHERE,
            "Hours": HOURS,
        },
    ),
    (
        "OutboundRules",
        {
            "Name": "All",
            "Prefix": "0",
            "Priority": 7,
            "DNRanges": [{"From": "200", "To": "299"}],
            "GroupIds": ["@Lager", "@Büro"],
            "GroupNames": ["Lager", "Büro"],
            "Routes": [
                {"TrunkId": "@10000", "StripDigits": 1, "Prepend": "0049", "CallerID": "+12025550100"},
                *[{"TrunkId": -1, "Prepend": "", "StripDigits": 0}] * 4,
            ],
        },
    ),
    (
        "Holidays",
        {
            "Name": "Summer",
            "Day": 1,
            "DayEnd": 14,
            "Month": 8,
            "MonthEnd": 8,
            "Year": 2027,
            "YearEnd": 2027,
            "TimeOfStartDate": "PT0S",
            "TimeOfEndDate": "PT23H59M",
            "Group": "GRP0001",
        },
    ),
    ("Contacts", {"FirstName": "Ada", "CompanyName": "Example", "PhoneNumber": "+12025550123", "ContactType": "3CX"}),
    ("Blocklist", {"IPAddrMask": "192.0.2.9", "BlockType": "Block", "ExpiresAt": "2020-01-01T00:00:00Z"}),
    ("BlackListNumbers", {"CallerId": "+1202555019*", "Description": "Robot"}),
    ("WebsiteLinks", {"Link": "büro", "Group": "GRP0001", "DN": {"Number": "800"}, "Website": ["https://example.com"]}),
    ("ScheduledReports", {"Name": "Weekly", "EmailAddresses": "ext200@example.com", "DN": "800", "ReportParams": "{}"}),
    ("ServicePrincipals", {"Number": "reports", "XAPIEnabled": True}),
]


def differing(sent: Any, there: Any, path: str = "") -> Iterator[str]:
    """Where what is there differs from what was sent; an object may have more fields than were sent."""
    if isinstance(sent, dict) and isinstance(there, dict):
        for name, value in sent.items():
            yield from differing(value, there.get(name), f"{path}.{name}")
    elif isinstance(sent, list) and isinstance(there, list) and len(sent) == len(there):
        for place, (one, other) in enumerate(zip(sent, there, strict=True)):
            yield from differing(one, other, f"{path}[{place}]")
    elif sent != there:
        yield f"{path}: {sent!r} became {there!r}"


def with_ids(body: Any, ids: dict[str, int]) -> Any:
    if isinstance(body, dict):
        return {name: with_ids(value, ids) for name, value in body.items()}
    if isinstance(body, list):
        return [with_ids(value, ids) for value in body]
    return ids[body[1:]] if isinstance(body, str) and body.startswith("@") else body


def name_of(row: dict[str, Any]) -> str:
    """What a row is called in the table: a trunk and a fax have no name of their own."""
    return str(row.get("Name") or row.get("Number") or "")


def test_an_empty_pbx_takes_every_kind_of_entity_whole(dial: Dial) -> None:
    line = dial(seed="empty")
    ids: dict[str, int] = {}
    made = []
    for name, body in TABLE:
        sent = with_ids(body, ids)
        answer = line.ask("POST", f"/{name}", sent)
        assert answer.status == 201, (name, answer.body, answer.headers.get("x-trunkline-reason"))
        ids[name_of(body)] = answer.json.get("Id", 0)
        key = next(iter(CATALOG.sets[name].key))
        made.append((name, key, answer.json[key], sent))
    wrong = []
    for name, key, value, sent in made:
        row = next(one for one in whole.rows(line, name) if one[key] == value)
        wrong += [f"{name}{path}" for path in differing(sent, row)]
    assert wrong == []


def test_the_table_has_every_set_whose_rows_a_client_can_create() -> None:
    created = {action.path[1:] for action in CATALOG.actions if action.kind == "create"}
    assert {name for name, _ in TABLE} == created


def test_exceptions_of_a_user_have_ids_that_tell_them_apart(dial: Dial) -> None:
    line = dial(seed="empty")
    number = line.ask("POST", "/Users", {"ForwardingExceptions": EXCEPTIONS}).json["Id"]
    where = f"/Users({number})?$expand=ForwardingExceptions"
    first, second = line.get(where).json["ForwardingExceptions"]
    assert first["Id"] != second["Id"]
    assert line.ask("PATCH", f"/Users({number})", {"ForwardingExceptions": [second, *EXCEPTIONS]}).status == 204
    ids = [row["Id"] for row in line.get(where).json["ForwardingExceptions"]]
    assert ids[0] == second["Id"]
    assert len(set(ids)) == 3
