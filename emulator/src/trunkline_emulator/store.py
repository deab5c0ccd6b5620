"""The store: what this PBX holds, and the rules that every entity set shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime
from itertools import count
from typing import Any

from trunkline.catalog import Catalog

from .evidence import ASSUMED, published, refusal, seen
from .ground import Ground, Key, Made, Seed
from .refusals import bad_field, not_found
from .rules import RULES, Rule
from .snapshots import Place, Snapshot, restore, snapshot
from .tables import InOrder, Table
from .values import Row, Values
from .views import VIEWS
from .warning_codes import ALREADY_IN_USE, FORBIDDEN_CHANGE, REQUIRED

__all__ = ["Key", "Made", "Place", "Seed", "Store", "utc_now"]

KEY_IN_USE = refusal("A key or number that another entity has answers 400.", published("requests"))
FIXED_KEY = refusal("Another key or `Number` in a PATCH answers 400.", seen("creating-and-changing"))
# Singletons that are the first row of a set, not copies of it.
_LINKED = {"MyUser": "Users", "MyGroup": "Groups"}


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
        # Places written since somebody last took them, and those written before that.
        self.written: set[Place] = set()
        self.differing: set[Place] = set()
        # Whether everything was put back or replaced since then, so that what was taken before counts no more.
        self.anew = False
        self._open()

    def _open(self) -> None:
        """Everything as the seed has it."""
        self.tables = {name: Table(kind, self.ground.source(name)) for name, kind in self.ground.kinds.items()}
        self.singletons: Mapping[str, Row] = _Singletons(self.ground, self.tables)
        self.kept: dict[str, Any] = {}
        self.last_ids: dict[str, int] = {}
        self.written.clear()
        self.differing.clear()

    def take_written(self) -> set[Place]:
        """Return what was written since the last time; from now on it counts as taken."""
        taken, self.written = self.written, set()
        self.differing |= taken
        return taken

    def snapshot(self) -> Snapshot:
        """All that differs from the seed, as JSON has it."""
        return snapshot(self)

    def restore(self, saved: Snapshot) -> None:
        """Become what a snapshot tells. ValueError where it is of another seed or version, or none; nothing changes."""
        before = self.snapshot()
        try:
            self._become(saved)
        except ValueError:
            self._become(before)
            raise

    def _become(self, saved: Snapshot) -> None:
        self._open()
        self.anew = True
        restore(self, saved)

    def rows(self, name: str) -> Sequence[Row]:
        """Return the rows of a set in the order of their creation."""
        view = VIEWS.get(name)
        return view(self) if view else InOrder(self.tables[name].rows)

    def get(self, name: str, keys: Mapping[str, Any]) -> Row:
        """Return the row of a key or alternate key, or the singleton. Raises Refusal (404)."""
        if name in self.singletons:
            return self.singletons[name]
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
        fields = rule.prepare(self, fields, None)
        row = self.values.complete(table.type_name, fields)
        if table.key and (table.key not in fields or fields[table.key] in (0, "", None)):
            if table.key_type != "Int32":
                raise bad_field(table.key, REQUIRED, fact=ASSUMED)
            row[table.key] = self._next_id(table)
        if table.alternate and not row[table.alternate]:
            raise bad_field(table.alternate, REQUIRED, fact=ASSUMED)
        if name == "Groups" and not row["Number"]:
            row["Number"] = self._group_number()
        self._check_free(table, row)
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
        if table.key and isinstance(row[table.key], int):
            self.last_ids[_sequence(table)] = max(self.last_id(table), row[table.key])
        table.insert(row)
        self._wrote(table.name, row)

    def _sharing_ids(self, table: Table) -> Iterable[Table]:
        return (other for other in self.tables.values() if other.is_dn) if table.is_dn else (table,)

    def last_id(self, table: Table) -> int:
        """Return the highest Id ever given; an Id is never given twice, even when its row was deleted."""
        last = self.last_ids.get(_sequence(table))
        return max(other.rows.source.last for other in self._sharing_ids(table)) if last is None else last

    def _next_id(self, table: Table) -> int:
        """Return an Id that was never given, even to a deleted row; past the last Int32 a free one."""
        following = self.last_id(table) + 1
        return following if following < 2**31 else next(n for n in count(1) if not self._taken(table, n))

    def _taken(self, table: Table, key: Key) -> bool:
        return any(key in other.rows for other in self._sharing_ids(table))

    def numbers(self) -> Set[str]:
        """Every number in use, over all kinds of DN."""
        return _Numbers([table for table in self.tables.values() if table.is_dn])

    def _group_number(self) -> str:
        taken = self.numbers()
        return next(number for n in count() if (number := f"GRP{n:04}") not in taken)

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
        self.written.add(("", name))

    def _wrote(self, name: str, row: Row) -> None:
        table = self._table_of(name)
        key = table.key_of(row) if table else None
        self.written.add((table.name if table else name, key))
        if table and key is not None:
            if key in table.rows:
                table.rows.hold(key, row)
            table.file(key)

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
            table.clear()
            self.written.add((name, None))


class _Numbers(Set[str]):
    """The numbers of some tables: one is looked up, not listed."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = tables

    def __contains__(self, number: object) -> bool:
        return any(table.has("Number", number) for table in self._tables)

    def __iter__(self) -> Iterator[str]:
        return (row["Number"] for table in self._tables for row in InOrder(table.rows) if row["Number"])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> Set[Any]:
        return frozenset(it)


class _Singletons(Mapping[str, Row]):
    """The singletons by name, each made when it is first asked for."""

    def __init__(self, ground: Ground, tables: Mapping[str, Table]) -> None:
        self._ground = ground
        self._tables = tables
        self._made: dict[str, Row] = {}

    def __getitem__(self, name: str) -> Row:
        if name in _LINKED:
            first: Row | None = next(iter(InOrder(self._tables[_LINKED[name]].rows)), None)
            if first is not None:
                return first
        if name not in self._made:
            self._made[name] = self._ground.singleton(name)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._ground.singleton_types

    def __iter__(self) -> Iterator[str]:
        return iter(self._ground.singleton_types)

    def __len__(self) -> int:
        return len(self._ground.singleton_types)


# DNs whose number stays what it was on creation (docs/pbx.md, Requests).
_FIXED_NUMBERS = frozenset(
    {"Users", "Groups", "Queues", "Fax", "Receptionists", "Parkings", "RingGroups", "ServicePrincipals"}
)


def _sequence(table: Table) -> str:
    return "DN" if table.is_dn else table.name
