"""``cast`` and ``isof``: values taken for another type, and whether they are of one.

A value that can't be taken for the type is null, as the OData standard says.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from trunkline.catalog import Catalog, TypeSpec

from ..refusals import bad_query
from .operands import KINDS, READERS, Bound
from .tree import Literal, Node, Path

_WHOLE = {"Byte": (0, 255), "Int32": (-(2**31), 2**31 - 1), "Int64": (-(2**63), 2**63 - 1)}
_REAL = frozenset({"Single", "Double", "Decimal"})


def named_type(node: Node, catalog: Catalog) -> TypeSpec:
    """Return the type that the last argument names, with or without quotes. Raises Refusal (400)."""
    name = ""
    if isinstance(node, Literal) and node.kind == "string":
        name = node.text[1:-1]
    elif isinstance(node, Path) and len(node.names) == 1:
        name = node.names[0]
    if name in catalog.types or name in catalog.enums:
        return TypeSpec(name)
    if name.startswith("Edm.") and name.removeprefix("Edm.") in KINDS:
        return TypeSpec(name.removeprefix("Edm."))
    raise bad_query(f"The child type '{name}' in a cast was not an entity type, a complex type or a primitive type.")


def descends(type_name: str, ancestor: str, catalog: Catalog) -> bool:
    """Whether a type is another or derives from it."""
    name: str | None = type_name
    while name and name != ancestor:
        name = catalog.types[name].base if name in catalog.types else None
    return name == ancestor


def cast(operand: Bound, target: TypeSpec, catalog: Catalog) -> Bound:
    """Return the operand as a value of the type. Raises Refusal (400) for entities, which a path casts."""
    if target.name in catalog.types or operand.kind in ("entity", "collection"):
        raise bad_query("Cast or IsOf Function must have a type in its arguments that its operand can be taken for.")
    convert = _conversion(operand, target, catalog)
    read = operand.evaluate
    kind = "enum" if target.name in catalog.enums else KINDS[target.name]
    return Bound(kind, lambda scope: None if (value := read(scope)) is None else convert(value), target)


def is_of(operand: Bound, target: TypeSpec, catalog: Catalog) -> Bound:
    """Whether the operand has a value, and its declared type is the type or derives from it."""
    declared = operand.spec.name if operand.spec and operand.kind != "collection" else ""
    same = descends(declared, target.name, catalog)
    read = operand.evaluate
    return Bound("boolean", lambda scope: same and read(scope) is not None)


def _conversion(operand: Bound, target: TypeSpec, catalog: Catalog) -> Callable[[Any], Any]:
    name = target.name
    if name == "String":
        return _text
    if name in catalog.enums:
        members = catalog.enum_values(name)
        return lambda value: _member(value, members)
    if operand.kind == "enum" and operand.spec and name in _WHOLE:
        places = {member: place for place, member in enumerate(catalog.enum_values(operand.spec.name))}
        return lambda value: sum(places[member] for member in value)
    if name in _WHOLE:
        return lambda value: _whole(value, *_WHOLE[name])
    if name in _REAL:
        return _real
    kind = KINDS[name]
    if operand.kind == kind:
        return lambda value: value
    if (operand.kind, kind) == ("datetime", "date"):
        return datetime.date
    if operand.kind == "string" and kind in READERS:
        return lambda value: _read(value, READERS[kind])
    return lambda value: None


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return f"PT{value.total_seconds():g}S"
        case frozenset():
            return ", ".join(sorted(value))
        case _:
            return str(value)


def _member(value: Any, members: tuple[str, ...]) -> frozenset[str] | None:
    return frozenset({value}) if isinstance(value, str) and value in members else None


def _whole(value: Any, lowest: int, highest: int) -> int | None:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if lowest <= number <= highest else None


def _real(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _read(text: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(text)
    except ValueError:
        return None
