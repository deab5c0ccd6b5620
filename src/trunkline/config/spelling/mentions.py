"""What the fields of an entity refer to, and which secrets they have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...catalog import Catalog
from ..forms import Form, forms
from ..kinds import Kind
from ..model import Secret
from .names import Reference

_INTERNAL = frozenset(("Extension", "Queue", "RingGroup", "IVR", "VoiceMail", "Fax", "RoutePoint", "Conference"))
"""Where a destination of that type leads, its number is one of this PBX."""
_OWN = ("Number", "Extension")  # of an entity itself, not of another
SOUNDS = "custom_prompts"


def references(catalog: Catalog, kind: Kind, fields: Mapping[str, Any]) -> Iterator[Reference]:
    """Yield everything that an entity in file form refers to, in the order of its fields."""
    own = {name: value for name, value in fields.items() if name not in _OWN}
    yield from _within(catalog, kind.forms, own, "")


def secrets(fields: Any) -> Iterator[str]:
    """Yield the path of every secret in a value in file form."""
    if isinstance(fields, Secret):
        yield fields.path
    elif isinstance(fields, dict):
        for value in fields.values():
            yield from secrets(value)
    elif isinstance(fields, list):
        for value in fields:
            yield from secrets(value)


def _within(catalog: Catalog, known: Mapping[str, Form], fields: Mapping[str, Any], path: str) -> Iterator[Reference]:
    for name, value in fields.items():
        form = known.get(name)
        if form is None or value in (None, "") or (form.way == "plain" and not form.names):
            continue
        if form.way == "roles":
            for key in value if isinstance(value, dict) else ():
                yield Reference(f"{path}{name}.{key}", "groups", str(key))
        elif isinstance(value, list):
            for n, each in enumerate(value):
                yield from _one(catalog, name, form, each, fields, f"{path}{name}[{n}]")
        else:
            yield from _one(catalog, name, form, value, fields, f"{path}{name}")


def _one(
    catalog: Catalog, name: str, form: Form, value: Any, beside: Mapping[str, Any], path: str
) -> Iterator[Reference]:
    if value in (None, "") or isinstance(value, Secret):
        return
    match form.way:
        case "reference":
            yield Reference(path, form.kind, str(value), form.is_loose)
        case "person":
            number = value.get("Number") if isinstance(value, dict) else value
            if number not in (None, ""):
                yield Reference(path, form.kind, str(number))
        case "object" if isinstance(value, dict):
            yield from _within(catalog, forms(catalog, form.spec.name), value, f"{path}.")
        case "plain":
            if form.names == "number":
                yield Reference(path, "", str(value), not _is_internal(name, beside))
            elif form.names == "file":
                yield Reference(path, SOUNDS, str(value), is_loose=True)


def _is_internal(name: str, beside: Mapping[str, Any]) -> bool:
    """Whether the field beside a number says that it is one of this PBX."""
    to = beside.get("To") if name == "Number" else beside.get(f"{name.removesuffix('DN')}Type")
    return to in _INTERNAL
