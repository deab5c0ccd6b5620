"""The ground a store stands on: a seed fitted to one version, shared by every PBX that starts from it.

A seed's rows are fitted when they are first touched. What has been fitted is kept packed, and each PBX unpacks its own
copy, so none can change what another one sees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from trunkline.catalog import Catalog, TypeSpec

from .telephony.model import CallModel, silent
from .values import Row, Values

Key = str | int

SAMPLES = 5

_pack = msgspec.msgpack.encode
_unpack = msgspec.msgpack.decode


class Made(NamedTuple):
    """A set whose rows are made when they are touched: ``make`` gives the row of a key, new objects each time.

    ``find`` gives the key that an alternate key or number belongs to, or None; ``more`` are rows listed after them.
    """

    keys: range
    make: Callable[[int], Row]
    find: Callable[[str], int | None] = lambda value: None
    more: tuple[Row, ...] = ()


# Rows of the sets, and fields of the singletons.
Seed = Mapping[str, "list[Row] | Made | Row"]


class Kind(NamedTuple):
    """What one version says of an entity set; ``indexed`` are the fields that rows are looked up by."""

    name: str
    type_name: str
    key: str | None
    key_type: str
    alternate: str | None
    is_dn: bool
    indexed: tuple[str, ...]


class Listed:
    """The rows that a seed lists, by key; a set without a single key field counts them from 1."""

    lasting = True

    def __init__(self, kind: Kind, rows: Sequence[Row], fit: Callable[[Row], Row]) -> None:
        self._fit = fit
        self._raw = {row[kind.key] if kind.key else number: row for number, row in enumerate(rows, 1)}
        self._packed: dict[Key, bytes] = {}
        self._found: dict[str, dict[Any, Key]] = {}
        self.keys: Sequence[Key] = tuple(self._raw)

    @cached_property
    def _places(self) -> dict[Key, int]:
        return {key: place for place, key in enumerate(self.keys)}

    @cached_property
    def last(self) -> int:
        return max((key for key in self.keys if isinstance(key, int)), default=0)

    def place(self, key: Key) -> int | None:
        return self._places.get(key)

    def row(self, key: Key) -> Row:
        packed = self._packed.get(key)
        if packed is None:
            packed = self._packed[key] = _pack(self._fit(self._raw[key]))
        row: Row = _unpack(packed)
        return row

    def find(self, field: str, value: Any) -> Key | None:
        """Return the key of the first row with that value."""
        if field not in self._found:
            found: dict[Any, Key] = {}
            for key in self.keys:
                found.setdefault(self.row(key)[field], key)
            self._found[field] = found
        return self._found[field].get(value)


class Generated:
    """The rows that a seed makes when asked, nothing of which is kept here, and those it lists after them."""

    lasting = False

    def __init__(self, kind: Kind, made: Made, fit: Callable[[Row], Row]) -> None:
        self._made = made
        self._fit = fit
        self._more = Listed(kind, made.more, fit)
        self.keys: Sequence[Key] = (*made.keys, *self._more.keys) if made.more else made.keys
        self.last = max(made.keys[-1] if made.keys else 0, self._more.last)

    def place(self, key: Key) -> int | None:
        if isinstance(key, int) and key in self._made.keys:
            return self._made.keys.index(key)
        place = self._more.place(key)
        return None if place is None else len(self._made.keys) + place

    def row(self, key: Key) -> Row:
        return self._fit(self._made.make(int(key))) if key in self._made.keys else self._more.row(key)

    def find(self, field: str, value: Any) -> Key | None:
        key = self._made.find(value) if isinstance(value, str) else None
        return self._more.find(field, value) if key is None else key


Source = Listed | Generated


class Ground:
    """One seed in one version; ``model`` tells the calls of the past (telephony/)."""

    def __init__(self, catalog: Catalog, seed: Seed, model: CallModel | None = None) -> None:
        self.catalog = catalog
        self.model = model or silent()
        self.values = Values(catalog)
        self._seed = seed
        self._fittings: dict[str, _Fitting] = {}
        self._sources: dict[str, Source] = {}
        self._singletons: dict[str, bytes] = {}

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

    def source(self, name: str) -> Source:
        """Where the rows of a set come from."""
        if name not in self._sources:
            kind = self.kinds[name]
            content = self._seed.get(name, [])
            fit = self.fitting(kind.type_name)
            if isinstance(content, Made):
                self._sources[name] = Generated(kind, content, fit)
            elif isinstance(content, list):
                self._sources[name] = Listed(kind, content, fit)
            else:
                raise ValueError(f"The seed gives one row for {name}, which is a set.")
        return self._sources[name]

    def singleton(self, name: str) -> Row:
        """Return a singleton as the seed has it, the caller's own."""
        if name not in self._singletons:
            fields = self._seed.get(name, {})
            if not isinstance(fields, dict):
                raise ValueError(f"The seed gives rows for {name}, which is a singleton.")
            self._singletons[name] = _pack(self.fitting(self.singleton_types[name])(fields))
        row: Row = _unpack(self._singletons[name])
        return row

    def fitting(self, type_name: str) -> _Fitting:
        if type_name not in self._fittings:
            self._fittings[type_name] = _Fitting(self, type_name)
        return self._fittings[type_name]

    @cached_property
    def fingerprint(self) -> str:
        """Says whether another ground has the same rows. Of a set that is made it looks at a few."""
        digest = hashlib.blake2b(digest_size=12)
        for name in sorted(self._seed):
            digest.update(name.encode())
            if name in self.kinds:
                source = self.source(name)
                keys = source.keys
                if not source.lasting:
                    digest.update(str(len(keys)).encode())
                    keys = keys[:: max(1, len(keys) // SAMPLES)]
                for key in keys:
                    digest.update(_pack(source.row(key)))
            elif name in self.singleton_types:
                self.singleton(name)
                digest.update(self._singletons[name])
        return digest.hexdigest()


class _Fitting:
    """Fits a row to one type of one version: unknown fields and enum members go, missing fields get their default.

    A seed is written for the newest version: an older one lacks some fields and enum members.
    """

    def __init__(self, ground: Ground, type_name: str) -> None:
        self._ground = ground
        self._fields = ground.catalog.fields(type_name)
        self._blank = _pack(ground.values.complete(type_name, {}))
        named = {*ground.catalog.types, *ground.catalog.enums}
        self._narrowed = {name: spec for name, spec in self._fields.items() if spec.name in named}

    def __call__(self, row: Mapping[str, Any]) -> Row:
        whole: Row = _unpack(self._blank)
        for name, value in row.items():
            if name in self._narrowed:
                whole[name] = self._narrow(value, self._narrowed[name])
            elif name in self._fields:
                whole[name] = value
        return whole

    def _narrow(self, value: Any, spec: TypeSpec) -> Any:
        if value is None:
            return None
        catalog = self._ground.catalog
        if spec.name in catalog.types:
            fit = self._ground.fitting(spec.name)
            return [fit(item) for item in value] if spec.collection else fit(value)
        known = catalog.enum_values(spec.name)
        if spec.collection:
            return [item for item in value if item in known]
        names = value.split(", ") if catalog.enums[spec.name].flags else [value]
        return value if all(name in known for name in names) else self._ground.values.default(spec)


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
