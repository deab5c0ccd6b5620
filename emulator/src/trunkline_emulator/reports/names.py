"""The DNs that a report lists: those the PBX has now, and those that history remembers."""

from __future__ import annotations

from collections.abc import Iterable

from ..store import Store
from ..views import peer_name
from .arguments import Numbers
from .spelling import titled


def numbered(store: Store, name: str, chosen: Numbers) -> dict[str, str]:
    """Map number to label of a set's DNs, by number; a label is as in ``Sales (800)``."""
    rows = sorted(store.rows(name), key=lambda row: str(row["Number"]))
    return {row["Number"]: titled(peer_name(row) or "", row["Number"]) for row in rows if row["Number"] in chosen}


def departments(store: Store, number: str) -> dict[str, set[str]]:
    """Return the name of the department with a number, and the extensions in it; nothing if there is none."""
    return {
        group["Name"]: {member["Number"] for member in group["Members"] or ()}
        | set(_by_membership(store, group["Number"]))
        for group in store.rows("Groups")
        if number and group["Number"] == number
    }


def _by_membership(store: Store, number: str) -> Iterable[str]:
    """Extensions that name the department as theirs."""
    return (
        user["Number"]
        for user in store.rows("Users")
        if any(group["Number"] == number for group in user["Groups"] or ())
    )


def people_of(store: Store, numbers: Numbers, department: str) -> Numbers:
    """Return the extensions chosen by number or, where one is given, those of a department that were."""
    if not department:
        return numbers
    members = frozenset[str]().union(*departments(store, department).values())
    return Numbers(frozenset(number for number in members if number in numbers))
