"""The arguments of reports, read leniently. What is known of each, and what is assumed: emulator/docs/reports.md."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ..odata.literals import Value, read_date_time

# No PBX has calls outside of these years, and arithmetic on dates near the ends of the calendar overflows.
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_LAST = datetime(2100, 1, 1, tzinfo=UTC)
_SEPARATORS = re.compile(r"[,;\s]+")
_SPAN = re.compile(r"(?:([0-9]{1,4})\.)?([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]{1,7}))?)?")
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})")
_HIGHEST_OFFSET = timedelta(hours=14)


class Period(NamedTuple):
    """From ``start`` until before ``end``, both in UTC."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


EVER = Period(_FIRST, _LAST)


@dataclass(frozen=True)
class Numbers:
    """The numbers that a report is about, or None for all."""

    chosen: frozenset[str] | None

    def __contains__(self, number: object) -> bool:
        return self.chosen is None or number in self.chosen


@dataclass(frozen=True)
class Arguments:
    """What a report was asked for. A malformed time span counts as none, an unknown time zone as UTC."""

    given: Mapping[str, Value]

    @cached_property
    def period(self) -> Period:
        first, last = ("periodFrom", "periodTo") if "periodFrom" in self.given else ("startDt", "endDt")
        return Period(self.moment(first), self.moment(last))

    def moment(self, name: str) -> datetime:
        moment = read_date_time(str(self.given[name]))
        return min(max(moment, _FIRST), _LAST).astimezone(UTC)

    def numbers(self, name: str) -> Numbers:
        """Return a list such as ``'800,801'``; empty text and null are all numbers."""
        found = frozenset(number for number in _SEPARATORS.split(self.text(name)) if number)
        return Numbers(found or None)

    def text(self, name: str) -> str:
        value = self.given.get(name)
        return value.strip() if isinstance(value, str) else ""

    def code(self, name: str) -> int:
        value = self.given[name]
        return value if isinstance(value, int) else 0

    def flag(self, name: str) -> bool:
        return self.given[name] is True

    def span(self, name: str) -> timedelta:
        """Return a time span such as ``'0:00:0'`` or ``'1.02:30:00'``; other text and null are none."""
        match = _SPAN.fullmatch(self.text(name))
        if match is None:
            return timedelta()
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[:4])
        if hours > 23 or minutes > 59 or seconds > 59:
            return timedelta()
        microseconds = int((match[5] or "").ljust(6, "0")[:6])
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=microseconds)

    @cached_property
    def zone(self) -> tzinfo:
        """``clientTimeZone``: an offset or an IANA name (docs/pbx.md, Requests); without either, UTC."""
        text = self.text("clientTimeZone")
        return _offset(text) or _named(text) or UTC


def _offset(text: str) -> tzinfo | None:
    match = _OFFSET.fullmatch(text)
    if match is None or int(match[3]) > 59:
        return None
    distance = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(distance if match[1] == "+" else -distance) if distance <= _HIGHEST_OFFSET else None


def _named(text: str) -> tzinfo | None:
    if text == "UTC":
        return UTC
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        # Unknown, malformed, and the name of a folder of the time zone database.
        return None
