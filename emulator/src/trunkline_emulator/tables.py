"""The rows of one entity set, by key and in the order of their creation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, overload

from .ground import Ground, Key, Kind
from .values import Row


class Rows(MutableMapping[Any, Row]):
    """Rows by key. A row of the seed is made when it is first touched, and kept.

    Whoever iterates may write meanwhile: rows that are removed are passed over, rows that are added don't come up.
    """

    def __init__(self, keys: Callable[[], Iterable[Key]], make: Callable[[Any], Row]) -> None:
        self._keys = keys
        self._make = make

    @cached_property
    def _rows(self) -> dict[Key, Row | None]:
        return dict.fromkeys(self._keys())

    def __getitem__(self, key: Key) -> Row:
        row = self._rows[key]
        if row is None:
            row = self._rows[key] = self._make(key)
        return row

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __setitem__(self, key: Key, row: Row) -> None:
        self._rows[key] = row

    def __delitem__(self, key: Key) -> None:
        del self._rows[key]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Key]:
        return (key for key in list(self._rows) if key in self._rows)

    def clear(self) -> None:
        self._rows.clear()


class InOrder(Sequence[Row]):
    """All rows of a set as they are now; a slice touches only the rows it has."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        places = range(len(self))[index]  # IndexError as of any sequence
        if isinstance(places, int):
            return self._rows[next(islice(self._rows, places, None))]
        keys = list(self._rows)
        return [self._rows[keys[place]] for place in places]


class Table:
    """One entity set with its rows; a set without a single key field counts its rows."""

    def __init__(self, kind: Kind, ground: Ground) -> None:
        self.name, self.type_name, self.key, self.key_type, self.alternate, self.is_dn, self.indexed = kind
        self.rows = Rows(lambda: ground.rows(self.name), lambda key: ground.row(self.name, key))
        self._ground = ground

    @cached_property
    def _index(self) -> dict[str, dict[Any, Key]]:
        """For each indexed field the key of the row that was last filed under a value."""
        return {field: dict(self._ground.index(self.name, field)) for field in self.indexed}

    def key_of(self, row: Row) -> Key | None:
        return row[self.key] if self.key else None

    def insert(self, row: Row) -> None:
        key = row[self.key] if self.key else len(self.rows) + 1
        self.rows[key] = row
        self.file(row)

    def file(self, row: Row) -> None:
        """Let a row that was written be found."""
        for field in self.indexed:
            self._index[field][row[field]] = row[self.key or ""]

    def find(self, field: str, value: Any) -> Row | None:
        """Return the row with that value of an indexed field."""
        index = self._index[field]
        if value not in index:
            return None
        row = self.rows.get(index[value])
        if row is None or row[field] != value:  # that row went or changed; another may have the value
            row = next((row for row in self.rows.values() if row[field] == value), None)
            if row is None:
                del index[value]
            else:
                self.file(row)
        return row
