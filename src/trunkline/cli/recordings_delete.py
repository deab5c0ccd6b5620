"""``trunkline recordings delete --older-than 90d``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import click

from ..errors import InvalidArgument, ItemsFailed
from ..local.timestamps import format_timestamp
from .connection_options import ConnectionOptions, connection_options
from .export_recordings import ask, counted
from .options import parsed_into
from .output import json_line

if TYPE_CHECKING:
    from ..client import AsyncPbx
    from ..transfer.recording_removal import DeletionPlan, DeletionRun, RecordingDeletion


class DeleteOptions(NamedTuple):
    """A deletion of old recordings as the command line describes it."""

    older_than: str
    max_removals: str
    dry_run: bool
    yes: bool
    connection: ConnectionOptions


@click.command("delete", short_help="Delete recordings that are older than some days.")
@click.option("--older-than", required=True, metavar="SPAN", help="Those that began longer ago, such as 90d or 52w.")
@click.option(
    "--most",
    "--max-removals",
    "max_removals",
    default="50%",
    show_default=True,
    metavar="N|N%",
    help="Refuse to delete more than that, or than that share of all recordings.",
)
@click.option("--dry-run", is_flag=True, help="Show how many would be deleted; delete nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connection_options
@parsed_into(DeleteOptions)
def delete_recordings(options: DeleteOptions) -> int:
    """Delete the recordings of calls that began longer than SPAN ago.

    \b
    trunkline recordings delete --older-than 90d --dry-run
    trunkline recordings delete --older-than 90d --most 500

    It says how many there are, and asks. After each request the PBX is asked whether the recordings are gone. To have
    their files first, see `trunkline export recordings --then delete`. The client needs the role System Owner.
    """
    from ..transfer.period import ago
    from ..transfer.recording_removal import RecordingDeletion

    try:
        before = ago(options.older_than, datetime.now(UTC))
    except InvalidArgument as problem:
        raise InvalidArgument(f"--older-than: {problem.message}", hint=problem.hint) from None
    deletion = RecordingDeletion(before)
    connect = options.connection.target().client
    plan = asyncio.run(_planned(connect(), deletion))
    span = f", {plan.first} to {plan.last}" if plan.ids else ""
    what = f"{len(plan.ids):,} of {plan.present:,} recordings on {plan.url}"
    click.echo(f"{what} began before {format_timestamp(before)}{span}.", err=True)
    if options.dry_run:
        click.echo("Nothing was deleted.", err=True)
        return 0
    confirm = options.yes or (ask if sys.stderr.isatty() else None)
    run = deletion.over(plan, confirm=confirm, max_removals=options.max_removals)
    interrupted = asyncio.run(_carried_out(run, connect)) if plan.ids else False
    gone = run.removed
    click.echo(json_line(gone.record))
    click.echo(counted("deleted", gone), err=True)
    if interrupted:
        return 130
    return ItemsFailed.exit_code if gone.left or gone.unknown else 0


async def _planned(pbx: AsyncPbx, deletion: RecordingDeletion) -> DeletionPlan:
    from .progress import progress

    with progress("recordings read"):
        async with pbx:
            return await deletion.aplan(pbx)


async def _carried_out(run: DeletionRun, connect: Callable[[], AsyncPbx]) -> bool:
    from .interrupts import finishing
    from .progress import progress

    done = 0

    def stop() -> bool:
        run.stop()
        return True

    with progress("recordings", len(run.plan.ids)) as bar, finishing(stop) as interrupts:

        def tell(number: int) -> None:
            nonlocal done
            done += number
            bar.at(done)
            interrupts.tell()

        async with connect() as pbx:
            await run.aon(pbx, tell)
    return interrupts.times > 0
