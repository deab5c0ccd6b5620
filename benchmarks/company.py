"""A PBX of a company of some size, in a process of its own; served as `server` says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from trunkline_emulator import Emulator

from .server import API_KEY, CLIENT_ID, serve

FIRST_USER, FIRST_QUEUE = 2_000, 8_000
AGENTS = 12  # of a queue

Row = dict[str, Any]


def seed(users: int, queues: int, contacts: int) -> dict[str, Any]:
    """Return the demo company with that many users, queues and contacts, each as one of the demo's is."""
    demo = Emulator()
    known = {name: demo.ask("GET", f"/{name}?$top=100{more}").json()["value"] for name, more in _EXPANDED.items()}
    people = [{"Number": row["Number"], "Id": row["Id"]} for row in known["Users"]]
    return {
        "extends": "demo",
        "Users": list(_users(known["Users"], users)),
        "Queues": list(_queues(known["Queues"], people, queues)),
        "Contacts": list(_more(known["Contacts"], contacts)),
    }


_EXPANDED = {
    "Users": "&$expand=Groups($expand=Rights),ForwardingProfiles,ForwardingExceptions,Greetings",
    "Queues": "&$expand=Groups($expand=Rights)",
    "Contacts": "",
}


def _more(rows: list[Row], count: int) -> Iterator[Row]:
    """Yield what is lacking to a count: the rows over and over, with other Ids."""
    for place in range(count - len(rows)):
        yield {**rows[place % len(rows)], "Id": 10_000 + place}


def _users(rows: list[Row], count: int) -> Iterator[Row]:
    for place, row in enumerate(_more(rows, count)):
        number = str(FIRST_USER + place)
        unique = {"EmailAddress": f"ext{number}@example.com", "ClickToCallId": f"ext{number}", "Phones": []}
        yield {**row, "Id": 20_000 + place, "Number": number, **unique, "WebMeetingFriendlyName": f"ext{number}"}


def _queues(rows: list[Row], people: list[Row], count: int) -> Iterator[Row]:
    for place, row in enumerate(_more(rows, count)):
        agents = [people[(place + n) % len(people)] for n in range(AGENTS)]
        number = str(FIRST_QUEUE + place)
        changed = {"Name": f"Queue {number}", "Agents": agents, "Managers": agents[:1]}
        yield {**row, "Id": 40_000 + place, "Number": number, **changed}


if __name__ == "__main__":
    users, queues, contacts = map(int, sys.argv[1:4])
    serve(Emulator(client_id=CLIENT_ID, api_key=API_KEY, seed=seed(users, queues, contacts)))
