"""A field before and after a change, as cells of a table: of lists and objects what differs, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..work.lists import ListChange, element_name
from .output import cell


def change_cells(old: Any, new: Any) -> tuple[str, str]:
    """Return what a field is now and what it shall be.

    Of two lists that is what goes, such as ``- 104 Ada Byron``, and what comes; of two objects their names.
    """
    if isinstance(old, list) and isinstance(new, list):
        change = ListChange("", old, new)
        gone = ", ".join(f"- {element_name(element)}" for element in change.dropped)
        added = ", ".join(f"+ {element_name(element)}" for element in change.added)
        if gone or added:
            return cell(gone), cell(added)
    if isinstance(old, Mapping) and isinstance(new, Mapping) and (names := (_name(old), _name(new)))[0] != names[1]:
        return cell(names[0]), cell(names[1])
    return cell(old), cell(new)


def value_cell(value: Any) -> str:
    """Return a field of something new: of a list the names of its elements."""
    if isinstance(value, list) and value and all(isinstance(element, Mapping) for element in value):
        return cell(", ".join(map(element_name, value)))
    return cell(value)


def _name(value: Mapping[str, Any]) -> str:
    """Return an object by its name; of a destination also what kind it is."""
    return " ".join(str(value[name]) for name in ("To", "Number", "Name") if value.get(name))
