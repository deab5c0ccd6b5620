"""Calls in progress, and the events between two looks at them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec

from ..local.timestamps import parse_timestamp

Row = Mapping[str, Any]

MIN_INTERVAL = 0.5
"""Seconds between two looks, at least: a PBX has calls to put through."""


class CallFilter(NamedTuple):
    """Which calls to watch: those with any of the numbers, and the text; all where neither is given."""

    numbers: tuple[str, ...] = ()
    text: str = ""

    def matches(self, call: Row) -> bool:
        """Whether a caller or callee has one of the numbers as a whole, and some field the text, in any case."""
        parties = f"{call.get('Caller') or ''}\n{call.get('Callee') or ''}"
        searched = f"{parties}\n{call.get('Status') or ''}"
        numbered = not self.numbers or any(_number_pattern(number).search(parties) for number in self.numbers)
        return numbered and self.text.casefold() in searched.casefold()


def _number_pattern(number: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9])\+?{re.escape(number.removeprefix('+'))}(?![0-9])")


class CallEvent(msgspec.Struct, frozen=True):
    """What happened to a call: it was present at the first look, then started, changed or ended.

    ``time`` is this machine's, in UTC. ``duration_seconds`` is how long the call has been established by the PBX's own
    clock, None where the PBX doesn't report it. ``call`` is the row of the PBX, of an ended call the last one;
    ``previous`` has the fields of a changed call that differ, as they were before.
    """

    event: Literal["present", "started", "changed", "ended"]
    time: str
    duration_seconds: int | None
    call: dict[str, Any]
    previous: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class CallTracker:
    """The calls in progress, as they were last seen."""

    def __init__(self, filter: CallFilter = CallFilter()) -> None:  # noqa: B008 - immutable
        self._filter = filter
        self._known: dict[str, Row] | None = None
        self._missed: set[str] = set()
        self._followed: set[str] = set()

    @property
    def total(self) -> int:
        """How many calls there are, whether they match or not."""
        return len(self._known or ())

    @property
    def matching(self) -> list[Row]:
        """Those that match; one that once did is followed to its end, whoever it is transferred to."""
        return [call for key, call in (self._known or {}).items() if key in self._followed]

    def update(self, rows: Iterable[Row], now: datetime, *, complete: bool = True) -> list[CallEvent]:
        """Take the calls of another look; give the events since the last one.

        ``complete``: whether the rows came in one answer. A list read in pages may lack a call, where another ended
        meanwhile and all moved up: it has ended only if it is missing twice.
        """
        first, before = self._known is None, self._known or {}
        after = {str(row.get("Id")): row for row in rows}
        missing = before.keys() - after.keys()
        if not complete:
            kept = missing - self._missed
            after |= {key: before[key] for key in kept}
            missing, self._missed = missing - kept, kept
        else:
            self._missed = set()
        events: list[CallEvent] = []
        for key, row in before.items():
            if (key in missing or is_another(row, after[key])) and self._follows(key, row):
                events.append(_event("ended", row, now))
                self._followed.discard(key)
        for key, row in after.items():
            if not self._follows(key, row):
                continue
            if key not in before or is_another(before[key], row):
                events.append(_event("present" if first else "started", row, now))
            elif previous := _changes(before[key], row):
                events.append(_event("changed", row, now, previous))
        self._known = after
        return events

    def _follows(self, key: str, row: Row) -> bool:
        """Whether a call is watched; from now on, if it matches."""
        if key not in self._followed and self._filter.matches(row):
            self._followed.add(key)
        return key in self._followed


def _event(
    event: Literal["present", "started", "changed", "ended"],
    row: Row,
    now: datetime,
    previous: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET,
) -> CallEvent:
    time = now.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return CallEvent(event, time, duration(row), dict(row), previous)


def is_another(before: Row, now: Row) -> bool:
    """Whether an Id was given to another call, as after a restart of the PBX."""
    return all(before.get(field) != now.get(field) for field in ("Caller", "Callee", "EstablishedAt"))


def _changes(before: Row, now: Row) -> dict[str, Any]:
    """List the fields that differ, as they were; but for the PBX's time, which always differs, and its ETag."""
    names = [name for name in {**before, **now} if name != "ServerNow" and not name.startswith("@odata.")]
    return {name: before.get(name) for name in names if before.get(name) != now.get(name)}


def duration(call: Row) -> int | None:
    """Compute how many seconds a call has lasted, by the PBX's own clock: from EstablishedAt to ServerNow."""
    began, now = parse_timestamp(call.get("EstablishedAt")), parse_timestamp(call.get("ServerNow"))
    return max(0, int((now - began).total_seconds())) if began and now else None
