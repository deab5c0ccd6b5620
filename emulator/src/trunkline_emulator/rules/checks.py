"""Rules as data: what each field of a set must satisfy, and the codes of those that don't.

The codes are members of ``Pbx.Warnings``. Where 3CX publishes a code but no limit, the limit is ours and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, ClassVar

from ..evidence import ASSUMED
from ..refusals import bad_fields
from ..values import Row
from ..warning_codes import (
    ALREADY_IN_USE,
    INVALID,
    INVALID_IP_MASK,
    NOT_FOUND,
    OUT_OF_THE_RANGE,
    REQUIRED,
    warning,
)
from .index import LOOKED_UP, by_number, noted, unique_to
from .rule import Rule

if TYPE_CHECKING:
    from ..store import Store

Wrong = dict[str, str]
# The code for a value, or None where it is fine; empty values are left to ``required``.
Check = Callable[["Store", Any], "str | None"]

MAC = re.compile(r"[0-9A-Fa-f]{12}")


def refuse_wrong(store: Store, wrong: Mapping[str, str]) -> None:
    """Refuse fields that assumed rules find wrong, on a strict PBX. Raises Refusal (400) with one detail for each."""
    if wrong and store.strict:
        raise bad_fields({field: warning(store.catalog, code) for field, code in wrong.items()}, fact=ASSUMED)


def longest(limit: int, warning: str) -> Check:
    return lambda store, value: warning if len(value) > limit else None


SHORT = longest(50, "WARNINGS.LENGTH_NOT_MORE_50_CHARS")
MEDIUM = longest(255, "WARNINGS.LENGTH_NOT_MORE_255_CHARS")


def between(lowest: int, highest: int) -> Check:
    return lambda store, value: None if lowest <= value <= highest else OUT_OF_THE_RANGE


def like(pattern: str, warning: str = INVALID) -> Check:
    compiled = re.compile(pattern)
    return lambda store, value: None if compiled.fullmatch(value) else warning


def ip_mask(store: Store, value: str) -> str | None:
    """Return an address, or a network as ``198.51.100.0/28`` or ``198.51.100.0/255.255.255.240``, without host bits."""
    try:
        ip_network(value)
    except ValueError:
        return INVALID_IP_MASK
    return None


def exists_in(name: str) -> Check:
    """Return a check that the value is the key of a row of the set."""
    return lambda store, value: None if name not in store.tables or value in store.tables[name].rows else NOT_FOUND


def group_named(store: Store, value: str) -> str | None:
    """Return a department by its number, as 3CX's own examples have it, or by its name."""
    known = by_number(store, "Groups", value) or unique_to(store, "Groups", "Name", value)
    return None if known else NOT_FOUND


def empty(value: Any) -> bool:
    return value is None or value in ("", [])


class Checked(Rule):
    """A rule of fields: which must be there, what each must satisfy, which are one row's alone.

    ``unique`` fields are compared without regard to case. ``defaults`` are the values that a new row gets where the
    client sent none. ``more`` yields further wrong fields that need more than one value to see.
    """

    name = ""
    required: tuple[str, ...] = ()
    fields: ClassVar[Mapping[str, tuple[Check, ...]]] = {}
    unique: tuple[str, ...] = ()
    defaults: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        if cls.unique:
            LOOKED_UP[cls.name] = cls.unique

    def prepare(self, store: Store, given: Row, old: Row | None) -> Row:
        filled = dict(given)
        if old is None:
            known = store.catalog.fields(store.tables[self.name].type_name)
            for field, value in self.defaults.items():
                if field in known and filled.get(field) is None and self._fits(store, known[field].name, value):
                    filled[field] = value
        return self.fill(store, filled, old)

    def _fits(self, store: Store, type_name: str, value: Any) -> bool:
        return type_name not in store.catalog.enums or value in store.catalog.enum_values(type_name)

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        """Return what the PBX adds to the fields that were sent. Raises Refusal for what it can't make sense of."""
        return given

    def check(self, store: Store, row: Row, given: Row, old: Row | None) -> None:
        refuse_wrong(store, dict(self._wrong(store, row, given, old)))

    def stored(self, store: Store, row: Row, old: Row | None) -> None:
        noted(store, self.name, row)

    def _wrong(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        yield from self.more(store, row, given, old)
        key = store.tables[self.name].key or ""
        for field in self.unique:
            if not empty(row.get(field)) and (old is None or row[field] != old[field]):
                holder = unique_to(store, self.name, field, row[field])
                if holder is not None and (old is None or holder[key] != old[key]):
                    yield field, ALREADY_IN_USE
        for field, checks in self.fields.items():
            value = row.get(field)
            if empty(value) or (old is not None and field not in given):
                continue
            warnings = (check(store, value) for check in checks)
            warning = next((warning for warning in warnings if warning), None)
            if warning:
                yield field, warning
        for field in self.required:
            if field in row and empty(row[field]) and (old is None or field in given):
                yield field, REQUIRED

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        """Further wrong fields and their codes."""
        return iter(())
