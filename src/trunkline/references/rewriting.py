"""One row of a PBX without an extension: another one in its place, or what held it gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..catalog import Catalog, TypeSpec
from .fields import Source, sorts_of
from .target import Target
from .walk import Reference, references

_MEMBERS = frozenset(("Pbx.QueueAgent", "Pbx.QueueManager", "Pbx.RingGroupMember"))
_NOWHERE = {"To": "None", "Number": "", "External": "", "Tags": []}
"""A destination that leads nowhere, as a PBX answers it (docs/pbx.md, Answers)."""
_KEYS = "Pbx.ReceptionistForward"


def rewritten(
    catalog: Catalog, source: Source, row: Mapping[str, Any], gone: Target, heir: Target | None
) -> dict[str, Any]:
    """Return the fields of a row that change, each whole, once an extension is replaced or taken out.

    What can't be taken out without changing what the row means stays: a field that needs a number and has no heir, a
    range of extensions, the members of a department, a text.
    """
    known = catalog.fields(source.type_name)
    changed = {}
    for name in source.fields:
        if name in ("Groups",) or (source.resource == "groups" and name == "Members"):
            continue
        new = _value(catalog, source.type_name, name, known[name], row.get(name), gone, heir)
        if new != _plain(row.get(name)):
            changed[name] = new
    return changed


def left(catalog: Catalog, source: Source, row: Mapping[str, Any], gone: Target) -> list[Reference]:
    """Return what still refers to the extension in a row that was rewritten."""
    return list(references(catalog, source, row, gone))


def _value(
    catalog: Catalog, owner: str, name: str, spec: TypeSpec, value: Any, gone: Target, heir: Target | None
) -> Any:
    if isinstance(value, list):
        return _list(catalog, owner, name, spec, value, gone, heir)
    if isinstance(value, dict):
        return _object(catalog, spec, value, gone, heir)
    is_number = heir is not None and "number" in sorts_of(owner, name, spec) and str(value) == gone.number
    return heir.number if is_number and heir is not None else value


def _list(
    catalog: Catalog, owner: str, name: str, spec: TypeSpec, value: list[Any], gone: Target, heir: Target | None
) -> list[Any]:
    elements: list[Any] = []
    there = {each.get("Number") for each in value if isinstance(each, dict)}
    for each in value:
        is_member = spec.name in _MEMBERS and isinstance(each, dict) and each.get("Number") == gone.number
        is_key = spec.name == _KEYS and isinstance(each, dict) and each.get("ForwardDN") == gone.number
        if is_member and heir is not None and heir.number not in there:
            elements.append({**{k: v for k, v in each.items() if k == "SkillGroup"}, "Number": heir.number})
        elif not is_member and not (is_key and heir is None):
            elements.append(_value(catalog, owner, name, spec, each, gone, heir))
    return elements


def _object(
    catalog: Catalog, spec: TypeSpec, value: Mapping[str, Any], gone: Target, heir: Target | None
) -> dict[str, Any]:
    value = _plain(value)
    if spec.name not in catalog.types:
        return dict(value)
    if spec.name == "Pbx.DNRange":
        is_only = value.get("From") == gone.number and value.get("To") in (gone.number, "", None)
        return {**value, "From": heir.number, "To": heir.number} if is_only and heir is not None else dict(value)
    if spec.name == "Pbx.Destination" and value.get("Number") == gone.number:
        if value.get("To") in ("None", "External"):
            return dict(value)
        if heir is None:
            return dict(_NOWHERE)
        return {**{k: v for k, v in value.items() if k != "Name"}, "Number": heir.number}
    known = catalog.fields(spec.name)
    return {
        name: _value(catalog, spec.name, name, known[name], inner, gone, heir) if name in known else inner
        for name, inner in value.items()
    }


def _plain(value: Any) -> Any:
    """Return a value without what a PBX says about it, such as an ETag."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items() if "@odata." not in name}
    return [_plain(each) for each in value] if isinstance(value, list) else value
