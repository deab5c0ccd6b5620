"""The reports that count by the clock: how calls are spread over hours, days and months."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from ..store import Store
from ..telephony.records import NONE, Direction, Kind, Leg, Outcome, Party, PhoneCall
from ..values import Row
from .arguments import Arguments, Numbers, Period
from .clock import Intervals, Unit, beginning, following
from .events import legs_in, visits_in, was_answered
from .extensions import area_test
from .names import people_of
from .spelling import moment

_GROUPINGS = (Unit.HOUR, Unit.DAY, Unit.WEEK, Unit.MONTH)
# What a chart shows, and what each of its points stands for.
_CHARTS = {
    "day": (Unit.DAY, Unit.HOUR),
    "week": (Unit.WEEK, Unit.DAY),
    "month": (Unit.MONTH, Unit.DAY),
    "year": (Unit.YEAR, Unit.MONTH),
}

# A leg seen from an extension at one of its ends: whether it rang there, whether it was answered.
End = tuple[Leg, bool, bool]


def distribution(store: Store, asked: Arguments) -> Iterator[Row]:
    """How many legs rang the chosen extensions, and how many these began, by the interval."""
    intervals, ends = _grouped(store, asked)
    for start, (incoming, outgoing) in _counted(intervals, ends, _by_direction):
        yield {
            "DateTimeInterval": moment(start, asked.zone),
            "IncomingCount": incoming,
            "OutgoingCount": outgoing,
        }


def user_activity(store: Store, asked: Arguments) -> Iterator[Row]:
    """How many legs at the chosen extensions were answered or not, by the interval."""
    intervals, ends = _grouped(store, asked)
    for start, (answered, unanswered) in _counted(intervals, ends, _by_success):
        yield {
            "DateTimeInterval": moment(start, asked.zone),
            "AnsweredCount": answered,
            "UnansweredCount": unanswered,
        }


def distribution_chart(store: Store, asked: Arguments) -> Iterator[Row]:
    """Return the distribution as versions up to 20.0.6 chart it: incoming and outgoing."""
    intervals = _charted(asked)
    return _points(
        asked, _counted(intervals, _ends(store, asked, intervals.period, _internal_too(asked)), _by_direction)
    )


def activity_chart(store: Store, asked: Arguments) -> Iterator[Row]:
    """Return the activity as versions up to 20.0.6 chart it: answered and unanswered."""
    intervals = _charted(asked)
    return _points(asked, _counted(intervals, _ends(store, asked, intervals.period, _internal_too(asked)), _by_success))


def queue_calls_chart(store: Store, asked: Arguments) -> Iterator[Row]:
    """Return the calls to queues: answered and unanswered."""
    intervals = _charted(asked)
    counts = [[0, 0] for _ in intervals.starts]
    for entered, _, answered in _visits(store, asked, intervals.period):
        counts[intervals.place(entered)][not answered] += 1
    return _points(asked, zip(intervals.starts, counts, strict=True))


def waiting_chart(store: Store, asked: Arguments) -> Iterator[Row]:
    """How many seconds callers waited in queues on average: those answered, those not."""
    intervals = _charted(asked)
    waits = [[NONE, NONE] for _ in intervals.starts]
    counts = [[0, 0] for _ in intervals.starts]
    for entered, waited, answered in _visits(store, asked, intervals.period):
        place = intervals.place(entered)
        waits[place][not answered] += waited
        counts[place][not answered] += 1
    means = (
        [
            round(total / count / timedelta(seconds=1)) if count else 0
            for total, count in zip(sums, numbers, strict=True)
        ]
        for sums, numbers in zip(waits, counts, strict=True)
    )
    return _points(asked, zip(intervals.starts, means, strict=True))


def _points(asked: Arguments, counted: Iterable[tuple[datetime, list[int]]]) -> Iterator[Row]:
    for start, (first, second) in counted:
        yield {"XValue": moment(start, asked.zone), "YValue1": first, "YValue2": second}


def _visits(store: Store, asked: Arguments, period: Period) -> Iterator[tuple[datetime, timedelta, bool]]:
    chosen, shortest = asked.numbers("queueDnStr"), asked.span("waitInterval")
    for _, visit in visits_in(store, period, chosen, shortest):
        yield visit.entered, visit.waited, visit.answered


def _grouped(store: Store, asked: Arguments) -> tuple[Intervals, Iterator[End]]:
    code = min(max(asked.code("groupingType"), 0), len(_GROUPINGS) - 1)
    intervals = Intervals(asked.period, _GROUPINGS[code], asked.zone)
    return intervals, _ends(store, asked, intervals.period, area_test(asked.code("callArea")))


def _charted(asked: Arguments) -> Intervals:
    """Return the chart of the day, week, month or year around a date."""
    whole, part = _CHARTS.get(asked.text("chartBy").casefold(), next(iter(_CHARTS.values())))
    start = beginning(asked.moment("chartDate"), whole, asked.zone)
    return Intervals(Period(start, following(start, whole, asked.zone)), part, asked.zone)


def _internal_too(asked: Arguments) -> Callable[[PhoneCall], bool]:
    wanted = asked.flag("includeInternalCalls")
    return lambda call: wanted or call.direction is not Direction.INTERNAL


def _ends(store: Store, asked: Arguments, period: Period, in_area: Callable[[PhoneCall], bool]) -> Iterator[End]:
    chosen = _chosen(store, asked)
    queue_calls, shortest = asked.flag("includeQueueCalls"), asked.span("waitInterval")

    def counts(party: Party) -> bool:
        return party.kind is Kind.EXTENSION and party.dn in chosen

    for call, leg in legs_in(store, period):
        if not in_area(call) or (not queue_calls and leg.sent_by and leg.sent_by.kind is Kind.QUEUE):
            continue
        if leg.outcome is Outcome.UNANSWERED and leg.ringing < shortest:
            continue
        answered = was_answered(call, leg)
        if counts(leg.source):
            yield leg, False, answered
        if counts(leg.destination):
            yield leg, True, answered


def _chosen(store: Store, asked: Arguments) -> Numbers:
    if "extensionDns" in asked.given:
        return people_of(store, asked.numbers("extensionDns"), asked.text("groupNumber"))
    return people_of(store, asked.numbers("queueDnStr"), asked.text("groupStr"))


def _by_direction(rang: bool, answered: bool) -> int:
    return 0 if rang else 1


def _by_success(rang: bool, answered: bool) -> int:
    return 0 if answered else 1


def _counted(
    intervals: Intervals, ends: Iterator[End], column: Callable[[bool, bool], int]
) -> Iterator[tuple[datetime, list[int]]]:
    """Each interval with its two counts, also those in which nothing happened."""
    counts = [[0, 0] for _ in intervals.starts]
    for leg, rang, answered in ends:
        counts[intervals.place(leg.started)][column(rang, answered)] += 1
    return zip(intervals.starts, counts, strict=True)
