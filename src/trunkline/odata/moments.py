"""Points in time and periods as people write them. Pure: what ``now`` is, the caller says."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from ..errors import InvalidArgument
from .literals import instant

FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""No 3CX has calls from before; a year with a slip in it would be read day by day for centuries."""
AGO = re.compile(r"-(\d{1,5})([smhdw])")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_WEEKS = {"last-week": -1, "this-week": 0}
_MONTHS = {"last-month": -1, "this-month": 0}


class Moment(NamedTuple):
    """A point in time as somebody wrote it. ``name`` is what a later run tells it by.

    That is the moment itself, or the words where they mean another one each second (``now``, ``-7d``).
    """

    at: datetime
    name: str


class Span(NamedTuple):
    """From ``start`` until before ``end``, in UTC."""

    start: datetime
    end: datetime


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
        ago = AGO.fullmatch(words)
        if ago is not None:
            found = now - length(ago)
        elif words in _DAYS:
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
    return _checked(Moment(found, words if ago is not None else instant(found)), text)


def span(text: str, zone: tzinfo, now: datetime) -> Span | None:
    """Read a word that is a period: ``2026-06``, ``last-month``, ``this-month``, ``last-week``, ``this-week``.

    None if it is another word. It begins and ends at a midnight in ``zone``; a week begins on Monday. InvalidArgument
    for a month that doesn't exist, and for years before 2000.
    """
    words = text.strip().lower()
    today = now.astimezone(zone).date()
    if words in _WEEKS:
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=_WEEKS[words])
        first, following = monday, monday + timedelta(weeks=1)
    elif words in _MONTHS:
        first = _month(today.year, today.month + _MONTHS[words])
        following = _month(first.year, first.month + 1)
    elif found := _MONTH.fullmatch(words):
        year, month = int(found[1]), int(found[2])
        if not (FIRST.year <= year < date.max.year and 1 <= month <= 12):
            raise InvalidArgument(f"{text!r} is not a month.", hint="Write it as 2026-01; the first year is 2000.")
        first, following = _month(year, month), _month(year, month + 1)
    else:
        return None
    return Span(_midnight(first, zone), _midnight(following, zone))


def length(match: re.Match[str]) -> timedelta:
    """Return the length of a number with its unit, such as ``7d``."""
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _month(year: int, month: int) -> date:
    """Return the first day of a month; 0 is December of the year before, 13 January of the next."""
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _checked(found: Moment, text: str) -> Moment:
    if found.at < FIRST:
        raise InvalidArgument(f"{text!r} is before the year 2000.", hint="No 3CX has calls from then.")
    return found
