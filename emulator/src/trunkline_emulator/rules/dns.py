"""The rule of everything that has a number: it belongs to a department, and what names it follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..values import Row
from .checks import Checked
from .memberships import complete_groups
from .references import look_up, name_shown, noted_names, renumber, settle

if TYPE_CHECKING:
    from ..store import Store

PROPERTIES = "properties of DNs"


class Naming(Checked):
    """A row that names others: what it names must be there, and is filled in."""

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        return look_up(store, self.name, given, old)

    def stored(self, store: Store, row: Row, old: Row | None) -> None:
        super().stored(store, row, old)
        noted_names(store, self.name, row)


class Dn(Naming):
    """A DN. Renamed or gone, it takes along or leaves what names it."""

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        filled = super().fill(store, given, old)
        return complete_groups(store, self.name, filled, old, name_shown(self.name, {**(old or {}), **filled}))

    def stored(self, store: Store, row: Row, old: Row | None) -> None:
        super().stored(store, row, old)
        if old is None:
            return
        if old["Number"] != row["Number"]:
            renumber(store, old["Number"], row["Number"])
        if name_shown(self.name, old) != name_shown(self.name, row):
            settle(store, row["Number"], row["Id"])

    def removed(self, store: Store, row: Row) -> None:
        settle(store, row["Number"], row["Id"])
        properties = store.kept.get(PROPERTIES, {})
        if row["Number"] in properties:
            store.keep(PROPERTIES, {number: kept for number, kept in properties.items() if number != row["Number"]})
