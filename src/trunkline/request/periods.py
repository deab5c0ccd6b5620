"""Dates in a function's arguments as people write them, and the period that a call without one has. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from ..catalog import Action
from ..catalog.defaults import ENDS, STARTS, ZONE, default_of
from ..errors import InvalidArgument
from ..odata.literals import instant
from ..odata.moments import Span, moment, span

_USUAL = timedelta(days=30)
"""How long a period is of which only the end is known: our choice (docs/pbx.md, Reports)."""
_HINT = "Write 2026-01-31, 2026-01-31T08:00Z, 2026-01, last-month, last-week, yesterday, today, now or -30d."


def in_time(action: Action, given: Mapping[str, Any], now: datetime | None) -> dict[str, datetime]:
    """Return what the points in time of a call mean that are written in words or left out, by parameter.

    A date is its midnight in the ``clientTimeZone`` that is given, else in the zone of ``now``. A month or a week is
    its beginning, or its end where a period ends; an end that is left out is that of the month or week. Else a period
    ends ``now``, and begins 30 days before its end.

    Raises InvalidArgument for words without a meaning, for a period that ends before it begins, and for what depends on
    ``now`` where that is None.
    """
    moments = [p for p in action.parameters if p.type.name == "DateTimeOffset" and p.name not in action.keys]
    unclear = [p for p in moments if p.name not in given or _is_in_words(given[p.name])]
    if not unclear:
        return {}
    reader = _Reader(action, given, now)
    meant = {p.name: reader.read(p.name, given[p.name]) for p in unclear if p.name in given}
    names = {p.name for p in unclear}
    for start, end in zip(STARTS, ENDS, strict=True):
        if start in names or end in names:
            meant |= reader.period(start, end, meant)
    for parameter in unclear:
        default = default_of(action, parameter)
        if parameter.name not in meant and default is not None:
            meant[parameter.name] = reader.read(parameter.name, str(default.value))
    return {name: value.start if isinstance(value, Span) else value for name, value in meant.items()}


class _Reader:
    """Reads the moments of one call."""

    def __init__(self, action: Action, given: Mapping[str, Any], now: datetime | None) -> None:
        self._action = action
        self._given = given
        self._now = now

    def read(self, name: str, text: str) -> datetime | Span:
        if self._now is None:
            what = f"{self._action.id} needs {name} as a date and time with its zone."
            raise InvalidArgument(what, parameter=name)
        zone = self._zone()
        try:
            return span(text, zone, self._now) or moment(text, zone, self._now).at
        except InvalidArgument as problem:
            said = f"{name} of {self._action.id} can't be read: {problem.message}"
            raise InvalidArgument(said, hint=_HINT, parameter=name) from None

    def period(self, start: str, end: str, read: Mapping[str, datetime | Span]) -> dict[str, datetime]:
        """Return where a period begins and where it ends, as far as that isn't given as a time with its zone."""
        first = read.get(start) or self._instant(start)
        last = read.get(end) or self._instant(end)
        if end not in self._given:
            last = first if isinstance(first, Span) else self.read(end, "now")
        until = last.end if isinstance(last, Span) else last
        if start not in self._given and until is not None:
            first = last if isinstance(last, Span) else until - _USUAL
        begin = first.start if isinstance(first, Span) else first
        if begin is not None and until is not None and begin >= until:
            raise InvalidArgument(
                f"The period of {self._action.id} ends before it begins: from {instant(begin)} until {instant(until)}.",
                hint=f"{end} is where it ends; a day is where that day begins.",
                parameter=end,
            )
        ends = {start: begin, end: until}
        return {name: at for name, at in ends.items() if at is not None and (name in read or name not in self._given)}

    def _instant(self, name: str) -> datetime | None:
        """Return a moment that is given with its zone; None if it is not one, which its own check says."""
        value = self._given.get(name)
        try:
            at = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
            return at.astimezone(UTC) if isinstance(at, datetime) and at.tzinfo is not None else None
        except (ValueError, OverflowError):
            return None

    def _zone(self) -> tzinfo:
        text = self._given.get(ZONE) if ZONE in self._action.params else None
        if not text:
            return (self._now and self._now.tzinfo) or UTC
        zone = _offset(str(text)) or _named(str(text))
        if zone is None:
            raise InvalidArgument(
                f"{ZONE} of {self._action.id} is {text!r}, and when a day begins there is not known.",
                hint="Write it as +01:00 or Europe/Berlin, or the dates with their time and zone.",
                parameter=ZONE,
            )
        return zone


def _is_in_words(value: object) -> bool:
    """Whether a value is text that is not a time of its own: a time without a zone is refused, not guessed."""
    if not isinstance(value, str):
        return False
    try:
        datetime.fromisoformat(value.strip())
    except ValueError:
        return True
    return ":" not in value and "T" not in value.upper()


def _offset(text: str) -> tzinfo | None:
    try:
        return datetime.strptime(text, "%z").tzinfo
    except ValueError:
        return None


def _named(text: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo  # takes its time, and few calls name a zone

    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        return None
