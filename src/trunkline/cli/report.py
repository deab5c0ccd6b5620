"""``trunkline report missed``: calls answered, missed and abandoned, as a table or a page."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..local.atomic import replace_file
from .connection_options import ConnectionOptions, connection_options
from .options import parsed_into
from .output import View, draw, json_line, write_rows
from .periods import PeriodOptions, period_options

if TYPE_CHECKING:
    from ..transfer.missed import Missed, MissedRecord


@click.group()
def report() -> None:
    """Sum up calls; `trunkline export report` has the reports of the PBX."""


class MissedOptions(NamedTuple):
    """A summary as the command line describes it."""

    by: str
    output: str | None
    html: Path | None
    overwrite: bool
    period: PeriodOptions
    connection: ConnectionOptions


@report.command("missed", short_help="Count calls answered, missed and abandoned.")
@click.option(
    "--by",
    type=click.Choice(("queue", "user", "day", "hour")),
    default="queue",
    show_default=True,
    help="One row each.",
)
@click.option(
    "-o", "--output", type=click.Choice(("table", "json", "csv")), help="Default: table on a terminal, else json."
)
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a page with a chart to FILE."
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@period_options
@connection_options
@parsed_into(MissedOptions)
def missed(options: MissedOptions) -> int:
    """Count the calls of a period that were answered, missed and abandoned.

    \b
    trunkline report missed --by queue --period last-week
    trunkline report missed --by hour --period last-month --zone Europe/London --html calls.html

    Queues and users are counted by the PBX's own reports, days and hours of calls from outside by its call log, which
    needs the role System Owner. The page needs no network: mail it, or print it.
    """
    from ..node.zones import known
    from ..transfer.missed import Missed
    from ..transfer.missed_page import missed_page
    from ..transfer.reports import check_new_file

    first, last = options.period.moments()
    if options.html is not None:
        check_new_file(options.html, overwrite=options.overwrite)
    summary = Missed(first.at, last.at, options.by, known(options.period.zone))  # type: ignore[arg-type]
    record = asyncio.run(_counted(summary, options.connection))
    _show(record, options.output or ("table" if sys.stdout.isatty() else "json"))
    if options.html is not None:
        with replace_file(options.html) as file:
            file.write(missed_page(record).encode("utf-8", "replace"))
        click.echo(f"The page is {options.html}.", err=True)
    return 0


async def _counted(summary: Missed, connection: ConnectionOptions) -> MissedRecord:
    from .progress import progress

    with progress("calls read"):
        async with connection.target().client() as pbx:
            return await summary.arun(pbx)


def _show(record: MissedRecord, output: str) -> None:
    from ..transfer.missed_page import cells

    rows = [*record["rows"], record["total"]]
    if output == "json":
        click.echo(json_line(record))
    elif output == "csv":
        write_rows([dict(row) for row in rows], View("csv"))
    else:
        titles = [record["by"].title(), "Name", "Calls", "Answered", "Missed", "Abandoned", "Answered %"]
        draw(titles, [cells(row) for row in rows])
        click.echo(f"From {record['source']}; {record['start']} to {record['end']}.", err=True)
