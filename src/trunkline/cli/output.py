"""Writing answers: a table on a terminal, JSON Lines in a pipe; JSON, YAML and CSV; secrets masked."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from ..catalog import Action
from ..catalog.columns import at, picked, table_columns
from ..catalog.secret import masked
from ..errors import ConfigurationError
from ..printable import printable
from .columns import column_names, csv_columns
from .options import OptionGroup

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


FORMATS = ("table", "json", "jsonl", "yaml", "csv")
PBX = "pbx"
"""The field that says which of several PBXs a row is from. 3CX's own names begin with a capital."""
STREAMED = ("jsonl", "yaml", "csv")


_FRACTION = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d|PT[\dHM]+)\.\d+([ZS])")
"""A date and time, or a duration, that a table shows to the second."""


class View(NamedTuple):
    """How an answer is to be written. ``query`` is JMESPath; ``select`` is the fields that the PBX answers.

    ``first`` is a field of each row that comes before those of the answer's type, or "".
    """

    output: str
    columns: tuple[str, ...] = ()
    query: str | None = None
    show_secrets: bool = False
    pager: bool = True
    select: str | None = None
    first: str = ""
    whole: bool = False
    """Whether a table of one entity has the fields too that are not set."""

    @property
    def streams(self) -> bool:
        """Whether rows can be written before the last one is there."""
        return self.output in STREAMED and self.query is None


def _fields(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from .candidates import answer_fields

    return answer_fields(ctx, param, incomplete)


def _view(output: str | None, columns: str | None, query: str | None, show_secrets: bool, no_pager: bool) -> View:
    if query is not None:
        from .query import secrets_compared

        names = secrets_compared(query)  # a slip is reported before anything is sent
        if names and not show_secrets:
            what = "--query compares {}, masked as it is, and so can't find its values; --show-secrets compares them."
            click.echo(f"Warning: {what.format(' and '.join(names))}", err=True)
    return View(chosen(output), column_names(columns), query, show_secrets, not no_pager)


view_options = OptionGroup(
    "view",
    _view,
    [
        click.Option(["-o", "--output"], type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl."),
        click.Option(
            ["--columns"], metavar="A,B.C", shell_complete=_fields, help="The fields to write, in this order."
        ),
        click.Option(["--query"], metavar="JMESPATH", help="What to take from the answer, such as '[].Number'."),
        click.Option(["--no-pager"], is_flag=True, help="Do not page a long table; PAGER names the pager."),
        click.Option(["--show-secrets"], is_flag=True, help="Do not mask passwords, PINs and keys."),
    ],
)
"""The options that say how to write."""


def chosen(output: str | None) -> str:
    return output or ("table" if sys.stdout.isatty() else "jsonl")


class Writer:
    """Writes rows as they come, where format and query allow it; `end` writes what had to wait for the last one."""

    def __init__(self, view: View, action: Action | None = None) -> None:
        self.view = view
        self.action = action
        self._waiting: list[Any] = []
        self._header: list[str] | None = None
        self._late: set[str] = set()
        self.rows = 0
        """How many rows were taken in; where the view streams, they are written."""

    def write(self, rows: Iterable[Any]) -> None:
        shown = [row if self.view.show_secrets else masked(row) for row in rows]
        self.rows += len(shown)
        if self.view.streams:
            self._stream([picked(row, self.view.columns) for row in shown])
        else:
            self._waiting += shown

    def end(self) -> None:
        if self.view.query is not None:
            _write_query(self.view.query, self._waiting, self.view)
        elif self.view.output == "csv" and self._header is None:
            self._stream([])
        elif self.view.output == "yaml" and not self.rows:
            click.echo("[]")
        elif not self.view.streams:
            rows = [picked(row, self.view.columns) for row in self._waiting]
            if self.view.output == "json":
                click.echo(pretty(rows))
            else:
                table(rows, self.action, self.view)

    def _stream(self, rows: Sequence[Any]) -> None:
        match self.view.output:
            case "jsonl":
                for row in rows:
                    click.echo(json_line(row))
            case "yaml":
                if rows:
                    click.echo(yaml_text(list(rows)), nl=False)
            case _:
                self._csv(rows)

    def _csv(self, rows: Sequence[Any]) -> None:
        from ..local.csv_text import csv_line  # brings the client, which a table needs not

        objects = [row if isinstance(row, Mapping) else {"value": row} for row in rows]
        if self._header is None:
            self._header = list(self.view.columns) or csv_columns(objects, self.action, self.view.select)
            if not self._header:
                return
            if self.view.first and self.view.first not in self._header:
                self._header.insert(0, self.view.first)
            click.echo(csv_line(self._header), nl=False)
        for row in objects:
            click.echo(csv_line([row.get(name) for name in self._header]), nl=False)
            for name in row:
                if name not in self._header and name not in self._late and not name.startswith("@odata."):
                    self._late.add(name)
                    click.echo(f"Warning: the column {name} came late and is left out; --columns names it.", err=True)


def write_rows(rows: Iterable[Any], view: View, action: Action | None = None) -> None:
    """Write rows that are all there."""
    writer = Writer(view, action)
    writer.write(rows)
    writer.end()


def write_one(value: Any, view: View, action: Action | None = None) -> None:
    """Write one value: as a table what is set of it, by groups, where it is an entity of an action."""
    shown = value if view.show_secrets else masked(value)
    if view.query is not None:
        _write_query(view.query, shown, view)
    elif view.output == "table" and action is not None and not view.columns and isinstance(shown, dict):
        from .entity import draw_entity

        draw_entity(shown, action, view)
    else:
        _write_value(picked(shown, view.columns), view)


def _write_query(query: str, answer: Any, view: View) -> None:
    """Write what a query takes from an answer: rows, if it is a list."""
    from .query import named, search

    value = search(query, answer)
    plain = view._replace(query=None, show_secrets=True)  # the value has been masked, maybe under another name
    if isinstance(value, list):
        write_rows(value, plain._replace(columns=plain.columns or named(query, value)))
    else:
        _write_value(picked(value, view.columns), plain)


def _write_value(value: Any, view: View) -> None:
    match view.output:
        case "jsonl":
            click.echo(json_line(value))
        case "json":
            click.echo(pretty(value))
        case "yaml":
            click.echo(yaml_text(value).removesuffix("...\n"), nl=False)
        case "csv":
            write_rows([value], view._replace(columns=(), query=None, show_secrets=True, select=None))
        case _ if isinstance(value, dict):
            draw(["Field", "Value"], [[k, cell(v)] for k, v in value.items() if k != "@odata.context"], view)
        case _:
            click.echo(pretty(value) if isinstance(value, list) else printable(cell(value, most=None)))


def json_line(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def yaml_text(value: Any) -> str:
    """Return a value as YAML; ConfigurationError where the library that writes it is not installed."""
    try:
        import yaml
    except ImportError:
        raise ConfigurationError(
            "The library that writes YAML is not installed.", hint="pip install 'trunkline[flows]', or take -o json."
        ) from None
    plain = msgspec.to_builtins(value)
    text: str = yaml.dump(plain, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=1000)
    return text


@cache
def _dumper() -> Any:
    """One that quotes text which is a number only to readers of YAML 1.2, such as a MAC with digits and an e."""
    import yaml

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        pass

    number = re.compile(r"([-+]?([.][0-9]+|[0-9]+([.][0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+)\Z")
    Dumper.add_implicit_resolver("tag:yaml.org,2002:float", number, list("+-.0123456789"))
    return Dumper


def table(rows: list[Any], action: Action | None, view: View) -> None:
    """Rows as a table, of the chosen columns or those that say most."""
    if not rows:
        click.echo("Nothing.", err=True)
    elif all(isinstance(row, dict) for row in rows):
        columns = list(view.columns) or table_columns(rows, action)
        if view.first and not view.columns:
            columns = list(dict.fromkeys([view.first, *columns]))
        draw(columns, [[cell(at(row, c)) for c in columns] for row in rows], view)
    else:
        draw(["Value"], [[cell(row)] for row in rows], view)


def cell(value: Any, most: int | None = 60) -> str:
    """Return a value as one line, cut after ``most`` characters, without fractions of a second.

    None leaves it as it is.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = json_line(value) if isinstance(value, dict | list) else str(value)
    if most is None:
        return text
    if whole := _FRACTION.fullmatch(text):
        return "".join(whole.groups())
    text = " ".join(text.split()) if "\n" in text else text
    return text if len(text) <= most else f"{text[: most - 1]}…"


def draw(columns: list[str], rows: list[list[str]], view: View | None = None) -> None:
    """Draw a table on stdout, as wide as the terminal allows; through a pager if it is longer, and ``view`` agrees."""
    from .drawing import draw_table

    shown = view or View("table", tuple(columns), pager=False)
    draw_table(columns, rows, pager=shown.pager, droppable=not shown.columns)
