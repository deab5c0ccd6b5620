"""The seed "large": a company of ten thousand people. Its rows are made by number when they are touched.

Numbers have five digits: people from 20000, queues from 80000, ring groups from 81000, menus from 82000, faxes from
88000. A department has fifty people; the first twenty of them are the agents of its queue.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

from ..ground import Made, Seed
from ..telephony.company import Company, Line, Team, Trunk
from ..telephony.model import CallModel
from ..values import Row
from . import devices, directory, fresh, models
from .names import DIVISIONS, FIRST_NAMES, LAST_NAMES, TOWNS, TRADES

SITES = 20

DEPARTMENTS = 200
PEOPLE = 10_000
CONTACTS = 100_000
QUEUES = 200
RING_GROUPS = 100
MENUS = 50
PARKINGS = 20
TRUNKS = 20
DIDS = 200
FAXES = 500
DEVICES = 8_000
TEAM, AGENTS = PEOPLE // DEPARTMENTS, 20
# On a working day; in ninety days they make a million rows of the call log.
CALLS_PER_DAY = 8_600
CHATS_PER_DAY = 200

# First Id and first number of each kind of DN; they share one sequence of Ids.
_DEPARTMENT_ID = 1
_USER_ID, _USER = 1_001, 20_000
_QUEUE_ID, _QUEUE = 20_001, 80_000
_RING_GROUP_ID, _RING_GROUP = 21_001, 81_000
_MENU_ID, _MENU = 22_001, 82_000
_PARKING_ID, _TRUNK_ID, _TRUNK = 23_001, 24_001, 10_000
_FAX_ID, _FAX = 25_001, 88_000


def seed() -> Seed:
    settings = fresh.settings()
    parameters: Any = settings["Parameters"]
    around = directory.seed()
    return {
        **settings,
        "Parameters": [{**p, "Value": "5"} if p["Name"] == "EXTENSIONLENGTH" else p for p in parameters],
        "GeneralSettingsForPbx": {**settings["GeneralSettingsForPbx"], "OperatorExtension": str(_USER)},  # type: ignore[dict-item]
        "PromptSets": fresh.prompt_sets(),
        **{name: rows for name, rows in around.items() if name not in ("Contacts", "WebsiteLinks")},
        **{name: rows for name, rows in devices.seed().items() if name not in ("DeviceInfos", "SipDevices")},
        "Groups": _dns(_DEPARTMENT_ID, DEPARTMENTS, _department, "GRP", 0),
        "Users": _dns(_USER_ID, PEOPLE, _user, "", _USER),
        "Queues": _dns(_QUEUE_ID, QUEUES, _queue, "", _QUEUE),
        "RingGroups": _dns(_RING_GROUP_ID, RING_GROUPS, _ring_group, "", _RING_GROUP),
        "Receptionists": _dns(_MENU_ID, MENUS, _menu, "", _MENU),
        "Parkings": _dns(_PARKING_ID, PARKINGS, _parking, "SP", 0),
        "Trunks": _dns(_TRUNK_ID, TRUNKS, _trunk, "", _TRUNK),
        "Fax": _dns(_FAX_ID, FAXES, _fax, "", _FAX),
        "InboundRules": Made(range(1, DIDS + 1), _inbound_rule),
        "OutboundRules": [_outbound_rule(n, *rule) for n, rule in enumerate(_OUTBOUND, 1)],
        "DidNumbers": [
            {"Number": did(n), "TrunkId": _TRUNK_ID + n // (DIDS // TRUNKS), "TemplateFileName": "example.xml"}
            for n in range(DIDS)
        ],
        "Contacts": Made(range(1, CONTACTS + 1), _contact),
        "DeviceInfos": Made(range(1, DEVICES + 1), _device),
        "WebsiteLinks": [_link(n) for n in range(10)],
    }


@cache
def model() -> CallModel:
    """Ninety days of calls: about a million rows in the call log."""
    return CallModel(_company(), calls_per_day=CALLS_PER_DAY, chats_per_day=CHATS_PER_DAY, record_every=16)


def _company() -> Company:
    """Return the same people, queues and lines as the history is told of."""
    return Company(
        extensions=range(_USER, _USER + PEOPLE),
        name_of=name_of,
        operator=_USER,
        recorded=tuple(_USER + place for place in _team(1)),
        queues=tuple(_crew(_queue(place)) for place in range(QUEUES)),
        ring_groups=tuple(_crew(_ring_group(place)) for place in range(RING_GROUPS)),
        reception=0,
        on_call=1,
        menu=(str(_MENU), _menu(0)["Name"]),
        night_menu=(str(_MENU + 1), _menu(1)["Name"]),
        trunks=(
            Trunk(str(_TRUNK), "SIP 1", "National", Decimal("0.02"), range(200, 800), "+442079460{:03}".format),
            Trunk(str(_TRUNK + 1), "SIP 2", "US", Decimal("0.05"), range(100, 200), "+12025550{}".format),
        ),
        lines=(*map(_line, range(QUEUES)), Line("+442079460999", "Head office", 0, None)),
        links=tuple((f"team-{place}", place) for place in range(10)),
    )


def _line(place: int) -> Line:
    """Return the number that leads to a department's queue."""
    return Line(did(place), str(_queue(place)["Name"]), place % 2, place)


def _crew(row: Row) -> Team:
    members = row.get("Agents") or row["Members"]
    return Team(row["Number"], row["Name"], tuple(int(member["Number"]) for member in members))


def _dns(first_id: int, count: int, make: Callable[[int], Row], prefix: str, first_number: int) -> Made:
    """DNs whose numbers count up as their Ids do; ``make`` is given the place, from 0."""

    def find(number: str) -> int | None:
        digits = number.removeprefix(prefix)
        place = int(digits) - first_number if digits.isascii() and digits.isdecimal() and len(digits) < 9 else -1
        if not 0 <= place < count or make(place)["Number"] != number:
            return None
        return first_id + place

    return Made(range(first_id, first_id + count), lambda key: make(key - first_id), find)


def _name(place: int) -> tuple[str, str]:
    """First and last name; no two of ten thousand people share both."""
    first, last = place % 100, (place // 100 + 7 * place) % 100
    return FIRST_NAMES[first], LAST_NAMES[last]


def name_of(number: int) -> str:
    """``Okonkwo, Amara``, as a PBX shows the person at an extension."""
    first, last = _name(number - _USER)
    return f"{last}, {first}"


def _department_name(place: int) -> str:
    return "DEFAULT" if place == 0 else f"{DIVISIONS[place % 10]} {place // 10 % SITES + 1}"


def _membership(place: int, role: str) -> Row:
    return {
        "Id": _DEPARTMENT_ID + place,
        "GroupId": _DEPARTMENT_ID + place,
        "Name": _department_name(place),
        "Number": f"GRP{place:04}",
        "Type": "Group",
        "Rights": {"RoleName": role, "CanSeeGroupMembers": True},
    }


def _person(place: int) -> Row:
    """Somebody as queues and ring groups name them."""
    return {"Id": _USER_ID + place, "Number": str(_USER + place), "Name": name_of(_USER + place)}


def _team(department: int) -> range:
    """Return the places of a department's people."""
    return range(department * TEAM, (department + 1) * TEAM)


def _department(place: int) -> Row:
    members = [
        {**person, "MemberName": person.pop("Name"), "GroupId": _DEPARTMENT_ID + place, "Type": "Extension"}
        for person in map(_person, _team(place))
    ]
    return {
        **fresh.department(_DEPARTMENT_ID + place, f"GRP{place:04}", _department_name(place)),
        "HasMembers": True,
        "Members": members,
    }


def _user(place: int) -> Row:
    first, last = _name(place)
    number, department = str(_USER + place), place // TEAM
    agent = place % TEAM < AGENTS
    return {
        "Id": _USER_ID + place,
        "Number": number,
        "FirstName": first,
        "LastName": last,
        "DisplayName": f"{first} {last}",
        "EmailAddress": f"ext{number}@example.com",
        "Mobile": f"+44 7700 900{place % 1000:03}",
        "OutboundCallerID": f"+44 20 7946 0{place % 1000:03}",
        "PrimaryGroupId": _DEPARTMENT_ID + department,
        "Groups": [_membership(department, "system_owners" if place == 0 else "users")],
        "Enabled": place % 97 != 96,
        "Internal": False,
        "IsRegistered": place % 7 != 6,
        "Language": "EN",
        "AuthID": f"auth{number}",
        "AuthPassword": "not-a-real-password",
        "AccessPassword": "not-a-real-password",
        "DeskphonePassword": "not-a-real-password",
        "VMPIN": "0000",
        "VMEnabled": True,
        "VMEmailOptions": "Notification",
        "QueueStatus": "LoggedIn" if agent else "LoggedOut",
        "CurrentProfileName": "Available",
        "Require2FA": place == 0,
        "RecordCalls": agent,
        "SRTPMode": "SRTPDisabled",
        "Tags": [],
        "ClickToCallId": f"ext{number}",
        "WebMeetingFriendlyName": f"ext{number}",
        "ForwardingProfiles": [
            {"Id": 10 * (_USER_ID + place) + n, "Name": name, "NoAnswerTimeout": 20, "AcceptMultipleCalls": False}
            for n, name in enumerate(("Available", "Away", "Out of office", "Custom 1", "Custom 2"))
        ],
        "Greetings": [{"DisplayName": "Default", "Filename": "", "Type": "Default"}],
    }


def _queue(place: int) -> Row:
    agents = [_person(member) for member in _team(place)[:AGENTS]]
    return {
        "Id": _QUEUE_ID + place,
        "Number": str(_QUEUE + place),
        "Name": f"{DIVISIONS[place % 10]} queue {place // 10 + 1}",
        "PollingStrategy": "LongestWaiting",
        "RingTimeout": 20,
        "MasterTimeout": 600,
        "MaxCallersInQueue": 50,
        "SLATime": 30,
        "WrapUpTime": 10,
        "IsRegistered": True,
        "Recording": "Disabled",
        "Agents": [{**agent, "SkillGroup": "1"} for agent in agents],
        "Managers": agents[:1],
        "ForwardNoAnswer": {"To": "VoiceMail", "Number": agents[0]["Number"], "Type": "Extension"},
        "Groups": [_membership(place, "users")],
    }


def _ring_group(place: int) -> Row:
    return {
        "Id": _RING_GROUP_ID + place,
        "Number": str(_RING_GROUP + place),
        "Name": f"{DIVISIONS[place % 10]} group {place // 10 + 1}",
        "RingStrategy": "RingAll",
        "RingTime": 20,
        "IsRegistered": True,
        "Members": [_person(member) for member in _team(place)[AGENTS : AGENTS + 8]],
        "ForwardNoAnswer": {"To": "Extension", "Number": str(_USER), "Type": "Extension"},
        "Groups": [_membership(place, "users")],
    }


def _menu(place: int) -> Row:
    id_ = _MENU_ID + place
    keys = [("Queue", str(_QUEUE + 4 * place + n)) for n in range(4)]
    return {
        "Id": id_,
        "Number": str(_MENU + place),
        "Name": f"Menu {place + 1}",
        "IVRType": "Default",
        "PromptFilename": "welcome.wav",
        "Timeout": 10,
        "TimeoutForwardType": "EndCall",
        "IsRegistered": True,
        "Forwards": [
            {"Id": 10 * id_ + n, "Input": str(n), "ForwardType": kind, "ForwardDN": number, "PeerType": kind}
            for n, (kind, number) in enumerate(keys, 1)
        ],
        "Groups": [_membership(0, "users")],
    }


def _parking(place: int) -> Row:
    return {"Id": _PARKING_ID + place, "Number": f"SP{place}", "Groups": [_membership(0, "users")]}


def _trunk(place: int) -> Row:
    number = str(_TRUNK + place)
    numbers = [did(10 * place + n) for n in range(DIDS // TRUNKS)]
    host = f"sip{place + 1}.example.com"
    return {
        "Id": _TRUNK_ID + place,
        "Number": number,
        "AuthID": f"trunk{number}",
        "Direction": "Both",
        "ExternalNumber": numbers[0],
        "DidNumbers": numbers,
        "EnableInboundCalls": True,
        "EnableOutboundCalls": True,
        "IsOnline": True,
        "SimultaneousCalls": 100,
        "Gateway": {"Id": place + 1, "Name": f"SIP {place + 1}", "Type": "Provider", "Host": host, "Port": 5060},
        "Groups": [_membership(0, "users")],
    }


def did(place: int) -> str:
    """Return a number that is dialled from outside; each rings at a queue, the last at the first menu."""
    return f"+442079460{place:03}"


_OUTBOUND = (("Emergency", "999", True, 0), ("National", "0", False, 1), ("International", "00", False, 1))


def _inbound_rule(number: int) -> Row:
    place = number - 1
    trunk = place // (DIDS // TRUNKS)
    menu = {"To": "IVR", "Number": str(_MENU), "Type": "IVR"}
    queue = {"To": "Queue", "Number": str(_QUEUE + place), "Type": "Queue"}
    return {
        "Id": number,
        "RuleName": f"Line {number}",
        "Condition": "BasedOnDID",
        "CallType": "ExternalCallsOnly",
        "Data": did(place),
        "OfficeHoursDestination": menu if number == DIDS else queue,
        "OutOfOfficeHoursDestination": {"To": "IVR", "Number": str(_MENU + 1), "Type": "IVR"},
        "TrunkDN": {
            "Id": _TRUNK_ID + trunk,
            "Number": str(_TRUNK + trunk),
            "Name": f"SIP {trunk + 1}",
            "Type": "ExternalLine",
        },
    }


def _outbound_rule(number: int, name: str, prefix: str, emergency: bool, strip: int) -> Row:
    return {
        "Id": number,
        "Name": name,
        "Prefix": prefix,
        "Priority": number,
        "EmergencyRule": emergency,
        "GroupIds": [_DEPARTMENT_ID],
        "GroupNames": [_department_name(0)],
        "Routes": [{"TrunkId": _TRUNK_ID, "TrunkName": "SIP 1", "StripDigits": strip, "Prepend": ""}],
    }


def _fax(place: int) -> Row:
    number = str(_FAX + place)
    return {
        "Id": _FAX_ID + place,
        "Number": number,
        "OutboundCallerId": f"+44 20 7946 0{place:03}",
        "FaxServer": place == 0,
        "AuthID": f"fax{number}",
        "AuthPassword": "not-a-real-password",
        "Groups": [_membership(place % DEPARTMENTS, "users")],
    }


def _contact(number: int) -> Row:
    """Ten contacts share a number, as the people of a firm do: the range kept for fiction has ten thousand."""
    first, last = _name(number + number // 10_000)
    return {
        "Id": number,
        "FirstName": first,
        "LastName": last,
        "CompanyName": f"{TOWNS[number % 10]} {TRADES[number // 10 % 10]} {number % 10_000 // 100 + 1}",
        "PhoneNumber": f"+1202555{number % 10_000:04}",
        "Business": f"+44207946{number % 1000:04}",
        "Email": f"contact{number}@example.com",
        "Department": "Purchasing" if number % 2 else "Accounts",
        "ContactType": directory.SOURCES[number % 6],
        "Tag": "customer" if number % 3 else "supplier",
    }


def _device(number: int) -> Row:
    vendor, model, mac, firmware = models.MODELS[number % len(models.MODELS)]
    person = _person(number - 1)
    assigned = number % 10 != 0
    return {
        "Id": number,
        "MAC": f"{mac}{number:06X}",
        "Vendor": vendor,
        "Model": model,
        "FirmwareVersion": firmware,
        "UserAgent": f"{vendor} {model} {firmware}",
        "NetworkAddress": f"198.51.100.{number % 254 + 1}",
        "InterfaceLink": f"http://198.51.100.{number % 254 + 1}",
        "DetectedAt": f"2026-05-{number % 28 + 1:02}T08:15:00Z",
        "Assigned": assigned,
        "AssignedUser": f"{person['Number']} {person['Name']}" if assigned else None,
        "TemplateName": f"{vendor.lower()}.ph.xml",
        "ViaSBC": number % 5 == 0,
        "SbcName": "100000000001" if number % 5 == 0 else None,
    }


def _link(place: int) -> Row:
    name = DIVISIONS[place]
    return {
        "Link": name.lower(),
        "Id": place + 1,
        "Name": f"Talk to {name}",
        "Group": "DEFAULT",
        "Website": ["https://www.example.com"],
        "CallsEnabled": True,
        "ChatEnabled": True,
        "MeetingEnabled": False,
        "Hidden": False,
        "DefaultRecord": place == 0,
        "General": {"Greeting": "DesktopAndMobile", "Authentication": "Both", "EnableOnMobile": True},
        "Styling": {"Animation": "NoAnimation", "Minimized": True},
        "DN": {"Number": str(_QUEUE + place), "Type": "Queue"},
    }
