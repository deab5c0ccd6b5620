"""Differences of configurations on a terminal: a line for each entity, and below it a line for each field."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import click

from ..config.shown import change_text, shown_change, value_text
from ..printable import in_a_cell
from ..redaction import redacted

if TYPE_CHECKING:
    from ..config.difference import Difference

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_COLOURS = {"added": "green", "removed": "red", "changed": "yellow"}
_FIELDS = 3  # that stand beside an entity that was added or removed


def counted(differences: Sequence[Difference]) -> str:
    """Return how many there are, as ``2 added, 1 removed, 3 changed``."""
    counts: Counter[str] = Counter(difference.change for difference in differences)
    return ", ".join(f"{counts[change]:,} {change}" for change in _SIGNS if counts[change]) or "no difference"


def show_differences(differences: Iterable[Difference], *, full: bool = False) -> None:
    """Write them to stdout, in colours on a terminal. ``full``: with all fields of what was added or removed."""
    lines = (line for difference in differences for line in difference_lines(difference, full=full))
    if not sys.stdout.isatty():
        for text, _ in lines:
            click.echo(redacted(text))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, color_system=None if os.environ.get("NO_COLOR") else "auto")
    for text, style in lines:
        console.print(Text(redacted(text), style), soft_wrap=True)


def difference_lines(difference: Difference, *, full: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the lines of a difference, each with its colour, or "" for none."""
    id, change, _ = difference
    fields = [shown_change(id, each) for each in difference.fields]
    head = f"{_SIGNS[change]} {in_a_cell(str(id))}"
    if change == "changed":
        yield head, _COLOURS[change]
        for field in fields:
            yield f"    {in_a_cell(field.field)}: {change_text(field)}", ""
        return
    values = [(in_a_cell(field.field), field.new if change == "added" else field.old) for field in fields]
    if full:
        yield head, _COLOURS[change]
        yield from ((f"    {name}: {value_text(value)}", _COLOURS[change]) for name, value in values)
        return
    plain = [
        f"{name}: {value_text(value)}"
        for name, value in values
        if isinstance(value, str | int) and value not in ("", False)
    ]
    first = ", ".join(plain[:_FIELDS])
    more = f" and {len(values) - len(plain[:_FIELDS]):,} more" if len(values) > _FIELDS else ""
    yield f"{head}  {first}{more}".rstrip(), _COLOURS[change]
