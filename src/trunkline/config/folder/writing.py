"""A configuration written into a folder: only what differs, and within a file only the fields that do."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ...catalog import Catalog
from ...catalog import load as load_catalog
from ...errors import ConfigurationError, InvalidArgument
from ...local.contained import reason, replace_within
from ..kinds import SETTINGS, Kind, kind_of, kinds
from ..model import Configuration, Entity, Fields, Id, Scope
from ..pairing import paired
from ..spelling import compared
from . import emission
from .editing import edited, head_of
from .field_order import ordered, terse
from .file_names import FileNames
from .files import ENDINGS, place_in, read_text
from .loading import FolderReader
from .manifest import FILE as MANIFEST_FILE
from .manifest_writing import manifest_text
from .schemas import MANIFEST, manifest_schema, schema, schema_file, schema_name, schema_text

_MODE = 0o644
"""Of a new file: it has no secrets, and git keeps no more of a mode."""


class Written(NamedTuple):
    """The files of entities that are new, changed, removed and as they were, by their paths in the folder."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    same: tuple[str, ...]


def write(configuration: Configuration, folder: Path, *, terse: bool = False) -> Written:
    """Write a configuration into a folder, which may have files of an earlier one.

    A file that says the same is not touched. In one that differs, the fields that do are written, and all else stays as
    it is: comments, order, other fields. Of what the folder manages, entities that the configuration lacks lose their
    file; kinds that a PBX did not give keep theirs. Fields that the folder ignores, and those that a PBX did not give,
    stay as they are.

    ``terse`` leaves out fields that are false or empty.

    Raises:
        ConfigurationFaults: the folder's own files are wrong.
        InvalidArgument: the folder builds on others; a link in it leads out of it.
        ConfigurationError: a file can't be written, or a library is not installed.
    """
    return _Writing(configuration, folder, is_terse=terse).write()


class _Writing:
    def __init__(self, configuration: Configuration, folder: Path, *, is_terse: bool) -> None:
        self._configuration = configuration
        self._folder = folder
        self._is_terse = is_terse
        self._catalog: Catalog = load_catalog()
        self._reader = FolderReader(self._catalog)
        self._names: dict[str, FileNames] = {}

    def write(self) -> Written:
        before = self._before()
        self._configuration = paired(self._configuration, before.entities)
        added: list[str] = []
        changed: list[str] = []
        removed: list[str] = []
        same: list[str] = []
        for id in self._ids():
            entity, known = self._configuration.entities[id], before.entities.get(id)
            if known is None:
                added.append(self._add(entity, before.scope))
                continue
            path = known.places[""].file
            (changed if self._change(entity, known, path, before.scope) else same).append(path)
        for id, known in before.entities.items():
            if id not in self._configuration.entities and self._is_gone(id, before.scope):
                path = known.places[""].file
                self._remove(path)
                removed.append(path)
        self._write_rest()
        return Written(tuple(added), tuple(changed), tuple(removed), tuple(same))

    def _before(self) -> Configuration:
        """Return what the folder has; reserve the names of its files."""
        if not self._folder.exists():
            return Configuration(str(self._folder), {}, Scope({}))
        if not self._folder.is_dir():
            raise InvalidArgument(f"{self._folder} is not a folder.")
        before = self._reader.load(self._folder, {})
        if len(self._reader.layers) > 1:
            raise InvalidArgument(
                f"{self._folder} builds on other folders (`extends` in trunkline.yaml), so nothing says into which of "
                "them a value belongs.",
                hint="Write into a folder of its own, and compare the two.",
            )
        for entity in before.entities.values():
            path = Path(entity.places[""].file)
            self._names_of(path.parent.name).take(path.stem)
        return before

    def _ids(self) -> Iterator[Id]:
        """Yield what is to be written: kinds in their order, keys by name, so that names of files come out the same."""
        order = {name: n for n, name in enumerate(kinds(self._catalog))}
        return iter(sorted(self._configuration.entities, key=lambda id: (order.get(id.kind, len(order)), id.key)))

    def _names_of(self, kind: str) -> FileNames:
        return self._names.setdefault(kind, FileNames())

    def _fields(self, entity: Entity, kind: Kind, scope: Scope) -> Fields:
        kept = {
            name: value
            for name, value in entity.fields.items()
            if value is not None and not scope.ignores(entity.id, name)
        }
        return ordered(self._catalog, kind, kept)

    def _add(self, entity: Entity, scope: Scope) -> str:
        id = entity.id
        kind = kind_of(self._catalog, id)
        fields = self._fields(entity, kind, scope)
        names = self._names_of(id.kind)
        stem = id.key if id.kind == SETTINGS else names.free(id.key)
        path = f"{id.kind}/{stem}{ENDINGS[0]}"
        head = f"# yaml-language-server: $schema=../{schema_file(schema_name(id))}\n"
        self._replace(path, head + emission.text(terse(kind, fields) if self._is_terse else fields))
        return path

    def _change(self, entity: Entity, known: Entity, path: str, scope: Scope) -> bool:
        """Change what differs in a file. Return whether something does."""
        kind = kind_of(self._catalog, entity.id)
        fields = self._wanted(known.fields, self._fields(entity, kind, scope), kind, entity.id, scope)
        if fields == known.fields:
            return False
        text = edited(read_text(self._folder, path), known.fields, fields)
        if self._reader.fields(entity.id, text, path) != fields:
            text = f"{head_of(text)}{emission.text(fields)}"
        self._replace(path, text)
        return True

    def _wanted(self, old: Fields, new: Fields, kind: Kind, id: Id, scope: Scope) -> Fields:
        """Return the fields that a file should have, in the order of files; what is the same, as the file has it."""
        short, short_old = (terse(kind, new), terse(kind, old)) if self._is_terse else (new, old)
        wanted = {}
        for name in ordered(self._catalog, kind, {**new, **old}):
            is_same = compared(old.get(name), new.get(name), name) or (
                self._is_terse and compared(short_old.get(name), short.get(name), name)
            )
            if name in old and (is_same or scope.ignores(id, name) or self._configuration.lacks(id, name)):
                wanted[name] = old[name]
            elif name in short:
                wanted[name] = short[name]
        return wanted

    def _is_gone(self, id: Id, scope: Scope) -> bool:
        """Whether both sides speak for an entity that the configuration lacks."""
        is_read = not {id.kind, str(id)} & self._configuration.unread.keys() and self._configuration.scope.manages(id)
        return is_read and scope.manages(id) and not self._configuration.has_none(id)

    def _write_rest(self) -> None:
        """Write the manifest, and the schemas that the files name."""
        try:
            before = read_text(self._folder, MANIFEST_FILE)
        except FileNotFoundError:
            before = ""
        after = manifest_text(before, self._configuration, is_terse=self._is_terse)
        if after != before:
            self._replace(MANIFEST_FILE, after)
        wanted = {MANIFEST: manifest_schema(self._catalog)}
        for id in self._configuration.entities:
            name = schema_name(id)
            if name not in wanted:
                wanted[name] = schema(self._catalog, kind_of(self._catalog, id))
        write_schemas(self._folder, wanted)

    def _replace(self, path: str, text: str) -> None:
        replace_text(self._folder, path, text)

    def _remove(self, path: str) -> None:
        try:
            place_in(self._folder, path)  # no link on the way leads out
            (self._folder / path).unlink()
            with suppress(OSError):  # it has something else
                (self._folder / path).parent.rmdir()
        except OSError as problem:
            raise ConfigurationError(f"{self._folder / path} can't be removed: {reason(problem)}.") from None


def write_schemas(folder: Path, schemas: Mapping[str, dict[str, Any]]) -> None:
    """Write schemas into a folder, where editors look for them. ConfigurationError where one can't be written."""
    for name, each in schemas.items():
        path, text = schema_file(name), schema_text(each)
        with suppress(OSError, InvalidArgument):
            if read_text(folder, path) == text:
                continue
        replace_text(folder, path, text)


def replace_text(folder: Path, path: str, text: str) -> None:
    """Write a file in a folder atomically. ConfigurationError where it can't be written."""
    place = place_in(folder, path)
    try:
        mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else _MODE
        with replace_within(folder, place) as file:
            file.write(text.encode("utf-8", "replace"))
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
    except OSError as problem:
        raise ConfigurationError(f"{folder / path} can't be written: {reason(problem)}.") from None
