"""A folder checked without a PBX: what is wrong, and what a version of 3CX would lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...catalog import Catalog, nearest
from ...catalog import load as load_catalog
from ...errors import InvalidArgument, UnknownName
from ..forms import Form, forms
from ..kinds import Kind, kind_of
from ..model import Configuration, Entity, Id, Place
from ..planning.directory import NUMBERED as NUMBERED_BY
from ..planning.roles import unknown_roles
from ..spelling import Reference, references
from .faults import ConfigurationFaults, Fault
from .loading import FolderReader

NUMBERED = "Number"


def validate(folder: Path, version: str | None = None) -> list[Fault]:
    """Return all that is wrong in a folder, with what somebody should know of it where all of it could be read.

    A ``version`` such as ``20.0.9`` is the one of the PBX that the folder is for; without one it is the version that
    its manifest names. A field or a value that its published file lacks is a note, since late builds may have it. So
    is a name of an entity that no file has, if there are files of that kind.

    Raises InvalidArgument for a folder that is not there, and for a text that is not a version.
    """
    catalog = load_catalog()
    reader = FolderReader(catalog)
    try:
        configuration = reader.load(folder, {})
    except ConfigurationFaults as wrong:
        return list(wrong.faults)
    notes = [
        *reader.notes,
        *_shared_numbers(catalog, configuration),
        *_unknown_names(catalog, configuration),
        *_unknown_roles(catalog, configuration),
        *_unmanaged(configuration),
    ]
    if version or configuration.version:
        notes += _lacking(catalog, _narrowed(version or configuration.version), configuration)
    return sorted(dict.fromkeys(notes))


def _narrowed(version: str) -> Catalog:
    try:
        return load_catalog(version)
    except ValueError:
        raise InvalidArgument(f"{version!r} is not a version of 3CX, such as 20.0.10.") from None


def _note(entity: Entity, field: str, text: str) -> Fault:
    return Fault(_place(entity, field), text, is_error=False)


def _place(entity: Entity, field: str) -> Place:
    head = field.partition(".")[0].partition("[")[0]
    return entity.places.get(head) or entity.places[""]


def _unknown_names(catalog: Catalog, configuration: Configuration) -> Iterator[Fault]:
    """Yield a note of each reference to what no file has. Of a kind without files nobody can say."""
    present = {id.kind for id in configuration.entities}
    numbers = {str(each.fields[NUMBERED]) for each in configuration.entities.values() if each.fields.get(NUMBERED)}
    for entity in configuration.entities.values():
        kind = kind_of(catalog, entity.id)
        for reference in references(catalog, kind, entity.fields):
            if reference.kind in present and Id(reference.kind, reference.key) not in configuration.entities:
                keys = (id.key for id in configuration.entities if id.kind == reference.kind)
                text = f"no file of {reference.kind} has {_named(reference)}.{nearest(reference.key, keys)}"
                yield _note(entity, reference.field, text)
            elif not reference.kind and not reference.is_loose and numbers and reference.key not in numbers:
                yield _note(entity, reference.field, f"no file has the number {_named(reference)}.")


def _named(reference: Reference) -> str:
    return f"{reference.key!r}, which {reference.field} names"


def _shared_numbers(catalog: Catalog, configuration: Configuration) -> Iterator[Fault]:
    """Yield a fault for each number that entities of several kinds have."""
    owners: dict[str, Entity] = {}
    for entity in configuration.entities.values():
        if kind_of(catalog, entity.id).keys == NUMBERED_BY:
            other = owners.setdefault(entity.id.key, entity)
            if other is not entity:
                text = f"{other.id} ({_place(other, NUMBERED)}) has the number {entity.id.key} too; one of them must go"
                yield Fault(_place(entity, NUMBERED), text)


def _unknown_roles(catalog: Catalog, configuration: Configuration) -> Iterator[Fault]:
    """Yield a note of each role that a department does not have by the rights in its own file."""
    for entity in configuration.entities.values():
        kind = kind_of(catalog, entity.id)
        for field, department, role, roles in unknown_roles(kind, entity.fields, configuration.entities):
            near = nearest(role, iter(roles))
            text = f"the department {department} has no role {role}; it has {', '.join(roles)}.{near}"
            yield _note(entity, field, text)


def _unmanaged(configuration: Configuration) -> Iterator[Fault]:
    """Yield a note of each entity that the folder has and does not manage: nothing would ever remove it."""
    for entity in configuration.entities.values():
        if not configuration.scope.manages(entity.id):
            text = f"the manifest manages other {entity.id.kind}, so that nothing removes this one from a PBX"
            yield _note(entity, "", text)


def _lacking(catalog: Catalog, narrow: Catalog, configuration: Configuration) -> Iterator[Fault]:
    for entity in configuration.entities.values():
        kind = kind_of(catalog, entity.id)
        try:
            kind_of(narrow, entity.id)
        except UnknownName:
            yield _note(entity, "", f"{narrow.version} has no {entity.id.kind} that can be changed")
        else:
            yield from _Lacking(catalog, narrow, entity).of(kind)


class _Lacking:
    """What a version lacks of one entity."""

    def __init__(self, catalog: Catalog, narrow: Catalog, entity: Entity) -> None:
        self._catalog, self._narrow, self._entity = catalog, narrow, entity

    def of(self, kind: Kind) -> Iterator[Fault]:
        own = {name: value for name, value in self._entity.fields.items() if not (kind.part and name == kind.part.by)}
        yield from self._object(kind.type_name, kind.forms, own, "")

    def _object(self, owner: str, known: Mapping[str, Form], fields: Mapping[str, Any], path: str) -> Iterator[Fault]:
        there = self._narrow.fields(owner)
        for name, value in fields.items():
            if name not in known:
                continue
            if name not in there:
                lifetime = self._catalog.elsewhere(owner, name)
                yield self._note(f"{path}{name}", f"has no {path}{name}, which was {lifetime}")
                continue
            form = known[name]
            for each in value if isinstance(value, list) else [value]:
                yield from self._value(form, each, f"{path}{name}")

    def _value(self, form: Form, value: Any, path: str) -> Iterator[Fault]:
        name = form.spec.name
        if form.way == "object" and isinstance(value, dict):
            yield from self._object(name, forms(self._catalog, name), value, f"{path}.")
        elif name in self._narrow.enums and isinstance(value, str):
            values = self._narrow.enum_values(name)
            for part in value.split(","):
                if part.strip() not in values:
                    lifetime = self._catalog.value_elsewhere(name, part)
                    yield self._note(path, f"has no {part.strip()} for {path}, which was {lifetime}")

    def _note(self, path: str, text: str) -> Fault:
        return _note(self._entity, path, f"{self._narrow.version} {text}")
