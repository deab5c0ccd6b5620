"""The functions that a ``$filter`` may call, with what they take and give."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from .budget import MOST_TEXT, too_costly
from .patterns import matches


class Signature(NamedTuple):
    takes: tuple[str, ...]
    gives: str
    function: Callable[..., Any]


def _part(name: str, *kinds: str) -> list[Signature]:
    return [Signature((kind,), "number", lambda value: getattr(value, name)) for kind in kinds]


def _substring(text: str, start: float, length: float | None = None) -> str:
    first = max(int(start), 0)
    return text[first:] if length is None else text[first : first + max(int(length), 0)]


def _concatenated(first: str, second: str) -> str:
    if len(first) + len(second) > MOST_TEXT:
        raise too_costly()
    return first + second


def _fraction(value: datetime | time) -> float:
    return value.microsecond / 1_000_000


def _offset(value: datetime) -> int:
    return int((value.utcoffset() or timedelta()).total_seconds()) // 60


def _rounded(value: float) -> int:
    """Half away from zero, as the OData standard says."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


_TEXTS = ("string", "string")

FUNCTIONS: dict[str, list[Signature]] = {
    "contains": [Signature(_TEXTS, "boolean", lambda text, part: part in text)],
    "startswith": [Signature(_TEXTS, "boolean", str.startswith)],
    "endswith": [Signature(_TEXTS, "boolean", str.endswith)],
    "indexof": [Signature(_TEXTS, "number", str.find)],
    "concat": [Signature(_TEXTS, "string", _concatenated)],
    "tolower": [Signature(("string",), "string", str.lower)],
    "toupper": [Signature(("string",), "string", str.upper)],
    "trim": [Signature(("string",), "string", str.strip)],
    "length": [Signature(("string",), "number", len)],
    "matchespattern": [Signature(_TEXTS, "boolean", matches)],
    "substring": [
        Signature(("string", "number"), "string", _substring),
        Signature(("string", "number", "number"), "string", _substring),
    ],
    "year": _part("year", "datetime", "date"),
    "month": _part("month", "datetime", "date"),
    "day": _part("day", "datetime", "date"),
    "hour": _part("hour", "datetime", "time"),
    "minute": _part("minute", "datetime", "time"),
    "second": _part("second", "datetime", "time"),
    "date": [Signature(("datetime",), "date", datetime.date)],
    "time": [Signature(("datetime",), "time", datetime.time)],
    "fractionalseconds": [Signature((kind,), "number", _fraction) for kind in ("datetime", "time")],
    "totalseconds": [Signature(("duration",), "number", timedelta.total_seconds)],
    "totaloffsetminutes": [Signature(("datetime",), "number", _offset)],
    "mindatetime": [Signature((), "datetime", lambda: datetime.min.replace(tzinfo=UTC))],
    "maxdatetime": [Signature((), "datetime", lambda: datetime.max.replace(tzinfo=UTC))],
    "round": [Signature(("number",), "number", _rounded)],
    "floor": [Signature(("number",), "number", math.floor)],
    "ceiling": [Signature(("number",), "number", math.ceil)],
}
