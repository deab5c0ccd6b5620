"""What comparing means: which kinds go together, and in which order values stand."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from trunkline.catalog import Catalog, TypeSpec

from .operands import OPERATORS, Bound, Evaluate, Scope, applied, incompatible

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def compared(name: str, left: Bound, right: Bound, catalog: Catalog) -> Bound:
    """``eq ne gt ge lt le has`` between two operands. Raises Refusal (400) for kinds that don't go together."""
    kinds = {left.kind, right.kind}
    if "null" not in kinds and (len(kinds) > 1 or kinds & {"entity", "collection"}):
        raise incompatible(left, right, OPERATORS[name])
    first, second = left.evaluate, right.evaluate
    if name == "eq":
        return Bound("boolean", lambda scope: first(scope) == second(scope))
    if name == "ne":
        return Bound("boolean", lambda scope: first(scope) != second(scope))
    if name == "has":
        if kinds - {"enum", "null"}:
            raise incompatible(left, right, "Has")
        return Bound("boolean", lambda scope: applied(operator.ge, [first(scope), second(scope)]))
    if "boolean" in kinds:
        raise incompatible(left, right, OPERATORS[name])
    order = _ORDER[name]
    if left.kind == "enum" and left.spec:
        first, second = ordinal(left.spec, first, catalog), ordinal(left.spec, second, catalog)

    def evaluate(scope: Scope) -> bool:
        a, b = first(scope), second(scope)
        return a is not None and b is not None and order(a, b)

    return Bound("boolean", evaluate)


def ordinal(spec: TypeSpec, read: Evaluate, catalog: Catalog) -> Evaluate:
    """Return the place of an enum's member among its members; null stays null."""
    places = {name: place for place, name in enumerate(catalog.enum_values(spec.name))}
    return lambda scope: None if (value := read(scope)) is None else sum(places.get(name, 0) for name in value)
