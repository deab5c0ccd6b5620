"""The store: what this PBX holds, and the rules that every entity set shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..catalog import Catalog, TypeSpec
from .refusals import bad_field, not_found
from .rules import RULES, Rule
from .values import Row, Values
from .views import VIEWS

ALREADY_IN_USE = "WARNINGS.XAPI.ALREADY_IN_USE"
FORBIDDEN_CHANGE = "WARNINGS.XAPI.FORBIDDEN_CHANGE"
REQUIRED = "WARNINGS.XAPI.REQUIRED"

Key = str | int
Seed = Mapping[str, "list[Row] | Row"]
# What was written: a set and the key of its row; a singleton, or a set without keys, and None; "" and what was kept.
Place = tuple[str, Key | None]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Table:
    """The rows of one entity set by key; a set without a single key field counts its rows."""

    def __init__(
        self, name: str, type_name: str, key: str | None, key_type: str, *, alternate: str | None, is_dn: bool
    ) -> None:
        self.name = name
        self.type_name = type_name
        self.key = key
        self.key_type = key_type
        self.alternate = alternate
        self.is_dn = is_dn
        self.rows: dict[Key, Row] = {}

    def insert(self, row: Row) -> None:
        self.rows[row[self.key] if self.key else len(self.rows) + 1] = row


class Store:
    """Entity sets and singletons of one version, filled from a seed.

    Users, groups, queues, faxes and the like are all DNs: they share one sequence of Ids and one space of numbers.
    """

    def __init__(self, catalog: Catalog, seed: Seed, clock: Callable[[], datetime] = utc_now) -> None:
        self.catalog = catalog
        self.values = Values(catalog)
        self.tables: dict[str, Table] = {}
        self.singletons: dict[str, Row] = {}
        self.kept: dict[str, Any] = {}
        self.written: set[Place] = set()
        self.now = clock
        self.seed = seed
        self._last_ids: dict[str, int] = {}
        self._open_sets()
        self._fill(seed)

    def _open_sets(self) -> None:
        for name, entity_set in self.catalog.sets.items():
            if entity_set.type is None:
                continue
            fields = self.catalog.fields(entity_set.type)
            if entity_set.singleton:
                self.singletons[name] = self.values.complete(entity_set.type, {})
                continue
            keys = [key for key in entity_set.key or self.catalog.key(entity_set.type) if key in fields]
            key = keys[0] if len(keys) == 1 else None
            alternate = entity_set.alternate[0] if entity_set.alternate else None
            is_dn = "Pbx.DN" in _ancestry(self.catalog, entity_set.type)
            key_type = fields[key].name if key else ""
            self.tables[name] = Table(name, entity_set.type, key, key_type, alternate=alternate, is_dn=is_dn)

    def _fill(self, seed: Seed) -> None:
        for name, content in seed.items():
            type_name = self.catalog.sets[name].type if name in self.catalog.sets else None
            if type_name is None:
                continue
            if isinstance(content, dict):
                self.singletons[name] = self.values.complete(type_name, self._of_this_version(type_name, content))
                continue
            for row in content:
                self.tables[name].insert(self.values.complete(type_name, self._of_this_version(type_name, row)))
        self._link("MyUser", "Users")
        self._link("MyGroup", "Groups")

    def _link(self, singleton: str, table: str) -> None:
        """MyUser and MyGroup are rows of their sets, not copies."""
        first = next(iter(self.tables[table].rows.values()), None)
        if first is not None:
            self.singletons[singleton] = first

    def _of_this_version(self, type_name: str, row: Mapping[str, Any]) -> Row:
        """A seed is written for the newest version: an older one lacks some fields and enum members."""
        fields = self.catalog.fields(type_name)
        return {name: self._narrow(value, fields[name]) for name, value in row.items() if name in fields}

    def _narrow(self, value: Any, spec: TypeSpec) -> Any:
        if value is None:
            return None
        if spec.name in self.catalog.types:
            if spec.collection:
                return [self._of_this_version(spec.name, item) for item in value]
            return self._of_this_version(spec.name, value)
        if spec.name in self.catalog.enums:
            known = self.catalog.enum_values(spec.name)
            if spec.collection:
                return [item for item in value if item in known]
            names = value.split(", ") if self.catalog.enums[spec.name].flags else [value]
            return value if all(name in known for name in names) else self.values.default(spec)
        return value

    def rows(self, name: str) -> Sequence[Row]:
        """The rows of a set in the order of their creation."""
        view = VIEWS.get(name)
        return view(self) if view else list(self.tables[name].rows.values())

    def get(self, name: str, keys: Mapping[str, Any]) -> Row:
        """The row of a key or alternate key, or the singleton. Raises Refusal (404)."""
        if name in self.singletons:
            return self.singletons[name]
        found = self._find(name, keys)
        if found is None:
            raise not_found()
        return found

    def _find(self, name: str, keys: Mapping[str, Any]) -> Row | None:
        table = self.tables[name]
        if table.key and table.key in keys and name not in VIEWS:
            return table.rows.get(keys[table.key])
        return next((row for row in self.rows(name) if all(row[field] == value for field, value in keys.items())), None)

    def create(self, name: str, fields: Row) -> Row:
        """Add a row. Integer Ids are given by the PBX, other keys must come with it. Raises Refusal (400)."""
        table = self.tables[name]
        rule = RULES.get(name, Rule())
        fields = rule.prepare(self, fields, None)
        row = self.values.complete(table.type_name, fields)
        if table.key and (table.key not in fields or fields[table.key] in (0, "", None)):
            if table.key_type != "Int32":
                raise bad_field(table.key, REQUIRED)
            row[table.key] = self._next_id(table)
        if table.alternate and not row[table.alternate]:
            raise bad_field(table.alternate, REQUIRED)
        if name == "Groups" and not row["Number"]:
            row["Number"] = self._group_number()
        self._check_free(table, row)
        rule.check(self, row, fields, None)
        if table.key_type == "Int32" and table.key:
            self._last_ids[_sequence(table)] = max(self._last_id(table), row[table.key])
        table.insert(row)
        self._wrote(name, row)
        rule.stored(self, row, None)
        return row

    def _check_free(self, table: Table, row: Row) -> None:
        if table.key and self._taken(table, row[table.key]):
            raise bad_field(table.key, ALREADY_IN_USE)
        number = row.get("Number")
        if table.is_dn and number and number in self.numbers():
            raise bad_field("Number", ALREADY_IN_USE)

    def _taken(self, table: Table, key: Key) -> bool:
        return any(key in other.rows for other in self._sharing_ids(table))

    def _sharing_ids(self, table: Table) -> Iterable[Table]:
        return (other for other in self.tables.values() if other.is_dn) if table.is_dn else (table,)

    def _last_id(self, table: Table) -> int:
        ids = (key for other in self._sharing_ids(table) for key in other.rows if isinstance(key, int))
        return self._last_ids.get(_sequence(table)) or max(ids, default=0)

    def _next_id(self, table: Table) -> int:
        """An Id is never given twice, even when its row was deleted."""
        return self._last_id(table) + 1

    def numbers(self) -> set[str]:
        """Every number in use, over all kinds of DN."""
        dns = (table for table in self.tables.values() if table.is_dn)
        return {row["Number"] for table in dns for row in table.rows.values() if row["Number"]}

    def _group_number(self) -> str:
        taken = self.numbers()
        return next(number for n in range(len(taken) + 1) if (number := f"GRP{n:04}") not in taken)

    def update(self, name: str, keys: Mapping[str, Any], fields: Row) -> Row:
        """Merge fields into a row. Raises Refusal: 404, or 400 for a change that may not be."""
        row = self.get(name, keys)
        table = self.tables.get(name) or self._table_of(row)
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
        table.insert(row)
        self._wrote(name, row)
        return row

    def keep(self, name: str, value: Any) -> None:
        """Remember something that no set shows, as JSON has it; ``kept`` gives it back."""
        self.kept[name] = value
        self.written.add(("", name))

    def _wrote(self, name: str, row: Row) -> None:
        table = self.tables.get(name) or self._table_of(row)
        if table is None:
            self.written.add((name, None))
        else:
            self.written.add((table.name, row[table.key] if table.key else None))

    def _check_change(self, table: Table, row: Row, fields: Row) -> None:
        if table.key and fields.get(table.key, row[table.key]) != row[table.key]:
            raise bad_field(table.key, FORBIDDEN_CHANGE)
        if not table.is_dn or fields.get("Number", row["Number"]) == row["Number"]:
            return
        if table.name in _FIXED_NUMBERS:
            raise bad_field("Number", FORBIDDEN_CHANGE)
        if fields["Number"] in self.numbers():
            raise bad_field("Number", ALREADY_IN_USE)

    def _table_of(self, row: Row) -> Table | None:
        """The table that a singleton such as MyUser is a row of."""
        return next((t for t in self.tables.values() if t.key and t.rows.get(row.get(t.key, "")) is row), None)

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
        if table.key_type == "Int32" and _sequence(table) not in self._last_ids:
            self._last_ids[_sequence(table)] = self._last_id(table)
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
            self.written.add((name, None))


# DNs whose number stays what it was on creation (PBX.md, Requests).
_FIXED_NUMBERS = frozenset(
    {"Users", "Groups", "Queues", "Fax", "Receptionists", "Parkings", "RingGroups", "ServicePrincipals"}
)


def _sequence(table: Table) -> str:
    return "DN" if table.is_dn else table.name


def _ancestry(catalog: Catalog, type_name: str) -> set[str]:
    names: set[str] = set()
    name: str | None = type_name
    while name:
        names.add(name)
        name = catalog.types[name].base
    return names
