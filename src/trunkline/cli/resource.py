"""``trunkline RESOURCE VERB``: one command for every action, made from the catalog."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from ..catalog import Action, Catalog, Param, TypeSpec, load, nearest
from ..catalog.names import snake
from ..catalog.page import IF_MATCH, OPTION_MEANINGS
from ..client import AsyncPbx, AsyncRows
from ..errors import InvalidArgument
from ..odata import OPTIONS
from ..request import bind, build
from ..result import File
from ..transport.exchange import API
from .connect import open_async_pbx
from .output import chosen, output_option, pretty, write_one, write_rows
from .root import connection_options

_TAKEN = {"body", "output", "show_secrets", "dry_run", "yes", "save", "if_match", "help"}


def resource_group(name: str) -> click.Group | None:
    """The group of a resource (``fax``, ``website-links``), or None if there is none of that name."""
    actions = load().resources.get(name.replace("-", "_"))
    return _Resource(name, actions) if actions else None


class _Resource(click.Group):
    def __init__(self, name: str, actions: Mapping[str, Action]) -> None:
        super().__init__(name, help=f"Actions of the resource {name}.", context_settings={"max_content_width": 110})
        self.actions = actions

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [verb.replace("_", "-") for verb in self.actions]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        action = self.actions.get(cmd_name.replace("-", "_"))
        return action_command(load(), action) if action else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = nearest(args[0], iter(self.list_commands(ctx)))
            raise click.UsageError(f"{self.name} has no action {args[0]!r}.{near}", ctx)
        return super().resolve_command(ctx, args)


def action_command(catalog: Catalog, action: Action) -> click.Command:
    """The command of one action: keys as arguments, everything else as options."""
    keys = [p for p in action.parameters if p.name in action.keys]
    arguments = [p for p in action.parameters if p.name not in action.keys]
    params: list[click.Parameter] = [click.Argument([snake(p.name)], metavar=snake(p.name).upper()) for p in keys]
    params += [_argument_option(p) for p in arguments]
    fields = {} if action.body is None else _field_options(catalog, action, {snake(p.name) for p in action.parameters})
    params += [option for option, _ in fields.values()]
    params += [
        click.Option([f"--{name}"], metavar="TEXT", help=OPTION_MEANINGS[name])
        for name in OPTIONS
        if name in action.query and name in OPTION_MEANINGS and name not in action.params and name != "count"
    ]
    if action.body is not None:
        params.append(click.Option(["--body"], metavar="JSON", help="The body: JSON, @FILE, or - for standard input."))
    if action.if_match:
        params.append(click.Option(["--if-match"], metavar="ETAG", help=IF_MATCH))
    if action.answer_kind == "file":
        params.append(
            click.Option(["--save"], metavar="PATH", type=click.Path(path_type=Path), help="Where to write the file.")
        )
    params.append(click.Option(["--dry-run"], is_flag=True, help="Show the request and send nothing."))
    if action.destructive and action.method == "POST":
        params.append(click.Option(["--yes"], is_flag=True, help="Do not ask."))

    @click.pass_context
    def callback(ctx: click.Context, /, **values: Any) -> None:
        _run(ctx, catalog, action, fields, values)

    command = click.Command(action.verb, callback=output_option(connection_options(callback)), help=action.summary)
    command.params = [*params, *_own_options(callback)]
    command.epilog = f"`trunkline actions show {action.id}` explains every property and error."
    return command


def _own_options(callback: Any) -> list[click.Parameter]:
    return list(reversed(callback.__click_params__))


def _argument_option(parameter: Param) -> click.Option:
    return click.Option(
        [f"--{snake(parameter.name).replace('_', '-')}"],
        required=not parameter.type.nullable,
        metavar=parameter.type.name.upper(),
        help="May be left out, which means null." if parameter.type.nullable else "Required.",
    )


def _field_options(catalog: Catalog, action: Action, taken: set[str]) -> dict[str, tuple[click.Option, TypeSpec]]:
    """An option for each field of the body, by 3CX's name; a field whose name is taken goes by --body alone."""
    own = _own_options(output_option(connection_options(lambda: None)))
    reserved = {f"--{name.replace('_', '-')}" for name in taken | _TAKEN} | {
        flag for option in own for flag in option.opts
    }
    found: dict[str, tuple[click.Option, TypeSpec]] = {}
    for name, spec in catalog.spec_fields(action.body).items():
        flag = f"--{snake(name).replace('_', '-')}"
        if flag in reserved or spec.navigation:
            continue
        reserved.add(flag)
        simple = spec.name in catalog.enums or not (spec.collection or spec.name in catalog.types)
        values = catalog.enum_values(spec.name) if spec.name in catalog.enums else ()
        shown = "|".join(values) if 0 < len(values) <= 5 else spec.name.removeprefix("Pbx.")
        option = click.Option([flag, snake(name)], metavar=shown if simple and not spec.collection else "JSON")
        found[name] = (option, spec)
    return found


def _run(
    ctx: click.Context,
    catalog: Catalog,
    action: Action,
    fields: Mapping[str, tuple[click.Option, TypeSpec]],
    values: dict[str, Any],
) -> None:
    output, show_secrets = values.pop("output"), values.pop("show_secrets")
    dry_run, yes, save = values.pop("dry_run"), values.pop("yes", False), values.pop("save", None)
    arguments: dict[str, Any] = {p.name: values.pop(snake(p.name)) for p in action.parameters}
    if action.body is not None:
        body = _read_body(values.pop("body"))
        for name, (option, spec) in fields.items():
            given = values.pop(option.name or "")
            if given is not None:
                body = {**(body or {}), name: _field_value(catalog, action, name, spec, given)}
        if body is not None:
            arguments["body"] = body
    pbx = open_async_pbx(ctx, values)
    arguments |= {name: value for name, value in values.items() if value is not None}
    if dry_run:
        _show_request(pbx.url, catalog, action, arguments)
        return
    if action.destructive and action.method == "POST" and not yes and _on_terminal():
        click.confirm(f"{action.summary.removesuffix('.')} on {pbx.url}?", abort=True, err=True)
    shown = Shown(action, arguments, output, save, show_secrets)
    asyncio.run(_answer(pbx, shown))


class Shown(NamedTuple):
    """What is asked, and how its answer is to be written."""

    action: Action
    arguments: Mapping[str, Any]
    output: str | None
    save: Path | None
    show_secrets: bool


async def _answer(pbx: AsyncPbx, shown: Shown) -> None:
    """Run the action and write its answer. In an event loop, because there Ctrl-C ends it at once."""
    action, save = shown.action, shown.save
    async with pbx:
        if save is not None:
            saved = await pbx.call(action.id, **shown.arguments, to=save)
            click.echo(f"{saved.path}: {saved.size} bytes, {saved.content_type}", err=True)
            return
        answer = pbx.call(action.id, **shown.arguments)
        if isinstance(answer, AsyncRows) and chosen(shown.output) == "jsonl":
            async for page in answer.pages():
                write_rows(page.rows, "jsonl", action, show_secrets=shown.show_secrets)
            return
        _write(shown, await answer)


def _write(shown: Shown, answer: Any) -> None:
    if isinstance(answer, list):
        write_rows(answer, shown.output, shown.action, show_secrets=shown.show_secrets)
    elif isinstance(answer, File):
        _write_file(answer)
    elif answer is None:
        from ..node.items import keys_of

        write_one({"success": True, **keys_of(shown.action, shown.arguments)}, shown.output, show_secrets=True)
    else:
        write_one(answer, shown.output, show_secrets=shown.show_secrets)


def _write_file(file: File) -> None:
    stdout = sys.stdout.buffer
    if stdout.isatty() and not file.content_type.startswith("text/"):
        raise InvalidArgument(f"The answer is a file ({file.content_type}).", hint="Give --save PATH, or pipe it on.")
    stdout.write(file.content)


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _read_body(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except OSError as problem:
            raise InvalidArgument(f"The body can't be read: {text[1:]}: {problem.strerror}.") from None
    try:
        body = msgspec.json.decode(text)
    except msgspec.DecodeError as problem:
        raise InvalidArgument(f"The body is no JSON: {problem}.") from None
    if not isinstance(body, dict):
        raise InvalidArgument("The body must be a JSON object.")
    return body


def _field_value(catalog: Catalog, action: Action, name: str, spec: TypeSpec, text: str) -> Any:
    """An option's text as the field's JSON value; text stays text, all else is JSON."""
    if action.kind == "upload":
        return Path(text)
    if spec.nullable and text == "null":
        return None
    textual = spec.name in ("String", "DateTimeOffset", "Guid", "Duration", "TimeOfDay", "Date", "Binary")
    if not spec.collection and (textual or spec.name in catalog.enums):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise InvalidArgument(f"{name} of {action.id} must be JSON of type {spec}, not {text!r}.") from None


def _show_request(url: str, catalog: Catalog, action: Action, arguments: Mapping[str, Any]) -> None:
    request = build(bind(catalog, action, (), arguments))
    click.echo(f"{request.method} {url}{API}{request.target}")
    for name, value in (*request.headers, ("Authorization", "Bearer …")):
        click.echo(f"{name}: {value}")
    if isinstance(request.body, bytes):
        click.echo(f"\n{pretty(msgspec.json.decode(request.body))}")
    elif request.body is not None:
        click.echo(f"\n{request.body.name}: {request.body.filename}")
