"""The command of one action, built from the catalog: its arguments, its options, its help."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..catalog import Action, Catalog, Param
from ..catalog.defaults import default_of
from ..catalog.facts import IF_MATCH, OPTION_MEANINGS, action_facts, parameter_facts
from ..catalog.members import has_lists
from ..catalog.names import snake
from .action_help import help_all_option, write_options
from .action_options import action_options, query_options
from .body import body_options, field_options
from .candidates import FIELD_OPTIONS, answer_fields, values_of
from .connection_options import fleet_options
from .files import FileArgument
from .output import view_options

_EASIER = {
    "active_calls.list": "`trunkline calls watch` shows them as they come and go.",
    "report_call_log_data.get_call_log_data": "`trunkline export call-log` reads any period, and needs only that.",
}
"""What does the same with less to type."""


class ActionCommand(click.Command):
    """The command of one action: keys as arguments, everything else as options; its help ends with an example."""

    def __init__(self, catalog: Catalog, action: Action) -> None:
        facts = " ".join(action_facts(catalog, action))
        parameters = list(_parameters(catalog, action))
        own = list(_own_options(catalog, action))
        taken = {flag for param in [*parameters, *own] for flag in param.opts} | {"--help"}
        super().__init__(
            action.verb,
            callback=self._carry_out,
            params=[*parameters, *field_options(catalog, action, taken), *own],
            help=f"{action.description}\n\n{facts}",
        )
        self.catalog = catalog
        self.action = action

    def _carry_out(self, /, **values: Any) -> int:
        options = action_options(self.catalog, self.action, self.params, values)
        from .action_run import carry_out

        return carry_out(self.catalog, options)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_options(self.catalog, self.action, self.get_params(ctx), ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from .example import example

        self.epilog = (
            f"\b\nExample:\n  {example(self.catalog, self.action)}\n\n"
            f"`trunkline actions show {self.action.id}` explains its answer and its errors."
            f" {_EASIER.get(self.action.id, '')}".rstrip()
        )
        super().format_epilog(ctx, formatter)


def _parameters(catalog: Catalog, action: Action) -> Iterator[click.Parameter]:
    """Yield the keys as arguments, then the other parameters of the path as options."""
    for parameter in action.parameters:
        if parameter.name in action.keys:
            name = snake(parameter.name)
            yield click.Argument([name], metavar=name.upper(), required=action.kind != "delete")
    for parameter in action.parameters:
        if parameter.name not in action.keys:
            yield _parameter_option(catalog, action, parameter)


def _parameter_option(catalog: Catalog, action: Action, parameter: Param) -> click.Option:
    return click.Option(
        [f"--{snake(parameter.name).replace('_', '-')}"],
        required=default_of(action, parameter) is None,
        metavar=parameter.type.name,
        shell_complete=values_of(catalog, parameter.type),
        help=" ".join(parameter_facts(catalog, action, parameter)),
    )


def _own_options(catalog: Catalog, action: Action) -> Iterator[click.Option]:
    """Yield the options that don't come from the action's fields, in the order of the help page."""
    yield from _query_options(action)
    yield from body_options(action)
    yield from _guard_options(catalog, action)
    if action.answer_kind == "file":
        what = "Where to write the file; else stdout."
        yield click.Option(["--save"], metavar="PATH", type=click.Path(path_type=Path), help=what)
    if action.kind == "delete":
        what = "Delete what a file names: JSON, JSON Lines or CSV; - or the key - for standard input."
        yield click.Option(["--input", "source"], type=FileArgument("rb"), metavar="FILE", help=what)
        what = "With - or --input: write the outcome of each to FILE, as JSON Lines."
        yield click.Option(["--outcomes"], type=FileArgument("w", lazy=False), metavar="FILE", help=what)
    if action.method != "GET":
        may_ask = action.asks or (action.kind == "update" and has_lists(catalog, action))
        what = "Do not ask." if may_ask else "Do not ask before several PBXs are changed."
        yield click.Option(["--yes"], is_flag=True, help=what)
    yield click.Option(["--dry-run"], is_flag=True, help="Show the request and send nothing.")
    yield click.Option(["--curl"], is_flag=True, help="Show it as a curl line without the token; send nothing.")
    yield help_all_option()
    yield from view_options.options
    yield from fleet_options.options


def _query_options(action: Action) -> Iterator[click.Option]:
    for name in query_options(action):
        fields = answer_fields if name in FIELD_OPTIONS else None
        yield click.Option([f"--{name}"], metavar="TEXT", help=OPTION_MEANINGS[name], shell_complete=fields)
    if action.answer_kind == "list" and "top" in action.query:
        yield click.Option(["--all", "every"], is_flag=True, help="Every row; so it is without --top anyway.")
    elif action.kind == "get":
        yield click.Option(["--all", "every"], is_flag=True, help="In a table, also the fields that are not set.")


def _guard_options(catalog: Catalog, action: Action) -> Iterator[click.Option]:
    """Those of an action that can be made to depend on what it changes."""
    reader = catalog.reader(action)
    if action.if_match:
        without = "; --if-unchanged works with any" if reader else ""
        help_text = f"{IF_MATCH} It is refused where the PBX sends no ETags{without}."
        yield click.Option(["--if-match"], metavar="ETAG", help=help_text)
        what = "Send --if-match even to a PBX that sends no ETags, and so takes no notice of it."
        yield click.Option(["--if-match-anyway"], is_flag=True, default=None, help=what)
    if reader is None:
        return
    what = f"Only if the {action.noun} is still as in this JSON object, which `get` writes; - for standard input."
    yield click.Option(["--if-unchanged"], type=FileArgument("rb"), metavar="FILE", help=what)
    if action.kind == "delete":
        what = "With - or --input: delete only what is still as its row says."
        yield click.Option(["--unchanged"], is_flag=True, help=what)
