"""The shifts of agents: who was logged in to which queue, and for how long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from ..store import Store
from ..telephony.history import shifts_of
from ..telephony.records import AgentShift, Party
from .arguments import Numbers, Period

# A shift that began before the period may go on in it. None lasts longer than this.
_LONGEST_SHIFT = timedelta(days=1)


def shifts_in(store: Store, period: Period, queues: Numbers, agents: Numbers) -> Iterator[AgentShift]:
    """Yield the parts of shifts that lie in a period."""
    if period.start >= period.end:
        return
    for shift in shifts_of(store, period.start - _LONGEST_SHIFT, period.end):
        if shift.queue.dn in queues and shift.agent.dn in agents and shift.logged_out > period.start:
            yield shift._replace(
                logged_in=max(shift.logged_in, period.start), logged_out=min(shift.logged_out, period.end)
            )


class Attendance:
    """Who was logged in where and when, for questions about single moments of a period."""

    def __init__(self, store: Store, period: Period) -> None:
        self._shifts: dict[tuple[str, str], list[AgentShift]] = defaultdict(list)
        for shift in shifts_in(store, period, Numbers(None), Numbers(None)):
            self._shifts[shift.queue.dn, shift.agent.dn].append(shift)

    def at(self, when: datetime, queue: Party, agent: Party) -> bool:
        return any(shift.logged_in <= when < shift.logged_out for shift in self._shifts.get((queue.dn, agent.dn), ()))
