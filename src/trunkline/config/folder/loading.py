"""A configuration read from a folder, with the folders that it builds on."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from ...catalog import Catalog, nearest
from ...catalog import load as load_catalog
from ...errors import InvalidArgument, UnknownName
from ...local.contained import reason
from ..kinds import SETTINGS, Kind, kind_of, kinds
from ..model import Configuration, Entity, Fields, Id, Place
from .document import Node, node_of, read
from .faults import ConfigurationFaults, Fault, Faults, place_of
from .files import ENDINGS, File, files, read_text
from .layers import Layer, layers, merged
from .manifest import union
from .typed import Typing
from .values import Values


def load(folder: Path, values: Mapping[str, Any] | None = None, *, catalog: Catalog | None = None) -> Configuration:
    """Return the configuration that a folder and the folders below it have.

    ``values`` count for more than those of the folders. Without a ``catalog``, fields and values of every version are
    known. No PBX is asked.

    Raises:
        ConfigurationFaults: something in a file is wrong; it has all that is, up to a hundred, by file and line.
        InvalidArgument: the folder does not exist.
        ConfigurationError: the library that reads YAML is not installed.
    """
    return FolderReader(catalog or load_catalog()).load(folder, values or {})


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let Python look for circles of objects afterwards: files make none, and the search takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class FolderReader:
    """Reads one folder. ``layers`` are the folders that it is made of, the lowest first, once it is loaded."""

    def __init__(self, catalog: Catalog) -> None:
        self.layers: list[Layer] = []
        self._catalog = catalog
        self._faults = Faults()
        self._typing = Typing(catalog, self._faults)
        self._key_typing = Typing(catalog, Faults())  # what is wrong with a key is found with all fields
        self._values = Values(self._faults)
        self._nodes: dict[Id, Node] = {}
        self._files: dict[str, Id] = {}  # by the path within a layer, for `!remove`

    def load(self, folder: Path, values: Mapping[str, Any]) -> Configuration:
        """Return what the folder has. Raises as the function `load` does."""
        with _uncollected():
            return self._load(folder, values)

    def _load(self, folder: Path, values: Mapping[str, Any]) -> Configuration:
        if folder.is_file():
            raise InvalidArgument(f"{folder} is a file, and a configuration is a folder.", hint="Give the folder.")
        if not folder.is_dir():
            raise InvalidArgument(
                f"There is no folder {folder}.", hint="Give the folder of a configuration; an export makes one."
            )
        self.layers = below = layers(folder, self._catalog, self._faults)
        for layer in below:
            self._add_values(layer)
        self._values.add(node_of(values, Place("the values that were given", 1)))
        present = []
        for layer in below:
            present.append(self._add_files(layer))
        order = list(kinds(self._catalog))
        ids = sorted(self._nodes, key=lambda id: order.index(id.kind))
        entities = {id: self._entity(id) for id in ids}
        self._faults.check(str(folder))
        return Configuration(
            str(folder),
            entities,
            union(layer.manifest.scope(kinds_of) for layer, kinds_of in zip(below, present, strict=True)),
            next((layer.manifest.version for layer in reversed(below) if layer.manifest.version), ""),
            warnings=[str(note) for note in self.notes],
        )

    @property
    def notes(self) -> list[Fault]:
        """What somebody should know of the folder that was loaded, and is not wrong."""
        return self._faults.notes

    def fields(self, id: Id, text: str, file: str) -> Fields:
        """Return the fields that a file of this text would have. Raises ConfigurationFaults."""
        node = self._node(text, file)
        kind = self._kind(id)
        fields = self._typing.object(node, kind.forms, kind.type_name)
        self._faults.check()
        return fields

    def _node(self, text: str, file: str) -> Node:
        node = read(text, file)
        return self._values.filled(node) if "${" in text else node

    def _add_values(self, layer: Layer) -> None:
        for path, place in layer.manifest.values:
            try:
                node = read(read_text(layer.root, path), layer.name(path))
            except ConfigurationFaults as wrong:
                self._faults.extend(wrong)
            except (OSError, InvalidArgument) as problem:
                self._faults.add(place, f"{path} can't be read: {reason(problem)}")
            else:
                if isinstance(node.value, dict):
                    self._values.add(node)
                elif isinstance(node.value, list) or not node.value.is_null:
                    self._faults.add(node.place, "values need names, such as `name: value`")

    def _add_files(self, layer: Layer) -> list[str]:
        """Add what a layer has to what lower ones have. Return the kinds that it has files of."""
        present: dict[str, None] = {}
        seen: dict[Id, str] = {}
        unknown: set[str] = set()
        for file in files(layer.root, layer.shown, self._faults):
            if file.kind not in kinds(self._catalog):
                if file.kind not in unknown:
                    near = nearest(file.kind, iter(kinds(self._catalog)))
                    self._faults.add(Place(layer.name(file.path), 1), f"there is no kind {file.kind}.{near}")
                unknown.add(file.kind)
                continue
            present[file.kind] = None
            self._add_file(layer, file, seen)
        for kind in kinds(self._catalog):
            if (layer.root / f"{kind}{ENDINGS[0]}").is_file():
                text = f"a file of an entity belongs into a folder of its kind, such as {kind}/800{ENDINGS[0]}"
                self._faults.add(Place(layer.name(f"{kind}{ENDINGS[0]}"), 1), text)
        self._files.update({path: id for id, path in seen.items()})
        return list(present)

    def _add_file(self, layer: Layer, file: File, seen: dict[Id, str]) -> None:
        shown = layer.name(file.path)
        place = Place(shown, 1)
        try:
            node = self._node(read_text(layer.root, file.path), shown)
        except ConfigurationFaults as wrong:
            return self._faults.extend(wrong)
        except (OSError, InvalidArgument) as problem:
            return self._faults.add(place_of(problem, shown), f"the file can't be read: {reason(problem)}")
        if node.is_removal:
            return self._remove(file, place)
        if not isinstance(node.value, dict):
            return self._faults.add(
                node.place, f"fields are expected here, such as `Name: value`, not {node.described}"
            )
        try:
            id = self._id(file, node, seen)
        except (InvalidArgument, UnknownName) as problem:
            return self._faults.add(node.place, problem.message)
        if id in seen:
            return self._faults.add(node.place, f"{id.key} is also in {layer.name(seen[id])}; one of them must go")
        seen[id] = file.path
        self._nodes[id] = merged(self._nodes[id], node) if id in self._nodes else node
        return None

    def _remove(self, file: File, place: Place) -> None:
        id = self._files.get(file.path)
        if id is None or self._nodes.pop(id, None) is None:
            self._faults.add(place, f"no folder below has a file {file.path}, so there is nothing to remove")

    def _id(self, file: File, node: Node, seen: Mapping[Id, str]) -> Id:
        if file.kind == SETTINGS:
            return Id(SETTINGS, self._kind(Id(SETTINGS, file.stem)).key_of({}))
        kind = self._kind(Id(file.kind, file.stem))
        heads = dict.fromkeys(name.partition(".")[0] for name in (*kind.key, "IsDefault"))
        first = Node({name: node.value[name] for name in heads if name in node.value}, node.place)
        key = kind.key_of(self._key_typing.object(first, kind.forms, kind.type_name))
        id = Id(file.kind, key)
        if id not in seen or (kind.unique and "#" not in file.stem):  # an export may have two of one name
            return id
        return next(each for n in count(2) if (each := Id(file.kind, f"{key}#{n}")) not in seen)

    def _kind(self, id: Id) -> Kind:
        return kind_of(self._catalog, id)

    def _entity(self, id: Id) -> Entity:
        node = self._nodes.pop(id)
        kind = self._kind(id)
        fields: Fields = self._typing.object(node, kind.forms, kind.type_name)
        places = {name: inner.place for name, inner in node.value.items()}
        return Entity(id, fields, {"": node.place, **places})
