"""Natural keys that several entities have: the second one of a name is ``#2``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

from .kinds import Kind
from .model import Fields, Secret


class Found(NamedTuple):
    """An entity as a PBX has it: its natural key, its Id there, its fields as files spell them, and its names."""

    key: str
    api: Any
    fields: Fields
    row: Mapping[str, Any]


def with_keys(kind: Kind, entities: Sequence[Found], warnings: list[str]) -> list[Found]:
    """Return entities by key, of several with the same natural key those after the first as ``KEY#2``, by their Ids.

    ``warnings`` gets a sentence where others refer to that kind by its key, so that none of the others can be named.
    """
    taken = {found.key for found in entities}  # somebody may have called one of them Main#2
    seen: set[str] = set()
    keyed: list[Found] = []
    for found in sorted(entities, key=lambda each: (each.key, _order(each.api))):
        if found.key not in seen:
            seen.add(found.key)
            keyed.append(found)
            continue
        key = next(each for n in count(2) if (each := f"{found.key}#{n}") not in taken)
        taken.add(key)
        fields = moved(found.fields, f"{kind.name}/{found.key}/", f"{kind.name}/{key}/")
        keyed.append(found._replace(key=key, fields=fields))
        if kind.unique:
            warnings.append(f"Several {kind.label} are called {found.key}; one of them is {key} here.")
    return keyed


def moved(value: Any, old: str, new: str) -> Any:
    """Return a value in file form whose secrets are called otherwise: their paths begin with ``new``, not ``old``."""
    if isinstance(value, Secret):
        return Secret(new + value.path[len(old) :]) if value.path.startswith(old) else value
    if isinstance(value, Mapping):
        return {name: moved(inner, old, new) for name, inner in value.items()}
    return [moved(inner, old, new) for inner in value] if isinstance(value, list) else value


def _order(api: Any) -> tuple[bool, int, str]:
    """Order Ids that are numbers as numbers, those that are texts after them."""
    text = str(api)
    return (False, int(text), "") if text.isdigit() else (True, 0, text)
