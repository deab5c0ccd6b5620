"""Times of day and durations: ``09:00`` in files, ``09:00:00.0000000`` and ``PT9H`` for the API."""

from __future__ import annotations

import re
from typing import Any

from ...catalog import TypeSpec
from ...odata.literals import DURATION, TIME_OF_DAY

CLOCK = re.compile(r"(\d{2}):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
_PARTS = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.]0+)?S)?", re.ASCII)
_DAY = 24 * 3600


def as_written(spec: TypeSpec, value: Any) -> Any:
    """Return a time as a file has it; every other value, and a time that no clock shows, as it is."""
    if spec.name == "TimeOfDay" and isinstance(value, str) and TIME_OF_DAY.fullmatch(value):
        whole, _, fraction = value.partition(".")
        return value if fraction.strip("0") else _clock(_seconds(f"{whole}:00"[:8]))
    if spec.name == "Duration" and isinstance(value, str):
        return as_clock(value)
    return value


def as_clock(value: str) -> str:
    """Return a duration of up to a day in whole seconds as ``23:59``; another text as it is.

    3CX has a time of day as a duration since midnight in some fields, such as the hours of a holiday.
    """
    match = _PARTS.fullmatch(value) if DURATION.fullmatch(value) else None
    if match is None:
        return value
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    return _clock(total) if total <= _DAY else value


def as_sent(spec: TypeSpec, value: Any) -> Any:
    """Return a time from a file as the API takes it; every other value as it is."""
    match = CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    if spec.name == "TimeOfDay":
        return f"{value}:00"[:8]
    if spec.name == "Duration":
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        parts = f"{f'{hours}H' if hours else ''}{f'{minutes}M' if minutes else ''}{f'{seconds}S' if seconds else ''}"
        return f"PT{parts or '0S'}"
    return value


def _seconds(clock: str) -> int:
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours:02}:{minutes:02}" + (f":{rest:02}" if rest else "")
