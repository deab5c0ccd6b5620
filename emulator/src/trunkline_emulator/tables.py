"""The rows of an entity set: those of the ground, unpacked when touched, and what was written since."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, MutableMapping, Sequence
from itertools import islice
from typing import Any, overload
from weakref import WeakValueDictionary

from .ground import Key, Kind, Source
from .values import Row


class _Passing(dict[str, Any]):
    """A row that was made and not written: it lives while somebody looks at it, and is the same for all who do."""

    __slots__ = ("__weakref__",)


class Rows(MutableMapping[Key, Row]):
    """Rows by key, in the order of their creation. Reading one row, or a page, costs nothing for all the others.

    Whoever iterates may write meanwhile: rows that are removed are passed over, rows that are added don't come up.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._held: dict[Key, Row] = {}  # rows of the ground that were written, or that are few enough to keep
        self._passing: MutableMapping[Key, _Passing] = {} if source.lasting else WeakValueDictionary()
        self._gone: list[int] = []  # places in the ground whose rows were removed, sorted
        self._gone_too: set[int] = set()  # the same, to look one up
        self._added: dict[Key, Row] = {}
        self._serials: dict[Key, int] = {}
        self._serial = 0

    def __getitem__(self, key: Key) -> Row:
        row = self._held.get(key)
        if row is None:
            row = self._added.get(key)
        if row is None and not self.source.lasting:
            row = self._passing.get(key)
        if row is None:
            if self._place(key) is None:
                raise KeyError(key)
            row = self.source.row(key)
            if self.source.lasting:
                self._held[key] = row
            else:
                row = self._passing[key] = _Passing(row)
        return row

    def _place(self, key: Key) -> int | None:
        """Return the place of a key in the ground, while its row is still there."""
        place = self.source.place(key)
        return None if place in self._gone_too else place

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str | int) and (key in self._added or self._place(key) is not None)

    def __setitem__(self, key: Key, row: Row) -> None:
        if key in self._added:
            self._added[key] = row
        elif self._place(key) is not None:
            self._passing.pop(key, None)
            self._held[key] = row
        else:
            self._added[key] = row
            self._serial += 1
            self._serials[key] = self._serial

    def __delitem__(self, key: Key) -> None:
        if key in self._added:
            del self._added[key], self._serials[key]
            return
        place = self._place(key)
        if place is None:
            raise KeyError(key)
        insort(self._gone, place)
        self._gone_too.add(place)
        self._held.pop(key, None)
        self._passing.pop(key, None)

    def clear(self) -> None:
        self._gone = list(range(len(self.source.keys)))
        self._gone_too = set(self._gone)
        for kept in (self._held, self._passing, self._added, self._serials):
            kept.clear()

    def __len__(self) -> int:
        return len(self.source.keys) - len(self._gone) + len(self._added)

    def __iter__(self) -> Iterator[Key]:
        return self.keys_from(0)

    def keys_from(self, index: int) -> Iterator[Key]:
        """Yield the keys from the one at ``index`` on."""
        added = list(self._added)
        first = len(self.source.keys) - len(self._gone)
        if index < first:
            keys = self.source.keys
            for place in range(self._place_at(index), len(keys)):
                if place not in self._gone_too:
                    yield keys[place]
        for key in added[max(0, index - first) :]:
            if key in self._added:
                yield key

    def _place_at(self, index: int) -> int:
        """Return the place in the ground of the row that ``index`` rows still there come before."""
        places = range(len(self.source.keys))
        return bisect_left(places, index + 1, key=lambda place: place + 1 - bisect_right(self._gone, place))

    def hold(self, key: Key, row: Row) -> None:
        """Keep a row that was changed, and isn't only looked at any more."""
        if key not in self._added:
            self._passing.pop(key, None)
            self._held[key] = row

    def serial(self, key: Key) -> int | None:
        """Where a row stands among those added; None for a row of the ground."""
        return self._serials.get(key)

    def restart_serials(self) -> None:
        """Count the added rows from 1 again."""
        self._serials = {key: serial for serial, key in enumerate(self._added, 1)}
        self._serial = len(self._added)

    @property
    def added(self) -> list[Key]:
        return list(self._added)


class InOrder(Sequence[Row]):
    """All rows of a set as they are now; a slice touches only the rows it has."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        for key in self._rows:
            row = self._rows.get(key)
            if row is not None:
                yield row

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                return [self[at] for at in range(start, stop, step)]
            return [self._rows[key] for key in islice(self._rows.keys_from(start), max(0, stop - start))]
        found = range(len(self))[index]  # IndexError as of any sequence
        return self._rows[next(self._rows.keys_from(found))]


class Table:
    """One entity set with its rows; a set without a single key field counts its rows."""

    def __init__(self, kind: Kind, source: Source) -> None:
        self.name = kind.name
        self.type_name = kind.type_name
        self.key = kind.key
        self.key_type = kind.key_type
        self.alternate = kind.alternate
        self.is_dn = kind.is_dn
        self.indexed = kind.indexed
        self.rows = Rows(source)
        # Rows written since the ground, as they were last filed: their values, and for each value its keys.
        self._filed: dict[Key, tuple[Any, ...] | None] = {}
        self._index: dict[tuple[str, Any], dict[Key, None]] = {}

    def key_of(self, row: Row) -> Key | None:
        return row[self.key] if self.key else None

    def insert(self, row: Row) -> None:
        key = row[self.key] if self.key else len(self.rows) + 1
        self.rows[key] = row
        self.file(key)

    def find(self, field: str, value: Any) -> Row | None:
        """Return the row with that value of an indexed field."""
        key = self.rows.source.find(field, value)
        if key is None or key in self._filed or key not in self.rows:
            key = next(iter(self._index.get((field, value), ())), None)
        return None if key is None else self.rows[key]

    def has(self, field: str, value: Any) -> bool:
        """Whether a row has that value of an indexed field; makes no row."""
        key = self.rows.source.find(field, value)
        return bool(self._index.get((field, value))) or (
            key is not None and key not in self._filed and key in self.rows
        )

    def file(self, key: Key) -> None:
        """Bring the index in line with a row that was written or removed."""
        if not self.indexed:
            return
        row = self.rows.get(key)
        values = tuple(row[field] for field in self.indexed) if row is not None else None
        before = self._filed.get(key)
        if before == values and key in self._filed:
            return
        for field, value in zip(self.indexed, before or (), strict=False):
            keys = self._index[field, value]
            del keys[key]
            if not keys:
                del self._index[field, value]
        for field, value in zip(self.indexed, values or (), strict=False):
            self._index.setdefault((field, value), {})[key] = None
        self._filed[key] = values

    def clear(self) -> None:
        self.rows.clear()
        self._index.clear()
        self._filed.clear()
