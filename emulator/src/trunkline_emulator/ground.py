"""The ground a store stands on: a seed in one version, shared by every PBX that starts from it.

The rows are kept as the seed gives them. A PBX makes a whole row of its own of each that it touches, so none can change
what another one sees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any, NamedTuple

import msgspec

from trunkline.catalog import Catalog

from .telephony.model import CallModel, silent
from .values import Row, Values

Key = str | int
# Rows of the sets, or what makes them when they are first touched, and fields of the singletons.
Seed = Mapping[str, "list[Row] | Callable[[], list[Row]] | Row"]


class Kind(NamedTuple):
    """What one version says of an entity set; ``indexed`` are the fields that rows are looked up by."""

    name: str
    type_name: str
    key: str | None
    key_type: str
    alternate: str | None
    is_dn: bool
    indexed: tuple[str, ...]


class Ground:
    """``model`` tells the calls of the past. ValueError for a seed that gives one row for a set, or several for one."""

    def __init__(self, catalog: Catalog, seed: Seed, model: CallModel | None = None) -> None:
        self.catalog = catalog
        self.model = model or silent()
        self.values = Values(catalog)
        self._seed = seed
        self.rows = cache(self._rows)
        self.index = cache(self._index)

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """Every entity set that has a type."""
        return {
            name: _kind(self.catalog, name, entity_set.type)
            for name, entity_set in self.catalog.sets.items()
            if entity_set.type is not None and not entity_set.singleton
        }

    @cached_property
    def singleton_types(self) -> dict[str, str]:
        return {name: s.type for name, s in self.catalog.sets.items() if s.singleton and s.type is not None}

    def _rows(self, name: str) -> dict[Key, Row]:
        """Return the rows of a set as the seed gives them, by key; a set without a single key field counts from 1."""
        content = self._seed.get(name, [])
        rows = content() if callable(content) else content
        if not isinstance(rows, list):
            raise ValueError(f"The seed gives one row for {name}, which is a set.")
        key = self.kinds[name].key
        return {row[key] if key else number: row for number, row in enumerate(rows, 1)}

    def _index(self, name: str, field: str) -> dict[Any, Key]:
        """Return the keys of a set's rows by the value of a field."""
        return {row.get(field): key for key, row in reversed(self.rows(name).items())}

    def last(self, name: str) -> int:
        """Return the highest Id of a set."""
        return max((key for key in self.rows(name) if isinstance(key, int)), default=0)

    def row(self, name: str, key: Key) -> Row:
        """Return a row with all fields of its version, the caller's own."""
        return self.values.fit(self.kinds[name].type_name, self.rows(name)[key])

    def singleton(self, name: str) -> Row:
        """Return a singleton with all fields of its version, the caller's own."""
        fields = self._seed.get(name, {})
        if not isinstance(fields, dict):
            raise ValueError(f"The seed gives rows for {name}, which is a singleton.")
        return self.values.fit(self.singleton_types[name], fields)

    @cached_property
    def fingerprint(self) -> str:
        """Says whether another ground has the same rows."""
        digest = hashlib.blake2b(digest_size=12)
        for name, content in sorted(self._seed.items()):
            rows = content() if callable(content) else content
            digest.update(msgspec.json.encode([name, rows]))
        return digest.hexdigest()


def _kind(catalog: Catalog, name: str, type_name: str) -> Kind:
    entity_set = catalog.sets[name]
    fields = catalog.fields(type_name)
    keys = [key for key in entity_set.key or catalog.key(type_name) if key in fields]
    key = keys[0] if len(keys) == 1 else None
    alternate = entity_set.alternate[0] if entity_set.alternate else None
    is_dn = "Pbx.DN" in _ancestry(catalog, type_name)
    indexed = tuple(field for field in dict.fromkeys((alternate, "Number" if is_dn else None)) if field in fields)
    return Kind(name, type_name, key, fields[key].name if key else "", alternate, is_dn, tuple(filter(None, indexed)))


def _ancestry(catalog: Catalog, type_name: str) -> set[str]:
    names: set[str] = set()
    name: str | None = type_name
    while name:
        names.add(name)
        name = catalog.types[name].base
    return names
