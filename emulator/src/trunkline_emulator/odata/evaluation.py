"""What an expression means over rows of a type: names are bound and types checked once, then it is a function.

Null semantics are OData's: ``null eq null`` is true, an order comparison with null is false, any other operation
with null is null, and ``and``, ``or``, ``not`` know three values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from trunkline.catalog import Catalog, TypeSpec

from ..refusals import bad_query
from ..values import Row
from .budget import CALLED, Budget, is_literal, size
from .casts import cast, descends, is_of, named_type
from .comparisons import compared, ordinal
from .filter_functions import FUNCTIONS
from .operands import (
    KINDS,
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
)
from .tree import Binary, Call, Count, EnumLiteral, Lambda, Literal, Logic, Membership, Node, Path, Unary

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def bind_filter(
    node: Node, root: TypeSpec, catalog: Catalog, now: Clock = utc_now, budget: Budget | None = None
) -> Callable[[Row], bool]:
    """Return a predicate over rows of a type.

    Raises Refusal (400) for unknown names and types that don't go together.
    """
    bound = _Binder(catalog, {ROOT: root}, now, budget or Budget()).bind(node)
    if bound.kind not in ("boolean", "null"):
        raise bad_query("The filter expression must evaluate to a single boolean value.")
    return lambda row: _evaluated(bound, row) is True


def bind_key(
    node: Node, root: TypeSpec, catalog: Catalog, now: Clock = utc_now, budget: Budget | None = None
) -> Callable[[Row], Any]:
    """Return a sort key over rows of a type; members of an enum sort by their place. Raises Refusal (400)."""
    bound = _Binder(catalog, {ROOT: root}, now, budget or Budget()).bind(node)
    if bound.kind in ("entity", "collection"):
        raise bad_query("The $orderby expression must evaluate to a single value of primitive type.")
    if bound.kind == "enum" and bound.spec:
        bound = Bound("number", ordinal(bound.spec, bound.evaluate, catalog))
    return lambda row: _evaluated(bound, row)


def _evaluated(bound: Bound, row: Row) -> Any:
    try:
        return bound.evaluate({ROOT: row})
    except ZeroDivisionError:
        raise bad_query("Attempted to divide by zero.") from None
    except (OverflowError, ValueError):
        raise bad_query("Arithmetic operation resulted in an overflow.") from None


class _Binder:
    def __init__(self, catalog: Catalog, variables: Mapping[str, TypeSpec], now: Clock, budget: Budget) -> None:
        self._budget = budget
        self._catalog = catalog
        self._variables = variables
        self._now = now

    def bind(self, node: Node) -> Bound:
        match node:
            case Literal():
                return literal(node)
            case EnumLiteral():
                return self._enum_literal(node)
            case Path():
                return self._path(node)
            case Count():
                return self._count(node)
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
            raise bad_query(f"The type '{node.type}' is not an enumeration.")
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
        steps = []
        for name in names:
            if "." in name:
                spec = self._taken_for(spec, name)
                continue
            found, spec = step(spec, name, self._catalog)
            steps.append(found)
        kind = self._kind(spec)
        return Bound(kind, reader(kind, variable, steps), spec)

    def _taken_for(self, spec: TypeSpec, name: str) -> TypeSpec:
        """Return a type in a path: rows have the type that their property or set declares, or a derived one."""
        if not (name in self._catalog.types and descends(spec.name, name, self._catalog)):
            raise bad_query(f"Encountered invalid type cast. '{name}' is not assignable from '{type_name(spec)}'.")
        return spec._replace(name=name)

    def _count(self, node: Count) -> Bound:
        collection = self._path(node.path)
        if collection.kind != "collection" or collection.spec is None:
            raise bad_query("The $count segment can only follow a collection.")
        rows = collection.evaluate
        if node.condition is None:
            return Bound("number", lambda scope: len(rows(scope) or []))
        # Names in the condition are those of the counted rows, so they are a root of their own.
        item = collection.spec._replace(collection=False, nullable=True, navigation=False)
        inner = _Binder(self._catalog, {ROOT: item}, self._now, self._budget).bind(node.condition)
        if inner.kind not in ("boolean", "null"):
            raise bad_query("The filter expression must evaluate to a single boolean value.")
        test, met = inner.evaluate, self._met(rows, node.condition)
        return Bound("number", lambda scope: sum(test({ROOT: row}) is True for row in met(scope)))

    def _met(self, rows: Evaluate, condition: Node) -> Callable[[Scope], Any]:
        """Return the rows that a condition is asked of, which is counted."""
        budget, steps = self._budget, CALLED + size(condition)

        def met(scope: Scope) -> Any:
            found = rows(scope) or []
            budget.spend(len(found) * steps)
            return found

        return met

    def _call(self, node: Call) -> Bound:
        function_name = node.function.lower()
        if function_name in ("cast", "isof"):
            return self._cast(function_name, node)
        if function_name == "now" and not node.arguments:
            now = self._now
            return Bound("datetime", lambda scope: now())
        signatures = FUNCTIONS.get(function_name)
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
            if function_name == "matchespattern":
                function = self._budget.timed(function)
            return Bound(fitting[0].gives, lambda scope: applied(function, [read(scope) for read in readers]))
        raise bad_query(
            f"No function signature for the function with name '{node.function}' matches the specified arguments."
        )

    def _cast(self, function_name: str, node: Call) -> Bound:
        if len(node.arguments) not in (1, 2):
            raise bad_query(
                f"Invalid argument count for function '{function_name}'. The count was '{len(node.arguments)}', "
                "but it must be one or two."
            )
        operand = self.bind(node.arguments[0] if len(node.arguments) == 2 else Path((ROOT,)))
        target = named_type(node.arguments[-1], self._catalog)
        return (cast if function_name == "cast" else is_of)(operand, target, self._catalog)

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
        if node.operator in ("add", "sub", "mul", "div", "divby", "mod"):
            return arithmetic(node.operator, left, right)
        return compared(node.operator, left, right, self._catalog)

    def _membership(self, node: Membership) -> Bound:
        item = self.bind(node.item)
        if isinstance(node.options, Path):
            return self._contained(item, self._path(node.options))
        options = []
        for option in node.options:
            left, right = self._aligned(item, self.bind(option))
            if left.kind != right.kind and "null" not in (left.kind, right.kind):
                raise incompatible(left, right, "In")
            options.append((left.evaluate, right.evaluate))
        read = item.evaluate
        if all(map(is_literal, node.options)) and all(left is read for left, _ in options):
            values = frozenset(right({}) for _, right in options)
            return Bound("boolean", lambda scope: read(scope) in values)
        return Bound("boolean", lambda scope: any(left(scope) == right(scope) for left, right in options))

    def _contained(self, item: Bound, collection: Bound) -> Bound:
        if collection.kind != "collection" or collection.spec is None:
            raise bad_query("The right operand of the 'in' operator must be a collection.")
        spec = collection.spec._replace(collection=False, nullable=True)
        member = Bound(self._kind(spec), reader(self._kind(spec), "", []), spec)
        left, right = self._aligned(item, member)
        if left.kind not in (right.kind, "null"):
            raise incompatible(left, right, "In")
        rows, first, second = collection.evaluate, left.evaluate, right.evaluate
        return Bound("boolean", lambda scope: any(first(scope) == second({"": row}) for row in rows(scope) or []))

    def _aligned(self, left: Bound, right: Bound) -> tuple[Bound, Bound]:
        """Take a plain string beside an enum for a member (docs/pbx.md, Requests), and a date beside a moment for its
        midnight.
        """
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
        if node.variable in self._variables:
            raise bad_query(f"The range variable '{node.variable}' has already been declared.")
        item = collection.spec._replace(collection=False, nullable=True, navigation=False)
        variables = {**self._variables, node.variable: item}
        inner = _Binder(self._catalog, variables, self._now, self._budget).bind(node.condition)
        if inner.kind not in ("boolean", "null"):
            raise bad_query("The Any/All query expression is not boolean.")
        variable, test, quantifier = node.variable, inner.evaluate, any if node.quantifier == "any" else all
        met = self._met(rows, node.condition)
        return Bound("boolean", lambda scope: quantifier(test({**scope, variable: row}) is True for row in met(scope)))


def step(spec: TypeSpec, name: str, catalog: Catalog) -> tuple[str, TypeSpec]:
    """Return a property of a type: its declared name and type. Raises Refusal (400).

    A name in another case is found too where it is the only such one, as ASP.NET's resolver does by default.
    """
    if spec.collection:
        raise bad_query("The parent value for a property access must be a single value, not a collection.")
    fields = catalog.fields(spec.name) if spec.name in catalog.types else {}
    if name in fields:
        return name, fields[name]
    near = [field for field in fields if field.lower() == name.lower()]
    if len(near) != 1:
        raise bad_query(f"Could not find a property named '{name}' on type '{type_name(spec)}'.")
    return near[0], fields[near[0]]


def _fits(kinds: tuple[str, ...], takes: tuple[str, ...]) -> bool:
    return len(kinds) == len(takes) and all(kind in ("null", taken) for kind, taken in zip(kinds, takes, strict=True))
