"""Periods as people write them, and the windows in which they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from ..errors import InvalidArgument
from ..local.timestamps import format_timestamp

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""No 3CX has calls from before; a year with a slip in it would be read day by day for centuries."""
_MINUTE = 60
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_AGO = re.compile(r"-(\d{1,5})([smhdw])")
_SPAN = re.compile(r"(\d{1,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}


class Window(NamedTuple):
    """From ``start`` until before ``end``: UTC in whole seconds, as a report's period is (docs/pbx.md, Requests)."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def halves(self) -> tuple[Window, Window] | None:
        """Two windows that are this one together, parted at a whole minute of it; None for a minute or less."""
        seconds = round((self.end - self.start).total_seconds())
        if seconds <= _MINUTE:
            return None
        first = max(_MINUTE, seconds // 2 // _MINUTE * _MINUTE)
        middle = self.start + timedelta(seconds=first)
        return Window(self.start, middle), Window(middle, self.end)

    def __str__(self) -> str:
        midnight = self.start.time() == self.end.time() == datetime.min.time()
        if midnight and self.end - self.start == timedelta(days=1):
            return self.start.date().isoformat()
        return f"{format_timestamp(self.start)} to {format_timestamp(self.end)}"


def days(start: datetime, end: datetime) -> Iterator[Window]:
    """Yield the windows of a period: cut at each midnight in UTC, whatever zone it was written in."""
    while start < end:
        midnight = datetime(start.year, start.month, start.day, tzinfo=UTC) + timedelta(days=1)
        yield Window(start, min(midnight, end))
        start = midnight


class Moment(NamedTuple):
    """A point in time as somebody wrote it. ``name`` is what a later run tells it by.

    That is the moment itself, or the words where they mean another one each second (``now``, ``-7d``).
    """

    at: datetime
    name: str


def moment(text: str, zone: tzinfo, now: datetime) -> Moment:
    """Read ``2026-01-31``, ``2026-01-31T08:00+01:00``, ``today``, ``yesterday``, ``now`` or ``-7d`` (s, m, h, d, w).

    A date means its midnight in ``zone``, and a time without a zone is in ``zone`` too. InvalidArgument for anything
    else, for fractions of a second, which the report doesn't know, and for years before 2000.
    """
    words = text.strip().lower()
    now = now.astimezone(UTC).replace(microsecond=0)
    try:
        if words == "now":
            return Moment(now, words)
        if ago := _AGO.fullmatch(words):
            return _checked(Moment(now - _length(ago), words), text)
        if words in _DAYS:
            found = _midnight(now.astimezone(zone).date() + timedelta(days=_DAYS[words]), zone)
        elif _DATE.fullmatch(words):
            found = _midnight(date.fromisoformat(words), zone)
        else:
            said = datetime.fromisoformat(text.strip().upper())
            found = (said if said.tzinfo else said.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidArgument(
            f"{text!r} is not a date or time.",
            hint="Write 2026-01-31, 2026-01-31T08:00+01:00, today, yesterday, now, or -7d (s, m, h, d, w ago).",
        ) from None
    if found.microsecond:
        raise InvalidArgument(f"{text!r} has a fraction of a second.", hint="The report knows whole seconds only.")
    return _checked(Moment(found, format_timestamp(found)), text)


def span(text: str) -> timedelta:
    """Read a length of time such as ``24h``; InvalidArgument if it is none."""
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None:
        raise InvalidArgument(f"{text!r} is not a length of time.", hint="Write it as 24h, 90m or 2d.")
    return _length(match)


def _length(match: re.Match[str]) -> timedelta:
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _checked(found: Moment, text: str) -> Moment:
    if found.at < FIRST:
        raise InvalidArgument(f"{text!r} is before the year 2000.", hint="No 3CX has calls from then.")
    return found


def ago(text: str, now: datetime) -> datetime:
    """Return the moment that is a length of time such as ``90d`` ago. Raises InvalidArgument if it is none."""
    found = now.astimezone(UTC).replace(microsecond=0) - span(text)
    return _checked(Moment(found, text), text).at


_MONTH = re.compile(r"(\d{4})-(\d{2})")
_YEAR = re.compile(r"\d{4}")
_NAMED = ("today", "yesterday", "this-week", "last-week", "this-month", "last-month", "this-year", "last-year")


def period(text: str, zone: tzinfo, now: datetime) -> tuple[Moment, Moment]:
    """Read ``last-month``, ``2026-06``, ``2026``, ``2026-06-15``, ``yesterday`` or ``-30d``: from when until when.

    A week begins on Monday. Days are those of ``zone``; what has not ended yet ends now. InvalidArgument for anything
    else.
    """
    words = text.strip().lower().replace("_", "-").replace(" ", "-")
    if _AGO.fullmatch(words):
        return moment(words, zone, now), moment("now", zone, now)
    today = now.astimezone(zone).date()
    try:
        first, last = _days_of(words, today)
        start, end = _midnight(first, zone), _midnight(last, zone)
    except (ValueError, OverflowError):
        raise InvalidArgument(
            f"{text!r} is not a period.", hint=f"Write 2026-06, 2026, 2026-06-15, -30d, {', '.join(_NAMED)}."
        ) from None
    until = moment("now", zone, now) if start <= now < end else Moment(end, format_timestamp(end))
    return _checked(Moment(start, format_timestamp(start)), text), until


def _days_of(words: str, today: date) -> tuple[date, date]:
    """Return the first day of a period, and the first one after it. Raises ValueError for what is not one."""
    if words in ("today", "yesterday"):
        first = today + timedelta(days=_DAYS[words])
        return first, first + timedelta(days=1)
    if words in ("this-week", "last-week"):
        monday = today - timedelta(days=today.weekday() + (7 if words == "last-week" else 0))
        return monday, monday + timedelta(days=7)
    if words in ("this-month", "last-month"):
        first = today.replace(day=1)
        first = first if words == "this-month" else (first - timedelta(days=1)).replace(day=1)
        return first, _month_after(first)
    if words in ("this-year", "last-year"):
        year = today.year - (words == "last-year")
        return date(year, 1, 1), date(year + 1, 1, 1)
    if month := _MONTH.fullmatch(words):
        first = date(int(month[1]), int(month[2]), 1)
        return first, _month_after(first)
    if _YEAR.fullmatch(words):
        return date(int(words), 1, 1), date(int(words) + 1, 1, 1)
    first = date.fromisoformat(words)
    return first, first + timedelta(days=1)


def _month_after(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
