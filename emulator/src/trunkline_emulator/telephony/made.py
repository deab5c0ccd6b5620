"""Calls under way, and those that ended since the start, as JSON has them, so that they can be kept with the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from .records import NONE, Direction, Kind, Leg, Outcome, Party, PhoneCall, QueueVisit
from .scene import DESTINATION_ENDED, NO_ANSWER, SOURCE_ENDED

CALLS_MADE = "calls made"
# How long somebody's phone rings before they take a call.
RINGS = timedelta(seconds=6)
_TAKEN_BY = frozenset({Kind.EXTENSION, Kind.EXTERNAL})


class UnderWay(NamedTuple):
    """A call that is not over: who rings whom since when, and since when they talk (None: not yet).

    ``queue`` is the queue that the caller came through, or waits in where it is the callee itself.
    """

    caller: Party
    callee: Party
    began: datetime
    established: datetime | None
    queue: Party | None = None
    did: str = ""
    rule: str = ""

    @property
    def outside(self) -> Party | None:
        return next((party for party in (self.caller, self.callee) if party.kind is Kind.EXTERNAL), None)

    @property
    def direction(self) -> Direction:
        if self.caller.kind is Kind.EXTERNAL:
            return Direction.INBOUND
        return Direction.OUTBOUND if self.callee.kind is Kind.EXTERNAL else Direction.INTERNAL

    def at(self, now: datetime) -> UnderWay:
        """Return what has become of it: a person whose phone has rung for long enough took the call."""
        taken = self.began + RINGS
        if self.established or self.callee.kind not in _TAKEN_BY or now < taken:
            return self
        return self._replace(established=taken)

    def moved(self, by: timedelta) -> UnderWay:
        """Return the same call at another time."""
        return self._replace(began=self.began + by, established=self.established and self.established + by)

    def as_json(self) -> dict[str, Any]:
        return {
            "caller": _plain(self.caller),
            "callee": _plain(self.callee),
            "began": self.began.isoformat(),
            "established": self.established.isoformat() if self.established else None,
            "queue": _plain(self.queue) if self.queue else None,
            "did": self.did,
            "rule": self.rule,
        }


def under_way(content: dict[str, Any]) -> UnderWay:
    """Return what ``as_json`` wrote."""
    return UnderWay(
        _party(content["caller"]),
        _party(content["callee"]),
        datetime.fromisoformat(content["began"]),
        datetime.fromisoformat(content["established"]) if content["established"] else None,
        _party(content["queue"]) if content["queue"] else None,
        content["did"],
        content["rule"],
    )


def _plain(party: Party) -> list[str]:
    return [party.kind.value, *party[1:]]


def _party(content: list[str]) -> Party:
    kind, *rest = content
    return Party(Kind(kind), *rest)


def ended(call: UnderWay, at: datetime) -> dict[str, Any]:
    """Return a call that is over, to be kept among the calls made."""
    return {**call.as_json(), "ended": at.isoformat()}


def purged(content: dict[str, Any], start: datetime, end: datetime) -> dict[str, Any]:
    """Return a call among the calls made, marked if it began in a period."""
    return {**content, "purged": True} if start <= datetime.fromisoformat(content["began"]) < end else content


def calls(kept: Iterable[dict[str, Any]], count: int, legs: int) -> Iterator[PhoneCall]:
    """Yield the calls made, numbered on from the ``count`` calls with ``legs`` legs that were there before."""
    for number, content in enumerate(kept, count + 1):
        call = _phone_call(under_way(content), datetime.fromisoformat(content["ended"]), number, legs + 1)
        legs += len(call.legs)
        yield call


def _phone_call(call: UnderWay, end: datetime, number: int, leg: int) -> PhoneCall:
    answered = call.established or end
    talking = end - answered
    talk = Outcome.ANSWERED if call.established else Outcome.UNANSWERED
    reason = DESTINATION_ENDED if call.established else NO_ANSWER
    waited = answered - call.began
    legs: list[Leg] = []
    visits: tuple[QueueVisit, ...] = ()
    queue = call.callee if call.callee.kind is Kind.QUEUE else call.queue
    if queue:
        why = DESTINATION_ENDED if call.established else SOURCE_ENDED
        legs.append(Leg(leg, call.caller, queue, call.began, waited, NONE, Outcome.WAITING, reason=why))
    if queue != call.callee:
        ringing = min(waited, RINGS) if queue else waited
        began = answered - ringing
        legs.append(Leg(leg + len(legs), call.caller, call.callee, began, ringing, talking, talk, queue, reason=reason))
    if queue:
        polled = () if queue == call.callee else (call.callee,)
        agent = call.callee if polled and call.established else None
        visits = (QueueVisit(number, queue, call.caller, call.began, waited, agent, talking, polled),)
    return PhoneCall(number, call.began, call.direction, call.outside, call.did, call.rule, tuple(legs), visits)
