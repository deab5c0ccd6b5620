"""What follows from the rows of a store and would be slow to find for each write: who holds a value, who names whom.

It is built when it is first asked for and told of every later write by the rules' hooks. What an index answers is
looked at again before use, so a row that changed behind its back can't be found under its old value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from ..refusals import Refusal
from ..values import Row

if TYPE_CHECKING:
    from ..store import Store

Found = TypeVar("Found")

# For each store the tables that were looked at, and what was built from them: a store put back has new tables.
_DERIVED: WeakKeyDictionary[Store, tuple[object, dict[str, Any]]] = WeakKeyDictionary()


def _built(store: Store) -> dict[str, Any]:
    tables, built = _DERIVED.get(store, (None, {}))
    if tables is not store.tables:
        built = {}
        _DERIVED[store] = (store.tables, built)
    return built


def derived(store: Store, what: str, build: Callable[[], Found]) -> Found:
    """Something that follows from a store's rows, built once."""
    built = _built(store)
    if what not in built:
        built[what] = build()
    found: Found = built[what]
    return found


def is_built(store: Store, what: str) -> bool:
    return what in _built(store)


def by_number(store: Store, name: str, number: str) -> Row | None:
    """Return the row of a set of DNs with the number."""
    try:
        return store.get(name, {"Number": number})
    except Refusal:
        return None


def _fold(value: str) -> str:
    return value.casefold()


# Fields that are looked up by value, by set: a set is read once for all of them.
LOOKED_UP: dict[str, tuple[str, ...]] = {}


def _holders(store: Store, name: str, field: str) -> dict[str, Any]:
    indexes: dict[tuple[str, str], dict[str, Any]] = derived(store, "holders", dict)
    if (name, field) not in indexes:
        fields = {field, *LOOKED_UP.get(name, ())}
        indexes.update({(name, one): {} for one in fields})
        for key, row in store.tables[name].rows.items():
            for one in fields:
                if row.get(one):
                    indexes[name, one][_fold(row[one])] = key
    return indexes[name, field]


def unique_to(store: Store, name: str, field: str, value: str) -> Row | None:
    """Return the row of a set whose field has the value, whatever its case; None where none has."""
    key = _holders(store, name, field).get(_fold(value))
    row = None if key is None else store.tables[name].rows.get(key)
    return row if row is not None and _fold(row[field] or "") == _fold(value) else None


def noted(store: Store, name: str, row: Row) -> None:
    """Make the values of a stored row findable."""
    key = row[store.tables[name].key or ""]
    indexes: dict[tuple[str, str], dict[str, Any]] = derived(store, "holders", dict)
    for (owner, field), index in indexes.items():
        if owner == name and row.get(field):
            index[_fold(row[field])] = key


def next_number(store: Store, name: str, field: str) -> int:
    """Return the number after the highest that a field of a set had; none is given twice."""

    def highest() -> list[int]:
        values = (str(row[field]) for row in store.tables[name].rows.values())
        return [max((int(value) for value in values if value.isdecimal()), default=0)]

    last = derived(store, f"last {name}.{field}", highest)
    last[0] += 1
    return last[0]
