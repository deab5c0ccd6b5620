"""Snapshots: all in which a store differs from its seed, as JSON has it.

    {"format": 1, "version": "20.0.10", "seed": "0c1f…",
     "sets": {"Users": {"changed": [row…], "removed": [key…], "added": [row…]}, "ActivityLog": {"all": [row…]}},
     "singletons": {"MailSettings": row}, "kept": {name: value}, "last_ids": {"DN": 152}}

``seed`` is a fingerprint of the seed; a set whose rows have no key comes whole, as ``all``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from .ground import Key

if TYPE_CHECKING:
    from .store import Store

FORMAT = 1

# What was written: a set and the key of its row; a singleton, or a set without keys, and None; "" and what was kept.
Place = tuple[str, Key | None]
Snapshot = dict[str, Any]


class Difference(NamedTuple):
    """What stands at one place instead of what the seed has there.

    ``kind`` is changed, removed or added (a row), all (a set without keys), singleton, kept or last_id; ``serial``
    orders the rows added to a set.
    """

    kind: str
    name: str
    key: Key | None
    serial: int | None
    value: Any


def difference(store: Store, place: Place) -> Difference | None:
    """How a place differs now; None where nothing is left of what was written there."""
    name, key = place
    if name == "":
        return Difference("kept", str(key), None, None, store.kept.get(str(key)))
    table = store.tables.get(name)
    if table is None:
        return Difference("singleton", name, None, None, store.singletons[name])
    if key is None:
        return Difference("all", name, None, None, list(table.rows.values()))
    if key not in table.rows:
        return None if table.rows.source.place(key) is None else Difference("removed", name, key, None, None)
    serial = table.rows.serial(key)
    return Difference("changed" if serial is None else "added", name, key, serial, table.rows[key])


def last_ids(store: Store) -> list[Difference]:
    return [Difference("last_id", name, None, None, last) for name, last in store.last_ids.items()]


def snapshot(store: Store) -> Snapshot:
    found = (difference(store, place) for place in store.written | store.differing)
    return assembled(store, [d for d in found if d is not None] + last_ids(store))


def assembled(store: Store, differences: Iterable[Difference]) -> Snapshot:
    """Return a snapshot of these differences, which shares nothing with the store."""
    taken: Snapshot = {
        "format": FORMAT,
        "version": store.catalog.version,
        "seed": store.ground.fingerprint,
        "sets": {},
        "singletons": {},
        "kept": {},
        "last_ids": {},
    }
    for kind, name, key, _, value in sorted(differences, key=_order):
        if kind in ("kept", "singleton", "last_id"):
            taken[kind if kind == "kept" else f"{kind}s"][name] = value
        elif kind == "all":
            taken["sets"][name] = {"all": value}
        else:
            rows = taken["sets"].setdefault(name, {"changed": [], "removed": [], "added": []})
            rows[kind].append(key if kind == "removed" else value)
    decoded: Snapshot = msgspec.json.decode(msgspec.json.encode(taken))
    return decoded


def _order(found: Difference) -> tuple[str, str, int, bool, Key]:
    return found.kind, found.name, found.serial or 0, isinstance(found.key, str), found.key or 0


def restore(store: Store, saved: Snapshot) -> None:
    """Play a snapshot into a store that is as its seed has it. ValueError where it doesn't belong to this seed."""
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise ValueError(f"This is not a snapshot that this emulator can read: its format is not {FORMAT}.")
    if saved.get("version") != store.catalog.version:
        raise ValueError(f"The snapshot is of version {saved.get('version')}, this PBX is {store.catalog.version}.")
    if saved.get("seed") != store.ground.fingerprint:
        raise ValueError("The snapshot was taken of another seed than the one this PBX started from.")
    try:
        _play(store, msgspec.json.decode(msgspec.json.encode(saved)))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"The snapshot is damaged: {type(error).__name__}: {error}.") from error


def _play(store: Store, saved: Snapshot) -> None:
    for name, content in saved["sets"].items():
        table = store.tables[name]
        if "all" in content:
            table.clear()
            for row in content["all"]:
                table.insert(store.values.complete(table.type_name, row))
            store.differing.add((name, None))
            continue
        for key in content["removed"]:
            del table.rows[key]
            table.file(key)
            store.differing.add((name, key))
        for kind in ("changed", "added"):
            for row in content[kind]:
                key = row[table.key]
                store.differing.add((name, key))
                if kind == "added" and key in table.rows:
                    del table.rows[key]  # the seed's row of that key was removed, and another came
                table.insert(store.values.complete(table.type_name, row))
    for name, row in saved["singletons"].items():
        singleton = store.singletons[name]
        singleton.clear()
        singleton.update(store.values.complete(store.ground.singleton_types[name], row))
        store.differing.add((name, None))
    for name, value in saved["kept"].items():
        if value is not None:
            store.kept[name] = value
        store.differing.add(("", name))
    store.last_ids.update(saved["last_ids"])
