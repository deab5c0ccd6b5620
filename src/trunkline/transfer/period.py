"""Periods as people write them, and the windows in which they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from ..errors import InvalidArgument
from ..local.timestamps import format_timestamp
from ..odata import moments
from ..odata.moments import AGO, FIRST, Moment, length, moment

__all__ = ["FIRST", "Moment", "Window", "ago", "days", "moment", "period", "span"]

_MINUTE = 60
_SPAN = re.compile(r"(\d{1,5})([smhdw])")


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


def span(text: str) -> timedelta:
    """Read a length of time such as ``24h``; InvalidArgument if it is none."""
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None:
        raise InvalidArgument(f"{text!r} is not a length of time.", hint="Write it as 24h, 90m or 2d.")
    return length(match)


def ago(text: str, now: datetime) -> datetime:
    """Return the moment that is a length of time such as ``90d`` ago. Raises InvalidArgument if it is none."""
    span(text)
    return moment(f"-{text.strip()}", UTC, now).at


_NAMED = ("today", "yesterday", "this-week", "last-week", "this-month", "last-month", "this-year", "last-year")


def period(text: str, zone: tzinfo, now: datetime) -> tuple[Moment, Moment]:
    """Read ``last-month``, ``2026-06``, ``2026``, ``2026-06-15``, ``yesterday`` or ``-30d``: from when until when.

    A week begins on Monday. Days are those of ``zone``; what has not ended yet ends now. InvalidArgument for anything
    else.
    """
    words = text.strip().lower().replace("_", "-").replace(" ", "-")
    if AGO.fullmatch(words):
        return moment(words, zone, now), moment("now", zone, now)
    named = moments.span(words, zone, now)
    try:
        first, following = named or _days_of(words, zone, now)
    except (ValueError, OverflowError):
        raise InvalidArgument(
            f"{text!r} is not a period.", hint=f"Write 2026-06, 2026, 2026-06-15, -30d, {', '.join(_NAMED)}."
        ) from None
    start = moment(format_timestamp(first), zone, now)
    if first <= now < following:
        return start, moment("now", zone, now)
    return start, moment(format_timestamp(following), zone, now)


def _days_of(words: str, zone: tzinfo, now: datetime) -> tuple[datetime, datetime]:
    """Return when a day or a year begins, and when the next one does. Raises ValueError for what is neither."""
    today = now.astimezone(zone).date()
    years = {"this-year": today.year, "last-year": today.year - 1}
    if words in years or re.fullmatch(r"\d{4}", words):
        year = years.get(words) or int(words)
        days = date(year, 1, 1), date(year + 1, 1, 1)
    else:
        past = {"today": 0, "yesterday": 1}.get(words)
        day = date.fromisoformat(words) if past is None else today - timedelta(days=past)
        days = day, day + timedelta(days=1)
    first, following = (datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in days)
    return first, following
