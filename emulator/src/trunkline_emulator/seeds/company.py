"""The people of the demo seed and everything that has a number: departments, queues, faxes, trunks and others."""

from __future__ import annotations

from ..rules.roles import rights_of
from ..values import Row
from .fresh import department
from .models import MODELS, PHONES, mac_of

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
QUEUES = (("800", "Sales", range(101, 106)), ("801", "Support", range(110, 118)), ("802", "Billing", range(132, 136)))
RING_GROUPS = (("810", "Reception", range(136, 140)), ("811", "Engineering on call", range(122, 126)))
RECEPTIONISTS = (("820", "Main menu"), ("821", "Out of hours"))
PARKINGS = ("SP0", "SP1", "SP2", "SP3")
FAXES = 12
TRUNKS = (("10000", "London SIP", "sip.london.example.com"), ("10001", "New York SIP", "sip.newyork.example.com"))

FIRST_USER = 11
_FIRST_QUEUE, _FIRST_RING_GROUP, _FIRST_RECEPTIONIST = 61, 71, 81
_FIRST_PARKING, _FIRST_TRUNK, _FIRST_FAX = 91, 101, 121


def name_of(number: int) -> str:
    """``Okonkwo, Amara``, as a PBX shows the person at an extension."""
    first, last, _ = PEOPLE[number - 100]
    return f"{last}, {first}"


def address_of(number: int) -> str:
    """Return a plain address, as the letters of names are not all fit for one."""
    return f"ext{number}@example.com"


def peer(number: str) -> Row:
    """How another row names a queue, a ring group or a digital receptionist."""
    kinds = (
        ("Queue", _FIRST_QUEUE, QUEUES),
        ("RingGroup", _FIRST_RING_GROUP, RING_GROUPS),
        ("IVR", _FIRST_RECEPTIONIST, RECEPTIONISTS),
    )
    return next(
        {"Id": first + n, "Number": number, "Name": row[1], "Type": kind}
        for kind, first, rows in kinds
        for n, row in enumerate(rows)
        if row[0] == number
    )


def seed() -> dict[str, list[Row]]:
    return {
        "Groups": [_department(number, name) for number, name in enumerate(DEPARTMENTS, 1)],
        "Users": [user(100 + place) for place in range(len(PEOPLE))],
        "Queues": [queue(_FIRST_QUEUE + n, *row) for n, row in enumerate(QUEUES)],
        "RingGroups": [_ring_group(_FIRST_RING_GROUP + n, *group) for n, group in enumerate(RING_GROUPS)],
        "Receptionists": [_receptionist(_FIRST_RECEPTIONIST + n, *ivr) for n, ivr in enumerate(RECEPTIONISTS)],
        "Parkings": [
            {"Id": _FIRST_PARKING + n, "Number": number, "Groups": [membership("DEFAULT", "users", number)]}
            for n, number in enumerate(PARKINGS)
        ],
        "Trunks": [_trunk(_FIRST_TRUNK + n, *trunk) for n, trunk in enumerate(TRUNKS)],
        "Fax": [_fax(_FIRST_FAX + n, str(888 + n)) for n in range(FAXES)],
        "CallFlowApps": [
            {
                "Id": 141,
                "Number": "830",
                "Name": "Callback",
                "RoutingType": "Forward",
                "CompilationSucceeded": True,
                "Groups": [membership("DEFAULT", "users", "Callback")],
            }
        ],
        "ServicePrincipals": [
            {"Id": 151, "Number": "trunkline", "XAPIEnabled": True, "CallControlEnabled": False, "IsSystem": False}
        ],
        "InboundRules": _inbound_rules(),
        "OutboundRules": _outbound_rules(),
    }


def _user_id(number: int) -> int:
    return FIRST_USER + number - 100


def membership(name: str, role: str, member: str) -> Row:
    """How a DN names a department that it belongs to."""
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


def _phone(number: int) -> Row:
    vendor, model, _, _ = MODELS[(number - 1) % len(MODELS)]
    return {
        "Id": number,
        "Name": f"{vendor} {model}",
        "MacAddress": mac_of(number),
        "TemplateName": f"{vendor.lower()}.ph.xml",
    }


def user(number: int) -> Row:
    first, last, group = PEOPLE[number - 100]
    return {
        "Id": _user_id(number),
        "Number": str(number),
        "FirstName": first,
        "LastName": last,
        "DisplayName": f"{first} {last}",
        "EmailAddress": address_of(number),
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
        "Phones": [_phone(number - 100)] if 1 <= number - 100 <= PHONES else [],
        "ClickToCallId": f"ext{number}",
        "WebMeetingFriendlyName": f"ext{number}",
        "ForwardingProfiles": [
            {"Id": 10 * _user_id(number) + n, "Name": name, "NoAnswerTimeout": 20, "AcceptMultipleCalls": False}
            for n, name in enumerate(("Available", "Away", "Out of office", "Custom 1", "Custom 2"))
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


def _ring_group(id_: int, number: str, name: str, members: range) -> Row:
    return {
        "Id": id_,
        "Number": number,
        "Name": name,
        "RingStrategy": "RingAll",
        "RingTime": 20,
        "IsRegistered": True,
        "Members": [_agent(member) for member in members],
        "ForwardNoAnswer": {"To": "Extension", "Number": "100", "Name": name_of(100), "Type": "Extension"},
        "Groups": [membership("DEFAULT", "users", name)],
    }


def _receptionist(id_: int, number: str, name: str) -> Row:
    keys = (("1", "Queue", "800"), ("2", "Queue", "801"), ("3", "RingGroup", "810"))
    return {
        "Id": id_,
        "Number": number,
        "Name": name,
        "IVRType": "Default",
        "PromptFilename": "welcome.wav",
        "Timeout": 10,
        "TimeoutForwardType": "EndCall",
        "IsRegistered": True,
        "Forwards": [
            {"Id": 10 * id_ + n, "Input": key, "ForwardType": kind, "ForwardDN": dn, "PeerType": kind}
            for n, (key, kind, dn) in enumerate(keys, 1)
        ],
        "Groups": [membership("DEFAULT", "users", name)],
    }


def _trunk(id_: int, number: str, name: str, host: str) -> Row:
    first = "+44207946010" if number == "10000" else "+1202555010"
    return {
        "Id": id_,
        "Number": number,
        "AuthID": f"trunk{number}",
        "Direction": "Both",
        "ExternalNumber": f"{first}0",
        "DidNumbers": [f"{first}{n}" for n in range(3)],
        "EnableInboundCalls": True,
        "EnableOutboundCalls": True,
        "IsOnline": True,
        "SimultaneousCalls": 10,
        "Gateway": {"Id": id_ - _FIRST_TRUNK + 1, "Name": name, "Type": "Provider", "Host": host, "Port": 5060},
        "Groups": [membership("DEFAULT", "users", name)],
    }


def _fax(id_: int, number: str) -> Row:
    return {
        "Id": id_,
        "Number": number,
        "OutboundCallerId": f"+44 20 7946 0{number}",
        "FaxServer": False,
        "AuthID": f"fax{number}",
        "AuthPassword": "not-a-real-password",
        "Groups": [membership("DEFAULT", "users", number)],
    }


def _inbound_rules() -> list[Row]:
    rules = (
        ("Sales line", "Queue", "800", "Sales"),
        ("Support line", "Queue", "801", "Support"),
        ("Head office", "IVR", "820", "Main menu"),
    )
    return [
        {
            "Id": n,
            "RuleName": name,
            "Condition": "BasedOnDID",
            "CallType": "ExternalCallsOnly",
            "Data": f"+44207946010{n - 1}",
            "OfficeHoursDestination": {"To": kind, "Number": number, "Name": answers, "Type": kind},
            "OutOfOfficeHoursDestination": {"To": "IVR", "Number": "821", "Name": "Out of hours", "Type": "IVR"},
            "TrunkDN": {"Id": _FIRST_TRUNK, "Number": "10000", "Name": "London SIP", "Type": "ExternalLine"},
        }
        for n, (name, kind, number, answers) in enumerate(rules, 1)
    ]


def _outbound_rules() -> list[Row]:
    rules = (
        ("Emergency", "999", True, 0),
        ("National", "0", False, 1),
        ("International", "00", False, 1),
        ("US", "1", False, 1),
    )
    return [
        {
            "Id": n,
            "Name": name,
            "Prefix": prefix,
            "Priority": n,
            "EmergencyRule": emergency,
            "GroupIds": [1],
            "GroupNames": ["DEFAULT"],
            "Routes": [
                {
                    "TrunkId": _FIRST_TRUNK + (name == "US"),
                    "TrunkName": TRUNKS[name == "US"][1],
                    "StripDigits": strip,
                    "Prepend": "",
                }
            ],
        }
        for n, (name, prefix, emergency, strip) in enumerate(rules, 1)
    ]
