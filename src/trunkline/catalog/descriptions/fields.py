"""What each field of an entity means: `fields.json`, written by hand, one record a line.

A type has the descriptions that hold for it and for the types built on it; those below ``*`` hold for a name wherever
no type says otherwise. Facts are from 3CX's published names, types and enums, from docs/pbx.md, and from what the Admin
console shows; what follows from a name only stands as ``{"inferred": …}``.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from .. import Catalog

DATA_FILE = Path(__file__).with_name("fields.json")
EVERYWHERE = "*"
_Written = dict[str, dict[str, str | dict[str, str]]]


class Description(NamedTuple):
    """What a field means, in one sentence; ``inferred`` if that follows from its name only."""

    text: str
    inferred: bool = False

    def __str__(self) -> str:
        return f"{self.text.removesuffix('.')} (inferred from its name)." if self.inferred else self.text


def field_description(catalog: Catalog, type_name: str, field: str) -> Description | None:
    """Return what a field of a type such as ``Pbx.User`` means; None for one that nobody has described."""
    written = _written()
    name: str | None = type_name
    while name is not None and name in catalog.types:
        if field in written.get(name, {}):
            return _description(written[name][field])
        name = catalog.types[name].base
    found = written[EVERYWHERE].get(field)
    return _description(found) if found is not None else None


def described_types() -> dict[str, frozenset[str]]:
    """Return the types that have descriptions of their own, each with its fields; `EVERYWHERE` has the rest."""
    return {name: frozenset(fields) for name, fields in _written().items()}


def _description(written: str | dict[str, str]) -> Description:
    return Description(written) if isinstance(written, str) else Description(written["inferred"], True)


@lru_cache(maxsize=1)
def _written() -> _Written:
    return msgspec.json.decode(DATA_FILE.read_bytes(), type=_Written)
