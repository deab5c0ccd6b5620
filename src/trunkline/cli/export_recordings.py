"""``trunkline export recordings``: the files of recordings, out of a PBX."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..errors import ItemsFailed
from ..printable import printable
from ..transfer.file_names import DEFAULT_NAME, FIELDS
from .connection_options import ConnectionOptions, connection_options
from .options import parsed_into
from .output import json_line
from .periods import PeriodOptions, period_options

if TYPE_CHECKING:
    from ..client import AsyncPbx
    from ..transfer.recording_removal import Removed
    from ..transfer.recordings import RecordingsExport, RecordingsPlan, RecordingsProgress, RecordingsRun
    from ..work.guards import Question
    from .progress import Bar

NAMED = 10


class RecordingsOptions(NamedTuple):
    """An export of recordings as the command line describes it."""

    folder: Path
    name: str
    concurrency: int
    then: str
    max_removals: str
    dry_run: bool
    yes: bool
    period: PeriodOptions
    connection: ConnectionOptions


@click.command("recordings", short_help="Export recordings: a file each, with its data beside it.")
@click.option("--out", "folder", type=click.Path(path_type=Path), metavar="DIR", required=True, help="Where to.")
@click.option(
    "--name",
    default=DEFAULT_NAME,
    metavar="PATTERN",
    help=f"How files are called; fields are {', '.join(FIELDS)}. Default: {DEFAULT_NAME}",
)
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Recordings to be fetched at once."
)
@click.option(
    "--then",
    type=click.Choice(("keep", "archive", "delete")),
    default="keep",
    show_default=True,
    help="What the PBX does afterwards with those that are safely in DIR.",
)
@click.option(
    "--max-removals",
    default="50%",
    show_default=True,
    metavar="N|N%",
    help="Refuse to delete more than that, or than that share of all recordings.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be fetched, archived or deleted; change nothing.")
@click.option("--yes", is_flag=True, help="Archive or delete without asking.")
@period_options
@connection_options
@parsed_into(RecordingsOptions)
def export_recordings(options: RecordingsOptions) -> int:
    """Export the recordings of a period: a file each, and beside it a .json with the PBX's row of it.

    \b
    trunkline export recordings --from -7d --out recordings
    trunkline export recordings --from 2026-01-01 --to 2026-02-01 --out jan --name '{from}-{to}-{id}.wav'
    trunkline export recordings --from 2025-01-01 --to -90d --out old --then delete

    A file that is there with its whole length is not fetched again, so the same command goes on where the one before
    ended. A recording that fails does not hold up the others. --then archive and --then delete ask first, and only
    touch recordings whose files are complete in DIR. The client needs the role System Owner.
    """
    from ..node.zones import known
    from ..transfer.recordings import RecordingsExport

    first, last = options.period.moments()
    export = RecordingsExport(
        first.at,
        last.at,
        options.folder,
        name=options.name,
        zone=known(options.period.zone),
        concurrency=options.concurrency,
        then=options.then,  # type: ignore[arg-type]
    )
    connect = options.connection.target().client
    plan = asyncio.run(_planned(connect(), export))
    click.echo(_said(plan), err=True)
    if options.dry_run:
        for target in plan.missing:
            click.echo(json_line({"id": target.id, "file": target.name}))
        click.echo(f"Nothing was changed; {_afterwards(options.then, len(plan.targets))}", err=True)
        return 0
    confirm = options.yes or (ask if sys.stderr.isatty() else None)
    if options.then == "archive" and confirm is None:
        raise click.UsageError("There is nobody to ask; give --yes to go on, or --dry-run to look first.")
    run = export.over(plan, confirm=confirm, max_removals=options.max_removals)
    interrupted = asyncio.run(_carried_out(run, connect))
    return _concluded(run, interrupted=interrupted)


def ask(question: Question) -> bool:
    """Ask whether recordings are to be archived or deleted."""
    from .confirm import confirmed

    if question.removals:
        return confirmed(
            f"DELETE {question.removals:,} of {question.present:,} recordings from {question.url}, for good?"
        )
    return confirmed(f"Archive {question.calls:,} recordings on {question.url}?")


async def _planned(pbx: AsyncPbx, export: RecordingsExport) -> RecordingsPlan:
    from .progress import progress

    with progress("recordings read"):
        async with pbx:
            return await export.aplan(pbx)


async def _carried_out(run: RecordingsRun, connect: Callable[[], AsyncPbx]) -> bool:
    """Do it, or as much as was done at Ctrl-C, which lets what is in progress finish; whether it was interrupted."""
    from .interrupts import finishing
    from .progress import progress

    def stop() -> bool:
        run.stop()
        return True

    with progress("recordings", len(run.plan.targets)) as bar, finishing(stop) as interrupts:

        def tell(far: RecordingsProgress) -> None:
            _show(bar, far)
            interrupts.tell()

        async with connect() as pbx:
            await run.aon(pbx, tell)
    return interrupts.times > 0


def _show(bar: Bar, far: RecordingsProgress) -> None:
    bar.at(far.done, far.total, f"{far.removed:,} removed" if far.removed else "")


def _said(plan: RecordingsPlan) -> str:
    missing = len(plan.missing)
    going_on = f"; {plan.going_on:,} left out, as their calls go on" if plan.going_on else ""
    return (
        f"{_some(len(plan.targets))} on {plan.url}, {len(plan.targets) - missing:,} already in {plan.folder}, "
        f"{missing:,} to fetch{going_on}."
    )


def _some(number: int) -> str:
    return "1 recording" if number == 1 else f"{number:,} recordings"


def _afterwards(then: str, number: int) -> str:
    if then == "keep":
        return "the PBX keeps its recordings."
    return f"afterwards up to {_some(number)} would be {then}d on the PBX."


def _concluded(run: RecordingsRun, *, interrupted: bool) -> int:
    """Write the summary on stdout, and in words on stderr; the exit code."""
    summary = run.summary
    click.echo(json_line(summary))
    for failed in summary["failed"][:NAMED]:
        click.echo(printable(f"recording {failed['id']}: {failed['message']}"), err=True)
    if (more := len(summary["failed"]) - NAMED) > 0:
        click.echo(f"… and {more:,} more; the summary on stdout has all.", err=True)
    if summary["cut"]:
        cut = ", ".join(map(str, summary["cut"][:NAMED]))
        click.echo(f"Shorter than they say of themselves, so kept on the PBX: recording {cut}.", err=True)
    if run.halt is not None:
        click.echo(printable(f"Not all was started: {run.halt.message}"), err=True)
    click.echo(
        f"{summary['fetched']:,} fetched ({summary['bytes']:,} bytes), {summary['already_there']:,} were there, "
        f"{len(summary['failed']):,} failed, {summary['not_started']:,} not started.",
        err=True,
    )
    if run.then != "keep":
        click.echo(counted(f"{run.then}d", run.removed), err=True)
    if interrupted:
        click.echo("Interrupted; the same command goes on where it was.", err=True)
        return 130
    if run.is_complete:
        return 0
    if run.halt is not None and not summary["fetched"]:
        return run.halt.exit_code
    click.echo("The same command does what is left.", err=True)
    return ItemsFailed.exit_code


def counted(what: str, gone: Removed) -> str:
    """Count recordings by their outcome on the PBX."""
    unknown = f", {len(gone.unknown):,} unknown: look at the PBX" if gone.unknown else ""
    why = f" ({printable(gone.error.message)})" if gone.error is not None else ""
    return f"{len(gone.done):,} {what} on the PBX, {len(gone.left):,} left there{unknown}{why}."
