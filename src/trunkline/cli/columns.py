"""Which columns an answer has: those that were chosen, and those that say most about each kind of thing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from ..catalog import Action, Catalog, load, nearest
from ..errors import UnknownName


def column_names(text: str | None) -> tuple[str, ...]:
    """Read ``A,B.C`` as names."""
    return tuple(dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip()))


def check_columns(
    catalog: Catalog, action: Action, columns: Sequence[str], select: str | None = None, expand: str | None = None
) -> None:
    """Refuse a column that the answer can't have, before anything is sent. UnknownName has the nearest.

    A navigation property that ``expand`` doesn't name is only warned of: OData leaves it out, some PBX may not.
    """
    spec = action.answer_type
    if spec is None or spec.name not in catalog.types:
        return
    selected = column_names(select)
    for column in columns:
        head, *inner = column.split(".")
        if head.startswith("@odata"):
            continue
        _check_path(catalog, spec.name, (head, *inner))
        field = catalog.fields(spec.name).get(head)
        expanded = head in re.findall(r"\w+", expand or "")
        if selected and "*" not in selected and head not in selected and not expanded:
            raise UnknownName(f"--columns asks for {head}, which --select leaves out.")
        if field is not None and field.navigation and not expanded:
            click.echo(f"Warning: {head} is empty without --expand {head}.", err=True)


def _check_path(catalog: Catalog, owner: str, steps: Sequence[str]) -> None:
    for step in steps:
        if owner not in catalog.types or catalog.types[owner].open:
            return
        known = catalog.fields(owner)
        if step not in known:
            raise UnknownName(f"{owner} has no field {step!r}.{nearest(step, iter(known))}")
        owner = known[step].name


def csv_columns(rows: Iterable[Mapping[str, Any]], action: Action | None, select: str | None) -> list[str]:
    """Return the header of a CSV that is written before its last row is known.

    What the first rows have, then what their type has beside it: a report leaves out what is null (docs/pbx.md,
    Answers), so a later row may have a field that the first ones lack. ``select`` says that no other will come.
    """
    header = dict.fromkeys(name for row in rows for name in row if not name.startswith("@odata."))
    spec = action.answer_type if action else None
    if spec is not None and spec.name in load().types:
        wanted = set(column_names(select))
        declared = load().fields(spec.name)
        header |= dict.fromkeys(
            name for name, field in declared.items() if (name in wanted if wanted else not field.navigation)
        )
    return list(header)
