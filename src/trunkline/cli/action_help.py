"""How the help of an action is laid out: groups of options, in each what most people need, the rest with --help-all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from ..catalog import Action, Catalog
from ..catalog.common_fields import common_fields
from ..catalog.names import snake
from .body import FieldOption
from .connection_options import fleet_options
from .output import view_options

_USUAL_CONNECTION = ("profiles", "url")
_QUERY = ("filter", "search", "orderby", "select", "expand", "top", "skip", "every")
_ALL = "action_help.all"


class Group:
    """A heading with the options under it; ``more`` counts those that only --help-all shows."""

    def __init__(self, title: str, options: Sequence[click.Parameter], shown: Sequence[click.Parameter]) -> None:
        self.title = title
        self.shown = list(shown)
        self.more = len(options) - len(self.shown)


def help_all_option() -> click.Option:
    """Return ``--help-all``, which shows the help with every option in it."""

    def show(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
        if wanted and not ctx.resilient_parsing:
            ctx.meta[_ALL] = True
            click.echo(ctx.get_help())
            ctx.exit()

    what = "Show every option and exit."
    return click.Option(["--help-all"], is_flag=True, is_eager=True, expose_value=False, callback=show, help=what)


def write_options(
    catalog: Catalog, action: Action, params: Sequence[click.Parameter], ctx: click.Context, out: click.HelpFormatter
) -> None:
    """Write the options of an action in groups."""
    for group in groups(catalog, action, params, whole=bool(ctx.meta.get(_ALL))):
        records = [record for param in group.shown if (record := param.get_help_record(ctx)) is not None]
        if records:
            with out.section(group.title):
                out.write_dl(records)
                if group.more:
                    out.write_text(f"{group.more} more with --help-all.")


def groups(catalog: Catalog, action: Action, params: Sequence[click.Parameter], *, whole: bool) -> Iterator[Group]:
    """Yield the groups of an action's options; ``whole``: with the options that few people need."""
    options = [param for param in params if isinstance(param, click.Option)]
    names = {snake(parameter.name) for parameter in action.parameters}
    arguments = [each for each in options if each.name in names]
    fields = [each for each in options if isinstance(each, FieldOption)]
    query = [each for each in options if each.name in _QUERY and each not in arguments]
    view, connection = view_options.options, fleet_options.options
    grouped = {id(each) for each in (*arguments, *fields, *query, *view, *connection)}
    rest = [each for each in options if id(each) not in grouped]
    common = common_fields(catalog, action)
    fields.sort(key=lambda each: common.index(each.field) if each.field in common else len(common))
    yield Group("Arguments", arguments, arguments)
    yield Group(_fields_title(fields), fields, [each for each in fields if whole or each.field in common])
    yield Group("Rows and fields of the answer", query, query)
    yield Group("Options", rest, rest)
    yield Group("Output", view, view)
    yield Group("Connection", connection, [each for each in connection if whole or each.name in _USUAL_CONNECTION])


def _fields_title(fields: Sequence[FieldOption]) -> str:
    """Say once what would else stand beside every field."""
    if any(each.spec.nullable for each in fields):
        return "Fields (null empties one)"
    return "Fields"
