"""Queues as they are now: who waits, and which agents take calls."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from ..client import AsyncPbx
from ..errors import TrunklineError
from .calls import Row

TIMEOUT = 15.0
"""Seconds that each request may take."""


class Agent(msgspec.Struct, frozen=True):
    """An agent of a queue. ``is_logged_in``: whether the extension takes calls from queues at all (``QueueStatus``)."""

    id: int | None
    number: str
    name: str
    is_logged_in: bool | None = None
    is_registered: bool | None = None
    profile: str | None = None


class QueueNow(msgspec.Struct, frozen=True):
    """A queue. ``waiting``: the calls in progress whose callee it is, which are assumed to wait in it.

    What could not be read is None.
    """

    id: int | None
    number: str
    name: str
    is_registered: bool | None
    waiting: int | None
    agents: list[Agent]

    @property
    def logged_in(self) -> int | None:
        """How many agents are logged in; None where that is not known of one."""
        states = [agent.is_logged_in for agent in self.agents]
        return None if None in states else sum(map(bool, states))


async def read_queues(pbx: AsyncPbx, *, timeout: float = TIMEOUT) -> list[QueueNow]:
    """Read all queues, in order of their numbers. Each of the three lists is read at the same time.

    Raises: the error of a PBX whose queues can't be read. Users and calls that can't be read leave their fields None.
    """
    queues, users, calls = await asyncio.gather(
        pbx.call("queues.list", select="Id,Number,Name,IsRegistered", expand="Agents", timeout=timeout),
        _part(pbx, "users.list", timeout, select="Number,QueueStatus,IsRegistered,CurrentProfileName"),
        _part(pbx, "active_calls.list", timeout),
    )
    people = {str(row.get("Number")): row for row in users or ()}
    callees = None if calls is None else Counter(party_number(row.get("Callee")) for row in calls)
    found = [
        QueueNow(
            id=row.get("Id"),
            number=str(row.get("Number") or ""),
            name=str(row.get("Name") or ""),
            is_registered=row.get("IsRegistered"),
            waiting=None if callees is None else callees[str(row.get("Number"))],
            agents=[_agent(agent, people.get(str(agent.get("Number")), {})) for agent in row.get("Agents") or ()],
        )
        for row in queues
    ]
    return sorted(found, key=lambda queue: (len(queue.number), queue.number))


def party_number(party: Any) -> str:
    """Return the number with which a caller or a callee of a call in progress begins, as ``801 Support`` does."""
    return str(party or "").partition(" ")[0]


def trunk_calls(calls: Sequence[Row], number: str) -> int:
    """Count the calls in progress over a trunk. That its number begins their caller or callee is assumed."""
    return sum(number in (party_number(call.get("Caller")), party_number(call.get("Callee"))) for call in calls)


async def _part(pbx: AsyncPbx, action: str, timeout: float, **options: Any) -> list[Row] | None:
    try:
        rows: list[Row] = await pbx.call(action, timeout=timeout, **options)
    except TrunklineError:
        return None
    return rows


def _agent(agent: Row, person: Row) -> Agent:
    status = person.get("QueueStatus")
    return Agent(
        id=agent.get("Id"),
        number=str(agent.get("Number") or ""),
        name=str(agent.get("Name") or ""),
        is_logged_in=None if status is None else status == "LoggedIn",
        is_registered=person.get("IsRegistered"),
        profile=person.get("CurrentProfileName"),
    )
