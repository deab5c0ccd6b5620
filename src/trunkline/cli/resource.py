"""``trunkline RESOURCE VERB``: one command for every action, made from the catalog."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import shorten
from typing import IO, TYPE_CHECKING, Any

import click

from ..catalog import Action, Catalog, Param, TypeSpec, load, nearest
from ..catalog.names import snake
from ..catalog.page import IF_MATCH, OPTION_MEANINGS
from ..odata.query import OPTIONS
from .body import body_options, field_options, field_value, read_body
from .candidates import FIELD_OPTIONS, answer_fields, values_of
from .columns import check_columns, check_select
from .connect import open_async_pbx, target
from .files import FileArgument
from .meaning import action_facts, enum_fact
from .output import View, view_of, view_options
from .root import connection_options

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def resource_group(name: str) -> click.Group | None:
    """The group of a resource (``fax``, ``website-links``), or None if there is none of that name."""
    actions = load().resources.get(name.replace("-", "_"))
    return _Resource(name, actions) if actions else None


def resource_helps() -> dict[str, str]:
    """What each resource is for, in a line: its verbs."""
    return {
        name.replace("_", "-"): shorten(", ".join(verb.replace("_", "-") for verb in actions), 80, placeholder=" …")
        for name, actions in load().resources.items()
    }


class _Resource(click.Group):
    def __init__(self, name: str, actions: Mapping[str, Action]) -> None:
        super().__init__(name, help=f"Actions of the resource {name}.", context_settings={"max_content_width": 110})
        self.actions = actions

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [verb.replace("_", "-") for verb in self.actions]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        action = self.actions.get(cmd_name.replace("-", "_"))
        return action_command(load(), action) if action else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs with all of what they do; click would cut it, and make the command of each to ask it."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb.replace("_", "-"), action.summary) for verb, action in self.actions.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = nearest(args[0], iter(self.list_commands(ctx)))
            raise click.UsageError(f"{self.name} has no action {args[0]!r}.{near}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The verbs; click would make the command of each to ask it for its help."""
        from click.shell_completion import CompletionItem

        start = incomplete.replace("_", "-")
        verbs = {verb.replace("_", "-"): action.summary for verb, action in self.actions.items()}
        named = [CompletionItem(verb, help=told) for verb, told in verbs.items() if verb.startswith(start)]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]


_EASIER = {
    "active_calls.list": "`trunkline calls watch` shows them as they come and go.",
    "report_call_log_data.get_call_log_data": "`trunkline export call-log` reads any period, and needs only that.",
}
"""What does the same with less to type."""


class ActionCommand(click.Command):
    """The command of one action; its help ends with a line that could be typed."""

    def __init__(self, catalog: Catalog, action: Action, callback: Callable[..., int]) -> None:
        facts = " ".join(action_facts(catalog, action))
        super().__init__(action.verb, callback=callback, help=f"{action.summary}\n\n{facts}")
        self.catalog = catalog
        self.action = action

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from .example import example

        self.epilog = (
            f"\b\nExample:\n  {example(self.catalog, self.action)}\n\n"
            f"`trunkline actions show {self.action.id}` explains its answer and its errors."
            f" {_EASIER.get(self.action.id, '')}".rstrip()
        )
        super().format_epilog(ctx, formatter)


def action_command(catalog: Catalog, action: Action) -> ActionCommand:
    """The command of one action: keys as arguments, everything else as options."""

    @click.pass_context
    def callback(ctx: click.Context, /, **values: Any) -> int:
        return _run(ctx, catalog, action, fields, values)

    keys = [p for p in action.parameters if p.name in action.keys]
    several = action.kind == "delete"
    params: list[click.Parameter] = [
        click.Argument([snake(p.name)], metavar=snake(p.name).upper(), required=not several) for p in keys
    ]
    own = _own_options(action)
    params += [_argument_option(catalog, p) for p in action.parameters if p.name not in action.keys]
    taken = {flag for option in [*params, *own] for flag in option.opts} | {"--help"}
    fields = field_options(catalog, action, taken)
    params += [option for option, _ in fields.values()]
    command = ActionCommand(catalog, action, callback)
    command.params = [*params, *own]
    return command


def _own_options(action: Action) -> list[click.Parameter]:
    """The options that don't come from the action's fields, in the order of the help page."""
    own: list[click.Parameter] = [
        click.Option(
            [f"--{name}"],
            metavar="TEXT",
            help=OPTION_MEANINGS[name],
            shell_complete=answer_fields if name in FIELD_OPTIONS else None,
        )
        for name in OPTIONS
        if name in action.query and name in OPTION_MEANINGS and name not in action.params and name != "count"
    ]
    if _every(action):
        own.append(click.Option(["--all", "every"], is_flag=True, help="Every row; so it is without --top anyway."))
    own += body_options(action)
    if action.if_match:
        without = "; --if-unchanged works with any" if load().reader(action) else ""
        silent = f"A PBX that sends no ETags takes no notice{without}."
        own.append(click.Option(["--if-match"], metavar="ETAG", help=f"{IF_MATCH} {silent}"))
    own += _unchanged_options(action)
    if action.answer_kind == "file":
        own.append(
            click.Option(
                ["--save"],
                metavar="PATH",
                type=click.Path(path_type=Path),
                help="Where to write the file; else stdout.",
            )
        )
    if action.kind == "delete":
        what = "Delete what a file names: JSON, JSON Lines or CSV; - or the key - for standard input."
        own.append(click.Option(["--input", "source"], type=FileArgument("rb"), metavar="FILE", help=what))
    if action.asks:
        own.append(click.Option(["--yes"], is_flag=True, help="Do not ask."))
    own.append(click.Option(["--dry-run"], is_flag=True, help="Show the request and send nothing."))
    own.append(click.Option(["--curl"], is_flag=True, help="Show it as a curl line without the token; send nothing."))
    shared: Any = connection_options(view_options(lambda: None))
    return [*own, *reversed(shared.__click_params__)]


def _every(action: Action) -> bool:
    return action.answer_kind == "list" and "top" in action.query


def _unchanged_options(action: Action) -> list[click.Parameter]:
    """Those of an action that can be made to depend on what it changes."""
    if load().reader(action) is None:
        return []
    what = f"Only if the {action.noun} is still as in this JSON object, which `get` writes; - for standard input."
    each = "With - or --input: delete only what is still as its row says."
    found: list[click.Parameter] = [
        click.Option(["--if-unchanged"], type=FileArgument("rb"), metavar="FILE", help=what)
    ]
    return found + [click.Option(["--unchanged"], is_flag=True, help=each)] * (action.kind == "delete")


def _argument_option(catalog: Catalog, parameter: Param) -> click.Option:
    # That an option is required click says itself.
    said = ["May be left out, which means null."] * parameter.type.nullable
    if parameter.type.name in catalog.enums:
        said.insert(0, enum_fact(catalog, parameter.type))
    return click.Option(
        [f"--{snake(parameter.name).replace('_', '-')}"],
        required=not parameter.type.nullable,
        metavar=parameter.type.name,
        shell_complete=values_of(catalog, parameter.type),
        help=" ".join(said),
    )


def _run(
    ctx: click.Context,
    catalog: Catalog,
    action: Action,
    fields: Mapping[str, tuple[click.Option, TypeSpec]],
    values: dict[str, Any],
) -> int:
    if action.kind == "delete":
        source = values.pop("source")
        first = snake(action.keys[0])
        if source is not None or values[first] == "-":
            if source is not None and values[first] not in (None, "-"):
                raise click.UsageError("Give a key or --input, not both.", ctx)
            stdin: IO[bytes] = sys.stdin.buffer
            return _delete_several(ctx, action, source or stdin, values)
        for parameter in ctx.command.params:
            if isinstance(parameter, click.Argument) and values[parameter.name or ""] is None:
                raise click.MissingParameter(ctx=ctx, param=parameter)
        if values.pop("unchanged", False):
            raise click.UsageError("--unchanged is for - and --input; one thing takes --if-unchanged FILE.", ctx)
    if values.pop("every", False) and values["top"] is not None:
        raise click.UsageError("--all is every row, --top some of them; give one.", ctx)
    view = view_of(values)
    unchanged: IO[bytes] | None = values.pop("if_unchanged", None)
    dry_run, curl = values.pop("dry_run"), values.pop("curl")
    yes, save = values.pop("yes", False), values.pop("save", None)
    save = None if str(save) == "-" else save  # standard output, where it goes without --save
    arguments: dict[str, Any] = {p.name: values.pop(snake(p.name)) for p in action.parameters}
    if action.body is not None:
        if values["body"] == "-" and unchanged is sys.stdin.buffer:
            raise click.UsageError("--body and --if-unchanged can't both be -: there is one standard input.", ctx)
        body = read_body(values.pop("body"))
        for name, (option, spec) in fields.items():
            given = values.pop(option.name or "")
            if given is not None:
                body = {**(body or {}), name: field_value(catalog, action, name, spec, given)}
        if body is not None:
            arguments["body"] = body
    if action.answer_kind == "file" and (view.columns or view.query):
        raise click.UsageError(f"{action.id} answers a file; --columns and --query have nothing to choose from.", ctx)
    _check_fields(catalog, action, view, values)
    if unchanged is not None:
        if curl:
            raise click.UsageError("A curl line can't compare; --dry-run shows what --if-unchanged does.", ctx)
        from .unchanged import read_expected

        arguments["if_unchanged"] = read_expected(action, unchanged, arguments)
        if dry_run:
            return _show_both(ctx, action, arguments, values, view)
    if dry_run or curl:
        from ..request import bind
        from .preview import preview

        found = target(ctx, values)
        arguments |= {name: value for name, value in values.items() if value is not None}
        preview(found, bind(catalog, action, (), arguments), curl=not dry_run, show_secrets=view.show_secrets)
        return 0
    pbx = open_async_pbx(ctx, values)
    arguments |= {name: value for name, value in values.items() if value is not None}
    if action.asks and action.method == "POST" and not yes and _on_terminal():
        from .confirm import go_on

        go_on(f"{action.summary.removesuffix('.')} on {pbx.url}?")
    from .answer import Asked

    return Asked(action, arguments, save, view).on(pbx)


def _show_both(
    ctx: click.Context, action: Action, arguments: dict[str, Any], values: dict[str, Any], view: View
) -> int:
    from .unchanged import show_both

    url = open_async_pbx(ctx, values).url
    given = {name: value for name, value in values.items() if value is not None}
    show_both(url, action, {**arguments, **given}, show_secrets=view.show_secrets)
    return 0


def _check_fields(catalog: Catalog, action: Action, view: View, values: dict[str, Any]) -> None:
    """Refuse fields that can't be shown, before anything is sent."""
    if view.query is None:
        check_columns(catalog, action, view.columns, values.get("select"), values.get("expand"))
    if not view.show_secrets:
        check_select(catalog, action, values.get("select"))


def _delete_several(ctx: click.Context, action: Action, source: IO[bytes], values: dict[str, Any]) -> int:
    from .over_items import Told
    from .several import delete_several

    if values.pop("curl"):
        raise click.UsageError("--curl shows one request; give a key.", ctx)
    if values["columns"] or values["query"]:
        raise click.UsageError("--columns and --query are for one answer; give a key.", ctx)
    for name in ("columns", "query", "no_pager", *map(snake, action.keys)):
        values.pop(name)
    if values.pop("if_unchanged", None) is not None:
        raise click.UsageError("--if-unchanged is for one thing; with - or --input say --unchanged.", ctx)
    told = Told(
        values.pop("dry_run"),
        values.pop("yes"),
        values.pop("output"),
        show_secrets=values.pop("show_secrets"),
        name_failures=True,
    )
    if_match = values.pop("if_match", None)
    unchanged = values.pop("unchanged", False)
    return delete_several(action, source, if_match, told, lambda: open_async_pbx(ctx, values), unchanged=unchanged)


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
