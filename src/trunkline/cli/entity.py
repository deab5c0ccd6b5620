"""One entity on a terminal: what is set of it, in groups; ``--all`` shows the rest too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import click

from ..catalog import Action, load
from ..catalog.columns import BY_TYPE, NAMES
from .output import View, cell, draw

_GROUPS = (
    ("Calls", r"call|record|ring|queue|forward|voicemail|^vm|dnd|greeting|trunk|route|dial|prompt"),
    ("Contact", r"mail|mobile|phone|address|language|timezone|hours|contact|url|link"),
    ("Rights", r"allow|forbid|block|right|role|group|password|auth|access|pin|2fa|secret|hide|internal"),
)
"""Headings by what the name of a field has in it, the first that fits."""
_FEW = 12
"""Fields that need no headings."""


def draw_entity(entity: Mapping[str, Any], action: Action, view: View) -> None:
    """Draw an entity as a table of field and value, and count on stderr what is left out because it is not set."""
    fields = {name: value for name, value in entity.items() if name != "@odata.context"}
    shown = fields if view.whole else {name: value for name, value in fields.items() if is_set(value)}
    grouped: dict[str, list[list[str]]] = {}
    for name, value in shown.items():
        heading = _heading(name, action) if len(shown) > _FEW else ""
        grouped.setdefault(heading, []).extend(_rows(name, value, whole=view.whole))
    rows: list[list[str]] = []
    for heading in sorted(grouped, key=_order):
        rows += [*([[heading.upper(), ""]] if heading else []), *grouped[heading]]
    draw(["Field", "Value"], rows, view)
    if left := len(fields) - len(shown):
        click.echo(f"{left} fields that are not set are left out: --all shows them.", err=True)


def is_set(value: Any) -> bool:
    """Whether a value says more than the default of its type: null, false, and what is empty don't."""
    if isinstance(value, Mapping):
        return any(is_set(each) for each in value.values())
    return value is not None and value is not False and value not in ("", [])


def _rows(name: str, value: Any, *, whole: bool) -> Iterator[list[str]]:
    """Yield the lines of a field: of an object one for each of its own, by a dotted path as --columns takes it."""
    if isinstance(value, Mapping) and value:
        for inner, each in value.items():
            if whole or is_set(each):
                yield from _rows(f"{name}.{inner}", each, whole=whole)
    else:
        yield [name, cell(value)]


def _heading(name: str, action: Action) -> str:
    spec = action.answer_type
    owner = spec.name if spec is not None else ""
    known = load().key(owner) if owner in load().types else ()
    if name in NAMES or name in known or name in BY_TYPE.get(owner, "").split() or name.startswith("@"):
        return "Identity"
    return next((heading for heading, words in _GROUPS if re.search(words, name, re.I)), "Other")


def _order(heading: str) -> int:
    return ["", "Identity", "Contact", "Calls", "Rights", "Other"].index(heading)
