"""Operands of expressions: the kinds of values they have, how texts become them, and what arithmetic does to them."""

from __future__ import annotations

import operator
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from trunkline.catalog import TypeSpec

from ..refusals import Refusal, bad_query
from ..values import DURATION
from .literals import read_date_time
from .tree import Literal

Scope = Mapping[str, Any]
Evaluate = Callable[[Scope], Any]

ROOT = "$it"


@dataclass(frozen=True)
class Bound:
    """An expression with its kind. ``spec`` is the catalog's type where it is a property, an enum or a collection."""

    kind: str
    evaluate: Evaluate
    spec: TypeSpec | None = None
    constant: str | None = None


KINDS = {
    "String": "string",
    "Boolean": "boolean",
    "Byte": "number",
    "Int32": "number",
    "Int64": "number",
    "Single": "number",
    "Double": "number",
    "Decimal": "number",
    "DateTimeOffset": "datetime",
    "Date": "date",
    "TimeOfDay": "time",
    "Duration": "duration",
    "Guid": "guid",
    "Binary": "binary",
}
_EDM = {
    "string": "Edm.String",
    "boolean": "Edm.Boolean",
    "number": "Edm.Int32",
    "datetime": "Edm.DateTimeOffset",
    "date": "Edm.Date",
    "time": "Edm.TimeOfDay",
    "duration": "Edm.Duration",
    "guid": "Edm.Guid",
    "binary": "Edm.Binary",
}
OPERATORS = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
    "has": "Has",
    "add": "Add",
    "sub": "Subtract",
    "mul": "Multiply",
    "div": "Divide",
    "divby": "Divide",
    "mod": "Modulo",
}
_MOMENTS = {
    ("add", "datetime", "duration"): "datetime",
    ("sub", "datetime", "duration"): "datetime",
    ("sub", "datetime", "datetime"): "duration",
    ("add", "date", "duration"): "date",
    ("sub", "date", "duration"): "date",
    ("sub", "date", "date"): "duration",
    ("add", "duration", "duration"): "duration",
    ("sub", "duration", "duration"): "duration",
    ("mul", "duration", "number"): "duration",
    ("mul", "number", "duration"): "duration",
    ("div", "duration", "number"): "duration",
    ("divby", "duration", "number"): "duration",
}


@lru_cache(maxsize=4096)
def read_duration(text: str) -> timedelta:
    """Return an ISO 8601 duration of days and less. ValueError for anything else."""
    if not DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration")
    sign = -1 if text.startswith("-") else 1
    days, _, clock = text.lstrip("-P").partition("T")
    parts = {"D": float(days.rstrip("D") or 0)}
    number = ""
    for letter in clock:
        if letter.isalpha():
            parts[letter], number = float(number), ""
        else:
            number += letter
    hours, minutes, seconds = (parts.get(unit, 0.0) for unit in "HMS")
    return sign * timedelta(days=parts["D"], hours=hours, minutes=minutes, seconds=seconds)


@lru_cache(maxsize=4096)
def _moment(text: str) -> datetime:
    return read_date_time(text)


READERS: dict[str, Callable[[str], Any]] = {
    "datetime": _moment,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "duration": read_duration,
    "guid": str.lower,
    "binary": lambda text: urlsafe_b64decode(text + "=" * (-len(text) % 4)),
}


def walk(value: Any, names: list[str]) -> Any:
    for name in names:
        if value is None:
            return None
        value = value.get(name)
    return value


def getter(variable: str, names: list[str]) -> Evaluate:
    """Return what reads a path of a variable; most paths have one step, and a filter may run over ten thousand rows."""
    if len(names) == 1:
        name = names[0]
        return lambda scope: None if (row := scope[variable]) is None else row.get(name)
    return lambda scope: walk(scope[variable], names)


def reader(kind: str, variable: str, names: list[str]) -> Evaluate:
    get = getter(variable, names)
    read = flags if kind == "enum" else READERS.get(kind)
    if read is None:
        return get
    convert = read
    return lambda scope: None if (value := get(scope)) is None else convert(value)


@lru_cache(maxsize=1024)
def flags(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(","))


def literal(node: Literal) -> Bound:
    value: Any = None
    try:
        if node.kind == "string":
            value = node.text[1:-1].replace("''", "'")
            return Bound("string", lambda scope: value, constant=value)
        if node.kind == "boolean":
            value = node.text == "true"
        elif node.kind == "number":
            value = _number(node.text)
            return Bound("number", lambda scope: value, TypeSpec(_number_type(node.text, value)))
        elif node.kind != "null":
            value = READERS[node.kind](node.text)
    except (ValueError, OverflowError):
        raise bad_query(f"Unrecognized '{_EDM[node.kind]}' literal '{node.text}'.") from None
    return Bound(node.kind, lambda scope: value)


def _number(text: str) -> int | float:
    digits = text.rstrip("mMdDfFlL") if text not in ("INF", "NaN") else text
    if digits.lstrip("-").isdecimal() and text[-1] not in "mMdDfF":
        value = int(digits) if len(digits) <= 20 else 2**63
        if not -(2**63) <= value < 2**63:
            raise OverflowError(text)
        return value
    return float(digits)


def _number_type(text: str, value: float) -> str:
    """Return the type that ODL gives a number by its suffix, its point and its size."""
    if text not in ("INF", "NaN") and (named := _SUFFIXES.get(text[-1].lower())):
        return named
    if isinstance(value, int):
        return "Int32" if -(2**31) <= value < 2**31 else "Int64"
    return "Double"


_SUFFIXES = {"l": "Int64", "m": "Decimal", "d": "Double", "f": "Single"}


def applied(function: Callable[..., Any], arguments: list[Any]) -> Any:
    return None if any(argument is None for argument in arguments) else function(*arguments)


def arithmetic(name: str, left: Bound, right: Bound) -> Bound:
    kinds = {left.kind, right.kind}
    if kinds <= {"number", "null"}:
        function, gives = _NUMBERS[name], "number"
    elif (name, left.kind, right.kind) in _MOMENTS:
        function = _DURATIONS[name]
        gives = _MOMENTS[name, left.kind, right.kind]
    else:
        raise incompatible(left, right, OPERATORS[name])
    first, second = left.evaluate, right.evaluate
    return Bound(gives, lambda scope: applied(function, [first(scope), second(scope)]))


def _divide(a: float, b: float) -> float:
    """Two integers divide to an integer, cut towards zero."""
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return a / b


def _modulo(a: float, b: float) -> float:
    """Return the remainder with the sign of the first number, as in C#."""
    remainder = abs(a) % abs(b)
    return -remainder if a < 0 else remainder


_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": _divide,
    "divby": operator.truediv,
    "mod": _modulo,
}
_DURATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "divby": operator.truediv,
}


def as_moment(bound: Bound) -> Bound:
    if bound.kind == "datetime":
        return bound
    read = bound.evaluate
    midnight = time(0, tzinfo=UTC)
    return Bound("datetime", lambda scope: None if (day := read(scope)) is None else datetime.combine(day, midnight))


def type_name(spec: TypeSpec) -> str:
    return spec.name if spec.name.startswith("Pbx.") else f"Edm.{spec.name}"


def shown(bound: Bound) -> str:
    return type_name(bound.spec) if bound.spec else _EDM.get(bound.kind, "<null>")


def incompatible(left: Bound, right: Bound, name: str) -> Refusal:
    return bad_query(
        "A binary operator with incompatible types was detected. "
        f"Found operand types '{shown(left)}' and '{shown(right)}' for operator kind '{name}'."
    )
