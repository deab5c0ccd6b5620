"""A configuration with other numbers and names: each entity under its new key, and all that refers to it with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...catalog import Catalog
from ...errors import Hint, InvalidArgument
from ...references.fields import Sort, sorts_of
from ..forms import Form, forms
from ..kinds import Kind, kind_of, kinds
from ..model import Configuration, Entity, Id, Secret
from .mapping import RenameMap

_WORD = re.compile(r"(?<![\w+])\d+(?!\w)")  # a number within a text, as `references.walk` finds it
_RANGE = "Pbx.DNRange"
_MOST = 20  # sentences of one sort


def remapped(catalog: Catalog, configuration: Configuration, renames: RenameMap) -> Configuration:
    """Return a configuration with the numbers and names of a map, and in its warnings what a person should look at.

    Warnings name the rows of the map that are about nothing, and the ranges of extensions whose members don't move
    together. `trunkline.references.fields` knows which fields hold numbers.

    Raises InvalidArgument where two entities would have one key, and for rows with a kind that goes by no name.
    """
    _check_kinds(catalog, renames)
    walk = _Walk(catalog, renames, configuration)
    entities: dict[Id, Entity] = {}
    origins: dict[Id, Id] = {}
    clashes = []
    for id, entity in configuration.entities.items():
        new = walk.entity(entity)
        if new.id in entities:
            clashes.append(f"{origins[new.id]} and {id} would both be {new.id}.")
        entities[new.id], origins[new.id] = new, id
    if clashes:
        hint = Hint(f"Give each a number or name of its own in {renames.name}.")
        raise InvalidArgument("\n".join(clashes[:_MOST]), hint=hint)
    names: dict[str, set[str]] = {}
    for id in configuration.entities:
        names.setdefault(id.kind, set()).add(id.key)
    notes = [*renames.unused(walk.seen, names), *walk.split_ranges[:_MOST]]
    return replace(configuration, entities=entities, warnings=[*configuration.warnings, *notes])


def _check_kinds(catalog: Catalog, renames: RenameMap) -> None:
    """Raise InvalidArgument for a kind that is unknown, or whose entities are not called by one name."""
    known = kinds(catalog)
    for name in sorted(renames.kinds):
        kind = known.get(name)
        if kind is None:
            where = ", ".join(sorted(each for each, kind in known.items() if _has_name(kind)))
            raise InvalidArgument(f"{renames.name}: there is no kind {name!r} that goes by a name; {where} do.")
        if kind.key == ("Number",):
            raise InvalidArgument(f"{renames.name}: {name} go by their numbers; leave the kind of those rows empty.")
        if not _has_name(kind):
            raise InvalidArgument(f"{renames.name}: {name} have no single name that could change.")


def _has_name(kind: Kind) -> bool:
    """Whether one field, or the first of several, is what an entity is called, and is not its number."""
    return not kind.is_single and all(len(names) == 1 for names in kind.keys) and kind.key != ("Number",)


class _Walk:
    """One pass over a configuration. ``seen`` are all the numbers that stand in it."""

    def __init__(self, catalog: Catalog, renames: RenameMap, configuration: Configuration) -> None:
        self.seen: set[str] = set()
        self.split_ranges: list[str] = []
        self._catalog, self._renames = catalog, renames
        numbers = {id.key for id in configuration.entities if kind_of(catalog, id).key == ("Number",)}
        self._moved = {number: renames.number(number) for number in numbers}
        self._id = Id("", "")
        self._keys: dict[Id, str] = {}  # of what goes by a name, which may be made of a number
        for id, entity in configuration.entities.items():
            if _has_name(kind_of(catalog, id)):
                self._keys[id] = self.entity(entity).id.key
        self.split_ranges.clear()

    def entity(self, entity: Entity) -> Entity:
        """Return an entity with its new numbers and names, under its new key."""
        kind = kind_of(self._catalog, entity.id)
        self._id = entity.id
        fields = self._fields(kind.type_name, kind.forms, entity.fields)
        if _has_name(kind) and (name := self._renames.named(kind.name, entity.id.key)) != entity.id.key:
            path = next(
                (path for path in kind.key if _at(entity.fields, path.split(".")) == entity.id.key), kind.key[0]
            )
            fields = _with_name(fields, path.split("."), name)
        if kind.is_single:
            id = entity.id
        else:
            number = entity.id.key.removeprefix(kind.key_of(entity.fields))  # the #2 of a second one of that name
            id = Id(kind.name, kind.key_of(fields) + (number if number != entity.id.key else ""))
        return Entity(id, {name: _called(value, entity.id, id) for name, value in fields.items()}, entity.places)

    def _fields(self, owner: str, known: Mapping[str, Form], fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: self._field(owner, name, known[name], value) if name in known else value
            for name, value in fields.items()
        }

    def _field(self, owner: str, name: str, form: Form, value: Any) -> Any:
        if value is None or isinstance(value, Secret):
            return value
        if isinstance(value, list):
            return [self._field(owner, name, form, each) for each in value]
        if form.way == "roles" and isinstance(value, Mapping):
            return {self._named("groups", key): role for key, role in value.items()}
        if isinstance(value, Mapping):
            return self._object(form, value)
        if form.way == "reference" or (form.way == "person" and form.kind):
            return self._named(form.kind, str(value))
        if form.way == "person":
            return self._number(str(value))
        return self._plain(sorts_of(owner, name, form.spec), value) if isinstance(value, str) else value

    def _object(self, form: Form, value: Mapping[str, Any]) -> dict[str, Any]:
        if form.spec.name == _RANGE:
            return self._range(value)
        if form.way == "person":
            return {name: self._number(str(each)) if name == "Number" else each for name, each in value.items()}
        known = forms(self._catalog, form.spec.name) if form.spec.name in self._catalog.types else {}
        return self._fields(form.spec.name, known, value)

    def _named(self, kind: str, key: str) -> str:
        """Return what an entity that is referred to is called on the target."""
        known = kinds(self._catalog)
        if kind in known and known[kind].key == ("Number",):
            return self._number(key)
        return self._keys.get(Id(kind, key)) or self._renames.named(kind, key)

    def _plain(self, sorts: tuple[Sort, ...], value: str) -> str:
        if "department" in sorts or "department name" in sorts:
            return self._named("groups", value)
        if "numbers in text" in sorts:
            return _WORD.sub(lambda match: self._in_text(match[0]), value)
        if "outside number" in sorts and not ("number" in sorts and value in self._moved):
            self.seen.add(value)
            return self._renames.outside(value)
        return self._number(value) if "number" in sorts else value

    def _number(self, value: str) -> str:
        self.seen.add(value)
        return self._renames.number(value)

    def _in_text(self, word: str) -> str:
        """Return the new number of a word in a text: it is a number only if something has it."""
        return self._moved.get(word, word)

    def _range(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return a range of extensions with both ends moved, and note it where its members don't move with them."""
        ends = {name: self._number(end) if isinstance(end, str) and end else end for name, end in value.items()}
        before = {new for old, new in self._moved.items() if _covers(value, old)}
        after = {new for new in self._moved.values() if _covers(ends, new)}
        if before != after:
            old, new = (f"{span.get('From')}-{span.get('To')}" for span in (value, ends))
            self.split_ranges.append(
                f"{self._id} has the extensions {old}, which becomes {new}; not the same extensions are in it."
            )
        return ends


def _covers(span: Mapping[str, Any], number: str) -> bool:
    first, last = str(span.get("From") or ""), str(span.get("To") or span.get("From") or "")
    if not (first.isdecimal() and last.isdecimal() and number.isdecimal()):
        return number == first
    return len(first) <= len(number) <= len(last) and int(first) <= int(number) <= int(last)


def _at(fields: Any, path: list[str]) -> Any:
    for name in path:
        fields = fields.get(name) if isinstance(fields, Mapping) else None
    return fields


def _with_name(fields: Mapping[str, Any], path: list[str], name: str) -> dict[str, Any]:
    """Return fields with a name in the field that a path leads to."""
    first, *rest = path
    inner = fields.get(first)
    return {**fields, first: _with_name(inner, rest, name) if rest and isinstance(inner, Mapping) else name}


def _called(value: Any, old: Id, new: Id) -> Any:
    """Return a value whose secrets are called after the entity's new key."""
    if isinstance(value, Secret):
        return Secret(f"{new}{value.path.removeprefix(str(old))}") if value.path.startswith(f"{old}/") else value
    if isinstance(value, Mapping):
        return {name: _called(inner, old, new) for name, inner in value.items()}
    return [_called(inner, old, new) for inner in value] if isinstance(value, list) else value
