"""What is to be done to a PBX, step by step, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .kinds import Kind
from .steps import ImportStep

if TYPE_CHECKING:
    from ..odata import Filter

Row = Mapping[str, Any]
Key = tuple[str, ...]


class Plan(NamedTuple):
    """What is to be done, in the order of the file, removals last. ``present``: how many the PBX holds.

    ``alike``: how many rows are there already. ``notes`` say what is left out. ``key``: the fields that matched.
    ``url``: the PBX that it was made from, and no other.
    """

    kind: Kind
    key: Key
    steps: list[ImportStep]
    present: int
    alike: int
    notes: list[str]
    url: str

    def count(self, change: str) -> int:
        return sum(step.change == change for step in self.steps)


class Wishes(NamedTuple):
    """How a CSV is to be understood; see `headers.columns_of` and `headers.chosen_key`.

    ``clear_empty``: an empty cell empties the field instead of leaving it as it is. ``remove_missing``: what the PBX
    holds and the file doesn't is to be removed. ``defaults``: fields of each row to add that the row itself doesn't
    name. ``dangerous``: what may be added although it could lock people out (`addresses.DANGERS`). ``skip_dangerous``:
    leave such rows out instead of refusing the file. ``only``: a filter; what the PBX holds besides is neither compared
    nor removed. ``welcome_mail``: 3CX sends each user who was added its welcome mail.
    """

    key: tuple[str, ...] = ()
    renamed: Mapping[str, str] = {}
    ignored: tuple[str, ...] = ()
    clear_empty: bool = False
    remove_missing: bool = False
    defaults: Mapping[str, Any] = {}
    dangerous: tuple[str, ...] = ()
    skip_dangerous: bool = False
    only: str | Filter | None = None
    welcome_mail: bool = False
