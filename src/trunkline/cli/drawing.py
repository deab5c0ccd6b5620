"""Tables on a terminal: as wide as it is, in its colours, through the pager where they are longer than it is high."""

from __future__ import annotations

import io
import os
import sys

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_PIPE_WIDTH = 160


def draw_table(columns: list[str], rows: list[list[str]], *, pager: bool) -> None:
    """Draw a table on stdout. Rich leaves colours out where NO_COLOR is set; a pipe gets none, nor trailing spaces."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for name in columns:
        drawn.add_column(name, overflow="ellipsis", no_wrap=True)
    for row in rows:
        drawn.add_row(*map(Text, row))
    if not sys.stdout.isatty():
        plain = Console(width=_PIPE_WIDTH, file=io.StringIO(), highlight=False, color_system=None)
        with plain.capture() as captured:
            plain.print(drawn)
        click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))
        return
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(drawn)
    text = captured.get()
    # An empty PAGER means none, as git has it.
    if pager and os.environ.get("PAGER") != "" and text.count("\n") >= console.height:
        click.echo_via_pager(text)
    else:
        click.echo(text, nl=False)
