"""``trunkline export``: whole tables out of a PBX."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar, NamedTuple

import click

from ..errors import TrunklineError
from ..local.timestamps import format_timestamp
from ..transfer.formats import ENDINGS, FORMATS
from ..transfer.period import Moment, span
from .connection_options import ConnectionOptions, fleet_options
from .files import outcomes_option
from .options import parsed_into
from .output import json_line
from .periods import PeriodOptions, period_options
from .progress import progress

if TYPE_CHECKING:
    from ..client import AsyncPbx
    from ..connections.targets import Target
    from ..transfer.export import Exported, Progress
    from ..work.outcome import Outcome


class ExportGroup(click.Group):
    """The exports; the module of one loads when it is used."""

    _elsewhere: ClassVar[dict[str, tuple[str, str]]] = {
        "recordings": ("export_recordings", "export_recordings"),
        "report": ("export_report", "export_report"),
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *self._elsewhere])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._elsewhere:
            return super().get_command(ctx, cmd_name)
        module, name = self._elsewhere[cmd_name]
        command: click.Command = getattr(import_module(f".{module}", __package__), name)
        return command


@click.group(cls=ExportGroup)
def export() -> None:
    """Export the call log, reports or recordings into files."""


class CallLogOptions(NamedTuple):
    """An export of the call log as the command line describes it."""

    output: str | None
    file: Path | None
    columns: str | None
    concurrency: int
    overwrite: bool
    restart: bool
    since_last: bool
    watermark: Path | None
    overlap: str
    outcomes: IO[str] | None
    period: PeriodOptions
    connection: ConnectionOptions

    def checked(self) -> CallLogOptions:
        """Return the same with a format, and no file for standard output.

        Raises:
            click.UsageError: options contradict each other.
        """
        options = self._replace(file=None) if str(self.file) == "-" else self
        if options.watermark is not None and not options.since_last:
            raise click.UsageError("--watermark goes with --since-last.")
        if options.file is None and (options.overwrite or options.restart):
            raise click.UsageError("--overwrite and --restart go with --out.")
        output = options.output or _by_ending(options.file)
        if output == "parquet" and options.file is None and sys.stdout.isatty():
            raise click.UsageError("Nobody can read Parquet on a terminal; name a file with --out.")
        return options._replace(output=output)


@export.command("call-log", short_help="Export the call log: a row for each leg of each call.")
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: by the file's ending, else jsonl.")
@click.option("--out", "file", type=click.Path(path_type=Path), metavar="FILE", help="Where to; else stdout.")
@click.option("--columns", metavar="A,B", help="The fields to write, in this order; else all.")
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Days to be read at once."
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@click.option("--restart", is_flag=True, help="Throw away what an earlier run left unfinished.")
@click.option("--since-last", is_flag=True, help="Only what is new since the last export; --from is for the first.")
@click.option(
    "--watermark",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where --since-last remembers it; else a file for each PBX and client id.",
)
@click.option(
    "--overlap", default="24h", show_default=True, metavar="SPAN", help="How long a call may last, for --since-last."
)
@outcomes_option
@period_options
@fleet_options
@parsed_into(CallLogOptions)
def call_log(options: CallLogOptions) -> int:
    """Export the call log: a row for each leg of each call, in order of time.

    \b
    trunkline export call-log --from 2026-01-01 --to 2026-02-01 --out january.parquet
    trunkline export call-log --period last-month --zone Europe/London --out calls.csv
    trunkline export call-log --since-last --from -30d --out new.csv

    Of several PBXs each has its own file: --out 'exports/{pbx}/june.csv'.

    It is read day by day, a few days at once. With --out the days that are finished are kept in FILE.parts: the same
    command goes on with them, whatever ended the one before, and FILE appears when it is whole. The client needs the
    role System Owner.
    """
    options = options.checked()
    first, last = options.period.bounds() if options.since_last else options.period.moments()
    if options.connection.is_several:
        return _export_several(options, first, last)
    seen: list[Progress] = []
    try:
        exported = _export(options, first, last, seen)
    except KeyboardInterrupt:
        click.echo(_interrupted(seen, options.file, since_last=options.since_last), err=True)
        return 130
    _count(exported, last, options.file)
    return 0


def _export(options: CallLogOptions, first: Moment | None, last: Moment, seen: list[Progress]) -> Exported:
    """Export under a bar; ``seen`` keeps how far it came."""
    import asyncio

    target = options.connection.target()
    pbx = target.client()
    with progress("days", writing=options.file is None) as bar:

        def tell(far: Progress) -> None:
            seen[:] = [far]
            bar.at(far.done, far.windows, f"{far.rows:,} rows")

        return asyncio.run(_run(options, first, last, target.client_id, pbx, tell))


def _export_several(options: CallLogOptions, first: Moment | None, last: Moment) -> int:
    """Export a few PBXs at a time, each into its file, and count for each; the exit code is 7 if some failed."""
    import asyncio
    from contextlib import aclosing

    from ..local.placed import paths_for
    from ..work.fleet import AT_ONCE, aeach
    from .fleet_shown import Failures, pbxs

    if options.file is None:
        raise click.UsageError("Several PBXs have a file each: give --out with {pbx}, such as --out '{pbx}/june.csv'.")
    targets = options.connection.several()
    names = [target.name for target in targets]
    marks = [None] * len(names) if options.watermark is None else paths_for(options.watermark, names)
    works = list(zip(targets, paths_for(options.file, names), marks, strict=True))
    failures = Failures(len(targets))

    async def export(work: tuple[Target, Path, Path | None]) -> Exported:
        target, file, mark = work
        own = options._replace(file=file, watermark=mark)
        return await _run(own, first, last, target.client_id, target.aopen(), lambda _: None)

    async def run() -> None:
        at_once = options.connection.at_once or AT_ONCE
        with progress("PBXs", len(targets)) as bar:
            async with aclosing(aeach(works, export, at_once=at_once)) as outcomes:
                async for outcome in outcomes:
                    target, file, _ = works[outcome.n]
                    if failures.took(target.name, outcome):
                        _count(outcome.answer, last, file)
                    bar.at(failures.ended, note=failures.note)

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        ended = f"{failures.ended} of {pbxs(len(targets))} were exported"
        raise KeyboardInterrupt(f"{ended}; the same command goes on.") from None
    return failures.exit_code()


async def _run(
    options: CallLogOptions,
    first: Moment | None,
    last: Moment,
    client_id: str,
    pbx: AsyncPbx,
    tell: Callable[[Progress], object],
) -> Exported:
    """Export from one PBX, and record the outcome."""
    from ..transfer import Export
    from ..transfer.watermark import Watermark
    from ..work.outcome import Outcome
    from ..work.state import State
    from .columns import column_names

    mark = None
    if options.since_last:
        mark = Watermark(pbx.url, client_id, options.watermark, span(options.overlap))
    export = Export(
        first,
        last,
        options.file or sys.stdout.buffer,
        output=options.output or "jsonl",
        columns=column_names(options.columns),
        concurrency=options.concurrency,
        watermark=mark,
        restart=options.restart,
        overwrite=options.overwrite,
        progress=tell,
    )
    try:
        async with pbx:
            exported = await export.arun(pbx)
    except TrunklineError as error:
        _record(options.outcomes, pbx.url, Outcome(0, State.FAILED, error=error))
        raise
    _record(options.outcomes, pbx.url, Outcome(0, State.DONE, answer=exported.record))
    return exported


def _record(file: IO[str] | None, url: str, outcome: Outcome) -> None:
    """Write the outcome of an export to the file for it, if there is one."""
    if file is not None:
        from ..transfer.call_log import ACTIONS
        from ..work.outcome import as_record

        click.echo(json_line(as_record(outcome, action=ACTIONS[0], pbx=url)), file=file)


def _by_ending(file: Path | None) -> str:
    """Return the format that a file's name asks for; UsageError where nothing is written as it promises."""
    ending = file.suffix.lower() if file else ""
    if ending not in ENDINGS and ending not in ("", ".txt", ".log"):
        raise click.UsageError(f"Nothing is written as {ending}; choose one of {', '.join(FORMATS)} with -o.")
    return ENDINGS.get(ending, "jsonl")


def _count(done: Exported, last: Moment, file: Path | None) -> None:
    """Say on stderr what was exported, and what somebody may not have expected."""
    days = "1 day" if done.days == 1 else f"{done.days:,} days"
    what = f"{done.rows:,} rows of {days}, {format_timestamp(done.start)} to {format_timestamp(done.end)}"
    if done.since is not None:
        what = f"{done.rows:,} rows new since {format_timestamp(done.since)}, up to {format_timestamp(done.end)}"
    click.echo(f"{what}: {file}" if file else f"{what}.", err=True)
    if done.end < last.at:
        click.echo("The end is to come; exported until now.", err=True)
    if done.resumed:
        click.echo("An earlier run had begun this; its finished days were not read again.", err=True)
    if done.damaged:
        from ..transfer.export import said_of

        click.echo(f"Warning: {said_of(done.damaged)}", err=True)
    if done.outside:
        click.echo(
            f"Warning: the PBX sent {done.outside:,} rows from outside of the days of the export; they are left out.",
            err=True,
        )
    if done.unknown:
        click.echo(
            f"Warning: no column for {', '.join(done.unknown)}, which this version of Trunkline doesn't know; "
            f"-o jsonl has everything.",
            err=True,
        )


def _interrupted(seen: list[Progress], file: Path | None, *, since_last: bool) -> str:
    if file is None:
        how = f"Interrupted after {seen[-1].rows:,} rows" if seen else "Interrupted before the first row"
        reached = f", everything before {format_timestamp(seen[-1].reached)}" if seen else ""
        return f"{how}{reached}." + (" The watermark has not moved." if since_last else "")
    if not seen:
        return "Interrupted. The same command goes on where it was."
    return f"Interrupted: {seen[-1].done:,} of {seen[-1].windows:,} windows are read; the same command goes on."
