"""Differences of configurations as JSON and as text for people: secrets by their names, other secret values masked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from ..catalog.secret import HELD, masked, secret_path
from ..printable import in_a_cell
from .difference import Difference, FieldChange
from .model import Id, Secret

MOST = 60
"""Characters of a value on a terminal."""
NONE = "(none)"
_SECRET = "!secret"  # noqa: S105 - how files name a secret
_BEFORE = 15  # characters in front of the place where two long texts differ


class FieldRecord(TypedDict):
    """A field that differs; ``old`` or ``new`` is null where that side has no value.

    ``field`` is a path such as ``Forwards[1].Destination``. A secret is an object ``{"!secret": PATH}``: its name in
    the files.
    """

    field: str
    old: Any
    new: Any


class DifferenceRecord(TypedDict):
    """An entity that differs. The fields of one that was added or removed are all that it has."""

    kind: str
    key: str
    change: Literal["added", "removed", "changed"]
    fields: list[FieldRecord]


def difference_record(difference: Difference) -> DifferenceRecord:
    """Return a difference as JSON."""
    id, change, fields = difference
    shown: list[FieldRecord] = [
        {"field": field, "old": old, "new": new} for field, old, new in (shown_change(id, each) for each in fields)
    ]
    return {"kind": id.kind, "key": id.key, "change": change, "fields": shown}


def shown_change(id: Id, change: FieldChange) -> FieldChange:
    """Return a change with plain JSON values that everybody may see."""
    field, old, new = change
    return FieldChange(field, _shown(id, field, old), _shown(id, field, new))


def _shown(id: Id, field: str, value: Any) -> Any:
    name = field.rpartition(".")[2]
    if secret_path(field):
        hidden = masked({"Password": value})["Password"]
    elif name in HELD:  # a parameter: its name says whether its value is a secret
        hidden = masked({"Name": id.key, name: value})[name]
    else:
        hidden = masked(value)
    return _with_secrets(value, hidden)


def _with_secrets(value: Any, hidden: Any) -> Any:
    """Put the names of secrets back into a masked value."""
    if isinstance(value, Secret):
        return {_SECRET: value.path}
    if isinstance(value, Mapping) and isinstance(hidden, Mapping):
        return {name: _with_secrets(inner, hidden[name]) for name, inner in value.items()}
    if isinstance(value, list) and isinstance(hidden, list):
        return [_with_secrets(*pair) for pair in zip(value, hidden, strict=True)]
    return hidden


def change_text(change: FieldChange, most: int = MOST) -> str:
    """Return what differs in one line: ``20 → 30``; of two lists what was added and removed.

    ``change`` comes from `shown_change`.
    """
    if _are_lists(change) and not _is_reordered(change):
        removed, added, others = _elements(change, most)
        return ", ".join((*added, *removed, *(f"{before} → {after}" for before, after in others)))
    old, new = change_texts(change, most)
    return f"{old} → {new}"


def change_texts(change: FieldChange, most: int = MOST) -> tuple[str, str]:
    """Return what differs as two lines: of two lists the elements that were removed, and those that were added."""
    _, old, new = change
    if _are_lists(change) and not _is_reordered(change):
        removed, added, others = _elements(change, most)
        return ", ".join((*removed, *(each for each, _ in others))), ", ".join((*added, *(each for _, each in others)))
    are_texts = isinstance(old, str) and isinstance(new, str)
    if are_texts and max(len(old), len(new)) > most and (start := max(0, _common(old, new) - _BEFORE)):
        old, new = f"…{old[start:]}", f"…{new[start:]}"
    return value_text(old, most), value_text(new, most)


def _elements(change: FieldChange, most: int) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """Return the elements that only the old list has, those that only the new one has, and those that differ."""
    before, after = ({_label(each): each for each in side} for side in (change.old, change.new))
    removed = [f"- {_listed(each, most)}" for label, each in before.items() if label not in after]
    added = [f"+ {_listed(each, most)}" for label, each in after.items() if label not in before]
    both = [(each, after[label]) for label, each in before.items() if label in after and each != after[label]]
    return removed, added, [(f"~ {value_text(old, most)}", value_text(new, most)) for old, new in both]


def _label(element: Any) -> str:
    """Return what tells an element of a list from the others: of somebody the number, else all of it."""
    return str(element["Number"]) if isinstance(element, Mapping) and element.get("Number") else _text(element)


def _listed(element: Any, most: int) -> str:
    """Return an element that is on one side only: of somebody the number is enough."""
    is_somebody = isinstance(element, Mapping) and element.keys() <= {"Number", "SkillGroup"}
    return in_a_cell(_label(element)) if is_somebody else value_text(element, most)


def _are_lists(change: FieldChange) -> bool:
    return isinstance(change.old, list) and isinstance(change.new, list)


def _is_reordered(change: FieldChange) -> bool:
    """Whether two lists have the same elements: then they are in another order, or one is there more often."""
    return all(each in change.new for each in change.old) and all(each in change.old for each in change.new)


def value_text(value: Any, most: int = MOST) -> str:
    """Return a value in one line, about as a file has it, shortened to ``most`` characters."""
    text = in_a_cell(_text(value))
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _text(value: Any) -> str:
    match value:
        case None:
            return NONE
        case bool():
            return str(value).lower()
        case "":
            return '""'
        case Mapping() if value.keys() == {_SECRET}:
            return f"{_SECRET} {value[_SECRET]}"
        case Mapping():
            return f"{{{', '.join(f'{name}: {_text(inner)}' for name, inner in value.items())}}}"
        case list():
            return f"[{', '.join(map(_text, value))}]"
    return str(value)


def _common(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
