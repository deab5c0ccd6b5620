"""Periods as people write them, and the windows in which they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ..errors import InvalidArgument
from ..local.timestamps import format_timestamp
from ..odata.moments import FIRST, Moment, length, moment

__all__ = ["FIRST", "Moment", "Window", "days", "moment", "span"]

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
