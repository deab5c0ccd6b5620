"""Which row holds a value, without reading a whole set for each write.

An index is built when it is first asked and told of every later write by the rules' hooks. What it answers is looked
at again before use, so a row that changed behind its back can't be found under its old value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ..values import Row

if TYPE_CHECKING:
    from ..store import Store

_Holders = dict[tuple[str, str], dict[str, Any]]
_INDEXES: WeakKeyDictionary[Store, _Holders] = WeakKeyDictionary()


def _fold(value: str) -> str:
    return value.casefold()


def _index(store: Store, name: str, field: str) -> dict[str, Any]:
    indexes = _INDEXES.setdefault(store, {})
    found = indexes.get((name, field))
    if found is None:
        found = {_fold(row[field]): key for key, row in store.tables[name].rows.items() if row.get(field)}
        indexes[name, field] = found
    return found


def unique_to(store: Store, name: str, field: str, value: str) -> Row | None:
    """The row of a set whose field has the value, whatever its case; None where none has."""
    index = _index(store, name, field)
    key = index.get(_fold(value))
    row = None if key is None else store.tables[name].rows.get(key)
    return row if row is not None and _fold(row[field] or "") == _fold(value) else None


def noted(store: Store, name: str, row: Row) -> None:
    """A row was stored: its values are found from now on."""
    key = row[store.tables[name].key or ""]
    for (owner, field), index in _INDEXES.get(store, {}).items():
        if owner == name and row.get(field):
            index[_fold(row[field])] = key
