"""The rule of one entity set: hooks that the store calls around each write. The default asks for nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..values import Row

if TYPE_CHECKING:
    from ..store import Store


class Rule:
    """Override what the set needs. What `check` and `check_removal` refuse is assumed: only a strict PBX runs them."""

    def prepare(self, store: Store, given: Row, old: Row | None) -> Row:
        """Return the fields to store for those that were sent; ``old`` is the row to be changed, None on creation."""
        return given

    def check(self, store: Store, row: Row, given: Row, old: Row | None) -> None:
        """Look at the row as it would be stored, before it is. Raises Refusal."""

    def stored(self, store: Store, row: Row, old: Row | None) -> None:
        """Bring other rows in line with a stored row. ``old`` is a copy of what it was."""

    def check_removal(self, store: Store, row: Row) -> None:
        """Before a row is removed. Raises Refusal where it may not be."""

    def removed(self, store: Store, row: Row) -> None:
        """Bring other rows in line with the removal of a row."""
