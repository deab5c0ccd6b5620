"""Whose setting it is: a department by its name or number, an extension by its number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..catalog import TypeSpec, load, nearest
from ..errors import Hint, InvalidArgument, NotFound
from ..odata import literal
from ..request import bind
from ..work.step import Ask, Asks

_MOST = 200
"""Characters of a name or a number."""
_NAMED = 20
"""Departments that an error lists."""


def checked_name(text: str, what: str) -> str:
    """Return a name without spaces around it. Raises InvalidArgument if it is empty or too long."""
    name = str(text).strip()
    if not name or len(name) > _MOST:
        raise InvalidArgument(f"{what} has 1 to {_MOST} characters.")
    return name


def department(text: str) -> Asks[Mapping[str, Any]]:
    """Find a department by name, in any case, or by number such as GRP0001; gives Id, Number and Name.

    Raises NotFound, with the names that there are; InvalidArgument where several have the name.
    """
    wanted = checked_name(text, "A department")
    rows = yield from departments()
    found = [row for row in rows if row.get("Number") == wanted]
    found = found or [row for row in rows if str(row.get("Name")).casefold() == wanted.casefold()]
    if len(found) > 1:
        numbers = ", ".join(str(row.get("Number")) for row in found)
        raise InvalidArgument(f"{len(found)} departments are called {wanted!r}: {numbers}.", hint="Give the number.")
    if not found:
        names = [str(row.get("Name")) for row in rows]
        more = ", …" if len(names) > _NAMED else ""
        raise NotFound(
            f"There is no department {wanted!r}.{nearest(wanted, iter(names))}",
            hint=Hint(f"Departments: {', '.join(names[:_NAMED])}{more}.", "groups.list", {"select": "Number,Name"}),
            status=404,
        )
    return found[0]


def departments() -> Asks[list[Mapping[str, Any]]]:
    """Read Id, Number and Name of all departments."""
    arguments = {"select": ["Id", "Number", "Name"]}
    rows: list[Mapping[str, Any]] = yield Ask(bind(load(), load().action("groups.list"), (), arguments))
    return rows


def extension(text: str) -> Asks[Mapping[str, Any]]:
    """Find an extension by its number; gives Id, Number and DisplayName. Raises NotFound."""
    number = checked_name(text, "An extension")
    where = f"Number eq {literal(number, TypeSpec('String'))}"
    arguments = {"filter": where, "select": ["Id", "Number", "DisplayName"], "top": 1}
    rows = yield Ask(bind(load(), load().action("users.list"), (), arguments))
    if not rows:
        raise NotFound(f"There is no extension {number}.", status=404)
    person: Mapping[str, Any] = rows[0]
    return person
