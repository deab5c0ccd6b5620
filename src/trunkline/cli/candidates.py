"""What may stand in a place of the command line, where only the catalog or this user's files can tell.

Each function is a ``shell_complete`` of click: it gets the context, the parameter and what is typed so far. Nothing is
loaded before a Tab asks for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from ..catalog import Catalog, TypeSpec

Items = list["CompletionItem[str]"]
FIELD_OPTIONS = ("select", "orderby", "expand")
"""The query options that take names of fields and nothing else."""
Candidates = Callable[[click.Context, click.Parameter, str], Items]


def saved_connections(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Names of profiles."""
    from ..connections.profiles import profiles_file, read_tables

    tables = read_tables(profiles_file(os.environ))
    return _starting(incomplete, {name: str(fields.get("url", "")) for name, fields in tables.items()})


def job_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    from ..jobs.folder import JobFolder

    return _starting(incomplete, JobFolder().names())


def engines(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Names of installed engines, for a new job."""
    from .engines import engine_names

    return _starting(incomplete, engine_names())


def job_places(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Where an existing job may be."""
    from .engines import engine_names

    return _starting(incomplete, ["here", *engine_names()])


def action_ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    from ..catalog import load

    return _starting(incomplete, {action.id: action.summary for action in load().actions})


def api_versions(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    from ..catalog import load

    return _starting(incomplete, {edition.version: f"published {edition.date}" for edition in load().editions})


def settings_for(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """``NAME=`` for each parameter of the action that the command line names."""
    from ..catalog import load
    from ..request import parameter_names

    catalog = load()
    # click reads no argument where an option lacks its value, as this one does now; what it didn't read is in args.
    words = [word for word in (ctx.params.get("action"), *ctx.args) if word]
    names = parameter_names(catalog.action(words[0]), catalog) if words else []
    return [_item(f"{name}=", "part") for name in names if name.startswith(incomplete)]


def json_or_file(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """``@FILE``; JSON can't be guessed."""
    if not incomplete.startswith("@"):
        return [_item("@", "part"), _item("-")] if not incomplete else []
    return [_item(f"@{item.value}", item.type) for item in paths(incomplete[1:])]


def paths(incomplete: str, *, folders: bool = False) -> Items:
    """Files and folders, for places where the shell would not look because something stands before them."""
    folder, slash, start = incomplete.rpartition("/")
    entries = sorted(Path(f"{folder}{slash}" or ".").expanduser().iterdir())
    shown = [path for path in entries if path.name.startswith(start) and (start or not path.name.startswith("."))]
    return [
        _item(f"{folder}{slash}{path.name}/", "part") if path.is_dir() else _item(f"{folder}{slash}{path.name}")
        for path in shown
        if path.is_dir() or not folders
    ]


def values_of(catalog: Catalog, spec: TypeSpec) -> Candidates:
    """Return the values of an enum or of a truth value; of flags several with commas between them."""
    if spec.name in catalog.enums:
        names = [*catalog.enum_values(spec.name)]
        several = catalog.enums[spec.name].flags
    else:
        names, several = (["true", "false"] if spec.name == "Boolean" else []), False
    if names and spec.nullable:
        names.append("null")
    if spec.collection:
        names = []  # JSON

    def candidates(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
        return _listed(incomplete, names) if several else _starting(incomplete, names)

    return candidates


def answer_fields(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Fields of what the command's action answers, with commas between them; for ``--columns`` the nested ones too."""
    from ..catalog import load

    catalog = load()
    verbs = catalog.resources.get(_python_name(ctx.parent), {})
    if _python_name(ctx) not in verbs:
        return []
    path, dot, _ = incomplete.rpartition(",")[2].rpartition(".")
    spec = verbs[_python_name(ctx)].answer_type
    for step in path.split(".") if dot and param.name == "columns" else ():
        spec = catalog.fields(spec.name).get(step) if spec and spec.name in catalog.types else None
    if spec is None or spec.name not in catalog.types:
        return []
    names = [
        f"{path}{dot}{name}"
        for name, field in catalog.fields(spec.name).items()
        if param.name == "columns" or field.navigation == (param.name == "expand")
    ]
    return _listed(incomplete, names)


def _python_name(ctx: click.Context | None) -> str:
    return (ctx.info_name or "").replace("-", "_") if ctx else ""


def _listed(incomplete: str, names: Iterable[str]) -> Items:
    """For a list with commas: what is there already stays, and is not offered again."""
    done, comma, last = incomplete.rpartition(",")
    there = set(done.split(","))
    return [
        _item(f"{done}{comma}{item.value}", item.type) for item in _starting(last, names) if item.value not in there
    ]


def _starting(incomplete: str, names: Iterable[str] | Mapping[str, str]) -> Items:
    """Those that begin with what is typed, in any case if none does so in the same."""
    helps = names if isinstance(names, Mapping) else {}
    matches = [name for name in names if name.startswith(incomplete)]
    matches = matches or [name for name in names if name.lower().startswith(incomplete.lower())]
    return [_item(name, help=helps.get(name) or None) for name in matches]


def _item(value: str, kind: str = "plain", help: str | None = None) -> CompletionItem[str]:
    from click.shell_completion import CompletionItem

    return CompletionItem(value, kind, help)
