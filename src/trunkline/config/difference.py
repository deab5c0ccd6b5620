"""What differs between two configurations: entity by entity, and field by field."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from ..catalog import load
from .kinds import kind_of
from .model import Configuration, Entity, Id
from .pairing import paired
from .spelling import compared, merged, secrets
from .tables import tables


class FieldChange(NamedTuple):
    """A field that differs. ``old`` and ``new`` are None where that side has no value.

    ``field`` is a path: ``Hours.Type``, ``Forwards[1].Destination``. An element of a list stands in brackets, by what
    names it; a list whose elements have no names is one change, with both lists whole.
    """

    field: str
    old: Any
    new: Any


class Difference(NamedTuple):
    """An entity that differs. ``fields`` of one that was added or removed are all that it has."""

    id: Id
    change: Literal["added", "removed", "changed"]
    fields: tuple[FieldChange, ...]


def differences(old: Configuration, new: Configuration, kinds: Collection[str] | None = None) -> list[Difference]:
    """Return what ``new`` has otherwise than ``old``, by kind and key; of some kinds only, where ``kinds`` has them.

    An entity that only a PBX has is a difference within what the folder beside it manages. A field that one side
    lacks is a difference where that side is complete, as a PBX and its export are, and between two folders of which
    both are or neither is. What either side ignores is left out, and so is what a PBX did not give or can't have.
    Names of secrets are compared between two folders; that a PBX has a secret says nothing about its value. Several
    entities of one natural key are paired by what they hold (`trunkline.config.pairing`).
    """
    old, new = _paired(old, new)
    unread = old.unread.keys() | new.unread.keys()
    ids = sorted({*old.entities, *new.entities})
    asked = (id for id in ids if kinds is None or id.kind in kinds)
    known = (id for id in asked if id.kind not in unread and str(id) not in unread)
    known = (id for id in known if not (old.has_none(id) or new.has_none(id)))
    return [difference for id in known if (difference := _difference(id, old, new)) is not None]


def _paired(old: Configuration, new: Configuration) -> tuple[Configuration, Configuration]:
    """Return both, with the same name for the same entity: that of the folder, if it says enough to be found by."""
    is_old_folder, is_new_folder = _is_folder(old), _is_folder(new)
    folder = old if is_old_folder else new
    if is_old_folder not in (is_new_folder, folder.scope.is_complete):
        return paired(old, new.entities), new
    return old, paired(new, old.entities)


def _is_folder(configuration: Configuration) -> bool:
    """Whether its entities come from files. An empty one is none."""
    return any(entity.places for entity in configuration.entities.values())


def _difference(id: Id, old: Configuration, new: Configuration) -> Difference | None:
    before, after = old.entities.get(id), new.entities.get(id)
    if before is not None and after is not None:
        changes = tuple(_Comparison(before, after, old, new).changes())
        return Difference(id, "changed", changes) if changes else None
    if before is not None and _is_missed(before, new):
        return Difference(id, "removed", tuple(FieldChange(name, value, None) for name, value in _set(before)))
    if after is not None and _is_missed(after, old):
        return Difference(id, "added", tuple(FieldChange(name, None, value) for name, value in _set(after)))
    return None


def _is_missed(entity: Entity, other: Configuration) -> bool:
    """Whether an entity that the other side lacks is a difference. Files speak for all that they have.

    Settings are on every PBX, so files that don't name them have nothing to say of them, unless they are an export.
    """
    if entity.places:
        return True
    is_single = kind_of(load(), entity.id).is_single
    return other.scope.manages(entity.id) and (other.scope.is_complete or not is_single)


def _set(entity: Entity) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in entity.fields.items() if value is not None)


class _Comparison:
    """The fields of one entity on both sides."""

    def __init__(self, before: Entity, after: Entity, old: Configuration, new: Configuration) -> None:
        self.id, self.sides = before.id, (old, new)
        self.old, self.new = before.fields, after.fields
        self.are_files = bool(before.places and after.places)
        if old.scope.is_complete != new.scope.is_complete or not (old.scope.is_complete or self.are_files):
            # What a file leaves out is left alone when it is applied, so it is what the other side has.
            kind = kind_of(load(), self.id)
            if not old.scope.is_complete:
                self.old = merged(load(), kind, after.fields, before.fields)
            if not new.scope.is_complete:
                self.new = merged(load(), kind, before.fields, after.fields)

    def changes(self) -> Iterator[FieldChange]:
        for name in _names(self.old, self.new):
            yield from self._changes(name, name, self.old.get(name), self.new.get(name))

    def _changes(self, path: str, pattern: str, old: Any, new: Any) -> Iterator[FieldChange]:
        """``path`` is what the change is called, ``pattern`` what a scope calls it."""
        if self._is_same(pattern, old, new) or any(
            side.scope.ignores(self.id, pattern) or side.lacks(self.id, pattern) for side in self.sides
        ):
            return
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            for name in _names(old, new):
                yield from self._changes(f"{path}.{name}", f"{pattern}.{name}", old.get(name), new.get(name))
        elif isinstance(old, list) and isinstance(new, list) and (name := element_name(old, new)):
            yield from self._elements(path, pattern, name, old, new)
        else:
            yield FieldChange(path, old, new)

    def _elements(self, path: str, pattern: str, name: str, old: list[Any], new: list[Any]) -> Iterator[FieldChange]:
        before, after = ({str(element[name]): element for element in elements} for elements in (old, new))
        for key in _names(before, after):
            yield from self._changes(f"{path}[{key}]", pattern, before.get(key), after.get(key))
        was, now = ([key for key in one if key in other] for one, other in ((before, after), (after, before)))
        if was != now and not self._is_same(pattern, [after[key] for key in was], [after[key] for key in now]):
            yield FieldChange(path, list(before), list(after))

    def _is_same(self, pattern: str, old: Any, new: Any) -> bool:
        if old == new:
            return True
        if not compared(old, new, pattern.rpartition(".")[2]):
            return False
        return not self.are_files or sorted(secrets({"": old})) == sorted(secrets({"": new}))


def _names(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of both, in the order of the files: what only the second has comes last."""
    return iter(dict.fromkeys((*one, *other)))


def element_name(*lists: list[Any]) -> str:
    """Return the field that tells the elements of each list apart: each has one, and no two the same; "" for none."""
    for name in dict.fromkeys(tables().elements.values()):
        values = [[str(each.get(name) or "") if isinstance(each, Mapping) else "" for each in one] for one in lists]
        if all(all(one) and len(set(one)) == len(one) for one in values):
            return name
    return ""
