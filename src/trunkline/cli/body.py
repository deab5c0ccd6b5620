"""A body on the command line: an option for each field, ``--body`` for the whole, ``--skeleton`` for one to fill in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from ..catalog import Action, Catalog, TypeSpec
from ..catalog.names import snake
from ..catalog.secret import MASK, secret_path
from ..errors import InvalidArgument
from ..odata.literals import described
from .candidates import json_or_file, values_of
from .meaning import field_facts
from .output import pretty

_TEXTUAL = ("String", "DateTimeOffset", "Guid", "Duration", "TimeOfDay", "Date", "Binary")


def body_options(action: Action) -> list[click.Option]:
    """``--body`` and, where there is something to fill in, ``--skeleton``."""
    if action.body is None:
        return []
    what = "The body: JSON, @FILE, or - for standard input."
    whole = click.Option(["--body"], metavar="JSON", help=what, shell_complete=json_or_file)
    return [whole] if action.kind == "upload" else [whole, _skeleton_option(action)]


def _skeleton_option(action: Action) -> click.Option:
    def show(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
        if wanted and not ctx.resilient_parsing:
            from .skeleton import skeleton

            click.echo(pretty(skeleton(action)))
            ctx.exit()

    return click.Option(
        ["--skeleton"], is_flag=True, is_eager=True, expose_value=False, callback=show, help="Print a body to fill in."
    )


def field_options(catalog: Catalog, action: Action, taken: set[str]) -> dict[str, tuple[click.Option, TypeSpec]]:
    """An option for each field of the body, by 3CX's name; ``--field-NAME`` where another option has the name."""
    reserved = taken | {f"--{snake(p.name).replace('_', '-')}" for p in action.parameters}
    found: dict[str, tuple[click.Option, TypeSpec]] = {}
    for name, spec in catalog.spec_fields(action.body).items():
        if name in action.keys:
            continue  # the argument says it
        flag = f"--{snake(name).replace('_', '-')}"
        if flag in reserved:
            flag = f"--field-{flag[2:]}"
        reserved.add(flag)
        simple = spec.name in catalog.enums or not (spec.collection or spec.name in catalog.types)
        option = click.Option(
            [flag, f"field_{name}"],
            metavar=spec.name.removeprefix("Pbx.") if simple and not spec.collection else "JSON",
            type=click.Path() if action.kind == "upload" else None,
            shell_complete=None if action.kind == "upload" else values_of(catalog, spec),
            help=" ".join(field_facts(catalog, action, name, spec)),
        )
        found[name] = (option, spec)
    return found


def read_body(text: str | None) -> dict[str, Any] | None:
    """The object that ``--body`` names; InvalidArgument if it is none."""
    if text is None:
        return None
    content: str | bytes = text
    if text == "-":
        if sys.stdin.isatty():
            click.echo("The body is read from the keyboard; Ctrl-D ends it, Ctrl-C leaves.", err=True)
        content = sys.stdin.buffer.read()
    elif text.startswith("@"):
        try:
            content = Path(text[1:]).read_bytes()
        except OSError as problem:
            raise InvalidArgument(f"The body can't be read: {text[1:]}: {problem.strerror}.") from None
    try:
        body = msgspec.json.decode(content if isinstance(content, str) else content.decode("utf-8-sig"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidArgument(
            f"The body is no JSON: {problem}.", hint="--skeleton prints one to fill in. Nothing was sent."
        ) from None
    if not isinstance(body, dict):
        raise InvalidArgument("The body must be a JSON object.", hint="--skeleton prints one. Nothing was sent.")
    return body


def field_value(catalog: Catalog, action: Action, name: str, spec: TypeSpec, text: str) -> Any:
    """An option's text as the field's JSON value; text stays text, all else is JSON."""
    if action.kind == "upload":
        return Path(text)
    if spec.nullable and text == "null":
        return None
    if not spec.collection and (spec.name in _TEXTUAL or spec.name in catalog.enums):
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        wanted = described(spec)
        if spec.collection:
            wanted = f"a list of {spec.name} as JSON"
        elif spec.name in catalog.types:
            wanted = f"an object of type {spec.name} as JSON"
        given = MASK if secret_path(name) else repr(text)
        raise InvalidArgument(f"{name} of {action.id} must be {wanted}, not {given}.") from None
