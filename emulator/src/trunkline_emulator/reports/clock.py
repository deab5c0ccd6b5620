"""The hours, days, weeks, months and years of a time zone that lie in a period."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from .arguments import Period

# A report has no more rows than this (docs/pbx.md, Pages); an hour each, it is more than two years.
MOST_INTERVALS = 20_000


class Unit(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


def beginning(when: datetime, unit: Unit, zone: tzinfo) -> datetime:
    """When the hour, day, week (from Monday), month or year around a moment began in a zone; in UTC."""
    local = when.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    if unit is Unit.HOUR:
        return local.astimezone(UTC)
    local = local.replace(hour=0, fold=0)
    if unit is Unit.WEEK:
        local -= timedelta(days=local.weekday())
    elif unit in (Unit.MONTH, Unit.YEAR):
        local = local.replace(day=1, month=1 if unit is Unit.YEAR else local.month)
    return local.astimezone(UTC)


_LONGER = {
    Unit.HOUR: timedelta(hours=1),
    Unit.DAY: timedelta(hours=36),
    Unit.WEEK: timedelta(days=10),
    Unit.MONTH: timedelta(days=45),
    Unit.YEAR: timedelta(days=400),
}


def following(began: datetime, unit: Unit, zone: tzinfo) -> datetime:
    """When the next one begins. A step lands within it, and goes back to its beginning."""
    found = beginning(began + _LONGER[unit], unit, zone)
    # Where clocks go back by less than an hour, the same local hour comes twice.
    return found if found > began else began + _LONGER[unit]


def midnights(start: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the midnights between two moments."""
    midnight = following(beginning(start, Unit.DAY, zone), Unit.DAY, zone)
    while midnight < end:
        yield midnight
        midnight = following(midnight, Unit.DAY, zone)


class Intervals:
    """The intervals of a period in a zone, at most 20,000; ``period`` is what they cover of it.

    ``place`` tells in which one a moment is.
    """

    def __init__(self, period: Period, unit: Unit, zone: tzinfo) -> None:
        self.starts: list[datetime] = []
        began = beginning(period.start, unit, zone)
        while began < period.end and len(self.starts) < MOST_INTERVALS:
            self.starts.append(began)
            began = following(began, unit, zone)
        self.period = Period(period.start, min(period.end, began))

    def place(self, when: datetime) -> int:
        return bisect_right(self.starts, when) - 1
