"""Whether what a plan would send is what the API takes: types, enum values, names of fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...catalog import Catalog
from ...catalog.secret import masked_by_name
from ...errors import InvalidArgument
from ...request import bind
from ..kinds import Kind, kind_of
from ..model import Fields, Id, Secret
from ..spelling import Names, Unresolved, sent
from .directory import keys_of
from .model import Step

_PLACEHOLDER = 2_000_000_000
"""Stands for the Id of what does not exist yet."""
_LONGEST = 300  # characters of what is said of one body


def open_secrets(kind: Kind, fields: Fields) -> list[str]:
    """Return the fields that hold a secret itself, where only its path may stand. A plan is kept, and is shown.

    A department may be called PIN; its role is not a secret.
    """
    forms = kind.forms
    bare = _bare({name: value for name, value in fields.items() if name not in forms or forms[name].way != "roles"})
    hidden = masked_by_name(bare)
    return [name for name in bare if hidden[name] != bare[name]]


def _bare(value: Any) -> Any:
    """Return a value without the paths of secrets."""
    if isinstance(value, dict):
        return {name: _bare(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_bare(each) for each in value]
    return None if isinstance(value, Secret) else value


def body_faults(
    catalog: Catalog, steps: Sequence[Step], names: Names, place: Callable[[Id, str], str]
) -> Iterator[str]:
    """Yield what is wrong with the bodies of steps, a sentence each. ``place`` gives where an entity stands."""
    known = Names.from_record(names.as_record())
    for step in steps:
        if step.change == "add":
            known.add(step.id, _placeholder(step))
    for step in steps:
        if step.change == "remove":
            continue
        kind = kind_of(catalog, step.id)
        action = catalog.action(kind.creator if step.change == "add" else kind.updater)
        try:
            body = sent(catalog, kind, step.fields, known, None, lambda path: "secret")
            bind(catalog, action, (), {**keys_of(action, step.id, known), "body": body})
        except Unresolved:  # it was refused already
            continue
        except InvalidArgument as fault:
            yield f"{place(step.id, '')}{step.id}: {fault.message[:_LONGEST]}"


def _placeholder(step: Step) -> dict[str, Any]:
    fields = {name: value for name, value in step.fields.items() if isinstance(value, str)}
    return {"Id": _PLACEHOLDER, "Number": step.id.key, "Name": step.id.key, "Folder": step.id.key, **fields}
