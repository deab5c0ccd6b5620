"""What an expression means over rows of a type: names are bound and types checked once, then it is a function.

Null semantics are OData's: ``null eq null`` is true, an order comparison with null is false, any other operation
with null is null, and ``and``, ``or``, ``not`` know three values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from ...catalog import Catalog, TypeSpec
from ..refusals import bad_query
from ..values import Row
from .expressions import Binary, Call, EnumLiteral, Lambda, Literal, Logic, Membership, Node, Path, Unary
from .filter_functions import FUNCTIONS
from .operands import (
    KINDS,
    OPERATORS,
    ROOT,
    Bound,
    Evaluate,
    Scope,
    applied,
    arithmetic,
    as_moment,
    flags,
    incompatible,
    literal,
    reader,
    shown,
    type_name,
    walk,
)

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def bind_filter(node: Node, root: TypeSpec, catalog: Catalog) -> Callable[[Row], bool]:
    """A predicate over rows of a type. Raises Refusal (400) for unknown names and types that don't go together."""
    bound = _Binder(catalog, {ROOT: root}).bind(node)
    if bound.kind not in ("boolean", "null"):
        raise bad_query("The filter expression must evaluate to a single boolean value.")
    return lambda row: _evaluated(bound, row) is True


def bind_key(node: Node, root: TypeSpec, catalog: Catalog) -> Callable[[Row], Any]:
    """A sort key over rows of a type. Raises Refusal (400)."""
    bound = _Binder(catalog, {ROOT: root}).bind(node)
    if bound.kind in ("entity", "collection"):
        raise bad_query("The $orderby expression must evaluate to a single value of primitive type.")
    return lambda row: _evaluated(bound, row)


def _evaluated(bound: Bound, row: Row) -> Any:
    try:
        return bound.evaluate({ROOT: row})
    except ZeroDivisionError:
        raise bad_query("Attempted to divide by zero.") from None
    except (OverflowError, ValueError):
        raise bad_query("Arithmetic operation resulted in an overflow.") from None


class _Binder:
    def __init__(self, catalog: Catalog, variables: Mapping[str, TypeSpec]) -> None:
        self._catalog = catalog
        self._variables = variables

    def bind(self, node: Node) -> Bound:
        match node:
            case Literal():
                return literal(node)
            case EnumLiteral():
                return self._enum_literal(node)
            case Path():
                return self._path(node)
            case Call():
                return self._call(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Logic():
                return self._logic(node)
            case Membership():
                return self._membership(node)
            case Lambda():
                return self._lambda(node)

    def _enum_literal(self, node: EnumLiteral) -> Bound:
        if node.type not in self._catalog.enums:
            raise bad_query(f"The type '{node.type}' is no enumeration.")
        spec = TypeSpec(node.type)
        members = self._members(node.members, spec)
        return Bound("enum", lambda scope: members, spec, node.members)

    def _members(self, text: str, spec: TypeSpec) -> frozenset[str]:
        members = flags(text)
        if not members <= set(self._catalog.enum_values(spec.name)):
            raise bad_query(f"The string '{text}' is not a valid enumeration type constant.")
        return members

    def _kind(self, spec: TypeSpec) -> str:
        if spec.collection:
            return "collection"
        if spec.name in self._catalog.enums:
            return "enum"
        return KINDS.get(spec.name, "entity")

    def _path(self, node: Path) -> Bound:
        names = list(node.names)
        variable = names.pop(0) if names[0] in self._variables else ROOT
        spec = self._variables[variable]
        counted = bool(names) and names[-1] == "$count"
        steps = names[:-1] if counted else names
        for name in steps:
            spec = self._step(spec, name)
        if counted:
            if not spec.collection:
                raise bad_query("The $count segment can only follow a collection.")
            return Bound("number", lambda scope: len(walk(scope[variable], steps) or []))
        kind = self._kind(spec)
        return Bound(kind, reader(kind, variable, steps), spec)

    def _step(self, spec: TypeSpec, name: str) -> TypeSpec:
        if spec.collection:
            raise bad_query("The parent value for a property access must be a single value, not a collection.")
        fields = self._catalog.fields(spec.name) if spec.name in self._catalog.types else {}
        if name not in fields:
            raise bad_query(f"Could not find a property named '{name}' on type '{type_name(spec)}'.")
        return fields[name]

    def _call(self, node: Call) -> Bound:
        signatures = FUNCTIONS.get(node.function)
        if signatures is None:
            raise bad_query(
                f"An unknown function with name '{node.function}' was found. This may also be a function import or "
                "a key lookup on a navigation property, which is not allowed."
            )
        arguments = [self.bind(argument) for argument in node.arguments]
        kinds = tuple(argument.kind for argument in arguments)
        fitting = [signature for signature in signatures if _fits(kinds, signature.takes)]
        if fitting:
            function, readers = fitting[0].function, [argument.evaluate for argument in arguments]
            return Bound(fitting[0].gives, lambda scope: applied(function, [read(scope) for read in readers]))
        raise bad_query(
            f"No function signature for the function with name '{node.function}' matches the specified arguments."
        )

    def _unary(self, node: Unary) -> Bound:
        operand = self.bind(node.operand)
        inner = operand.evaluate
        if node.operator == "not" and operand.kind in ("boolean", "null"):
            return Bound("boolean", lambda scope: applied(operator.not_, [inner(scope)]))
        if node.operator == "-" and operand.kind in ("number", "duration", "null"):
            return Bound(operand.kind, lambda scope: applied(operator.neg, [inner(scope)]))
        name = "Not" if node.operator == "not" else "Negate"
        raise bad_query(
            f"A unary operator with an incompatible type was detected. Found operand type '{shown(operand)}' "
            f"for operator kind '{name}'."
        )

    def _logic(self, node: Logic) -> Bound:
        terms = [self.bind(term) for term in node.terms]
        for left, right in pairwise(terms):
            if {left.kind, right.kind} - {"boolean", "null"}:
                raise incompatible(left, right, node.operator.title())
        decisive = node.operator == "or"
        readers = [term.evaluate for term in terms]

        def evaluate(scope: Scope) -> bool | None:
            unknown = False
            for read in readers:
                value: bool | None = read(scope)
                if value is decisive:
                    return decisive
                unknown = unknown or value is None
            return None if unknown else not decisive

        return Bound("boolean", evaluate)

    def _binary(self, node: Binary) -> Bound:
        left, right = self._aligned(self.bind(node.left), self.bind(node.right))
        if node.operator in ("add", "sub", "mul", "div", "mod"):
            return arithmetic(node.operator, left, right)
        if left.kind != right.kind and "null" not in (left.kind, right.kind):
            raise incompatible(left, right, OPERATORS[node.operator])
        if {left.kind, right.kind} & {"entity", "collection"} and "null" not in (left.kind, right.kind):
            raise incompatible(left, right, OPERATORS[node.operator])
        return self._comparison(node.operator, left, right)

    def _comparison(self, name: str, left: Bound, right: Bound) -> Bound:
        first, second = left.evaluate, right.evaluate
        if name == "eq":
            return Bound("boolean", lambda scope: first(scope) == second(scope))
        if name == "ne":
            return Bound("boolean", lambda scope: first(scope) != second(scope))
        if name == "has":
            if {left.kind, right.kind} - {"enum", "null"}:
                raise incompatible(left, right, "Has")
            return Bound("boolean", lambda scope: applied(operator.ge, [first(scope), second(scope)]))
        if left.kind == "boolean" or right.kind == "boolean":
            raise incompatible(left, right, OPERATORS[name])
        order = _ORDER[name]
        if left.kind == "enum" and left.spec:
            first, second = self._ordinal(left.spec, first), self._ordinal(left.spec, second)

        def evaluate(scope: Scope) -> bool:
            a, b = first(scope), second(scope)
            return a is not None and b is not None and order(a, b)

        return Bound("boolean", evaluate)

    def _ordinal(self, spec: TypeSpec, read: Evaluate) -> Evaluate:
        places = {name: place for place, name in enumerate(self._catalog.enum_values(spec.name))}
        return lambda scope: None if (value := read(scope)) is None else sum(places.get(name, 0) for name in value)

    def _membership(self, node: Membership) -> Bound:
        item = self.bind(node.item)
        options = []
        for option in node.options:
            left, right = self._aligned(item, self.bind(option))
            if left.kind != right.kind and "null" not in (left.kind, right.kind):
                raise incompatible(left, right, "In")
            options.append((left.evaluate, right.evaluate))
        return Bound("boolean", lambda scope: any(left(scope) == right(scope) for left, right in options))

    def _aligned(self, left: Bound, right: Bound) -> tuple[Bound, Bound]:
        """A plain string beside an enum is a member (PBX.md, Requests); a date beside a moment is its midnight."""
        if left.kind == "enum" and right.kind == "string" and right.constant is not None and left.spec:
            return left, self._as_member(right.constant, left.spec)
        if right.kind == "enum" and left.kind == "string" and left.constant is not None and right.spec:
            return self._as_member(left.constant, right.spec), right
        if (
            left.kind == "enum"
            and right.kind == "enum"
            and left.spec
            and right.spec
            and left.spec.name != right.spec.name
        ):
            raise incompatible(left, right, "Equal")
        if {left.kind, right.kind} == {"date", "datetime"}:
            return as_moment(left), as_moment(right)
        return left, right

    def _as_member(self, text: str, spec: TypeSpec) -> Bound:
        members = self._members(text, spec)
        return Bound("enum", lambda scope: members, spec)

    def _lambda(self, node: Lambda) -> Bound:
        collection = self.bind(node.path)
        if collection.kind != "collection" or collection.spec is None:
            raise bad_query("Any/All may only be used following a collection.")
        rows = collection.evaluate
        if node.condition is None:
            return Bound("boolean", lambda scope: bool(rows(scope)))
        item = collection.spec._replace(collection=False, nullable=True, navigation=False)
        inner = _Binder(self._catalog, {**self._variables, node.variable: item}).bind(node.condition)
        if inner.kind not in ("boolean", "null"):
            raise bad_query("The Any/All query expression is not boolean.")
        variable, test, quantifier = node.variable, inner.evaluate, any if node.quantifier == "any" else all
        return Bound(
            "boolean", lambda scope: quantifier(test({**scope, variable: row}) is True for row in rows(scope) or [])
        )


def _fits(kinds: tuple[str, ...], takes: tuple[str, ...]) -> bool:
    return len(kinds) == len(takes) and all(kind in ("null", taken) for kind, taken in zip(kinds, takes, strict=True))
