"""Whether a filter fits the rows it is for: fields that exist, compared with what they can be equal to.

Hand-written text is not looked into, and neither is what depends on a field whose type the catalog doesn't tell.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..catalog import Catalog, TypeSpec, nearest
from ..catalog.answered import was_answered
from ..errors import InvalidArgument, UnknownName, VersionWarning
from .filters import Term
from .literals import INTEGER_RANGES
from .tree import (
    ARITHMETIC,
    Binary,
    Call,
    EnumLiteral,
    Lambda,
    Literal,
    Logic,
    Membership,
    Names,
    Negative,
    Node,
    Not,
    Path,
    Raw,
    Variable,
    named,
    written,
)

_WORDS = {
    "String": "text",
    "number": "a number",
    "Boolean": "true or false",
    "DateTimeOffset": "a date and time",
    "Date": "a date",
    "TimeOfDay": "a time of day",
    "Duration": "a duration",
    "Guid": "a GUID",
}
_GIVE = {
    "String": "Give it text, in quotes.",
    "number": "Give it a number.",
    "Boolean": "Give it True or False.",
    "DateTimeOffset": "Give it a datetime with a zone.",
    "Date": "Give it a date.",
    "TimeOfDay": "Give it a datetime.time.",
    "Duration": "Give it a timedelta.",
    "Guid": "Give it a uuid.UUID.",
}
_NUMBERS = (*INTEGER_RANGES, "SByte", "Single", "Double", "Decimal")
_MOMENTS = ("DateTimeOffset", "Date")
_CLOCKS = ("DateTimeOffset", "TimeOfDay")

# What each function takes, argument by argument, and gives.
_FUNCTIONS: dict[str, tuple[tuple[tuple[str, ...], ...], str]] = {
    **dict.fromkeys(("startswith", "endswith", "contains"), ((("String",), ("String",)), "Boolean")),
    "indexof": ((("String",), ("String",)), "Int32"),
    "concat": ((("String",), ("String",)), "String"),
    "substring": ((("String",), ("number",), ("number",)), "String"),
    **dict.fromkeys(("tolower", "toupper", "trim"), ((("String",),), "String")),
    "length": ((("String",),), "Int32"),
    **dict.fromkeys(("year", "month", "day"), ((_MOMENTS,), "Int32")),
    **dict.fromkeys(("hour", "minute", "second"), ((_CLOCKS,), "Int32")),
    "date": ((("DateTimeOffset",),), "Date"),
    "time": ((("DateTimeOffset",),), "TimeOfDay"),
    **dict.fromkeys(("round", "floor", "ceiling"), ((("number",),), "Double")),
    "now": ((), "DateTimeOffset"),
}
# What sums of moments give; numbers go with numbers everywhere.
_SUMS = {
    ("add", "DateTimeOffset", "Duration"): "DateTimeOffset",
    ("sub", "DateTimeOffset", "Duration"): "DateTimeOffset",
    ("sub", "DateTimeOffset", "DateTimeOffset"): "Duration",
    ("add", "Date", "Duration"): "Date",
    ("sub", "Date", "Duration"): "Date",
    ("sub", "Date", "Date"): "Duration",
    ("add", "Duration", "Duration"): "Duration",
    ("sub", "Duration", "Duration"): "Duration",
}


def checked_filter(catalog: Catalog, type_name: str | None, term: Term) -> str:
    """Return the text of a filter for rows of a type; None where the type isn't known.

    UnknownName for a field that the rows don't have, InvalidArgument for what can't be compared; the message ends
    a sentence that begins with the option's name.
    """
    checker = _Checker(catalog, type_name)
    checker.condition(term._node, _NOWHERE)
    return str(term)


def checked_field(catalog: Catalog, type_name: str | None, field: Term) -> str:
    """Return the text of a selected field, checked as in `checked_filter`."""
    _Checker(catalog, type_name).type(field._node, _NOWHERE)
    return str(field)


def checked_key(catalog: Catalog, type_name: str | None, key: Term) -> str:
    """Return the text of what rows are sorted by, checked as in `checked_filter`."""
    checker = _Checker(catalog, type_name)
    checker.single(key._node, _NOWHERE)
    return str(key)


def expanded_type(catalog: Catalog, type_name: str | None, name: str) -> str | None:
    """Return the type that a navigation property leads to; None where that isn't known."""
    if type_name is None:
        return None
    fields = catalog.fields(type_name)
    links = [field for field, spec in fields.items() if spec.navigation]
    if name in links:
        return fields[name].name
    if name in fields:
        raise InvalidArgument(f"names {name}, which comes with every {_short(type_name)} without $expand")
    if catalog.types[type_name].open or "/" in name or was_answered(type_name, name):
        return None
    if when := catalog.elsewhere(type_name, name):
        _warn(catalog, f"{_short(type_name)}.{name}", when)
        return catalog.newest_form(type_name, name).name
    _warn_of_unknown(type_name, name, links)
    return None


class _Scope(NamedTuple):
    """The variables around an expression: what they are called, and the types of what they run over."""

    names: Names
    types: Mapping[Variable, TypeSpec | None]


_NOWHERE = _Scope({}, {})


class _Checker:
    def __init__(self, catalog: Catalog, type_name: str | None) -> None:
        self._catalog = catalog
        self._row = None if type_name is None else TypeSpec(type_name)

    def condition(self, node: Node, scope: _Scope) -> None:
        """Refuses what is not a condition."""
        found = self.type(node, scope)
        if found is not None and self._kind(found) not in ("Boolean", "Null"):
            raise InvalidArgument(
                f"takes {written(node, scope.names)} ({self._words(found)}) for a condition",
                hint="Compare it with something.",
            )

    def single(self, node: Node, scope: _Scope) -> None:
        """Refuses what has no order of its own: a list, an object."""
        found = self.type(node, scope)
        if found is not None and (found.collection or found.name in self._catalog.types):
            raise InvalidArgument(
                f"sorts by {written(node, scope.names)}, which is {self._words(found)}",
                hint="Sort by one of its fields, or by count().",
            )

    def type(self, node: Node, scope: _Scope) -> TypeSpec | None:
        """Return the type of an expression; None where only the PBX knows."""
        match node:
            case Raw():
                return None
            case Literal():
                return TypeSpec(node.type)
            case EnumLiteral():
                self._members(node.type, node.members)
                return TypeSpec(node.type)
            case Path():
                return self._path(node, scope)
            case Call():
                return self._call(node, scope)
            case Negative():
                return self._negative(node, scope)
            case Not():
                self.condition(node.operand, scope)
            case Logic():
                for term in node.terms:
                    self.condition(term, scope)
            case Binary():
                if node.operator in ARITHMETIC:
                    return self._sum(node, scope)
                self._comparison(node, scope)
            case Membership():
                for option in node.options:
                    self._comparison(Binary("eq", node.item, option), scope)
            case Lambda():
                self._lambda(node, scope)
        return TypeSpec("Boolean")

    def _path(self, node: Path, scope: _Scope) -> TypeSpec | None:
        spec = self._row if node.variable is None else scope.types.get(node.variable)
        for step in node.names:
            if spec is None or step == "$it":
                continue
            if step == "$count":
                self._must_be_collection(node, spec, "count()")
                return TypeSpec("Int32")
            spec = self._step(node, spec, step, scope)
        return spec

    def _step(self, node: Path, spec: TypeSpec, step: str, scope: _Scope) -> TypeSpec | None:
        if spec.collection:
            raise InvalidArgument(
                f"takes {step} of a whole list in {written(node, scope.names)}",
                hint=f"Ask for any() or all() of its items: .any(lambda x: x.{step} == …).",
            )
        if step in self._catalog.types:  # a cast: Pbx.User/Number
            return TypeSpec(step)
        if spec.name not in self._catalog.types:
            raise UnknownName(f"takes {step} of {self._words(spec)} in {written(node, scope.names)}")
        fields = self._catalog.fields(spec.name)
        if step in fields:
            return fields[step]
        if self._catalog.types[spec.name].open or was_answered(spec.name, step):
            return None
        if when := self._catalog.elsewhere(spec.name, step):
            _warn(self._catalog, f"{_short(spec.name)}.{step}", when)
            return self._catalog.newest_form(spec.name, step)
        _warn_of_unknown(spec.name, step, fields)
        return None

    def _call(self, node: Call, scope: _Scope) -> TypeSpec:
        takes, gives = _FUNCTIONS[node.function]
        for argument, kinds in zip(node.arguments, takes, strict=False):
            found = self.type(argument, scope)
            if found is not None and self._kind(found) not in (*kinds, "Null"):
                wanted = " or ".join(_WORDS[kind] for kind in kinds)
                given = f"{written(argument, scope.names)} ({self._words(found)})"
                raise InvalidArgument(f"asks {node.function} of {given}; it takes {wanted}")
        return TypeSpec(gives)

    def _negative(self, node: Negative, scope: _Scope) -> TypeSpec | None:
        found = self.type(node.operand, scope)
        if found is not None and self._kind(found) not in ("number", "Duration", "Null"):
            raise InvalidArgument(f"negates {written(node.operand, scope.names)}, which is {self._words(found)}")
        return found

    def _sum(self, node: Binary, scope: _Scope) -> TypeSpec | None:
        left, right = self.type(node.left, scope), self.type(node.right, scope)
        if left is None or right is None:
            return None
        kinds = self._kind(left), self._kind(right)
        if set(kinds) <= {"number", "Null"}:
            return left
        if (node.operator, *kinds) in _SUMS:
            return TypeSpec(_SUMS[node.operator, *kinds])
        raise InvalidArgument(f"calculates {written(node, scope.names)}: {self._words(left)} and {self._words(right)}")

    def _comparison(self, node: Binary, scope: _Scope) -> None:
        left, right = self.type(node.left, scope), self.type(node.right, scope)
        for side, spec in ((node.left, left), (node.right, right)):
            if spec is not None and spec.collection:
                text = written(side, scope.names)
                raise InvalidArgument(f"compares {text}, a whole list", hint="Ask for any() or all() of its items.")
        if left is None or right is None:
            return
        if self._is_member(left, node.right) or self._is_member(right, node.left):
            return
        if node.operator == "has" and not (left.name == right.name and left.name in self._catalog.enums):
            raise InvalidArgument(f"asks {written(node, scope.names)}; has is for enums and their members")
        kinds = {self._kind(left), self._kind(right)}
        if not (len(kinds) == 1 or "Null" in kinds or kinds == set(_MOMENTS)):
            sides = [
                f"{written(side, scope.names)} ({self._words(spec)})"
                for side, spec in ((node.left, left), (node.right, right))
            ]
            wanted = left if isinstance(node.right, Literal | EnumLiteral) else right
            raise InvalidArgument(f"compares {' with '.join(sides)}", hint=self._give(wanted))
        self._fitting(node, left, right, scope)

    def _fitting(self, node: Binary, left: TypeSpec, right: TypeSpec, scope: _Scope) -> None:
        """Refuses what goes by kind and yet can't be compared: whole objects, numbers that no reader takes."""
        if "Null" in (left.name, right.name):
            return
        if left.name in self._catalog.types:
            raise InvalidArgument(
                f"compares {written(node.left, scope.names)}, {self._words(left)}", hint="Compare one of its fields."
            )
        ordered = node.operator in ("lt", "le", "gt", "ge")
        if ordered and left.name == "Boolean":
            raise InvalidArgument(f"asks which is more in {written(node, scope.names)}: true and false have no order")
        low, high = INTEGER_RANGES["Int64"]
        for side in (node.left, node.right):
            if isinstance(side, Literal) and isinstance(side.value, int) and not low <= side.value <= high:
                raise InvalidArgument(f"compares with {side.text}, which is beyond any whole number of OData (Int64)")

    def _is_member(self, spec: TypeSpec, node: Node) -> bool:
        """Whether an enum stands beside text that must be one of its members; others are refused."""
        if spec.name not in self._catalog.enums or not isinstance(node, Literal) or node.type != "String":
            return False
        text = str(node.value)
        self._members(spec.name, text.split(",") if self._catalog.enums[spec.name].flags else [text])
        return True

    def _members(self, enum: str, members: Sequence[str]) -> None:
        if enum not in self._catalog.enums:
            raise UnknownName(
                f"names {enum!r}, which is not an enum", hint=nearest(enum, iter(self._catalog.enums)).strip()
            )
        known = self._catalog.enum_values(enum)
        for member in members:
            if when := member.strip() not in known and self._catalog.value_elsewhere(enum, member):
                _warn(self._catalog, f"{_short(enum)} {member.strip()!r}", when)
            elif member.strip() not in known and not was_answered(enum, member.strip()):
                near = nearest(member, iter(known)).strip() or f"It has {', '.join(known[:12])}."
                raise InvalidArgument(f"takes {member!r} for a value of {_short(enum)}", hint=near)

    def _lambda(self, node: Lambda, scope: _Scope) -> None:
        spec = self._path(node.path, scope)
        if spec is not None:
            self._must_be_collection(node.path, spec, f"{node.quantifier}()")
        if node.condition is None:
            return
        item = None if spec is None else TypeSpec(spec.name)
        inner = _Scope(named(node.variable, scope.names), {**scope.types, node.variable: item})
        self.condition(node.condition, inner)

    def _must_be_collection(self, node: Path, spec: TypeSpec, asked: str) -> None:
        if not spec.collection:
            name = node.names[-1] if node.names[-1:] != ("$count",) else node.names[-2]
            raise InvalidArgument(f"asks {asked} of {name}, which is {self._words(spec)} and no list")

    def _kind(self, spec: TypeSpec) -> str:
        """Return what goes with what in a comparison: all numbers are one kind."""
        if spec.collection:
            return "list"
        return "number" if spec.name in _NUMBERS else spec.name

    def _words(self, spec: TypeSpec) -> str:
        if spec.collection:
            return f"a list of {spec.name}"
        if spec.name in self._catalog.types:
            return f"an object of type {spec.name}"
        return _WORDS.get(self._kind(spec), f"a value of {_short(spec.name)}")

    def _give(self, spec: TypeSpec) -> str:
        if spec.name in self._catalog.enums:
            return f"It has {', '.join(self._catalog.enum_values(spec.name)[:12])}."
        return _GIVE.get(self._kind(spec), "")


def _warn(catalog: Catalog, what: str, lifetime: str) -> None:
    said = f"{what} was {lifetime}, and this PBX runs {catalog.version}. It is sent anyway."
    warnings.warn(said, VersionWarning, stacklevel=3)


def _warn_of_unknown(type_name: str, name: str, known: Iterable[str]) -> None:
    said = f"No published version of 3CX has {_short(type_name)}.{name}. It is sent anyway.{nearest(name, iter(known))}"
    warnings.warn(said, VersionWarning, stacklevel=3)


def _short(name: str) -> str:
    return name.removeprefix("Pbx.")
