"""``trunkline config plan``: what would be sent to a PBX, in which order, and what is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..errors import InvalidArgument, ItemsFailed
from ..printable import printable
from .config_options import DIFFERENT, FOLDER
from .config_plan_shown import OUTPUTS, show_notes, show_plans, show_steps
from .config_plans import Wishes, loaded, plan_one, plan_options, plan_several
from .connection_options import ConnectionOptions, fleet_options
from .options import parsed_into
from .output import chosen

if TYPE_CHECKING:
    from ..config.planning.plan import Plan


class PlanOptions(NamedTuple):
    """What is planned, and how it is shown."""

    folder: Path
    only: tuple[str, ...] | None
    remove: bool
    secrets: Path | None
    keyring: bool
    send_secrets: bool
    max_removals: str
    save: Path | None
    exit_code: bool
    output: str | None
    connection: ConnectionOptions

    @property
    def wishes(self) -> Wishes:
        return Wishes(self.only, self.remove, self.secrets, self.keyring, self.send_secrets)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@plan_options
@click.option(
    "--max-removals",
    default="10%",
    show_default=True,
    metavar="N|N%",
    help="Say so if apply would refuse it: more removals of a kind than this, or than this share of it.",
)
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Keep it for apply.")
@click.option("--exit-code", is_flag=True, help=f"End with {DIFFERENT} if there is something to do.")
@click.option("-o", "--output", type=click.Choice(OUTPUTS), help="Default: table on a terminal, else jsonl.")
@fleet_options
@parsed_into(PlanOptions)
def plan(options: PlanOptions) -> int:
    """Show what would be sent to a PBX to bring it in line with DIR, in which order, and what is refused.

    \b
    trunkline config plan acme --profile acme
    trunkline config plan acme --remove --save acme.plan
    trunkline config plan standard --profile 'customer-*' --exit-code

    What is named comes before what names it; where departments and users name each other, the last fields come in a
    second pass. A field that a file lacks stays as it is on the PBX. What the PBX has and DIR hasn't stays, unless
    --remove is given, and then only what DIR manages goes. What can't be carried over is named. Nothing is sent.

    The exit code is 7 if the PBX did not give all that DIR has.
    """
    from ..config.applying.removals import check_plan_removals

    desired, source = loaded(options.folder), options.wishes.source()
    code, is_several = 0, options.connection.is_several
    if is_several:
        from .fleet_shown import Failures

        if options.save is not None:
            raise click.UsageError("--save keeps the plan of one PBX; give one --profile.")
        fleet = options.connection.fleet()
        failures = Failures(len(fleet.targets))
        plans = asyncio.run(plan_several(fleet, desired, options.wishes, source, failures))
        code = failures.exit_code()
    else:
        plans = {"": asyncio.run(plan_one(options.connection, desired, options.wishes, source))}
    if is_several:
        show_plans(plans, chosen(options.output))
    else:
        show_steps(plans[""], chosen(options.output))
    for name, each in plans.items():
        show_notes(each, name)
        try:
            check_plan_removals(each, options.max_removals)
        except InvalidArgument as refusal:
            whose = f"{name}: " if name else ""
            click.echo(printable(f"{whose}apply would refuse this: {refusal.message}"), err=True)
    if options.save is not None:
        _save(plans[""], options.save)
    if not code and any(each.is_partial for each in plans.values()):
        return ItemsFailed.exit_code
    if not code and options.exit_code and any(each.steps for each in plans.values()):
        return DIFFERENT
    return code


def _save(plan: Plan, file: Path) -> None:
    plan.save(file)
    click.echo(
        printable(f"{file}: trunkline config apply {file} applies this plan, if the PBX is still the same."), err=True
    )
