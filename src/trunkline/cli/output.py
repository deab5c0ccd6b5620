"""Writing answers: a table on a terminal, JSON Lines in a pipe, secrets masked."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Any

import click
import msgspec

from ..catalog import Action, load
from ..catalog.secret import MASK, SECRET, masked

__all__ = ["MASK", "masked"]

FORMATS = ("table", "json", "jsonl")

_FIRST = (
    "Number",
    "Name",
    "DisplayName",
    "FirstName",
    "LastName",
    "CompanyName",
    "Model",
    "Vendor",
    "MAC",
    "IPAddr",
    "Link",
)


def output_option(command: Any) -> Any:
    """``-o``, ``--output``: how to write."""
    return click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")(
        click.option("--show-secrets", is_flag=True, help="Do not mask passwords, PINs and keys.")(command)
    )


def chosen(output: str | None) -> str:
    return output or ("table" if sys.stdout.isatty() else "jsonl")


def write_rows(rows: Iterable[Any], output: str | None, action: Action | None, *, show_secrets: bool) -> None:
    """Write rows as they come; a table is drawn once all are there."""
    shown = rows if show_secrets else map(masked, rows)
    match chosen(output):
        case "jsonl":
            for row in shown:
                click.echo(json_line(row))
        case "json":
            click.echo(pretty(list(shown)))
        case _:
            table(list(shown), action)


def write_one(value: Any, output: str | None, *, show_secrets: bool) -> None:
    """Write one value."""
    shown = value if show_secrets else masked(value)
    match chosen(output):
        case "jsonl":
            click.echo(json_line(shown))
        case "table" if isinstance(shown, dict):
            draw(["Field", "Value"], [[k, cell(v)] for k, v in shown.items() if k != "@odata.context"])
        case _:
            click.echo(pretty(shown) if isinstance(shown, dict | list) else str(shown))


def json_line(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def table(rows: list[Any], action: Action | None) -> None:
    """Rows as a table of at most eight columns: the key, what names a thing, then what else is filled."""
    if not rows:
        click.echo("Nothing.", err=True)
        return
    if not isinstance(rows[0], dict):
        draw(["Value"], [[cell(row)] for row in rows])
        return
    columns = _columns(rows, action)
    draw(columns, [[cell(row.get(c)) for c in columns] for row in rows])


def _columns(rows: list[dict[str, Any]], action: Action | None) -> list[str]:
    filled = {
        name: sum(
            row.get(name) not in (None, "", [], {}) and not isinstance(row.get(name), dict | list) for row in rows
        )
        for name in dict.fromkeys(name for row in rows[:100] for name in row)
        if not name.startswith("@odata.") and not SECRET.search(name)
    }
    spec = action.answer_type if action else None
    key = load().key(spec.name) if spec and spec.name in load().types else ()
    ranked = [
        *(k for k in key if k in filled),
        *(n for n in _FIRST if filled.get(n)),
        *(n for n in filled if filled[n]),
    ]
    return list(dict.fromkeys(ranked))[:8] or list(filled)[:8]


def cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = json_line(value) if isinstance(value, dict | list) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def draw(columns: list[str], rows: list[list[str]]) -> None:
    """Draw a table on stdout, as wide as the terminal allows."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for name in columns:
        drawn.add_column(name, overflow="ellipsis", no_wrap=True)
    for row in rows:
        drawn.add_row(*map(Text, row))
    if sys.stdout.isatty():
        Console(highlight=False).print(drawn)
        return
    plain = Console(width=160, file=io.StringIO(), highlight=False, color_system=None)
    with plain.capture() as captured:
        plain.print(drawn)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))
