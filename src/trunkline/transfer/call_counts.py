"""Calls counted from the call log: by hour, day, hour of the week and queue, in any zone.

The log is read once and kept as counts by the quarter of an hour: every zone in use is whole quarters from UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

import msgspec

from ..errors import InvalidArgument
from ..work.drivers import AsyncSystem
from .call_log import CallLog
from .logged_calls import CallCollector, LoggedCall
from .period import days

MOST_CALLS = 500_000
"""Calls that one count may have: each is in memory until all of its legs are there."""
MOST_DAYS = 92
_QUARTER = 15

Progress = Callable[[int, int], None]
"""Gets how many parts of the period were read, and how many there are as far as is known."""


class Count(NamedTuple):
    """Calls from outside that were ``answered`` or ``lost``, calls to outside, and calls between extensions."""

    answered: int = 0
    lost: int = 0
    outbound: int = 0
    internal: int = 0

    @property
    def calls(self) -> int:
        return sum(self)

    def plus(self, other: Count) -> Count:
        return Count(*(ours + theirs for ours, theirs in zip(self, other, strict=True)))


class QueueCount(NamedTuple):
    """Calls that entered a queue. ``lost``: nobody took them before they left it.

    A caller whom an agent called back counts as answered; the PBX's own reports count callbacks apart.
    """

    number: str
    name: str
    answered: int
    lost: int


class CallTally(NamedTuple):
    """The calls that began from ``start`` until before ``end``: by the quarter of an hour (in UTC), and by queue."""

    start: datetime
    end: datetime
    quarters: dict[datetime, Count]
    queues: list[QueueCount]

    @property
    def total(self) -> Count:
        return _sum(self.quarters.values())

    def hours(self, zone: tzinfo) -> list[Count]:
        """Count by the hour of the day, 0 to 23 in ``zone``."""
        counts = [Count()] * 24
        for began, count in self.quarters.items():
            hour = began.astimezone(zone).hour
            counts[hour] = counts[hour].plus(count)
        return counts

    def days(self, zone: tzinfo) -> dict[date, Count]:
        """Count by day in ``zone``, in order of time; a day without calls is there, too."""
        first, last = (moment.astimezone(zone).date() for moment in (self.start, self.end - timedelta(seconds=1)))
        counts = {first + timedelta(days=n): Count() for n in range((last - first).days + 1)}
        for began, count in self.quarters.items():
            day = began.astimezone(zone).date()
            counts[day] = counts.get(day, Count()).plus(count)
        return counts

    def week(self, zone: tzinfo) -> list[list[Count]]:
        """Count by the hour of each day of the week in ``zone``, Monday first."""
        counts = [[Count()] * 24 for _ in range(7)]
        for began, count in self.quarters.items():
            local = began.astimezone(zone)
            row = counts[local.weekday()]
            row[local.hour] = row[local.hour].plus(count)
        return counts


def count_calls(calls: Iterable[LoggedCall], start: datetime, end: datetime) -> CallTally:
    """Count calls, of which those that began outside of the period are left out."""
    quarters: dict[datetime, Count] = {}
    queues: dict[str, QueueCount] = {}
    for call in calls:
        if not start <= call.began < end:
            continue
        began = call.began.astimezone(UTC)
        quarter = began.replace(minute=began.minute // _QUARTER * _QUARTER, second=0, microsecond=0)
        quarters[quarter] = quarters.get(quarter, Count()).plus(_count(call))
        for visit in call.visits():
            known = queues.get(visit.queue, QueueCount(visit.queue, visit.name, 0, 0))
            queues[visit.queue] = QueueCount(
                known.number,
                known.name or visit.name,
                known.answered + visit.was_answered,
                known.lost + (not visit.was_answered),
            )
    return CallTally(start, end, quarters, [queues[number] for number in sorted(queues)])


async def read_calls(
    pbx: AsyncSystem, start: datetime, end: datetime, progress: Progress = lambda done, total: None
) -> CallTally:
    """Read the call log of a period, in whole seconds, and count its calls. Cancelling the task ends the reading.

    Raises:
        InvalidArgument: a period that is empty or too long, or one with more than `MOST_CALLS` calls.
        Forbidden: the client lacks the role System Owner. Other errors of a client as well.
    """
    start, end = (moment.astimezone(UTC).replace(microsecond=0) for moment in (start, end))
    if not timedelta() < end - start <= timedelta(days=MOST_DAYS):
        raise InvalidArgument(f"Calls of more than 0 and at most {MOST_DAYS} days can be counted.")
    collector, log, done = CallCollector(), CallLog(pbx), 0
    async with aclosing(log.read(days(start, end))) as reads:
        async for read in reads:
            if read.error is not None:
                raise read.error
            for leg in read.legs:
                collector.add(msgspec.json.decode(leg.line))
            if len(collector) > MOST_CALLS:
                raise InvalidArgument(f"{pbx.url} has more than {MOST_CALLS:,} calls in that period; take fewer days.")
            done += 1
            progress(done, log.windows)
    return count_calls(collector.calls, start, end)


def _count(call: LoggedCall) -> Count:
    if call.is_from_outside:
        return Count(answered=1) if call.was_answered else Count(lost=1)
    return Count(outbound=1) if call.is_outbound else Count(internal=1)


def _sum(counts: Iterable[Count]) -> Count:
    total = Count()
    for count in counts:
        total = total.plus(count)
    return total
