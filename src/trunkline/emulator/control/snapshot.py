"""All that a store holds as JSON, and a store made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from ...catalog import Catalog
from ..store import Store
from ..values import Row
from ..variants import NotAllowed

_PARTS = {"sets": dict, "singletons": dict, "kept": dict, "last_ids": dict}


def take(store: Store) -> dict[str, Any]:
    """All rows of all sets, all singletons, what is kept, and which Ids were given last."""
    singletons: dict[str, Any] = {}
    for name, row in store.singletons.items():
        place = _place(store, row)
        singletons[name] = {"@row": list(place)} if place else row
    state = {
        "sets": {name: list(table.rows.values()) for name, table in store.tables.items()},
        "singletons": singletons,
        "kept": store.kept,
        "last_ids": store._last_ids,
    }
    copied: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(state))
    return copied


def _place(store: Store, row: Row) -> tuple[str, Any] | None:
    """Where a singleton such as MyUser is a row of a set."""
    for name, table in store.tables.items():
        key = row.get(table.key) if table.key else None
        if key is not None and table.rows.get(key) is row:
            return name, key
    return None


def give_back(state: Mapping[str, Any], catalog: Catalog, clock: Callable[[], datetime]) -> Store:
    """A store with that state. NotAllowed for what ``take`` can't have given on this version."""
    for part, kind in _PARTS.items():
        if not isinstance(state.get(part), kind):
            raise NotAllowed(f"A snapshot has {part!r}, an object.", _PARTS)
    copied = msgspec.json.decode(msgspec.json.encode(state))
    store = Store(catalog, {}, clock)
    for name, rows in copied["sets"].items():
        table = store.tables.get(name)
        if table is None or not isinstance(rows, list):
            raise NotAllowed(f"sets: {name!r} is no set of rows on this version.", sorted(store.tables))
        for row in rows:
            table.insert(_whole(store, table.type_name, row, name))
    for name, row in copied["singletons"].items():
        if name not in store.singletons:
            raise NotAllowed(f"singletons: {name!r} is none on this version.", sorted(store.singletons))
        linked = row.get("@row") if isinstance(row, dict) else None
        store.singletons[name] = (
            _linked(store, linked, name) if linked else _whole(store, _type(store, name), row, name)
        )
    store.kept = copied["kept"]
    store._last_ids.update(copied["last_ids"])
    return store


def _type(store: Store, name: str) -> str:
    return store.catalog.sets[name].type or ""


def _whole(store: Store, type_name: str, row: Any, name: str) -> Row:
    if not isinstance(row, dict):
        raise NotAllowed(f"{name}: an object was expected, not {row!r}.")
    missing = store.catalog.fields(type_name).keys() - row.keys()
    if missing:
        raise NotAllowed(f"{name}: a row lacks {', '.join(sorted(missing))}.")
    return row


def _linked(store: Store, place: Any, name: str) -> Row:
    try:
        table, key = place
        return store.tables[table].rows[key]
    except (ValueError, KeyError, TypeError):
        raise NotAllowed(f"singletons: {name!r} is to be the row {place!r}, which isn't there.") from None
