"""Valid arguments and bodies for any action of the catalog, and its path with them in place."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from trunkline.catalog import Action, Catalog, TypeSpec

VALUES: dict[str, Any] = {
    "String": "abc",
    "Boolean": True,
    "Int32": 7,
    "Int64": 7,
    "Byte": 1,
    "Single": 1.5,
    "Double": 1.5,
    "Decimal": 1.5,
    "DateTimeOffset": "2026-06-01T00:00:00Z",
    "Date": "2026-06-01",
    "TimeOfDay": "09:00:00",
    "Duration": "PT1M",
    "Guid": "00000000-0000-4000-8000-000000000001",
}


def value(catalog: Catalog, spec: TypeSpec, depth: int = 0) -> Any:
    """A JSON value of the type; objects are filled to a depth of two."""
    if spec.name in catalog.types:
        one: Any = body(catalog, catalog.fields(spec.name), depth + 1) if depth < 2 else {}  # type: ignore[arg-type]
    elif spec.name in catalog.enums:
        one = catalog.enum_values(spec.name)[-1]
    else:
        one = VALUES[spec.name]
    return [one] if spec.collection else one


def body(catalog: Catalog, fields: dict[str, TypeSpec], depth: int = 0) -> dict[str, Any]:
    return {name: value(catalog, spec, depth) for name, spec in fields.items()}


def literal(spec: TypeSpec, given: Any) -> str:
    if spec.name == "String":
        return "'" + quote(given.replace("'", "''"), safe="") + "'"
    return str(given).lower() if spec.name == "Boolean" else str(given)


def path(action: Action, known: dict[str, Any]) -> str:
    """The action's path; ``known`` has the values that must exist, others are any of their type."""
    found = action.path
    for parameter in action.parameters:
        given = known.get(parameter.name, VALUES[parameter.type.name])
        found = found.replace("{" + parameter.name + "}", literal(parameter.type, given))
    return found
