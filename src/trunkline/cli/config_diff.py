"""``trunkline config diff``: two configurations side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from ..errors import ItemsFailed
from ..printable import printable
from .config_options import DIFFERENT, only_option
from .connection_options import ConnectionOptions, key_options
from .options import parsed_into
from .output import chosen, json_line, pretty

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from ..config.difference import Difference
    from .config_sides import Side

OUTPUTS = ("table", "markdown", "json", "jsonl")


def _sides(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer saved PBXs once ``pro`` was typed; else folders, which the shell knows."""
    from click.shell_completion import CompletionItem

    from .candidates import saved_connections
    from .config_sides import PROFILE

    if not (incomplete.startswith(PROFILE) or (incomplete.startswith("pro") and PROFILE.startswith(incomplete))):
        return [CompletionItem(incomplete, type="dir")]
    saved = saved_connections(ctx, param, incomplete.removeprefix(PROFILE) if ":" in incomplete else "")
    return [CompletionItem(f"{PROFILE}{item.value}", help=item.help) for item in saved]


class DiffOptions(NamedTuple):
    """What is compared, and how it is shown."""

    old: str
    new: str
    only: tuple[str, ...] | None
    full: bool
    output: str | None
    connection: ConnectionOptions


@click.command()
@click.argument("old", metavar="OLD", shell_complete=_sides)
@click.argument("new", metavar="NEW", shell_complete=_sides)
@only_option
@click.option("--full", is_flag=True, help="Show all fields of what was added or removed.")
@click.option("-o", "--output", type=click.Choice(OUTPUTS), help="Default: table on a terminal, else jsonl.")
@key_options
@parsed_into(DiffOptions)
def diff(options: DiffOptions) -> int:
    """Compare two configurations, entity by entity and field by field.

    \b
    trunkline config diff acme profile:acme
    trunkline config diff main:customers/acme customers/acme -o markdown
    trunkline config diff profile:old profile:new --only queues,hours

    OLD and NEW are each a folder, a saved PBX (profile:NAME, or its name where no folder is called so), the address of
    a PBX, or REV:DIR: a folder as it is in a commit of git. A folder counts for the kinds and the selection that it
    manages, and without what it ignores. Of a PBX only what is compared is read, and nothing is changed.

    The exit code is 0 where both are the same, 8 where they differ, and 7 where a PBX did not give all of it.
    """
    from ..config.difference import differences
    from ..config.lacking import lacking_sentences
    from .config_sides import configurations, side_of

    sides = (side_of(options.old), side_of(options.new))
    if sides[0] == sides[1]:
        click.echo(f"Both sides are {sides[0]}; a saved PBX of that name is profile:NAME.", err=True)
    old, new = configurations(sides, options.connection, options.only)
    found = differences(old, new, options.only)
    _show(found, sides, options)
    for side, configuration in zip(sides, (old, new), strict=True):
        other = new if configuration is old else old
        for warning in (*configuration.warnings, *lacking_sentences(configuration, other)):
            click.echo(printable(f"{side}: {warning}"), err=True)
    for kind, error in {**old.unread, **new.unread}.items():
        click.echo(printable(f"Not compared: {kind}. {error.message}"), err=True)
    if old.is_partial or new.is_partial:
        return ItemsFailed.exit_code
    return DIFFERENT if found else 0


def _show(found: list[Difference], sides: tuple[Side, Side], options: DiffOptions) -> None:
    from ..config.shown import difference_record
    from .config_shown import counted, show_differences

    old, new = map(str, sides)
    match chosen(options.output):
        case "json":
            click.echo(pretty([difference_record(each) for each in found]))
        case "jsonl":
            for each in found:
                click.echo(json_line(difference_record(each)))
        case "markdown":
            from .config_markdown import markdown

            click.echo(markdown(found, old, new), nl=False)
        case _:
            show_differences(found, full=options.full)
    click.echo(f"{old} → {new}: {counted(found)}.", err=True)
