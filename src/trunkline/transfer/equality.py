"""Whether two plain values are one, however a program, a person or a PBX writes them."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from decimal import Decimal
from typing import Any

from ..local.characters import composed
from ..odata.literals import DURATION, GUID, INSTANT, TIME_OF_DAY

_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)([.]\d+)?")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_PARTS = re.compile(r"(\d+(?:[.]\d+)?)([DHMS])")
_SECONDS = {"D": 86_400, "H": 3600, "M": 60, "S": 1}


def equal(one: Any, other: Any, *, any_case: bool = False) -> bool:
    """Whether two plain values are one.

    Text that is a time of day, a point in time, a duration or a GUID is compared as that: a PBX writes
    ``09:00:00.0000000`` for ``09:00:00``, and times in its own offset (docs/guides/import.md). E-mail addresses are
    compared without regard to case, numbers by value, also where one side writes the number as text. ``any_case``:
    other text too is compared without regard to case.
    """
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _same_text(one, other, any_case)
    if isinstance(one, str) or isinstance(other, str):
        text, value = (one, other) if isinstance(one, str) else (other, one)
        return _is_written(text, value)
    return bool(one == other)


def _same_text(one: str, other: str, any_case: bool) -> bool:
    one, other = composed(one), composed(other)
    if one == other or (any_case and one.casefold() == other.casefold()):
        return True
    if TIME_OF_DAY.fullmatch(one) and TIME_OF_DAY.fullmatch(other):
        return _time_of_day(one) == _time_of_day(other)
    if GUID.fullmatch(one) or _ADDRESS.fullmatch(one):
        return one.casefold() == other.casefold()
    if INSTANT.fullmatch(one) and INSTANT.fullmatch(other):
        with suppress(ValueError, OverflowError):
            return _instant(one) == _instant(other)
    if DURATION.fullmatch(one) and DURATION.fullmatch(other):
        return _duration(one) == _duration(other)
    return False


def _is_written(text: str, value: Any) -> bool:
    """Whether a text is how a number or a truth value is written."""
    if isinstance(value, bool):
        return text.casefold() == str(value).casefold()
    if isinstance(value, int | float | Decimal) and _PLAIN_NUMBER.fullmatch(text):
        return Decimal(text) == Decimal(str(value))
    return False


def _time_of_day(text: str) -> tuple[str, str]:
    clock, _, fraction = text.partition(".")
    return f"{clock}:00"[:8], fraction.rstrip("0")


def _instant(text: str) -> tuple[dt.datetime, str]:
    """Return the second in UTC and the fraction, which may have more digits than a datetime keeps."""
    whole, _, rest = text.partition(".")
    if not rest:
        return dt.datetime.fromisoformat(whole).astimezone(dt.UTC), ""
    fraction = re.match(r"\d*", rest)
    digits = fraction[0] if fraction else ""
    return dt.datetime.fromisoformat(whole + rest[len(digits) :]).astimezone(dt.UTC), digits.rstrip("0")


def _duration(text: str) -> Decimal:
    total = sum((Decimal(number) * _SECONDS[unit] for number, unit in _PARTS.findall(text)), Decimal())
    return -total if text.startswith("-") else total
