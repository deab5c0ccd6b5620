"""``trunkline actions``: list, find and explain."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

import click

from ..catalog import Action, Catalog, load
from ..catalog.facts import meaning_of
from ..catalog.names import display_words
from ..catalog.search import lacking, partly, search
from ..errors import UnknownName
from .action_page import action_page
from .candidates import action_ids, api_versions
from .output import FORMATS, View, chosen, draw, pretty, write_rows

_SOME = 10  # nobody reads more matches that have only some of the words


class _Actions(click.Group):
    """``show``, ``open`` and ``diff`` are commands; any other words are a query."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return "find", find, args


class ListOptions(NamedTuple):
    """What the group's own options say; a command's own come before them."""

    output: str | None
    api_version: str | None
    no_pager: bool


_PAGER = click.option("--no-pager", is_flag=True, help="Do not page a long table; PAGER names the pager.")


@click.group(
    cls=_Actions, invoke_without_command=True, subcommand_metavar="[QUERY…] | show ACTION | open ACTION | diff OLD NEW"
)
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@click.option(
    "--api-version",
    metavar="VERSION",
    shell_complete=api_versions,
    help="Only what this version of 3CX has, such as 20.0.7.",
)
@_PAGER
@click.pass_context
def actions(ctx: click.Context, output: str | None, api_version: str | None, no_pager: bool) -> None:
    """List all actions of all versions, find some by words, or show one.

    \b
    trunkline actions                     every action that 3CX ever published
    trunkline actions delete contact      find by words, best first
    trunkline actions show fax.delete     what it takes, answers and how it fails
    trunkline actions open fax.delete     the same in the browser
    trunkline actions diff 20.0.7 20.0.10 what came, went and changed between two versions
    """
    ctx.obj = ListOptions(output, api_version, no_pager)
    if ctx.invoked_subcommand is None:
        catalog = _catalog(api_version)
        published = [action for action in catalog.actions if action.published]
        _write(catalog, published, View(chosen(output), pager=not no_pager))
        click.echo(_counted(catalog), err=True)


def _counted(catalog: Catalog) -> str:
    """Return what was listed in a sentence or two."""
    counts = catalog.counts
    parts = [f"{counts.forms if catalog.version else counts.live} actions of 3CX {counts.version}"]
    if not catalog.version:
        parts.append(f"{counts.forms} with what only older versions have, older forms included")
    parts.append(f"{counts.unlisted} more that no file lists: `trunkline actions upload`")
    return f"{'; '.join(parts)}."


@actions.command(hidden=True)
@click.argument("words", nargs=-1, required=True)
@click.option("-o", "--output", type=click.Choice(FORMATS))
@click.option("--api-version", metavar="VERSION")
@_PAGER
@click.pass_context
def find(
    ctx: click.Context, words: tuple[str, ...], output: str | None, api_version: str | None, no_pager: bool
) -> None:
    """Find actions by words."""
    catalog = _catalog(api_version or ctx.obj.api_version)
    query = " ".join(words)
    matches = search(catalog, query)
    if lack := lacking(query):
        click.echo(f"{lack} What comes nearest:", err=True)
        matches = matches[:_SOME]
    if not matches:
        matches = partly(catalog, query)[:_SOME]
        if not matches:
            raise UnknownName(f"No action has the words {query!r}.", hint="`trunkline actions` lists all.")
        click.echo("No action has all of these words; these have some of them.", err=True)
    _write(catalog, matches, View(chosen(output or ctx.obj.output), pager=not (ctx.obj.no_pager or no_pager)))


@actions.command()
@click.argument("action", shell_complete=action_ids)
@click.option("-o", "--output", type=click.Choice(["markdown", "json"]), help="Default: the page, drawn on a terminal.")
@click.pass_context
def show(ctx: click.Context, action: str, output: str | None) -> None:
    """Show one action, by id, operationId or display name."""
    import os
    import sys

    catalog = _catalog(ctx.obj.api_version)
    shown = catalog.action(action)
    if output == "json":
        click.echo(pretty(_record(catalog, shown)))
    elif output is None and sys.stdout.isatty():
        from rich.console import Console
        from rich.markdown import Markdown

        Console(color_system=None if os.environ.get("NO_COLOR") else "auto").print(
            Markdown(action_page(catalog, shown))
        )
    else:
        click.echo(action_page(catalog, shown), nl=False)


@actions.command("open")
@click.argument("action", shell_complete=action_ids)
@click.pass_context
def open_(ctx: click.Context, action: str) -> None:
    """Open an action's page in the browser; where there is none, print the page's path."""
    import webbrowser

    from .reference import written_page

    catalog = _catalog(ctx.obj.api_version)
    path = written_page(catalog, catalog.action(action))
    if _has_textual_browser_but_no_terminal() or not webbrowser.open(path.as_uri()):
        click.echo(path)


def _has_textual_browser_but_no_terminal() -> bool:
    """Whether the browser is one like lynx, which would draw into a pipe."""
    import sys
    import webbrowser

    try:
        textual = type(webbrowser.get()) is webbrowser.GenericBrowser
    except webbrowser.Error:
        return False
    return textual and not (sys.stdin.isatty() and sys.stdout.isatty())


@actions.command()
@click.argument("old", shell_complete=api_versions)
@click.argument("new", shell_complete=api_versions)
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@_PAGER
@click.pass_context
def diff(ctx: click.Context, old: str, new: str, output: str | None, no_pager: bool) -> None:
    """Show what came, went and changed between two versions, such as 20.0.7 and 20.0.10."""
    from .changes import changes

    records = changes(_catalog(old), _catalog(new))
    view = View(chosen(output or ctx.obj.output), pager=not (ctx.obj.no_pager or no_pager))
    if view.output == "table":
        # A line for each change; the action once.
        rows = []
        for record in records:
            first, *more = record["what"] or [""]
            rows += [[record["action"], record["change"], first], *(["", "", what] for what in more)]
        draw(["Action", "Change", "What"], rows, view)
    else:
        write_rows(records, view)
    counts = [f"{sum(r['change'] == kind for r in records)} {kind}" for kind in ("added", "dropped", "changed")]
    click.echo(f"From {old} to {new}: {', '.join(counts)}.", err=True)


def _catalog(version: str | None) -> Catalog:
    try:
        catalog = load(version)
    except ValueError:
        raise click.UsageError(f"{version!r} is not a version; one looks like 20.0.7.") from None
    known = catalog.edition.version
    if version is not None and version != known and not version.startswith(f"{known}."):
        click.echo(f"3CX {version} is not known here; {known} stands in for it.", err=True)
    return catalog


class DisplayNames(TypedDict):
    """The names that n8n shows."""

    resource: str
    operation: str


class ParameterRecord(TypedDict):
    """A parameter of an action's path; ``meaning`` is empty where nobody has described it."""

    name: str
    type: str
    key: bool
    meaning: str


class ActionRecord(TypedDict):
    """An action; ``since`` and ``until`` are versions, ``until`` null while the newest has it.

    ``body`` is a type, or the fields of one that has no name, each with its type.
    """

    id: str
    operation_id: str
    resource: str
    display: DisplayNames
    method: str
    path: str
    since: str
    until: str | None
    versions: list[str]
    kind: str
    parameters: list[ParameterRecord]
    query: list[str]
    body: str | dict[str, str] | None
    answer: str
    if_match: bool
    destructive: bool
    summary: str
    description: str
    published: bool


def _record(catalog: Catalog, action: Action) -> ActionRecord:
    until = catalog.until(action)
    last = len(catalog.editions) if action.until is None else action.until + 1
    return {
        "id": action.id,
        "operation_id": action.operation_id,
        "resource": action.resource,
        "display": {"resource": display_words(action.tag), "operation": display_words(action.operation_id)},
        "method": action.method,
        "path": action.path,
        "since": catalog.since(action),
        "until": until,
        "versions": list(dict.fromkeys(e.version for e in catalog.editions[action.since : last])),
        "kind": action.kind,
        "parameters": [
            {
                "name": p.name,
                "type": str(p.type),
                "key": p.name in action.keys,
                "meaning": "".join(meaning_of(catalog, action, p.name)),
            }
            for p in action.parameters
        ],
        "query": list(action.query),
        "body": action.body,
        "answer": action.answer,
        "if_match": action.if_match,
        "destructive": action.destructive,
        "summary": action.summary,
        "description": action.description,
        "published": action.published,
    }


def _write(catalog: Catalog, listed: list[Action], view: View) -> None:
    if view.output == "table":
        rows = [[a.id, a.summary, catalog.since(a), catalog.until(a) or ""] for a in listed]
        draw(["Action", "What it does", "Since", "Until"], rows, view)
    else:
        write_rows((_record(catalog, action) for action in listed), view)
