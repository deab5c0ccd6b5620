"""``trunkline holidays add``: a day on which the office is closed, by plain dates."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import click

from .connection_options import ConnectionOptions, connection_options
from .options import parsed_into
from .output import json_line


class HolidayOptions(NamedTuple):
    """A holiday as the command line describes it."""

    name: str
    days: str
    group: str | None
    every_year: bool
    dry_run: bool
    connection: ConnectionOptions


@click.command("add")
@click.argument("name", metavar="NAME")
@click.argument("days", metavar="DAYS")
@click.option("--group", metavar="NAME", help="Of a department, by name or number; else of the company.")
@click.option("--every-year", is_flag=True, help="On the same days each year.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@connection_options
@parsed_into(HolidayOptions)
def add_holiday(options: HolidayOptions) -> int:
    """Add a holiday of whole days.

    \b
    trunkline holidays add Christmas 2026-12-24..2026-12-26 --group Sales
    trunkline holidays add "New Year" 2027-01-01 --every-year

    A holiday that is there already is not added again.
    """
    return asyncio.run(_add(options))


async def _add(options: HolidayOptions) -> int:
    from ..settings import Holidays

    holidays = Holidays(group=options.group)
    async with options.connection.client() as pbx:
        if options.dry_run:
            call = await holidays.aplan(pbx, options.name, options.days, every_year=options.every_year)
            click.echo("Nothing to do: it is there." if call is None else f"POST {call.path} {json_line(call.body)}")
            return 0
        added = await holidays.aadd(pbx, options.name, options.days, every_year=options.every_year)
    click.echo(json_line({"success": True, "added": added, "name": options.name}))
    return 0
