"""Control information in JSON answers beyond the usual: all of it for ``full``, next to none for ``none``.

From the OData JSON Format 4.0. ``full`` has types and places of entities, and types of what JSON doesn't tell apart;
links of navigation properties are left out, for a PBX lists no paths behind them.
"""

from __future__ import annotations

from typing import Any

from trunkline.catalog import Catalog, TypeSpec

from .values import Row

# What JSON's own types tell; ASP.NET names every other type.
_TOLD = frozenset({"String", "Boolean", "Int32", "Double", "Any"})
_KEPT = ("@odata.count", "@odata.nextLink")


def without_nulls(content: Any) -> Any:
    """Return content without properties that are null, at any depth (docs/pbx.md, Answers)."""
    if type(content) is dict:
        return {
            name: value if type(value) is str or type(value) is int else without_nulls(value)
            for name, value in content.items()
            if value is not None
        }
    return [without_nulls(item) for item in content] if type(content) is list else content


def strip(content: dict[str, Any]) -> None:
    """Take away what ``odata.metadata=none`` does not want, from an entity or a list and its rows."""
    _strip(content)
    if isinstance(rows := content.get("value"), list):
        for row in rows:
            if isinstance(row, dict):
                _strip(row)


def _strip(content: dict[str, Any]) -> None:
    for name in [name for name in content if name.startswith("@odata.") and name not in _KEPT]:
        del content[name]


def full(shown: Row, type_name: str, catalog: Catalog, place: str | None) -> Row:
    """Return a written row with its type, and its place (``Fax(3)``) where it has one."""
    annotated: Row = {"@odata.type": f"#{type_name}"}
    if place is not None:
        annotated["@odata.id"] = annotated["@odata.editLink"] = place
    fields = catalog.fields(type_name)
    for name, value in shown.items():
        spec = fields.get(name)
        if spec is None:
            annotated[name] = value
            continue
        if value is not None and (named := _named(spec)):
            annotated[f"{name}@odata.type"] = named
        annotated[name] = _inner(value, spec, catalog)
    return annotated


def _named(spec: TypeSpec) -> str:
    if spec.navigation or (spec.name in _TOLD and not spec.collection):
        return ""
    return f"#Collection({spec.name})" if spec.collection else f"#{spec.name}"


def _inner(value: Any, spec: TypeSpec, catalog: Catalog) -> Any:
    if value is None or spec.name not in catalog.types:
        return value
    if isinstance(value, list):
        return [full(item, spec.name, catalog, None) for item in value]
    return full(value, spec.name, catalog, None)
