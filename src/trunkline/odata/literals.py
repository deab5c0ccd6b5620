"""Python values as OData literals, by the type that the catalog names."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal

from ..catalog import TypeSpec
from ..errors import InvalidArgument

INTEGER_RANGES = {
    "Byte": (0, 255),
    "Int16": (-(2**15), 2**15 - 1),
    "Int32": (-(2**31), 2**31 - 1),
    "Int64": (-(2**63), 2**63 - 1),
}
GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_DIGITS = re.compile(r"[+-]?[0-9]{1,20}")
_MICROSECOND = dt.timedelta(microseconds=1)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.]\d{1,12})?)?(Z|[+-]\d\d:\d\d)")
TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.]\d{1,12})?)?", re.ASCII)
DURATION = re.compile(r"-?P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+([.]\d+)?S)?)?")


def literal(value: object, spec: TypeSpec) -> str:
    """``value`` as an OData literal of a type: ``42``, ``'it''s'``, ``2026-09-12T00:00:00Z``, ``null``.

    Text is taken for a number, a truth value or a date where the type asks for one, as long as nothing is lost.
    Raises InvalidArgument, whose message ends a sentence that begins with the parameter's name.
    """
    if value is None:
        if spec.nullable:
            return "null"
        raise InvalidArgument(f"is missing; it must be {described(spec)}")
    if spec.name in INTEGER_RANGES:
        return str(integer(value, spec))
    match spec.name:
        case "String":
            return quoted(text(value, spec))
        case "Boolean":
            if value in (True, False) and isinstance(value, bool | int):
                return "true" if value else "false"
            if isinstance(value, str) and value.lower() in ("true", "false"):
                return value.lower()
        case "DateTimeOffset":
            return instant(value)
        case "Guid":
            if isinstance(value, uuid.UUID) or (isinstance(value, str) and GUID.fullmatch(value)):
                return str(value)
        case "Single" | "Double" | "Decimal":
            if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
                return str(value)
    raise InvalidArgument(f"must be {described(spec)}, not {value!r}")


def described(spec: TypeSpec) -> str:
    """Return a type in words, for messages: ``an integer (Int32)``."""
    if spec.name in INTEGER_RANGES:
        return f"an integer ({spec.name})"
    words = {
        "String": "text" + (f" of at most {spec.max_length} characters" if spec.max_length is not None else ""),
        "Boolean": "true or false",
        "DateTimeOffset": "a date and time with its zone, such as 2026-09-12T00:00:00Z",
        "Guid": "a GUID, such as 00000000-0000-0000-0000-000000000000",
        "Duration": "a duration, such as PT1M30S",
        "TimeOfDay": "a time of day, such as 08:30:00",
    }
    return words.get(spec.name, f"a value of type {spec.name}")


_UNSHOWN = 10**40  # a number from which on it isn't repeated: Python writes none of more than 4,300 digits


def integer(value: object, spec: TypeSpec) -> int:
    """Return a whole number within the type's range, from a number or from digits."""
    if isinstance(value, bool):
        raise InvalidArgument(f"must be {described(spec)}, not {value!r}")
    if isinstance(value, float) and value.is_integer():
        number = int(value)
    elif isinstance(value, int):
        number = value
    elif isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        number = int(value.strip())
    else:
        raise InvalidArgument(f"must be {described(spec)}, not {value!r}")
    low, high = INTEGER_RANGES[spec.name]
    if not low <= number <= high:
        shown = str(number) if abs(number) < _UNSHOWN else "a larger number"
        raise InvalidArgument(f"must be between {low} and {high} ({spec.name}), not {shown}")
    return number


def text(value: object, spec: TypeSpec) -> str:
    """Text within the type's length; a number is taken for its digits."""
    if isinstance(value, int) and abs(value) >= _UNSHOWN:
        raise InvalidArgument(f"must be {described(spec)}, not a number of more than 40 digits")
    if isinstance(value, int | float | Decimal | uuid.UUID) and not isinstance(value, bool):
        value = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if not isinstance(value, str):
        raise InvalidArgument(f"must be {described(spec)}, not {value!r}")
    if not encodable(value):
        raise InvalidArgument(f"has half a character in it ({value!r}): a lone surrogate, which no address can carry")
    if spec.max_length is not None and len(value) > spec.max_length:
        raise InvalidArgument(f"must have at most {spec.max_length} characters, and {value!r} has {len(value)}")
    return value


def encodable(value: str) -> bool:
    """Whether text can be sent at all; broken UTF-16 from elsewhere can't."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def quoted(value: str) -> str:
    """Return a string literal: a quote inside is doubled (docs/pbx.md, Requests)."""
    return "'" + value.replace("'", "''") + "'"


def instant(value: object) -> str:
    """Return a point in time as 3CX wants it in a path: UTC, ``Z``, no fraction (docs/pbx.md, Requests)."""
    wanted = described(TypeSpec("DateTimeOffset"))
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            raise InvalidArgument(f"must be {wanted}, not {value!r}") from None
    if not isinstance(value, dt.datetime):
        raise InvalidArgument(f"must be {wanted}, not {value!r}")
    if value.tzinfo is None:
        raise InvalidArgument(
            f"must be {wanted}; {value.isoformat()} has no zone, and guessing one would shift a report"
        )
    try:
        moment = value.astimezone(dt.UTC)
    except OverflowError:
        raise InvalidArgument(f"must be {wanted}; {value.isoformat()} is not a year in UTC") from None
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def duration(value: dt.timedelta) -> str:
    """Days and seconds; .NET's reader overflows on more than 2³¹ seconds."""
    sign = "-" if value < dt.timedelta() else ""
    seconds, fraction = divmod(abs(value) // _MICROSECOND, 1_000_000)
    days, seconds = divmod(seconds, 86_400)
    decimals = f".{fraction:06}".rstrip("0") if fraction else ""
    clock = f"T{seconds}{decimals}S" if seconds or fraction or not days else ""
    return f"{sign}P{f'{days}D' if days else ''}{clock}"
