"""Python values as literals of a filter, by the value's own type; `literals` goes by a parameter's type instead."""

from __future__ import annotations

import datetime as dt
import enum
import math
import uuid
from collections.abc import Iterable
from decimal import Decimal

from ..errors import InvalidArgument
from .literals import duration, encodable, quoted
from .tree import Literal

Value = (
    None | str | bool | int | float | Decimal | dt.datetime | dt.date | dt.time | dt.timedelta | uuid.UUID | enum.Enum
)

_LARGEST_EXPONENT = 308  # of a Double, the widest number that OData has


def constant(value: object) -> Literal:
    """``"it's"`` → ``'it''s'``, ``None`` → ``null``, ``timedelta(seconds=5)`` → ``duration'PT5S'``.

    A date and time is written in UTC, with a fraction only where it has one. InvalidArgument for a value that no
    literal can carry as it is.
    """
    if isinstance(value, enum.Enum):
        value = value.value
    match value:
        case None:
            return Literal("Null", "null")
        case bool():  # before int: a truth value is not a number to OData
            return Literal("Boolean", "true" if value else "false", value)
        case str():
            return Literal("String", quoted(checked_text(value)), str(value))
        case int():
            return Literal("Int64", _digits(value), int(value))
        case float():
            return Literal("Double", _double(value), value)
        case Decimal():
            return Literal("Decimal", _decimal(value), value)
        case dt.datetime():  # before date, which it is too
            return Literal("DateTimeOffset", _moment(value), value)
        case dt.date():
            return Literal("Date", value.isoformat(), value)
        case dt.time():
            return Literal("TimeOfDay", _time(value), value)
        case dt.timedelta():
            return Literal("Duration", f"duration'{duration(value)}'", value)
        case uuid.UUID():
            return Literal("Guid", str(value), value)
    hint = "For one of several values there is in_([…])." if isinstance(value, Iterable) else ""
    raise InvalidArgument(f"A filter has no literal for {value!r} ({type(value).__name__}).", hint=hint)


def checked_text(value: str) -> str:
    """Text, refused where it holds half a character."""
    if not encodable(value):
        raise InvalidArgument(f"Half a character is in {value!r}: a lone surrogate, which no address can carry.")
    return value


def _digits(value: int) -> str:
    try:
        return int.__repr__(value)
    except ValueError:  # Python's limit, above 4,300 digits
        raise InvalidArgument("That whole number has more digits than any PBX reads.") from None


def _double(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return float.__repr__(value)


def _decimal(value: Decimal) -> str:
    """Without an exponent, so that no digit is lost to a Double."""
    if not value.is_finite():
        return _double(float("nan") if value.is_nan() else float(value))
    if abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise InvalidArgument(f"{value} is beyond any number that OData has.")
    return format(value, "f")


def _moment(value: dt.datetime) -> str:
    if value.utcoffset() is None:
        raise InvalidArgument(
            f"{value.isoformat()} has no zone, and guessing one would shift the result.",
            hint="Give it one: datetime(…, tzinfo=UTC), or value.astimezone() for this machine's zone.",
        )
    try:
        moment = value.astimezone(dt.UTC)
    except OverflowError:
        raise InvalidArgument(f"{value.isoformat()} is not a year in UTC.") from None
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _time(value: dt.time) -> str:
    if value.tzinfo is not None:
        raise InvalidArgument(f"A time of day has no zone in OData; {value.isoformat()} has one.")
    return value.isoformat()
