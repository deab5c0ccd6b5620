"""``trunkline export report NAME``: any report of a PBX."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..errors import Hint, InvalidArgument
from ..transfer.formats import ENDINGS, FORMATS
from .columns import column_names
from .connection_options import ConnectionOptions, connection_options
from .options import parsed_into
from .periods import PeriodOptions, period_options

if TYPE_CHECKING:
    from ..transfer.reports import Report, ReportExported


class ReportOptions(NamedTuple):
    """An export of a report as the command line describes it."""

    name: str | None
    lists: bool
    parameters: tuple[str, ...]
    output: str | None
    file: Path | None
    columns: str | None
    overwrite: bool
    period: PeriodOptions
    connection: ConnectionOptions

    @property
    def format(self) -> str:
        """The format that is asked for, else that of the file's ending, else JSON Lines."""
        ending = self.file.suffix.lower() if self.file is not None else ""
        if self.output is None and ending not in ENDINGS and ending not in ("", ".txt"):
            raise click.UsageError(f"Nothing is written as {ending}; choose one of {', '.join(FORMATS)} with -o.")
        return self.output or ENDINGS.get(ending, "jsonl")

    def values(self) -> dict[str, str]:
        """Return what ``--set`` gives, by the names of the parameters."""
        given: dict[str, str] = {}
        for text in self.parameters:
            name, equals, value = text.partition("=")
            if not equals or not name.strip():
                raise click.UsageError(f"--set takes NAME=VALUE, not {text!r}.")
            given[name.strip()] = value
        return given


@click.command("report", short_help="Export a report, such as queue-performance-totals.")
@click.argument("name", required=False)
@click.option("--list", "lists", is_flag=True, help="List all reports, with their parameters and defaults.")
@click.option(
    "--set", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the report, such as queueDns=800."
)
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: by the file's ending, else jsonl.")
@click.option("--out", "file", type=click.Path(path_type=Path), metavar="FILE", help="Where to; else stdout.")
@click.option("--columns", metavar="A,B", help="The fields to write, in this order; else all.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@period_options
@connection_options
@parsed_into(ReportOptions)
def export_report(options: ReportOptions) -> int:
    """Export a report of the PBX over a period.

    \b
    trunkline export report --list
    trunkline export report queue-performance-totals --period last-month --out queues.csv
    trunkline export report extension-statistics --period 2026-06 --set extensionFilter=100,101 -o jsonl

    Parameters that are not set have the defaults that --list shows. The call log has an export of its own, which reads
    day by day.
    """
    from ..transfer.reports import Report, report_kind

    if options.lists:
        return _list()
    if options.name is None:
        raise click.UsageError("Name a report; --list shows all.")
    kind = report_kind(options.name)
    options = options._replace(file=None) if str(options.file) == "-" else options
    if options.file is None and options.overwrite:
        raise click.UsageError("--overwrite goes with --out.")
    if options.format == "parquet" and options.file is None:
        raise click.UsageError("Name a file with --out for Parquet.")
    first, last = options.period.moments() if kind.period else (None, None)
    report = Report(
        kind.name, first.at if first is not None else None, last.at if last is not None else None, options.values()
    )
    done = asyncio.run(_exported(report, options))
    where = f": {options.file}" if options.file is not None else "."
    click.echo(f"{done.rows:,} rows of {done.name}{where}", err=True)
    if done.unknown:
        click.echo(f"Warning: no column for {', '.join(done.unknown)}; -o jsonl has everything.", err=True)
    return 0


async def _exported(report: Report, options: ReportOptions) -> ReportExported:
    async with options.connection.target().client() as pbx:
        try:
            return await report.aexport(
                pbx,
                options.file or sys.stdout.buffer,
                options.format,
                columns=column_names(options.columns),
                overwrite=options.overwrite,
            )
        except InvalidArgument as refused:
            if not refused.hint.text and options.parameters:
                raise refused.replace(hint=Hint("--list shows what each parameter is.")) from None
            raise


def _list() -> int:
    from ..transfer.reports import report_kinds
    from .output import View, chosen, draw, write_rows

    kinds = report_kinds().values()
    if chosen(None) == "table":
        rows = [
            [kind.name, ", ".join(f"{name}={value!r}" for name, value in kind.parameters.items())] for kind in kinds
        ]
        draw(["Report", "Parameters and their defaults"], rows)
    else:
        write_rows([dict(kind.record) for kind in kinds], View("jsonl"))
    return 0
