"""What a configuration is made of: entities by kind and natural key, with their fields as files spell them.

A *kind* is a folder of files, such as ``queues`` (`trunkline.config.kinds`). A *key* is what a person calls an entity
of it: a user's number, a department's name. A key is unique within its kind. *Fields* have 3CX's names; their values
are plain JSON values and `Secret`, with natural keys where a PBX has ids (`trunkline.config.spelling`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ..errors import TrunklineError

Fields = dict[str, Any]
"""The fields of an entity as files spell them."""


class Id(NamedTuple):
    """Which entity: its kind and its natural key. As text ``queues/800``."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.key}"


class Secret(NamedTuple):
    """A secret that stands in no file: ``!secret users/100/AuthPassword``. ``path`` is what it is called."""

    path: str


class Place(NamedTuple):
    """Where something stands: the file, relative to the folder, and the line, the first being 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(slots=True)
class Entity:
    """One entity. ``places`` has the place of a field, and under "" that of the entity; empty where it is a PBX's."""

    id: Id
    fields: Fields
    places: Mapping[str, Place] = field(default_factory=dict)


class Scope(NamedTuple):
    """What a configuration speaks for.

    ``manage`` has, by kind, patterns of keys as in a shell (``2*``): what of a PBX may be removed, and is compared.
    ``ignore`` are patterns of fields that are left to others (``users/*/Mobile``), ``protect`` patterns of entities
    that are never removed. With ``is_complete`` a field that a file lacks is one that the PBX did not have, as in an
    export, so that one that it has by now is a difference; otherwise such a field is nobody's concern.
    """

    manage: Mapping[str, tuple[str, ...]]
    ignore: tuple[str, ...] = ()
    protect: tuple[str, ...] = ()
    is_complete: bool = False

    def manages(self, id: Id) -> bool:
        """Whether an entity that no file has may be removed, and is a difference."""
        return any(fnmatchcase(id.key, pattern) for pattern in self.manage.get(id.kind, ()))

    def ignores(self, id: Id, field: str) -> bool:
        """Whether a field is left to others. ``field`` is a path, such as ``Hours.Type``: ``users/*/Hours`` fits it."""
        return _is_among(self.ignore, id, field)

    def protects(self, id: Id) -> bool:
        """Whether an entity is never removed."""
        return any(fnmatchcase(str(id), pattern) for pattern in self.protect)


@dataclass(slots=True)
class Configuration:
    """Entities of a folder, of a PBX, or of a commit.

    ``name`` is what it is called in messages: the folder as it was given, or the address of the PBX. ``version`` is
    that of the PBX which it was read from, "" where it is not known. ``unread`` has, by kind and of settings by entity
    (``settings/mail_settings``), why a PBX did not give it, ``ungiven`` patterns of fields, such as
    ``queues/*/Agents``, that it did not give of entities which it did. ``absent`` are the kinds and settings that its
    version has not, ``lacking`` by kind (of settings by entity) the paths of fields that neither its version nor any
    of its answers has. ``warnings`` are sentences about what files can't hold.
    """

    name: str
    entities: dict[Id, Entity] = field(repr=False)
    scope: Scope
    version: str = ""
    unread: dict[str, TrunklineError] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    ungiven: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    lacking: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def is_partial(self) -> bool:
        """Whether a PBX did not give all of what its version has."""
        return bool(self.unread or self.ungiven)

    def lacks(self, id: Id, field: str) -> bool:
        """Whether the PBX did not give that field, or can't have it. ``field`` as in `Scope.ignores`."""
        lacking = self.lacking_fields(id)
        return _is_among(self.ungiven, id, field) or (bool(lacking) and not lacking.isdisjoint(_paths(field)))

    def lacking_fields(self, id: Id) -> frozenset[str]:
        """Return the paths of fields that the version of the PBX lacks; what is in one of them it lacks too."""
        return self.lacking.get(str(id)) or self.lacking.get(id.kind) or frozenset()

    def has_none(self, id: Id) -> bool:
        """Whether the version of the PBX lacks an entity's kind altogether."""
        return id.kind in self.absent or str(id) in self.absent

    def of_kind(self, kind: str) -> Iterator[Entity]:
        """Yield the entities of a kind, by key."""
        return (self.entities[id] for id in sorted(self.entities) if id.kind == kind)


def _is_among(patterns: tuple[str, ...], id: Id, field: str) -> bool:
    """Whether a pattern fits a field of an entity, or an object that the field is in."""
    if not patterns:
        return False
    paths = [f"{id}/{path}" for path in _paths(field)]
    return any(fnmatchcase(path, pattern) for path in paths for pattern in patterns)


def _paths(field: str) -> list[str]:
    """Return the path of a field, and those of the objects that it is in."""
    names = field.split(".")
    return [".".join(names[:n]) for n in range(1, len(names) + 1)]
