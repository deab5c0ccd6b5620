"""A body on the command line: an option for each field, ``--body`` for the whole, ``--skeleton`` for one to fill in."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from ..catalog import Action, Catalog, TypeSpec
from ..catalog.facts import field_facts, meaning_of
from ..catalog.names import snake
from ..catalog.secret import MASK, secret_path
from ..errors import InvalidArgument
from ..odata.literals import described
from .candidates import json_or_file, values_of
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
            from ..catalog.skeleton import skeleton

            click.echo(pretty(skeleton(action)))
            ctx.exit()

    return click.Option(
        ["--skeleton"], is_flag=True, is_eager=True, expose_value=False, callback=show, help="Print a body to fill in."
    )


class FieldOption(click.Option):
    """The option of one field of a body."""

    def __init__(self, catalog: Catalog, action: Action, name: str, spec: TypeSpec, flag: str) -> None:
        uploads = action.kind == "upload"
        simple = spec.name in catalog.enums or not (spec.collection or spec.name in catalog.types)
        super().__init__(
            [flag, f"field_{name}"],
            metavar=spec.name.removeprefix("Pbx.") if simple and not spec.collection else "JSON",
            type=click.Path() if uploads else None,
            shell_complete=None if uploads else values_of(catalog, spec),
            help=" ".join([*meaning_of(catalog, action, name), *field_facts(catalog, action, name, spec)]),
        )
        self.field = name
        self.spec = spec


def field_options(catalog: Catalog, action: Action, taken: set[str]) -> list[click.Option]:
    """Return an option for each field of the body; ``--field-NAME`` where another option has the name."""
    flags = set(taken)
    options: list[click.Option] = []
    for name, spec in catalog.spec_fields(action.body).items():
        if name in action.keys:
            continue  # the argument says it
        flag = f"--{snake(name).replace('_', '-')}"
        if flag in flags:
            flag = f"--field-{flag[2:]}"
        flags.add(flag)
        options.append(FieldOption(catalog, action, name, spec, flag))
    return options


def body_of(
    catalog: Catalog, action: Action, params: Sequence[click.Parameter], values: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the body that the options of a command give: ``--body``, and over it each field; None if there is none."""
    body = read_body(values.get("body"))
    for param in params:
        if isinstance(param, FieldOption) and (text := values[param.name or ""]) is not None:
            body = {**(body or {}), param.field: field_value(catalog, action, param.field, param.spec, text)}
    return body


def read_body(text: str | None) -> dict[str, Any] | None:
    """Read the object that ``--body`` names.

    Raises:
        InvalidArgument: it can't be read, or is not a JSON object.
    """
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
            f"The body is not JSON: {problem}.", hint="--skeleton prints one to fill in. Nothing was sent."
        ) from None
    if not isinstance(body, dict):
        raise InvalidArgument("The body must be a JSON object.", hint="--skeleton prints one. Nothing was sent.")
    return body


def field_value(catalog: Catalog, action: Action, name: str, spec: TypeSpec, text: str) -> Any:
    """Return an option's text as the field's JSON value; text stays text, all else is JSON."""
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
        value = MASK if secret_path(name) else repr(text)
        raise InvalidArgument(f"{name} of {action.id} must be {wanted}, not {value}.") from None
