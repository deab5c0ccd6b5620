"""A body to fill in, of every field that an action takes, and nothing that it refuses."""

from __future__ import annotations

from typing import Any

from . import Action, Catalog, TypeSpec, load

_EXAMPLES: dict[str, Any] = {
    "String": "",
    "Boolean": False,
    "Byte": 0,
    "Int16": 0,
    "Int32": 0,
    "Int64": 0,
    "Single": 0.0,
    "Double": 0.0,
    "Decimal": 0.0,
    "DateTimeOffset": "2026-01-01T00:00:00Z",
    "Date": "2026-01-01",
    "TimeOfDay": "00:00:00",
    "Duration": "PT0S",
    "Guid": "00000000-0000-0000-0000-000000000000",
    "Binary": "",
    "Any": {},
}


def skeleton(action: Action) -> dict[str, Any]:
    """Return the body of an action with a value of its type in each field: an enum's first value, a list with one
    entry.

    Left out are the keys that the path has or the PBX gives, and at depth what leads back to a type that is being
    filled in. The fields are those of the newest version that has the action.
    """
    newest = load().editions[-1 if action.until is None else action.until].version
    catalog = load(newest)
    own = action.body if isinstance(action.body, str) else ""
    spent = _given_elsewhere(catalog, action)
    return {
        name: _value(catalog, spec, (own,))
        for name, spec in catalog.spec_fields(action.body).items()
        if name not in spent and not (spec.name == own and spec.navigation)
    }


def _given_elsewhere(catalog: Catalog, action: Action) -> set[str]:
    if action.kind == "update":
        return set(action.keys)
    if action.kind == "create" and isinstance(action.body, str):
        fields = catalog.fields(action.body)
        return {name for name in catalog.key(action.body) if fields[name].name != "String"}
    return set()


def _value(catalog: Catalog, spec: TypeSpec, above: tuple[str, ...]) -> Any:
    if spec.name in catalog.types and spec.name in above:
        return [] if spec.collection else (None if spec.nullable else {})
    one = _one(catalog, spec.name, above)
    return [one] if spec.collection else one


def _one(catalog: Catalog, name: str, above: tuple[str, ...]) -> Any:
    if name in catalog.enums:
        return catalog.enum_values(name)[0]
    if name not in catalog.types:
        return _EXAMPLES[name]
    within = (*above, name)
    # Navigation of navigation is for reading: a body has what belongs to the thing itself.
    return {
        field: _value(catalog, spec, within)
        for field, spec in catalog.fields(name).items()
        if not (spec.navigation and len(above) > 1)
    }
