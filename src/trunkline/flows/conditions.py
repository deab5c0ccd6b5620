"""Conditions of a ``where`` step: ``{Assigned: false, DetectedAt: {before: "{{ $now.minus({days: 90}) }}"}}``."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..errors import InvalidArgument
from ..node.template import Scope, evaluated, prepared
from ..node.zones import known
from .patterns import matches

_NUMBER = re.compile(r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?")

Test = Callable[[Any, Any, str], bool]


class Condition(NamedTuple):
    """One test of one field: ``path`` leads to it (``Groups.0.Name``), ``operand`` may be a template."""

    path: str
    word: str
    operand: Any

    def holds(self, scope: Scope) -> bool:
        """Whether it holds for an item; a field that is missing is null. InvalidArgument for what can't be compared."""
        value: Any = scope.item["json"]
        for step in self.path.split("."):
            if isinstance(value, Mapping):
                value = value.get(step)
            elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            else:
                value = None
        operand = evaluated(self.operand, scope, f"where {self.path}")
        try:
            return WORDS[self.word](value, operand, scope.world.zone)
        except InvalidArgument as problem:
            raise InvalidArgument(f"Item {scope.position}: {self.path} {problem.message}") from None


def _same(value: Any, operand: Any, _: str) -> bool:
    if isinstance(value, bool) or isinstance(operand, bool):
        return value is operand
    return bool(value == operand)


def _among(value: Any, operand: Any, zone: str) -> bool:
    if not isinstance(operand, list):
        raise InvalidArgument(f"can't be looked for in {operand!r}, which is not a list.")
    return any(_same(value, one, zone) for one in operand)


def _text(operand: Any) -> str:
    """Return what a text is held against: text, or a number as it is written."""
    if isinstance(operand, bool) or not isinstance(operand, str | int | float):
        raise InvalidArgument(f"is compared as text, but what it is compared with is {operand!r}.")
    return str(operand)


def _contains(value: Any, operand: Any, zone: str) -> bool:
    if isinstance(value, list):
        return _among(operand, value, zone)
    return isinstance(value, str) and _text(operand).casefold() in value.casefold()


def _starts(value: Any, operand: Any, _: str) -> bool:
    return isinstance(value, str) and value.casefold().startswith(_text(operand).casefold())


def _ends(value: Any, operand: Any, _: str) -> bool:
    return isinstance(value, str) and value.casefold().endswith(_text(operand).casefold())


def _matches(value: Any, operand: Any, _: str) -> bool:
    return isinstance(value, str) and matches(value, _text(operand))


def _empty(value: Any, operand: Any, _: str) -> bool:
    if not isinstance(operand, bool):
        raise InvalidArgument(f"may be empty: true or empty: false, not {operand!r}.")
    return _blank(value) is operand


def _number(value: Any, what: str) -> float:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) and math.isfinite(number := float(value)):
        return number
    raise InvalidArgument(f"is compared as a number, but {what} is {value!r}.")


def _instant(value: Any, zone: str, what: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(value)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=known(zone))).astimezone(dt.UTC)
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgument(f"is compared as a date, but {what} is {value!r}.") from None


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


def _dates(order: Callable[[dt.datetime, dt.datetime], bool]) -> Test:
    return lambda value, operand, zone: (
        not _blank(value) and order(_instant(value, zone, "it"), _instant(operand, zone, "what it is compared with"))
    )


def _numbers(order: Callable[[float, float], bool]) -> Test:
    return lambda value, operand, zone: (
        not _blank(value) and order(_number(value, "it"), _number(operand, "what it is compared with"))
    )


WORDS: dict[str, Test] = {
    "is": _same,
    "is not": lambda value, operand, zone: not _same(value, operand, zone),
    "in": _among,
    "not in": lambda value, operand, zone: not _among(value, operand, zone),
    "contains": _contains,
    "starts with": _starts,
    "ends with": _ends,
    "matches": _matches,
    "above": _numbers(lambda a, b: a > b),
    "below": _numbers(lambda a, b: a < b),
    "before": _dates(lambda a, b: a < b),
    "after": _dates(lambda a, b: a > b),
    "empty": _empty,
}


_RIGHT: dict[str, Any] = {
    **dict.fromkeys(("above", "below", "in", "not in", "empty"), 0),
    **dict.fromkeys(("before", "after"), "2026-01-01"),
    **dict.fromkeys(("starts with", "ends with"), "text"),
}
"""A value that each test takes: if it fails with that, its operand is wrong."""


def _check(path: str, word: str, operand: Any, zone: str) -> None:
    """InvalidArgument for a value in the flow that no field can be compared with."""
    try:
        if word == "matches":
            _text(operand)
        elif word in _RIGHT:
            WORDS[word](_RIGHT[word], operand, zone)
    except InvalidArgument as wrong:
        raise InvalidArgument(f"{path} {wrong.message}") from None


def conditions(given: Mapping[str, Any], zone: str) -> list[Condition]:
    """Return the conditions of a ``where``.

    InvalidArgument for a word that is none, for a value that nothing can be compared with, and where there is no
    condition: all items would be kept, and what follows may delete them.
    """
    found = []
    for path, wanted in given.items():
        tests = wanted if isinstance(wanted, Mapping) else {"is": wanted}
        if not path.strip() or not tests:
            raise InvalidArgument(f"where needs a field and a test, such as Number: '200', not {path!r}: {tests}.")
        for word, operand in tests.items():
            if word not in WORDS:
                raise InvalidArgument(f"{path} has the test {word!r}; there are {', '.join(WORDS)}.")
            prepared_ = prepared(operand)
            if prepared_ == operand:
                _check(path, word, operand, zone)
            found.append(Condition(path, word, prepared_))
    if not found:
        raise InvalidArgument("where needs at least one condition, such as {Number: '200'}; without one it keeps all.")
    return found
