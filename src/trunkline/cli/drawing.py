"""Tables on a terminal: as wide as it is, in its colours, through the pager where they are longer than it is high."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import click
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..printable import in_a_cell

_PIPE_WIDTH = 160
_LEAST = 13  # what a cut column keeps: a phone number
_MOMENT = "2026-06-15T02:00:00Z"  # half a date says less than none
_GAP = 3


def draw_table(columns: list[str], rows: list[list[str]], *, pager: bool, droppable: bool) -> None:
    """Draw a table on stdout: plain text where NO_COLOR is set, and in a pipe, there without trailing spaces.

    Where a terminal is too narrow, values are cut, and with ``droppable`` the last columns left out.
    """
    on_terminal = sys.stdout.isatty()
    drawn = fitted(columns, rows, Console().width if on_terminal else _PIPE_WIDTH, droppable=droppable)
    if not on_terminal:
        plain = Console(width=_PIPE_WIDTH, highlight=False, color_system=None)
        with plain.capture() as captured:
            plain.print(drawn)
        click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))
        return
    # Rich takes NO_COLOR for colours only; who sets it wants no bold, either, in what a script records.
    console = Console(highlight=False, color_system=None if os.environ.get("NO_COLOR") else "auto")
    with console.capture() as captured:
        console.print(drawn)
    text = captured.get()
    # An empty PAGER means none, as git has it.
    if not (pager and os.environ.get("PAGER") != "" and text.count("\n") >= console.height and _paged(text)):
        click.echo(text, nl=False)


def fitted(columns: list[str], rows: list[list[str]], width: int, *, droppable: bool) -> Table:
    """Return the table of `draw_table`, as wide as it may be."""
    columns, rows = [*map(in_a_cell, columns)], [[*map(in_a_cell, row)] for row in rows]
    widths = _widths(columns, rows, width, droppable=droppable)
    shown = len(widths)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for name, wide in zip(columns, widths, strict=False):
        drawn.add_column(Text(name), overflow="ellipsis", no_wrap=True, width=wide)
    for row in rows:
        drawn.add_row(*map(Text, row[:shown]))
    return drawn


def _paged(text: str) -> bool:
    """Whether the pager could be started; one that isn't there click does without."""
    try:
        click.echo_via_pager(text)
    except ValueError as problem:
        click.echo(f"PAGER is not a command line ({problem}).", err=True)
    except OSError as problem:
        if problem.filename is None:  # it is stdout that can't be written
            raise
        click.echo(f"PAGER can't be run: {problem.filename}: {problem.strerror}.", err=True)
    else:
        return True
    return False


def _widths(columns: list[str], rows: list[list[str]], width: int, *, droppable: bool) -> list[int]:
    """Return the width of each column that is shown: the widest are cut first, none below what can still be read."""
    widths = [max([cell_len(name), *(cell_len(row[place]) for row in rows)]) for place, name in enumerate(columns)]
    least = [len(_MOMENT) if any(_is_moment(row[place]) for row in rows) else _LEAST for place in range(len(columns))]
    least[0] = max(least[0], min(widths[0], width // 2))  # what a row is called: it is there to be typed
    while droppable and len(widths) > 2 and _room(map(min, least, widths)) > width:
        widths.pop()
    while _room(widths) > width and max(widths) > 1:
        spare = [wide if wide > few else 0 for wide, few in zip(widths, least, strict=False)]
        widest = spare if any(spare) else widths
        widths[widest.index(max(widest))] -= 1
    return widths


def _is_moment(text: str) -> bool:
    return len(text) == len(_MOMENT) and text[10] == "T" and text[-1] == "Z"


def _room(widths: Iterable[int]) -> int:
    each = list(widths)
    return sum(each) + _GAP * (len(each) - 1)
