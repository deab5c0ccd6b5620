"""OData literals in paths, read strictly by the type that the catalog declares.

Written from the OData ABNF and docs/pbx.md (Requests), apart from the client's spelling of the same literals.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from trunkline.catalog import TypeSpec

Value = str | int | float | bool | None

_INTEGERS = {
    "Byte": (0, 255),
    "Int16": (-(2**15), 2**15 - 1),
    "Int32": (-(2**31), 2**31 - 1),
    "Int64": (-(2**63), 2**63 - 1),
}
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_STRING = re.compile(r"'(?:[^']|'')*'")
GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,12})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_MICROSECONDS = re.compile(r"(\.[0-9]{6})[0-9]+")


class BadLiteral(ValueError):
    """The text is not a literal of the type."""


class BadDate(BadLiteral):
    """The text is not a date and time; a PBX answers 500 to it (docs/pbx.md, Requests)."""


def read_date_time(text: str) -> datetime:
    """Return an Edm.DateTimeOffset; digits beyond microseconds are cut. ValueError for anything else."""
    if not DATE_TIME.fullmatch(text):
        raise ValueError(f"{text!r} is not a date and time")
    return datetime.fromisoformat(_MICROSECONDS.sub(r"\1", text))


def read_literal(text: str, spec: TypeSpec) -> Value:
    """Return the value of a key or function argument; dates stay text. Raises BadLiteral, or BadDate."""
    if text == "null" and spec.nullable:
        return None
    if spec.name in _INTEGERS:
        return _integer(text, *_INTEGERS[spec.name])
    reader = _READERS.get(spec.name)
    if reader is None:
        raise BadLiteral(f"no literal of type {spec.name} stands in a path")
    return reader(text)


def _integer(text: str, lowest: int, highest: int) -> int:
    if not _INTEGER.fullmatch(text) or not lowest <= int(text) <= highest:
        raise BadLiteral(f"{text!r} is not an integer between {lowest} and {highest}")
    return int(text)


def _string(text: str) -> str:
    if not _STRING.fullmatch(text):
        raise BadLiteral(f"{text!r} is not a string in quotes")
    return text[1:-1].replace("''", "'")


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise BadLiteral(f"{text!r} is neither true nor false")
    return text == "true"


def _guid(text: str) -> str:
    if not GUID.fullmatch(text):
        raise BadLiteral(f"{text!r} is not a GUID")
    return text.lower()


def _date_time(text: str) -> str:
    try:
        read_date_time(text)
    except ValueError as error:
        raise BadDate(str(error)) from None
    return text


_READERS: dict[str, Callable[[str], Value]] = {
    "String": _string,
    "Boolean": _boolean,
    "Guid": _guid,
    "DateTimeOffset": _date_time,
}
