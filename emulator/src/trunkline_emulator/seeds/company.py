"""The people of the demo seed, their departments and queues, and the departments of everything that has a number."""

from __future__ import annotations

from typing import Any

from ..rules.roles import rights_of
from ..values import Row
from .fresh import department

# First name, last name, department. Extensions count up from 100.
PEOPLE = (
    ("Amara", "Okonkwo", "Operations"),
    ("Tomás", "Lindqvist", "Sales"),
    ("Ingrid", "Petrova", "Sales"),
    ("Kenji", "Abernathy", "Sales"),
    ("Leila", "Haddad", "Sales"),
    ("Oskar", "Wren", "Sales"),
    ("Priya", "Castellanos", "Sales"),
    ("Mateo", "Thistlewood", "Sales"),
    ("Freya", "Nakagawa", "Sales"),
    ("Dmitri", "Oyelaran", "Sales"),
    ("Siobhán", "O'Dwyer", "Support"),
    ("Rafael", "Brandt", "Support"),
    ("Yuki", "Montague", "Support"),
    ("Zainab", "Sørensen", "Support"),
    ("Elliot", "Vasquez", "Support"),
    ("Nadia", "Whitlock", "Support"),
    ("Hamza", "Eriksen", "Support"),
    ("Chloé", "Marchetti", "Support"),
    ("Bogdan", "Fairweather", "Support"),
    ("Mei", "Rasmussen", "Support"),
    ("Lars", "Adeyemi", "Support"),
    ("Aisha", "Kowalczyk", "Support"),
    ("Jürgen", "Pemberton", "Engineering"),
    ("Soraya", "Lund", "Engineering"),
    ("Callum", "Ibarra", "Engineering"),
    ("Anouk", "Desrosiers", "Engineering"),
    ("Tariq", "Halvorsen", "Engineering"),
    ("Beatriz", "Quill", "Engineering"),
    ("Viktor", "Achebe", "Engineering"),
    ("Noor", "Sandoval", "Engineering"),
    ("Gwen", "Yamamoto", "Engineering"),
    ("Emeka", "Novak", "Engineering"),
    ("Hanna", "Delacroix", "Finance"),
    ("Julian", "Osei", "Finance"),
    ("Katya", "Bellweather", "Finance"),
    ("Omar", "Jankowski", "Finance"),
    ("Rosa", "Hemmings", "Operations"),
    ("Stefan", "Mwangi", "Operations"),
    ("Thandiwe", "Aldrich", "Operations"),
    ("Wei", "Carmichael", "Operations"),
)
DEPARTMENTS = ("DEFAULT", "Sales", "Support", "Engineering", "Finance", "Operations")
# Number, name, who is called.
QUEUES = (("800", "Sales", range(101, 106)), ("801", "Support", range(110, 118)), ("802", "Billing", range(132, 136)))
RING_GROUPS = (("810", "Reception", range(136, 140)), ("811", "Engineering on call", range(122, 126)))
RECEPTIONISTS = (("820", "Main menu"), ("821", "Out of hours"))
TRUNKS = (("10000", "London SIP"), ("10001", "New York SIP"))

FIRST_USER, _FIRST_QUEUE = 11, 61
_IN_DEFAULT = ("RingGroups", "Receptionists", "Parkings", "Trunks", "Fax", "CallFlowApps")
_PROFILES = ("Available", "Away", "Out of office", "Custom 1", "Custom 2")


def name_of(number: int) -> str:
    """``Okonkwo, Amara``, as a PBX shows the person at an extension."""
    first, last, _ = PEOPLE[number - 100]
    return f"{last}, {first}"


def seed(rows: dict[str, Any]) -> dict[str, Any]:
    """Return these rows, each in its department, and the people."""
    for name in _IN_DEFAULT:
        for row in rows[name]:
            shown = row.get("Name") or row.get("Gateway", {}).get("Name") or row["Number"]
            row["Groups"] = [membership("DEFAULT", "users", shown)]
    phones = {row["DN"]["Number"]: row for row in rows["SipDevices"]}
    return {
        "Groups": [_department(number, name) for number, name in enumerate(DEPARTMENTS, 1)],
        "Users": [{**user(number), "Phones": _phones(phones.get(str(number)))} for number in range(100, 140)],
        "Queues": [queue(_FIRST_QUEUE + n, *row) for n, row in enumerate(QUEUES)],
        **rows,
    }


def _user_id(number: int) -> int:
    return FIRST_USER + number - 100


def membership(name: str, role: str, member: str) -> Row:
    """Return the entry that makes a DN a member of a department."""
    group = DEPARTMENTS.index(name) + 1
    return {
        "Id": group,
        "GroupId": group,
        "Name": name,
        "Number": f"GRP{group - 1:04}",
        "MemberName": member,
        "Type": "Group",
        "Rights": rights_of(role),
    }


def _role(number: int) -> str:
    return "system_owners" if number == 100 else "users"


def _tags(number: int) -> list[str]:
    return ["Teams"] if PEOPLE[number - 100][2] == "Engineering" else []


def _department(number: int, name: str) -> Row:
    members = [100 + place for place, person in enumerate(PEOPLE) if person[2] == name]
    return {
        **department(number, f"GRP{number - 1:04}", name),
        "HasMembers": bool(members),
        "Members": [
            {
                "Id": _user_id(member),
                "GroupId": number,
                "Number": str(member),
                "Name": name_of(member),
                "MemberName": name_of(member),
                "Type": "Extension",
                "Rights": rights_of(_role(member)),
                "Tags": _tags(member),
            }
            for member in members
        ],
    }


def _phones(device: Row | None) -> list[Row]:
    """Return what the row of a person says of their phone."""
    if device is None:
        return []
    phone = device["Registrar"]
    return [
        {
            "Id": device["Id"],
            "Name": f"{phone['Vendor']} {phone['Model']}",
            "MacAddress": phone["MAC"],
            "TemplateName": f"{phone['Vendor'].lower()}.ph.xml",
        }
    ]


def user(number: int) -> Row:
    first, last, group = PEOPLE[number - 100]
    return {
        "Id": _user_id(number),
        "Number": str(number),
        "FirstName": first,
        "LastName": last,
        "DisplayName": f"{first} {last}",
        "EmailAddress": f"ext{number}@example.com",
        "Mobile": f"+44 7700 900{number}",
        "OutboundCallerID": f"+44 20 7946 0{number}",
        "PrimaryGroupId": DEPARTMENTS.index(group) + 1,
        "Groups": [membership(group, _role(number), name_of(number))],
        "Enabled": number != 139,
        "Internal": False,
        "IsRegistered": number % 7 != 0,
        "Language": "EN",
        "AuthID": f"auth{number}",
        "AuthPassword": "not-a-real-password",
        "AccessPassword": "not-a-real-password",
        "DeskphonePassword": "not-a-real-password",
        "VMPIN": "0000",
        "VMEnabled": True,
        "VMEmailOptions": "Notification",
        "QueueStatus": "LoggedIn" if group in ("Sales", "Support") else "LoggedOut",
        "CurrentProfileName": "Available",
        "Require2FA": number == 100,
        "RecordCalls": group in ("Sales", "Support"),
        "SRTPMode": "SRTPDisabled",
        "Tags": _tags(number),
        "CallUsEnableChat": True,
        "SendEmailMissedCalls": True,
        "ContactImage": "",
        "ClickToCallId": f"ext{number}",
        "WebMeetingFriendlyName": f"ext{number}",
        "ForwardingProfiles": [
            {"Id": 10 * _user_id(number) + n, "Name": name, "NoAnswerTimeout": 20, "AcceptMultipleCalls": False}
            for n, name in enumerate(_PROFILES)
        ],
        "Greetings": [{"DisplayName": "Default", "Filename": "default.wav", "Type": "Default"}],
    }


def _agent(number: int) -> Row:
    return {"Id": _user_id(number), "Number": str(number), "Name": name_of(number)}


def queue(id_: int, number: str, name: str, agents: range) -> Row:
    return {
        "Id": id_,
        "Number": number,
        "Name": name,
        "PollingStrategy": "LongestWaiting",
        "RingTimeout": 20,
        "MasterTimeout": 600,
        "MaxCallersInQueue": 15,
        "SLATime": 30,
        "WrapUpTime": 10,
        "IsRegistered": True,
        "Recording": "Disabled",
        "Agents": [{**_agent(agent), "SkillGroup": "1"} for agent in agents],
        "Managers": [_agent(agents[0])],
        "ForwardNoAnswer": {
            "To": "VoiceMail",
            "Number": str(agents[0]),
            "Name": name_of(agents[0]),
            "Type": "Extension",
        },
        "Groups": [membership("DEFAULT", "users", name)],
    }
