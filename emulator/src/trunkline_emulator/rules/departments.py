"""Departments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from ..evidence import ASSUMED
from ..values import Row
from ..warning_codes import DUPLICATE, NOT_FOUND, OUT_OF_THE_RANGE, REQUIRED, refuse
from .checks import SHORT, empty
from .dns import Naming
from .memberships import complete_members, enrol_members, move_to_default, put_out, rename
from .references import settle
from .roles import ROLES, rights_of

if TYPE_CHECKING:
    from ..store import Store

_RANGES = (
    ("SystemNumberFrom", "SystemNumberTo"),
    ("TrunkNumberFrom", "TrunkNumberTo"),
    ("UserNumberFrom", "UserNumberTo"),
)


class Departments(Naming):
    name = "Groups"
    required = ("Name",)
    unique = ("Name",)
    fields: ClassVar = {"Name": (SHORT,)}
    defaults: ClassVar = {"Language": "EN", "IsDefault": False, "HasMembers": False, "GloballyVisible": False}

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        filled = super().fill(store, given, old)
        # What the PBX decides itself is not taken from a body.
        for field in ("IsDefault", "HasMembers"):
            filled[field] = old[field] if old else False
        if old is None and not filled.get("Rights"):
            filled["Rights"] = [rights_of(role) for role in ROLES]
        if "Members" in filled:
            filled["Members"] = complete_members(store, {**(old or {}), **filled, **_kept(old)}, filled["Members"])
        return filled

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        roles = [rights.get("RoleName") for rights in given.get("Rights") or []]
        for place, role in enumerate(roles):
            if empty(role):
                yield f"Rights[{place}].RoleName", REQUIRED
            elif role not in ROLES:
                yield f"Rights[{place}].RoleName", NOT_FOUND
            elif role in roles[:place]:
                yield f"Rights[{place}].RoleName", DUPLICATE
        props = given.get("Props") or {}
        for first, last in _RANGES:
            low, high = props.get(first) or "", props.get(last) or ""
            if low.isdecimal() and high.isdecimal() and int(low) > int(high):
                yield f"Props.{last}", OUT_OF_THE_RANGE

    def stored(self, store: Store, row: Row, old: Row | None) -> None:
        super().stored(store, row, old)
        renamed = old is not None and old["Name"] != row["Name"]
        if row["Members"] or (old and old["Members"]):
            enrol_members(store, row, old)
        if renamed:
            rename(store, row)
            settle(store, row["Number"])
            for rule in store.rows("OutboundRules"):
                if row["Id"] in rule["GroupIds"]:
                    store.change("OutboundRules", rule, GroupNames=group_names(store, rule["GroupIds"]))

    def check_removal(self, store: Store, row: Row) -> None:
        if row["IsDefault"]:
            raise refuse(store, "WARNINGS.GROUP_CANNOT_BE_DELETED", row["Number"], fact=ASSUMED)
        if row["Members"]:
            raise refuse(store, "WARNINGS.GROUP_WITH_MEMBERS_CANNOT_BE_DELETED", row["Number"], fact=ASSUMED)

    def removed(self, store: Store, row: Row) -> None:
        for member in row["Members"]:
            if member["Id"] in store.tables["Users"].rows:
                put_out(store, row, store.tables["Users"].rows[member["Id"]])
        move_to_default(store, row)
        settle(store, row["Number"])
        for rule in store.rows("OutboundRules"):
            if row["Id"] in rule["GroupIds"]:
                ids = [group for group in rule["GroupIds"] if group != row["Id"]]
                store.change("OutboundRules", rule, GroupIds=ids, GroupNames=group_names(store, ids))


def _kept(old: Row | None) -> Row:
    """Return the members as they were, whose roles stay where a body names none."""
    return {"Members": old["Members"]} if old else {"Members": []}


def group_names(store: Store, ids: list[int]) -> list[str]:
    rows = store.tables["Groups"].rows
    return [rows[group]["Name"] for group in ids if group in rows]
