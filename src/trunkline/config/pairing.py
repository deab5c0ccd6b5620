"""Which of several entities with the same natural key is which on another PBX, or in other files.

``#2`` and ``#3`` count files on one side and Ids on the other, so that they don't tell who is who. Entities of one
natural key are paired by what they hold: the same ones first, then those that a file says nothing else of, then in
their order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from ..catalog import Catalog, load
from ..errors import UnknownName
from .keys import moved
from .kinds import kind_of
from .model import Configuration, Entity, Fields, Id, Secret
from .spelling import changed_fields

_NUMBERED = re.compile(r"(.*)#([1-9]\d*)", re.DOTALL)
_MOST_COMPARED = 200
"""Entities of one natural key that are compared with each other one by one; of more only the same ones are found."""


def paired(configuration: Configuration, other: Mapping[Id, Entity]) -> Configuration:
    """Return a configuration whose entities are called as those of ``other`` that they are."""
    catalog = load()
    here, there = _groups(catalog, configuration.entities), _groups(catalog, other)
    renamed: dict[Id, Id] = {}
    for base, ids in here.items():
        if len(ids) > 1 or len(there.get(base, ())) > 1:
            renamed |= _pairs(catalog, base, ids, there.get(base, []), configuration.entities, other)
    renamed = {old: new for old, new in renamed.items() if old != new}
    if not renamed:
        return configuration
    entities = {}
    for id, entity in configuration.entities.items():
        new = renamed.get(id, id)
        fields = entity.fields if new == id else moved(entity.fields, f"{id}/", f"{new}/")
        entities[new] = Entity(new, fields, entity.places)
    return replace(configuration, entities=entities)


def _groups(catalog: Catalog, entities: Iterable[Id]) -> dict[Id, list[Id]]:
    """Return the entities of each natural key, in their order, of kinds whose keys need not be unique."""
    groups: dict[Id, list[tuple[int, Id]]] = defaultdict(list)
    for id in entities:
        try:
            if kind_of(catalog, id).unique:
                continue
        except UnknownName:
            continue
        match = _NUMBERED.fullmatch(id.key)
        base, number = (match[1], int(match[2])) if match else (id.key, 1)
        groups[Id(id.kind, base)].append((number, id))
    return {base: [id for _, id in sorted(ids)] for base, ids in groups.items()}


def _pairs(
    catalog: Catalog, base: Id, ids: list[Id], others: list[Id], here: Mapping[Id, Entity], there: Mapping[Id, Entity]
) -> dict[Id, Id]:
    kind = kind_of(catalog, base)
    found: dict[Id, Id] = {}
    same: dict[bytes, list[Id]] = defaultdict(list)
    for other in others:
        same[_content(there[other].fields)].append(other)
    for id in ids:
        if candidates := same.get(_content(here[id].fields)):
            found[id] = candidates.pop(0)
    free = dict.fromkeys(other for other in others if other not in set(found.values()))
    left = [id for id in ids if id not in found]
    if len(left) * len(free) <= _MOST_COMPARED**2:
        for id in left:
            fields = here[id].fields
            for other in free:
                if not changed_fields(catalog, kind, there[other].fields, fields):
                    found[id] = other
                    del free[other]
                    break
    taken = set(others)
    names = (Id(base.kind, base.key if n == 1 else f"{base.key}#{n}") for n in range(1, len(ids) + len(others) + 1))
    fresh = (id for id in names if id not in taken)
    for id in ids:
        if id not in found:
            found[id] = next(iter(free)) if free else next(fresh)
            free.pop(found[id], None)
    return found


def _content(fields: Fields) -> bytes:
    """Return the same for the same fields, whatever their secrets are called."""
    return msgspec.json.encode(_plain(fields), order="deterministic")


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return {"!": ""}
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items() if inner is not None}
    return [_plain(each) for each in value] if isinstance(value, list) else value
