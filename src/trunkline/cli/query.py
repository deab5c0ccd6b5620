"""``--query``: JMESPath over an answer. The library is imported only where an expression is given."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jmespath

from ..catalog.secret import is_secret
from ..errors import InvalidArgument

_HINT = "JMESPath, such as '[].Number', \"[?Enabled].{no: Number, name: LastName}\" or 'length(@)'."


@lru_cache(maxsize=4)
def compiled(expression: str) -> Any:
    """Return the expression, read. InvalidArgument says where it is none."""
    try:
        return jmespath.compile(expression)
    except ValueError as problem:  # JMESPath's own errors are ValueErrors
        lines = str(problem).strip().splitlines()
        raise InvalidArgument(f"--query is not JMESPath: {' '.join(lines)}", hint=_HINT) from None


def search(expression: str, value: Any) -> Any:
    """Return what the expression finds. InvalidArgument where it asks of a value what that can't give."""
    try:
        return compiled(expression).search(value)
    except (TypeError, ValueError) as problem:  # it compares, and cuts, as Python does
        raise InvalidArgument(f"--query can't be answered: {problem}", hint=_HINT) from None


def secrets_compared(expression: str) -> tuple[str, ...]:
    """Return the secret fields whose values decide what the expression finds, not those that it only shows."""
    return tuple(dict.fromkeys(name for name in _deciding(compiled(expression).parsed, False) if is_secret(name)))


_DECIDES = frozenset(("comparator", "function_expression", "and_expression", "or_expression", "not_expression"))


def _deciding(node: Any, is_decided: bool) -> Iterator[str]:
    """Yield the fields within a comparison, a function or the condition of a filter."""
    if node["type"] == "field" and is_decided:
        yield node["value"]
    for n, child in enumerate(node["children"]):
        if isinstance(child, dict):
            is_condition = node["type"] == "filter_projection" and n == 2
            yield from _deciding(child, is_decided or is_condition or node["type"] in _DECIDES)


def named(expression: str, rows: list[Any]) -> tuple[str, ...]:
    """Return the names that the expression gives to the fields of all its rows.

    () where it leaves them as they were.
    """
    fields = {tuple(row) if isinstance(row, dict) else () for row in rows}
    return next((names for names in _selections(compiled(expression).parsed) if {names} == fields), ())


def _selections(node: Any) -> Iterator[tuple[str, ...]]:
    """Yield the names in each ``{no: Number, name: LastName}`` of an expression."""
    if isinstance(node, dict):
        if node["type"] == "multi_select_dict":
            yield tuple(pair["value"] for pair in node["children"])
        for child in node["children"]:
            yield from _selections(child)
