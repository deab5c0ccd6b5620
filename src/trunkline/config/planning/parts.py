"""Phones, which are entities in files and a list of their user for the API: put together into that list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ...catalog import Catalog
from ..kinds import Kind, Part, kinds
from ..model import Entity, Fields, Id
from .changes import Changes


class Lists(NamedTuple):
    """The parts of one owner, before and after: ``old`` are those that it has, ``new`` those that it will have.

    Each element has the fields of its own file without the one that names the owner; ``ids`` are those of the new
    ones. ``given`` are parts that go to another owner, ``gained`` those that this owner did not have, ``touched`` all.
    """

    old: list[Fields]
    new: list[Fields]
    ids: tuple[Id, ...] = ()
    given: tuple[Id, ...] = ()
    gained: tuple[Id, ...] = ()
    touched: tuple[Id, ...] = ()


def kind_of_part(catalog: Catalog, part: Part) -> Kind:
    """Return the kind whose entities are that part of others."""
    return next(kind for kind in kinds(catalog).values() if kind.part == part)


def part_of(kind: Kind) -> Part:
    """Return of what the entities of a kind are a part. Raises ValueError for a kind of entities of their own."""
    if kind.part is None:
        raise ValueError(f"{kind.name} are not parts of others")
    return kind.part


def owner_of(kind: Kind, entity: Entity) -> Id:
    """Return what an entity is a part of."""
    return _owner(part_of(kind), entity.fields)


def folded(
    kind: Kind,
    current: Mapping[Id, Entity],
    wanted: Mapping[Id, Entity],
    removed: Iterable[Id],
    changes: Changes,
    ignores: Callable[[Id, str], bool],
) -> dict[Id, Lists]:
    """Return the lists that change, by owner. ``removed``: parts that are to go.

    A part that files lack stays where it is. Raises KeyError for a part in a file that names no owner.
    """
    part, gone = part_of(kind), set(removed)
    had: dict[Id, dict[Id, Fields]] = {}
    gets: dict[Id, dict[Id, Fields]] = {}
    is_changed: set[Id] = set()
    for id, entity in _of_kind(current, kind):
        owner = _owner(part, entity.fields)
        had.setdefault(owner, {})[id] = entity.fields
        if id not in gone and id not in wanted:
            gets.setdefault(owner, {})[id] = entity.fields
        if id in gone:
            is_changed.add(owner)
    for id, entity in _of_kind(wanted, kind):
        before = current[id].fields if id in current else {}
        owner = _owner(part, entity.fields if part.by in entity.fields else before)
        changed = changes.of(kind, before, entity.fields, lambda path, id=id: ignores(id, path))  # type: ignore[misc]
        gets.setdefault(owner, {})[id] = {**before, **changed}
        if changed:
            is_changed.add(owner)
            if before and (was := _owner(part, before)) != owner:
                is_changed.add(was)
    return {owner: _lists(part, had.get(owner, {}), gets.get(owner, {}), gone) for owner in sorted(is_changed)}


def _lists(part: Part, had: Mapping[Id, Fields], gets: Mapping[Id, Fields], gone: set[Id]) -> Lists:
    kept = [id for id in had if id in gets]
    order = [*kept, *sorted(gets.keys() - had.keys())]
    return Lists(
        [_bare(part, fields) for fields in had.values()],
        [_bare(part, gets[id]) for id in order],
        tuple(order),
        tuple(id for id in had if id not in gets and id not in gone),
        tuple(id for id in order if id not in had),
        tuple(sorted({*had, *gets})),
    )


def _of_kind(entities: Mapping[Id, Entity], kind: Kind) -> list[tuple[Id, Entity]]:
    return [(id, entities[id]) for id in sorted(entities) if id.kind == kind.name]


def _owner(part: Part, fields: Mapping[str, Any]) -> Id:
    return Id(part.owner, str(fields[part.by]))


def _bare(part: Part, fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name != part.by}
