"""``trunkline config clone``: the configuration of one PBX brought to another."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from .config_options import split_names
from .config_plan_shown import OUTPUTS, partial_code, show_notes, show_steps
from .config_plans import Wishes
from .config_sides import Side, connection_of
from .connection_options import ConnectionOptions, key_options
from .options import parsed_into
from .output import chosen

if TYPE_CHECKING:
    from ..client import AsyncPbx
    from ..config.applying.secrets import SecretSource
    from ..config.cloning.clone import Clone
    from ..config.planning.plan import Plan


class CloneOptions(NamedTuple):
    """What is brought from where to where."""

    source: str
    target: str
    only: str | None
    renames: Path | None
    phones: bool
    secrets: Path | None
    dry_run: bool
    yes: bool
    concurrency: int
    output: str | None
    connection: ConnectionOptions


@click.command()
@click.option("--from", "source", required=True, metavar="PBX", help="A saved connection, or an address.")
@click.option("--to", "target", required=True, metavar="PBX", help="A saved connection, or an address.")
@click.option("--only", metavar="KINDS", help="Only these kinds, or single settings: queues,settings/mail_settings.")
@click.option(
    "--map",
    "renames",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="New numbers and names: columns old, new and, for names, kind.",
)
@click.option("--phones", is_flag=True, help="Bring phones too; each obeys one PBX.")
@click.option(
    "--secrets",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Values of secrets that the target is to have, as YAML, for your eyes only.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan, and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Steps at once.")
@click.option("-o", "--output", type=click.Choice(OUTPUTS), help="Default: table on a terminal, else jsonl.")
@key_options
@parsed_into(CloneOptions)
def clone(options: CloneOptions) -> int:
    """Bring the configuration of one PBX to another, with other numbers and names.

    \b
    printf 'old,new,kind\\n1xx,21xx,\\n+442079460100,+493023125800,\\nSales,Vertrieb,groups\\n' > numbers.csv
    trunkline config clone --from acme --to berlin --map numbers.csv --dry-run
    trunkline config clone --from acme --to berlin --map numbers.csv

    A row of the map is a number, a range of the PBX's own numbers (x is a digit, a last * one or more), or a name of a
    kind. All rows apply at once, wherever a number or a name stands. Nothing is removed from the target, and a second
    clone changes nothing. What is not carried over is named before anything is sent: secrets that are not given, sound
    files, phones, and settings that belong to one PBX. A number that something else on the target has is refused.
    """
    from ..config.applying.secrets import SecretSource
    from ..config.cloning.clone import Clone
    from ..config.cloning.mapping import RenameMap

    secrets = SecretSource(options.secrets, os.environ)
    renames = RenameMap.read(options.renames) if options.renames is not None else None
    only = split_names(options.only) if options.only is not None else ()
    cloning = Clone(renames, only=only, phones=options.phones, secrets=secrets)
    source, target = (_connection(text, options) for text in (options.source, options.target))
    plan = asyncio.run(_planned(cloning, source.client, target.client))
    show_notes(plan)
    output = chosen(options.output)
    if options.dry_run or not plan.steps:
        show_steps(plan, output)
        if plan.steps:
            click.echo("Nothing was sent.", err=True)
        return partial_code(plan)
    return _apply(plan, secrets, target, output, options) or partial_code(plan)


def _connection(text: str, options: CloneOptions) -> ConnectionOptions:
    """Return the options for a saved connection or an address; a folder of that name is not meant."""
    side = Side(text, url=text) if "://" in text else Side(text, profile=text.removeprefix("profile:"))
    return connection_of(side, options.connection)


async def _planned(cloning: Clone, source: Callable[[], AsyncPbx], target: Callable[[], AsyncPbx]) -> Plan:
    async with source() as one, target() as other:
        return await cloning.aplan(one, other)


def _apply(plan: Plan, secrets: SecretSource, target: ConnectionOptions, output: str, options: CloneOptions) -> int:
    from ..config.facade import begin
    from .config_applying import asker, carry_out

    is_shown = output == "table"
    if is_shown:
        show_steps(plan, output)
    confirm = asker(plan, yes=options.yes, shown=is_shown)
    with begin(plan, secrets=secrets, confirm=confirm, concurrency=options.concurrency) as apply:
        return carry_out(apply, target.client, output, [*target.words(), *Wishes(secrets=options.secrets).words()])
