"""What the command line says of one action: click's values as one object."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import click

from ..catalog import Action, Catalog
from ..catalog.facts import OPTION_MEANINGS
from ..catalog.names import snake
from ..catalog.secret import secrets_named
from ..odata.query import OPTIONS
from .body import body_of
from .columns import check_columns
from .connection_options import ConnectionOptions, fleet_options
from .output import PBX, View, view_options


class ActionOptions(NamedTuple):
    """One action as it is to be carried out, and how its answer is to be written."""

    action: Action
    arguments: Mapping[str, Any]
    view: View
    connection: ConnectionOptions
    rows: IO[bytes] | None = None
    """What a deletion of many reads its keys from; then `arguments` has what they share."""
    unchanged: bool = False
    """Delete only rows that are as they were read."""
    outcomes: IO[str] | None = None
    """Where a deletion of many writes its outcomes."""
    save: Path | None = None
    yes: bool = False
    dry_run: bool = False
    curl: bool = False


def query_options(action: Action) -> list[str]:
    """Return the query options of OData that the command of an action has."""
    known = [name for name in OPTIONS if name in OPTION_MEANINGS and name != "count"]
    return [name for name in known if name in action.query and name not in action.params]


def action_options(
    catalog: Catalog, action: Action, params: Sequence[click.Parameter], values: Mapping[str, Any]
) -> ActionOptions:
    """Make the options of click's values; a body, and a row to compare with, are read here.

    Raises:
        click.UsageError: options contradict each other.
        TrunklineError: the answer can't have a column, or a body can't be read.
    """
    rows = _rows(action, values)
    conflicts = _bulk_conflicts(action, values) if rows else _conflicts(action, values)
    for message, is_wrong in conflicts.items():
        if is_wrong:
            raise click.UsageError(message, click.get_current_context())
    connection = fleet_options.made_of(values)
    view = view_options.made_of(values)
    if not view.show_secrets and (names := secrets_named(str(values.get("filter") or ""))):
        said = f"--filter compares {' and '.join(names)}, so the rows tell what is masked in them"
        click.echo(f"Warning: {said}; --show-secrets shows it.", err=True)
    fields = view.columns
    if connection.is_several:
        fields = tuple(name for name in fields if name != PBX)
        view = view._replace(first=PBX, columns=(PBX, *fields) if fields and PBX not in view.columns else view.columns)
    if rows is None:
        _check_keys(params, values)
        if view.query is None:
            check_columns(catalog, action, fields, values.get("select"), values.get("expand"))
    save = values.get("save")
    return ActionOptions(
        action,
        _options(action, values) if rows else _arguments(catalog, action, params, values),
        view._replace(select=values.get("select"), whole=action.kind == "get" and bool(values.get("every"))),
        connection,
        rows=rows,
        unchanged=values.get("unchanged", False),
        outcomes=values.get("outcomes"),
        save=None if str(save) == "-" else save,  # standard output, where it goes without --save
        yes=values.get("yes", False),
        dry_run=values["dry_run"],
        curl=values["curl"],
    )


def _rows(action: Action, values: Mapping[str, Any]) -> IO[bytes] | None:
    """Return what names the things to delete, where the command line names none itself."""
    if action.kind != "delete":
        return None
    rows: IO[bytes] | None = values["source"]
    return sys.stdin.buffer if rows is None and values[snake(action.keys[0])] == "-" else rows


def _bulk_conflicts(action: Action, values: Mapping[str, Any]) -> dict[str, bool]:
    return {
        "Give a key or --input, not both.": values[snake(action.keys[0])] not in (None, "-"),
        "--curl shows one request; give a key.": values["curl"],
        "--columns and --query are for one answer; give a key.": bool(values["columns"] or values["query"]),
        "--if-match-anyway goes with --if-match.": bool(values.get("if_match_anyway")) and values["if_match"] is None,
        "--if-unchanged is for one thing; with - or --input say --unchanged.": values.get("if_unchanged") is not None,
    }


def _conflicts(action: Action, values: Mapping[str, Any]) -> dict[str, bool]:
    expected: IO[bytes] | None = values.get("if_unchanged")
    two_from_stdin = values.get("body") == "-" and expected is not None and expected is sys.stdin.buffer
    chooses = bool(values["columns"] or values["query"])
    return {
        "--unchanged is for - and --input; one thing takes --if-unchanged FILE.": values.get("unchanged", False),
        "--if-match-anyway goes with --if-match.": bool(values.get("if_match_anyway")) and values["if_match"] is None,
        "--outcomes is for - and --input.": values.get("outcomes") is not None,
        "--all is every row, --top some of them; give one.": bool(values.get("every"))
        and values.get("top") is not None,
        "--body and --if-unchanged can't both be -: there is one standard input.": two_from_stdin,
        f"{action.id} answers a file; --columns and --query have nothing to choose from.": (
            action.answer_kind == "file" and chooses
        ),
        "A curl line can't compare; --dry-run shows what --if-unchanged does.": expected is not None and values["curl"],
    }


def _check_keys(params: Sequence[click.Parameter], values: Mapping[str, Any]) -> None:
    """Ask for the keys of a deletion, which click can't require: - and --input stand in for them."""
    for param in params:
        if isinstance(param, click.Argument) and values[param.name or ""] is None:
            raise click.MissingParameter(ctx=click.get_current_context(), param=param)


def _arguments(
    catalog: Catalog, action: Action, params: Sequence[click.Parameter], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the action is called with."""
    given = {p.name: values[snake(p.name)] for p in action.parameters}
    arguments: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if action.body is not None and (body := body_of(catalog, action, params, values)) is not None:
        arguments["body"] = body
    if (expected := values.get("if_unchanged")) is not None:
        from .unchanged import read_expected

        arguments["if_unchanged"] = read_expected(action, expected, arguments)
    return arguments | _options(action, values)


def _options(action: Action, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query options and the ETag, as far as they are given."""
    names = [*query_options(action), *(["if_match", "if_match_anyway"] if action.if_match else [])]
    return {name: values[name] for name in names if values[name] is not None}
