"""The reports on extensions: how many calls each took and made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from ..store import Store
from ..telephony.records import NONE, Direction, Kind, Leg, Party, PhoneCall
from ..values import Row
from .arguments import Arguments, Numbers
from .events import legs_in, was_answered
from .names import departments, numbered
from .spelling import duration, label


@dataclass
class Count:
    """The legs at one end."""

    answered: int = 0
    unanswered: int = 0
    talking: timedelta = NONE

    def add(self, leg: Leg, *, answered: bool) -> None:
        if answered:
            self.answered += 1
            self.talking += leg.talking
        else:
            self.unanswered += 1


@dataclass
class Tally:
    """One extension's legs: those that rang it, and those it began."""

    name: str
    inbound: Count
    outbound: Count


def area_test(code: int) -> Callable[[PhoneCall], bool]:
    """``callArea``: 0 all calls, 1 internal, 2 external; what no other code means selects nothing."""
    if code == 0:
        return lambda call: True
    if code in (1, 2):
        return lambda call: (call.direction is Direction.INTERNAL) == (code == 1)
    return lambda call: False


def statistics(store: Store, asked: Arguments) -> Iterator[Row]:
    return _rows(store, asked, asked.numbers("extensionFilter"))


def statistics_by_group(store: Store, asked: Arguments) -> Iterator[Row]:
    """Return the extensions of one department; without its number there are none, as on a PBX."""
    members = departments(store, asked.text("groupNumber"))
    return _rows(store, asked, Numbers(frozenset[str]().union(*members.values())))


def _rows(store: Store, asked: Arguments, chosen: Numbers) -> Iterator[Row]:
    for number, tally in sorted(_tallies(store, asked, chosen).items()):
        yield {
            "Dn": number,
            "DisplayName": tally.name,
            "InboundAnsweredCount": tally.inbound.answered or None,
            "InboundAnsweredTalkingDur": _length(tally.inbound),
            "InboundUnansweredCount": tally.inbound.unanswered or None,
            "OutboundAnsweredCount": tally.outbound.answered or None,
            "OutboundAnsweredTalkingDur": _length(tally.outbound),
            "OutboundUnansweredCount": tally.outbound.unanswered or None,
        }


def _length(count: Count) -> str | None:
    return duration(count.talking) if count.answered else None


def _tallies(store: Store, asked: Arguments, chosen: Numbers) -> dict[str, Tally]:
    found = {number: Tally(name, Count(), Count()) for number, name in numbered(store, "Users", chosen).items()}

    def of(party: Party) -> Tally | None:
        if party.kind is not Kind.EXTENSION or party.dn not in chosen:
            return None
        return found.setdefault(party.dn, Tally(label(party), Count(), Count()))

    in_area = area_test(asked.code("callArea"))
    for call, leg in legs_in(store, asked.period):
        if not in_area(call):
            continue
        answered = was_answered(call, leg)
        if tally := of(leg.source):
            tally.outbound.add(leg, answered=answered)
        if tally := of(leg.destination):
            tally.inbound.add(leg, answered=answered)
    return found
