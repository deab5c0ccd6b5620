"""Folders that build on others: which there are, the lowest first, and what an upper one makes of a lower one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from ...catalog import Catalog
from ...errors import InvalidArgument
from ...local.contained import objection, reason
from .document import Node, read
from .faults import ConfigurationFaults, Faults, place_of
from .files import read_text
from .manifest import FILE, Manifest, manifest

_MOST = 50


class Layer(NamedTuple):
    """One folder: its real path, what its files are called in messages, and what it says of itself."""

    root: Path
    shown: str
    manifest: Manifest

    def name(self, file: str) -> str:
        """Return what a file of the layer is called, seen from the folder that was asked for."""
        return f"{self.shown}/{file}" if self.shown else file


def layers(folder: Path, catalog: Catalog, faults: Faults) -> list[Layer]:
    """Return a folder and those that it extends, the lowest first, each of them once.

    Whatever is wrong with a manifest, a folder that is not there and one that extends itself go to ``faults``.
    """
    top = Path(os.path.realpath(folder))
    found: dict[Path, Layer] = {}
    _collect(top, top, (), found, catalog, faults)
    return list(found.values())


def _collect(
    root: Path, top: Path, above: tuple[Path, ...], found: dict[Path, Layer], catalog: Catalog, faults: Faults
) -> None:
    shown = "" if root == top else os.path.relpath(root, top).replace(os.sep, "/")
    layer = Layer(root, shown, read_manifest(root, shown, catalog, faults))
    for path, place in layer.manifest.extends:
        if why := objection(path):
            faults.add(place, f"{path!r} can't be a folder: {why}")
            continue
        lower = Path(os.path.realpath(root / path))
        if lower == root or lower in above:
            faults.add(place, f"{path} extends this folder in turn; a folder can't build on itself")
        elif not lower.is_dir():
            faults.add(place, f"there is no folder {path}, seen from this file")
        elif lower not in found:
            if len(found) + len(above) >= _MOST:
                faults.add(place, f"a folder builds on {_MOST} others at most")
            else:
                _collect(lower, top, (*above, root), found, catalog, faults)
    found[root] = layer


def read_manifest(root: Path, shown: str, catalog: Catalog, faults: Faults) -> Manifest:
    """Return what a folder says of itself; an empty manifest where it has none."""
    name = f"{shown}/{FILE}" if shown else FILE
    try:
        text = read_text(root, FILE)
    except FileNotFoundError:
        return Manifest()
    except (OSError, InvalidArgument) as problem:
        faults.add(place_of(problem, name), f"the file can't be read: {reason(problem)}")
        return Manifest()
    try:
        return manifest(read(text, name), catalog, faults)
    except ConfigurationFaults as wrong:
        faults.extend(wrong)
        return Manifest()


def merged(lower: Node, upper: Node) -> Node:
    """Return an object of a lower layer with what an upper one has otherwise.

    Objects are merged field by field, a list replaces the lower one, and ``!remove`` takes a field out.
    """
    if not (isinstance(lower.value, dict) and isinstance(upper.value, dict)):
        return upper
    fields = dict(lower.value)
    for name, node in upper.value.items():
        if node.is_removal:
            fields.pop(name, None)
        else:
            fields[name] = merged(fields[name], node) if name in fields else node
    return Node(fields, upper.place)
