"""The call log: one row for each leg."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta, tzinfo

from ..store import Store
from ..telephony.recordings import url_of
from ..telephony.records import Direction, Kind, Leg, Outcome, Party, PhoneCall
from ..values import Row
from .arguments import Arguments, Period
from .events import Event, newest_first, oldest_first, was_answered
from .spelling import duration, label, moment

Test = Callable[[PhoneCall, Leg], bool]

_CALL_TYPES = {
    Kind.EXTENSION: "Extension",
    Kind.EXTERNAL: "External",
    Kind.RING_GROUP: "Ring Group",
    Kind.QUEUE: "Queue",
    Kind.VOICEMAIL: "System",
    Kind.IVR: "Digital Receptionist",
}
_GROUPS = frozenset({Kind.QUEUE, Kind.RING_GROUP})
# Several stars in a row are one: as many wildcards would take for ever.
_STARS = re.compile(r"\*+")
_WORD = re.compile(r"[^,;\s]+")
# 1 in every row that was captured, so that nobody may group by them (docs/pbx.md, The call log).
_ALWAYS_ONE = dict.fromkeys(
    (
        "ActionDnType", "ActionType", "CallId", "DestinationType", "Indent", "SegmentId", "SourceType",
        "SubrowDescNumber",
    ),
    1,
)  # fmt: skip


def events(store: Store, asked: Arguments, period: Period, *, backwards: bool) -> Iterator[Event]:
    """Return the legs of a period that the other arguments choose, newest or oldest first, made as they are read."""
    walk = newest_first if backwards else oldest_first
    tests = _tests(asked)
    return (event for event in walk(store, period) if all(test(*event) for test in tests))


def cdr_id(leg: Leg) -> str:
    """Return the id of a leg. Its first part is when the leg began, so that it can be found again."""
    return f"{int(leg.started.timestamp()):08x}-01db-4000-8000-{leg.id:012x}"


def row(event: Event, zone: tzinfo) -> Row:
    """One row of ``Pbx.CallLogData``, its time with the offset of a zone."""
    call, leg = event
    answered = was_answered(call, leg)
    to_inside = leg.destination.kind is not Kind.EXTERNAL
    return {
        **recording_of(leg),
        **_ALWAYS_ONE,
        "Answered": answered,
        "CallCost": float(leg.cost),
        "CallHistoryId": call.id,
        "CallType": _CALL_TYPES[leg.destination.kind],
        "CdrId": cdr_id(leg),
        "DestinationCallerId": "" if to_inside else leg.destination.number,
        "DestinationDisplayName": label(leg.destination),
        "DestinationDn": leg.destination.dn,
        "Direction": _direction(call, leg),
        "DstRecId": leg.recording if to_inside else None,
        "MainCallHistoryId": call.id,
        "QualityReport": has_quality(leg),
        "Reason": leg.reason or None,
        "RingingDuration": duration(leg.ringing),
        "SourceCallerId": outside_number(leg.source),
        "SourceDisplayName": leg.source.number if leg.source.kind is Kind.EXTERNAL else label(leg.source),
        "SourceDn": leg.source.dn,
        "SrcRecId": None if to_inside else leg.recording,
        "StartTime": moment(leg.started, zone),
        "Status": leg.outcome.value,
        "TalkingDuration": duration(leg.talking),
    }


def recording_of(leg: Leg) -> Row:
    """Return the recording of a leg; nothing where it was not recorded (docs/pbx.md, Answers)."""
    if leg.recording is None:
        return {}
    return {"RecordingUrl": url_of(leg), "Recordings": [{"Id": leg.recording}]}


def has_quality(leg: Leg) -> bool:
    """Whether there was sound between two telephones to judge."""
    return leg.answered and leg.talking > timedelta() and leg.destination.kind in (Kind.EXTENSION, Kind.EXTERNAL)


def outside_number(party: Party) -> str:
    return party.number or party.dn


def _direction(call: PhoneCall, leg: Leg) -> str:
    if leg.outcome is Outcome.WAITING and call.direction is Direction.INBOUND:
        return "Inbound Queue"
    return call.direction.value


def _tests(asked: Arguments) -> list[Test]:
    found = [
        _party_test("source", asked.code("sourceType"), asked.text("sourceFilter")),
        _party_test("destination", asked.code("destinationType"), asked.text("destinationFilter")),
        calls_type_test(asked.code("callsType")),
        _time_test(asked),
        _not_parallel if asked.flag("hidePcalls") else None,
    ]
    return [test for test in found if test is not None]


def _nothing(call: PhoneCall, leg: Leg) -> bool:
    """Return what a code that nobody knows selects."""
    return False


def _party_test(end: str, code: int, text: str) -> Test | None:
    """0 any party, 1 inside, 2 outside; the filter lists numbers, ranges (``100-110``) and patterns (``+44*``)."""
    if code not in (0, 1, 2):
        return _nothing
    wanted = [_number_test(word) for word in _WORD.findall(text)]
    if code == 0 and not wanted:
        return None

    def test(call: PhoneCall, leg: Leg) -> bool:
        party: Party = getattr(leg, end)
        if code and (party.kind is Kind.EXTERNAL) != (code == 2):
            return False
        return not wanted or any(matches(party.dn) or matches(party.number) for matches in wanted)

    return test


def _number_test(word: str) -> Callable[[str], bool]:
    low, dash, high = word.partition("-")
    if dash and low.isdecimal() and high.isdecimal():
        return lambda number: number.isdecimal() and len(number) == len(low) and low <= number <= high
    if "*" in word:
        pattern = re.compile(".*".join(re.escape(part) for part in _STARS.split(word)))
        return lambda number: pattern.fullmatch(number) is not None
    return lambda number: number == word


def calls_type_test(code: int) -> Test | None:
    """0 all calls, 1 answered, 2 unanswered."""
    if code == 0:
        return None
    if code not in (1, 2):
        return _nothing
    return lambda call, leg: was_answered(call, leg) == (code == 1)


def _time_test(asked: Arguments) -> Test | None:
    """0 no filter, 1 by talking, 2 by ringing, 3 by both together; a bound ``To`` of zero is none."""
    shortest, longest = asked.span("callTimeFilterFrom"), asked.span("callTimeFilterTo")
    code = asked.code("callTimeFilterType")
    if code == 0:
        return None
    if code not in _LENGTHS:
        return _nothing
    length = _LENGTHS[code]
    return lambda call, leg: shortest <= length(leg) and (not longest or length(leg) <= longest)


_LENGTHS: dict[int, Callable[[Leg], timedelta]] = {
    1: lambda leg: leg.talking,
    2: lambda leg: leg.ringing,
    3: lambda leg: leg.ringing + leg.talking,
}


def _not_parallel(call: PhoneCall, leg: Leg) -> bool:
    """Not the ring of somebody in a queue or ring group that ended because somebody else of it took the call."""
    group = leg.sent_by
    if leg.answered or group is None or group.kind not in _GROUPS or leg.destination.kind is not Kind.EXTENSION:
        return True
    return not any(
        other.answered and other.sent_by == group and other.destination.kind is Kind.EXTENSION for other in call.legs
    )
