"""Conditions of a ``where`` step: ``{Assigned: false, DetectedAt: {before: "{{ $now.minus({days: 90}) }}"}}``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..errors import InvalidArgument
from ..node.template import Scope, evaluated, prepared
from ..node.zones import known
from .patterns import matches

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
        raise InvalidArgument(f"can't be looked for in {operand!r}, which is no list.")
    return any(_same(value, one, zone) for one in operand)


def _contains(value: Any, operand: Any, zone: str) -> bool:
    if isinstance(value, list):
        return _among(operand, value, zone)
    return isinstance(value, str) and str(operand).casefold() in value.casefold()


def _starts(value: Any, operand: Any, _: str) -> bool:
    return isinstance(value, str) and value.casefold().startswith(str(operand).casefold())


def _ends(value: Any, operand: Any, _: str) -> bool:
    return isinstance(value, str) and value.casefold().endswith(str(operand).casefold())


def _matches(value: Any, operand: Any, _: str) -> bool:
    return isinstance(value, str) and matches(value, str(operand))


def _number(value: Any, what: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InvalidArgument(f"is compared as a number, but {what} is {value!r}.") from None


def _instant(value: Any, zone: str, what: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidArgument(f"is compared as a date, but {what} is {value!r}.") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=known(zone))


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
    "empty": lambda value, operand, zone: _same(_blank(value), operand, zone),
}


def conditions(given: Mapping[str, Any]) -> list[Condition]:
    """The conditions of a ``where``; InvalidArgument for a word that is none."""
    found = []
    for path, wanted in given.items():
        tests = wanted if isinstance(wanted, Mapping) else {"is": wanted}
        for word, operand in tests.items():
            if word not in WORDS:
                raise InvalidArgument(f"{path} has the test {word!r}; there are {', '.join(WORDS)}.")
            found.append(Condition(path, word, prepared(operand)))
    return found
