"""What happened between two looks at the calls in progress, as events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ..local.timestamps import parse_timestamp

Row = dict[str, Any]

LEAST = 0.5
"""Seconds between two looks, at least: a PBX has calls to put through."""


class Choice(NamedTuple):
    """Which calls are meant: those with any of the numbers, and the text; all where neither is given."""

    numbers: tuple[str, ...] = ()
    text: str = ""

    def fits(self, call: Row) -> bool:
        """Whether a caller or callee has one of the numbers as a whole, and some field the text, in any case."""
        parties = f"{call.get('Caller') or ''}\n{call.get('Callee') or ''}"
        shown = f"{parties}\n{call.get('Status') or ''}"
        numbered = not self.numbers or any(_whole(number).search(parties) for number in self.numbers)
        return numbered and self.text.casefold() in shown.casefold()


def _whole(number: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9])\+?{re.escape(number.removeprefix('+'))}(?![0-9])")


class Calls:
    """The calls in progress, as they were last seen.

    `see` gives what is new: an object with ``event`` (present at the first look; then started, changed, ended),
    ``time`` (ISO 8601, UTC, by this machine's clock), ``seconds`` since the call was established by the PBX's own
    clock (None where it doesn't say), ``call`` as the PBX has it, and for changed what ``was`` before. An ended call
    is as it was last seen.
    """

    def __init__(self, choice: Choice = Choice()) -> None:  # noqa: B008 - immutable
        self._choice = choice
        self._known: dict[str, Row] | None = None
        self._missed: set[str] = set()
        self._followed: set[str] = set()

    @property
    def begun(self) -> bool:
        """Whether there was a first look."""
        return self._known is not None

    @property
    def total(self) -> int:
        """How many calls there are, whether they are meant or not."""
        return len(self._known or ())

    @property
    def chosen(self) -> list[Row]:
        """Those that are meant; one that once was is followed to its end, whoever it is transferred to."""
        return [call for key, call in (self._known or {}).items() if key in self._followed]

    def see(self, rows: Iterable[Row], at: datetime, *, whole: bool = True) -> list[Row]:
        """The events since the last look. ``whole``: whether the rows came in one answer.

        A list read in pages may lack a call, where another ended meanwhile and all moved up: it has ended only if it
        is missing twice.
        """
        first, before = self._known is None, self._known or {}
        now = {str(row.get("Id")): row for row in rows}
        missing = before.keys() - now.keys()
        if not whole:
            kept = missing - self._missed
            now |= {key: before[key] for key in kept}
            missing, self._missed = missing - kept, kept
        else:
            self._missed = set()
        events: list[Row] = []
        for key, row in before.items():
            if key in missing or _another(row, now[key]):
                events += self._told("ended", key, row, at)
                self._followed.discard(key)
        for key, row in now.items():
            if key not in before or _another(before[key], row):
                events += self._told("present" if first else "started", key, row, at)
            elif was := _changes(before[key], row):
                events += self._told("changed", key, row, at, was)
        self._known = now
        return events

    def _told(self, event: str, key: str, row: Row, at: datetime, was: Mapping[str, Any] | None = None) -> list[Row]:
        if key not in self._followed:
            if not self._choice.fits(row):
                return []
            self._followed.add(key)
        told = {"event": event, "time": precisely(at), "seconds": seconds(row), "call": row}
        return [{**told, "was": was} if was else told]


def _another(before: Row, now: Row) -> bool:
    """Whether an Id was given to another call, as after a restart of the PBX."""
    return all(before.get(field) != now.get(field) for field in ("Caller", "Callee", "EstablishedAt"))


def _changes(before: Row, now: Row) -> Row:
    """The fields that differ, as they were; not the PBX's time, which always differs, nor an ETag, which follows it."""
    names = [name for name in {**before, **now} if name != "ServerNow" and not name.startswith("@odata.")]
    return {name: before.get(name) for name in names if before.get(name) != now.get(name)}


def seconds(call: Row) -> int | None:
    """How long a call has lasted, by the PBX's own clock: from EstablishedAt to ServerNow."""
    began, now = parse_timestamp(call.get("EstablishedAt")), parse_timestamp(call.get("ServerNow"))
    return max(0, int((now - began).total_seconds())) if began and now else None


def precisely(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
