"""The store: what this PBX holds, and the rules that every entity set shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime, tzinfo
from itertools import count
from secrets import token_hex
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from trunkline.catalog import Catalog

from .evidence import ASSUMED, published, refusal, seen
from .ground import Ground, Key, Seed
from .refusals import bad_field, not_found
from .rules import RULES, Rule
from .rules.numbering import free_number
from .tables import InOrder, Rows, Table
from .values import Row, Values
from .views import VIEWS
from .warning_codes import ALREADY_IN_USE, FORBIDDEN_CHANGE, REQUIRED

__all__ = ["Change", "Key", "Place", "Seed", "Store", "utc_now"]

# What can be written: a set and the key of its row; a singleton, or a set without keys, and None; "" and what is kept.
Place = tuple[str, Key | None]
# A place, whether its row was added after the seed's, and what stands there now; None for a row that was removed.
Change = tuple[str, Key | None, bool, Any]

KEY_IN_USE = refusal("A key or number that another entity has answers 400.", published("requests"))
FIXED_KEY = refusal("Another key or `Number` in a PATCH answers 400.", seen("creating-and-changing"))
# Singletons that are the first row of a set, not copies of it.
_LINKED = {"MyUser": "Users", "MyGroup": "Groups"}
FORMAT = 2  # of snapshots
# Under this and the name of a sequence the highest Id that it ever gave is kept.
_LAST_ID = "last id "


def own_zone(store: Store) -> tzinfo:
    """Return the time zone of the PBX itself; UTC where its settings name none that this machine knows."""
    try:
        return ZoneInfo(store.singletons["OfficeHours"]["TimeZoneId"] or "")
    except (ValueError, OSError, KeyError):
        return UTC


def utc_now() -> datetime:
    return datetime.now(UTC)


class Store:
    """Entity sets and singletons of one version, filled from a seed.

    Users, groups, queues, faxes and others are all DNs: they share one sequence of Ids and one space of numbers.
    ``model`` tells the calls of the past (telephony/), ``opened`` is when this store was.
    """

    def __init__(self, catalog: Catalog, seed: Seed | Ground, clock: Callable[[], datetime] = utc_now) -> None:
        self.catalog = catalog
        self.seed = seed
        self.ground = seed if isinstance(seed, Ground) else Ground(catalog, seed)
        self.values = Values(catalog)
        self.now = clock
        # Whether assumed rules refuse too.
        self.strict = False
        self.opened = clock()
        self.model = self.ground.model
        # Places written since the last commit, and since the seed; True for a row that was added.
        self.written: dict[Place, bool] = {}
        self.changed: dict[Place, bool] = {}
        self.tables = {name: Table(kind, self.ground) for name, kind in self.ground.kinds.items()}
        self.singletons = Rows(lambda: self.ground.singleton_types, self.ground.singleton)
        self.kept: dict[str, Any] = {}

    def changes(self, places: Mapping[Place, bool]) -> list[Change]:
        """Return what stands at these places, in the order in which they were written."""
        return [(*place, added, self._value(place)) for place, added in places.items()]

    def _value(self, place: Place) -> Any:
        name, key = place
        if name == "":
            return self.kept.get(str(key))
        if name in self.tables:
            rows = self.tables[name].rows
            return list(rows.values()) if key is None else rows.get(key)
        return self.singletons[name]

    def snapshot(self) -> dict[str, Any]:
        """Return all that differs from the seed, as JSON has it."""
        saved = {
            "format": FORMAT,
            "version": self.catalog.version,
            "seed": self.ground.fingerprint,
            "changes": self.changes(self.changed),
        }
        copied: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(saved))
        return copied

    def restore(self, saved: Any) -> None:
        """Become what a snapshot tells; the store must be as its seed has it.

        Raises: ValueError where the snapshot is damaged, or of another seed or version.
        """
        if not isinstance(saved, dict) or saved.get("format") != FORMAT:
            raise ValueError(f"This is not a snapshot that this emulator can read: its format is not {FORMAT}.")
        if saved.get("version") != self.catalog.version:
            raise ValueError(f"The snapshot is of version {saved.get('version')}, this PBX is {self.catalog.version}.")
        if saved.get("seed") != self.ground.fingerprint:
            raise ValueError("The snapshot was taken of another seed than the one this PBX started from.")
        try:
            self.replay(msgspec.json.decode(msgspec.json.encode(saved["changes"])))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"The snapshot is damaged: {type(error).__name__}: {error}.") from error

    def replay(self, changes: Iterable[Change]) -> None:
        """Make these changes again. Raises KeyError, TypeError, ValueError or AttributeError if they are damaged."""
        for name, key, added, value in changes:
            if name == "":
                self.keep(str(key), value)
            elif name in self.tables:
                self._put_back(self.tables[name], key, added, value)
            else:
                self.singletons[name] = self.values.complete(self.ground.singleton_types[name], value)
            self._note((name, key), added)

    def _put_back(self, table: Table, key: Key | None, added: bool, value: Any) -> None:
        if key is None:
            table.rows.clear()
        elif added or value is None:
            table.rows.pop(key, None)
        rows = (value or []) if key is None else filter(None, [value])
        for row in rows:
            table.insert(self.values.complete(table.type_name, row))

    def _note(self, place: Place, added: bool = False) -> None:
        for noted in (self.written, self.changed):
            if added:
                noted.pop(place, None)  # its row comes last now
            noted[place] = added or noted.get(place, False)

    def rows(self, name: str) -> Sequence[Row]:
        """Return the rows of a set in the order of their creation."""
        view = VIEWS.get(name)
        return view(self) if view else InOrder(self.tables[name].rows)

    def get(self, name: str, keys: Mapping[str, Any]) -> Row:
        """Return the row of a key or alternate key, or the singleton. Raises Refusal (404)."""
        if name in self.singletons:
            first = next(iter(self.rows(_LINKED[name])), None) if name in _LINKED else None
            return self.singletons[name] if first is None else first
        found = self._find(name, keys)
        if found is None:
            raise not_found()
        return found

    def _find(self, name: str, keys: Mapping[str, Any]) -> Row | None:
        table = self.tables[name]
        if name not in VIEWS:
            if table.key and table.key in keys:
                return table.rows.get(keys[table.key])
            if len(keys) == 1 and not keys.keys().isdisjoint(table.indexed):
                ((field, value),) = keys.items()
                return table.find(field, value)
        return next((row for row in self.rows(name) if all(row[field] == value for field, value in keys.items())), None)

    def create(self, name: str, fields: Row) -> Row:
        """Add a row. Integer Ids are given by the PBX, other keys must come with it. Raises Refusal (400)."""
        table = self.tables[name]
        rule = RULES.get(name, Rule())
        if table.is_dn and not fields.get("Number"):
            fields = {**fields, "Number": free_number(self, name)}
        fields = rule.prepare(self, fields, None)
        row = self.values.complete(table.type_name, fields)
        if table.key and (table.key not in fields or fields[table.key] in (0, "", None)):
            if table.key_type != "Int32" and self.strict:
                raise bad_field(table.key, REQUIRED, fact=ASSUMED)
            row[table.key] = self._next_id(table) if table.key_type == "Int32" else token_hex(4)
        self._check_free(table, row)
        if self.strict:
            rule.check(self, row, fields, None)
        self._insert(table, row)
        rule.stored(self, row, None)
        return row

    def _check_free(self, table: Table, row: Row) -> None:
        if table.key and self._taken(table, row[table.key]):
            raise bad_field(table.key, ALREADY_IN_USE, fact=KEY_IN_USE)
        number = row.get("Number")
        if table.is_dn and number and number in self.numbers():
            raise bad_field("Number", ALREADY_IN_USE, fact=KEY_IN_USE)

    def _insert(self, table: Table, row: Row) -> None:
        if table.key and isinstance(row[table.key], int) and row[table.key] > self.last_id(table):
            self.keep(_LAST_ID + _sequence(table), row[table.key])
        added = table.key_of(row) not in table.rows
        table.insert(row)
        self._note((table.name, table.key_of(row)), added and table.key is not None)

    def _sharing_ids(self, table: Table) -> Iterable[Table]:
        return (other for other in self.tables.values() if other.is_dn) if table.is_dn else (table,)

    def last_id(self, table: Table) -> int:
        """Return the highest Id ever given; an Id is never given twice, even when its row was deleted."""
        last: int | None = self.kept.get(_LAST_ID + _sequence(table))
        return max(self.ground.last(other.name) for other in self._sharing_ids(table)) if last is None else last

    def _next_id(self, table: Table) -> int:
        """Return an Id that was never given, even to a deleted row; past the last Int32 a free one."""
        following = self.last_id(table) + 1
        return following if following < 2**31 else next(n for n in count(1) if not self._taken(table, n))

    def _taken(self, table: Table, key: Key) -> bool:
        return any(key in other.rows for other in self._sharing_ids(table))

    def numbers(self) -> Set[str]:
        """Every number in use, over all kinds of DN."""
        return _Numbers([table for table in self.tables.values() if table.is_dn])

    def update(self, name: str, keys: Mapping[str, Any], fields: Row) -> Row:
        """Merge fields into a row. Raises Refusal: 404, or 400 for a change that may not be."""
        row = self.get(name, keys)
        table = self._table_of(name)
        rule = RULES.get(table.name if table else name, Rule())
        if table:
            self._check_change(table, row, fields)
        fields = rule.prepare(self, fields, row)
        completed = self.values.complete(self.catalog.sets[name].type or "", fields)
        changed = {**row, **{field: completed[field] for field in fields}}
        if self.strict:
            rule.check(self, changed, fields, row)
        old = dict(row)
        row.update(changed)
        self._wrote(name, row)
        rule.stored(self, row, old)
        return row

    def change(self, name: str, row: Row, **fields: Any) -> None:
        """Set fields of a stored row or singleton as the PBX itself does, without the checks of a client's update."""
        row.update(fields)
        self._wrote(name, row)

    def put(self, name: str, fields: Row) -> Row:
        """Store a row as the PBX itself does, in the place of one with the same key."""
        table = self.tables[name]
        row = self.values.complete(table.type_name, fields)
        self._insert(table, row)
        return row

    def keep(self, name: str, value: Any) -> None:
        """Remember something that no set shows, as JSON has it; ``kept`` gives it back. None forgets it."""
        if value is None:
            self.kept.pop(name, None)
        else:
            self.kept[name] = value
        self._note(("", name))

    def _wrote(self, name: str, row: Row) -> None:
        table = self._table_of(name)
        if table is None:
            self._note((name, None))
            return
        key = table.key_of(row)
        self._note((table.name, key))
        if key is not None and key in table.rows:
            table.rows[key] = row
            table.file(row)

    def _check_change(self, table: Table, row: Row, fields: Row) -> None:
        if table.key and fields.get(table.key, row[table.key]) != row[table.key]:
            raise bad_field(table.key, FORBIDDEN_CHANGE, fact=FIXED_KEY)
        if not table.is_dn or fields.get("Number", row["Number"]) == row["Number"]:
            return
        if table.name in _FIXED_NUMBERS:
            raise bad_field("Number", FORBIDDEN_CHANGE, fact=FIXED_KEY)
        if fields["Number"] in self.numbers():
            raise bad_field("Number", ALREADY_IN_USE, fact=KEY_IN_USE)

    def _table_of(self, name: str) -> Table | None:
        """Return the table of a set, or the one that a singleton such as MyUser is a row of.

        Of other singletons None.
        """
        linked = self.tables.get(_LINKED.get(name, name))
        return linked if linked is None or name in self.tables or linked.rows else None

    def delete(self, name: str, keys: Mapping[str, Any]) -> None:
        """Remove a row. Raises Refusal: 404, or 400 where it may not go."""
        row = self.get(name, keys)
        rule = RULES.get(name, Rule())
        if self.strict:
            rule.check_removal(self, row)
        self.forget(name, row)
        rule.removed(self, row)

    def forget(self, name: str, row: Row) -> None:
        """Take a row away as the PBX itself does, without the checks of a client's delete."""
        table = self.tables[name]
        del table.rows[row[table.key or ""]]
        self._wrote(name, row)

    def remove(self, name: str, keys: Iterable[Any]) -> list[Any]:
        """Remove rows by key; gives the keys that had none. Raises Refusal (400) where one may not go."""
        table = self.tables[name]
        missing = []
        for key in dict.fromkeys(keys):
            if key in table.rows:
                self.delete(name, {table.key or "": key})
            else:
                missing.append(key)
        return missing

    def clear(self, name: str) -> None:
        """Remove every row of a set."""
        table = self.tables[name]
        if table.key:
            self.remove(name, list(table.rows))
        else:
            table.rows.clear()
            self._note((name, None))


class _Numbers(Set[str]):
    """The numbers of some tables: one is looked up, not listed."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = tables

    def __contains__(self, number: object) -> bool:
        return any(table.find("Number", number) is not None for table in self._tables)

    def __iter__(self) -> Iterator[str]:
        return (row["Number"] for table in self._tables for row in InOrder(table.rows) if row["Number"])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> Set[Any]:
        return frozenset(it)


# DNs whose number stays what it was on creation (docs/pbx.md, Requests).
_FIXED_NUMBERS = frozenset(
    {"Users", "Groups", "Queues", "Fax", "Receptionists", "Parkings", "RingGroups", "ServicePrincipals"}
)


def _sequence(table: Table) -> str:
    return "DN" if table.is_dn else table.name
