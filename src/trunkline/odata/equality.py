"""Whether two values are one, however a program, a person or a PBX writes them."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from .literals import DURATION, GUID, INSTANT, TIME_OF_DAY

_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)([.]\d+)?")
_PARTS = re.compile(r"(\d+(?:[.]\d+)?)([DHMS])")
_SECONDS = {"D": 86_400, "H": 3600, "M": 60, "S": 1}


def equal(one: Any, other: Any, *, any_case: bool = False) -> bool:
    """Whether two plain values are one.

    Text that is a time of day, a point in time, a duration or a GUID is compared as that: a PBX writes
    ``09:00:00.0000000`` for ``09:00:00``, and times in its own offset (docs/pbx.md, Answers). Numbers are compared by
    value, also where one side writes the number as text. A truth value is not a number. ``any_case``: other text is
    compared without regard to case.
    """
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _same_text(one, other, any_case)
    if isinstance(one, str) or isinstance(other, str):
        text, value = (one, other) if isinstance(one, str) else (other, one)
        return _is_written(text, value)
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def unchanged(before: Any, now: Any) -> bool:
    """Whether a PBX's value is what it was: plain values by `equal`, objects and lists by what is in them.

    A PBX leaves null fields out at every depth, so null and missing are one (docs/pbx.md, Answers). Annotations such
    as ``@odata.type`` don't count. Lists keep their order.
    """
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        names = {name for name in (*before, *now) if "@odata." not in name}
        return all(unchanged(before.get(name), now.get(name)) for name in names)
    if isinstance(before, list) and isinstance(now, list):
        return len(before) == len(now) and all(map(unchanged, before, now))
    return equal(before, now)


def _same_text(one: str, other: str, any_case: bool) -> bool:
    one, other = _composed(one), _composed(other)
    if one == other or (any_case and one.casefold() == other.casefold()):
        return True
    if TIME_OF_DAY.fullmatch(one) and TIME_OF_DAY.fullmatch(other):
        return _time_of_day(one) == _time_of_day(other)
    if guid := _guid(one):
        return guid == _guid(other)
    if INSTANT.fullmatch(one) and INSTANT.fullmatch(other):
        with suppress(ValueError, OverflowError):
            return _instant(one) == _instant(other)
    if DURATION.fullmatch(one) and DURATION.fullmatch(other):
        return _duration(one) == _duration(other)
    return False


def _composed(text: str) -> str:
    """Return a text with its accents composed (NFC): macOS writes them apart."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _guid(text: str) -> str | None:
    """Return a GUID in small letters without the braces that Windows puts around it; None for other text."""
    bare = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    return bare.casefold() if GUID.fullmatch(bare) else None


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
