"""The seed "large": the demo company and 249 branches of forty people each, ten thousand people in all.

A branch has a department and a queue, whose agents are its first ten people. Branch 1 has the extensions 20000 to
20039 and the queue 80001; the calls of the past are those of the demo company.
"""

from __future__ import annotations

from ..ground import Seed
from ..values import Row
from . import company, demo, fresh

BRANCHES, STAFF, AGENTS = 249, len(company.PEOPLE), 10
CONTACTS = 10_000
# All count up from here, after those of the demo company.
_GROUP_ID, _QUEUE_ID, _USER_ID, _USER, _QUEUE = 1_000, 1_300, 2_000, 20_000, 80_000


def seed() -> Seed:
    base = demo.seed()
    users, groups, queues = base["Users"], base["Groups"], base["Queues"]
    assert isinstance(users, list) and isinstance(groups, list) and isinstance(queues, list)  # noqa: S101, PT018
    branches = range(1, BRANCHES + 1)
    return {
        **base,
        "Users": lambda: [*users, *(_user(branch, place) for branch in branches for place in range(STAFF))],
        "Groups": lambda: [*groups, *map(_department, branches)],
        "Queues": lambda: [*queues, *map(_queue, branches)],
        "Contacts": lambda: [_contact(number) for number in range(1, CONTACTS + 1)],
    }


def _person(branch: int, place: int) -> Row:
    """Somebody as queues and departments name them."""
    serial = (branch - 1) * STAFF + place
    first, last = company.PEOPLE[place][0], company.PEOPLE[(place + branch) % STAFF][1]
    return {"Id": _USER_ID + serial, "Number": str(_USER + serial), "Name": f"{last}, {first}"}


def _membership(branch: int, member: Row) -> Row:
    group = _GROUP_ID + branch
    return {
        **company.membership("DEFAULT", "users", member["Name"]),
        "Id": group,
        "GroupId": group,
        "Name": f"Branch {branch}",
        "Number": f"GRP{branch + 5:04}",
    }


def _department(branch: int) -> Row:
    people = (_person(branch, place) for place in range(STAFF))
    members = [{**one, "MemberName": one["Name"], "GroupId": _GROUP_ID + branch, "Type": "Extension"} for one in people]
    named = fresh.department(_GROUP_ID + branch, f"GRP{branch + 5:04}", f"Branch {branch}")
    return {**named, "HasMembers": True, "Members": members}


def _user(branch: int, place: int) -> Row:
    person = _person(branch, place)
    number, (last, _, first) = person["Number"], person["Name"].partition(", ")
    return {
        **company.user(100 + place),
        "Id": person["Id"],
        "Number": number,
        "FirstName": first,
        "LastName": last,
        "DisplayName": f"{first} {last}",
        "EmailAddress": f"ext{number}@example.com",
        "PrimaryGroupId": _GROUP_ID + branch,
        "Groups": [_membership(branch, person)],
        "AuthID": f"auth{number}",
        "Require2FA": False,
        "QueueStatus": "LoggedIn" if place < AGENTS else "LoggedOut",
        "Phones": [],
        "ClickToCallId": f"ext{number}",
        "WebMeetingFriendlyName": f"ext{number}",
    }


def _queue(branch: int) -> Row:
    number, name = str(_QUEUE + branch), f"Branch {branch}"
    return {
        **company.queue(_QUEUE_ID + branch, number, name, range(100, 101)),
        "Agents": [{**_person(branch, place), "SkillGroup": "1"} for place in range(AGENTS)],
        "Managers": [_person(branch, 0)],
        "ForwardNoAnswer": {"To": "VoiceMail", "Number": _person(branch, 0)["Number"], "Type": "Extension"},
        "Groups": [_membership(branch, {"Name": name})],
    }


def _contact(number: int) -> Row:
    # The range of telephone numbers that is kept for fiction has ten thousand.
    return {**demo.contact(number), "PhoneNumber": f"+1202555{(number + 100) % 10_000:04}"}
