"""What happened in a period: legs by when they began, visits to queues by when the caller entered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count

from ..store import Store
from ..telephony.history import calls_of
from ..telephony.records import Kind, Leg, Outcome, PhoneCall, QueueVisit
from .arguments import Numbers, Period

# A call that began before the period may still reach somebody within it. No call lasts longer than this.
LONGEST_CALL = timedelta(hours=2)
_STEP = timedelta(hours=4)
_LONGEST_STEP = timedelta(days=3650)

Event = tuple[PhoneCall, Leg]


def legs_in(store: Store, period: Period) -> Iterator[Event]:
    """Yield the legs that began in a period, call by call."""
    for call in calls_around(store, period):
        for leg in call.legs:
            if period.holds(leg.started):
                yield call, leg


def visits_in(
    store: Store, period: Period, queues: Numbers, given_up_before: timedelta
) -> Iterator[tuple[PhoneCall, QueueVisit]]:
    """Yield the visits to some queues that began in a period, without those given up before so long a wait."""
    for call in calls_around(store, period):
        for visit in call.visits:
            if not visit.answered and visit.waited < given_up_before:
                continue
            if visit.queue.dn in queues and period.holds(visit.entered):
                yield call, visit


def calls_around(store: Store, period: Period) -> Iterator[PhoneCall]:
    """Yield the calls that may have done something in a period."""
    if period.start >= period.end:
        return iter(())
    return calls_of(store, period.start - LONGEST_CALL, period.end)


def oldest_first(store: Store, period: Period) -> Iterator[Event]:
    """Yield the legs of a period by their start, made only as far as they are read."""
    waiting: list[tuple[object, int, int, Event]] = []
    order = count()
    for call in calls_around(store, period):
        while waiting and waiting[0][3][1].started < call.started:
            yield heappop(waiting)[3]
        for leg in call.legs:
            if period.holds(leg.started):
                heappush(waiting, (leg.started, leg.id, next(order), (call, leg)))
    while waiting:
        yield heappop(waiting)[3]


def newest_first(store: Store, period: Period) -> Iterator[Event]:
    """Yield the legs of a period by their start, latest first, made only as far as they are read.

    Calls come by their start, so this goes back in steps: long ones through times without calls, short ones else.
    """
    step, end = _STEP, period.end
    while end > period.start:
        window = Period(max(period.start, end - step), end)
        if next(calls_around(store, window), None) is None:
            step = min(2 * step, _LONGEST_STEP)
        elif step > _STEP:
            step = max(_STEP, step / 8)
            continue
        else:
            yield from sorted(legs_in(store, window), key=_by_start, reverse=True)
        end = window.start


def _by_start(event: Event) -> tuple[object, int]:
    return event[1].started, event[1].id


def was_answered(call: PhoneCall, leg: Leg) -> bool:
    """Whether somebody took it; a leg into a queue or ring group is answered if somebody of it took the caller."""
    if leg.outcome is not Outcome.WAITING:
        return leg.answered
    if leg.destination.kind is Kind.QUEUE:
        return any(visit.answered for visit in call.visits if visit.entered == leg.started)
    return any(other.answered for other in call.legs if other.sent_by == leg.destination)
