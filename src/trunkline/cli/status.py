"""``trunkline status``: the status of one PBX, or of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from ..connections.targets import Target
from ..errors import ItemsFailed
from ..monitor.concerns import BACKUP_DAYS, LICENCE_DAYS, Limits
from .connection_options import ConnectionOptions, fleet_options_of
from .numbers import Finite
from .options import parsed_into
from .output import View, view_options, write_one, write_rows
from .progress import progress

if TYPE_CHECKING:
    from ..monitor.status import Status


class StatusOptions(NamedTuple):
    """Which PBXs are looked at, what counts as a concern, and how it is shown."""

    everything: bool
    check: bool
    backup_days: float
    licence_days: int
    view: View
    connection: ConnectionOptions


@click.command()
@click.option("--all", "everything", is_flag=True, help="The same as --all-profiles.")
@click.option("--check", is_flag=True, help="End with 1 if anything needs attention.")
@click.option(
    "--backup-days",
    type=Finite(0),
    default=BACKUP_DAYS,
    show_default=True,
    metavar="DAYS",
    help="A backup that is older needs attention.",
)
@click.option(
    "--licence-days",
    type=click.IntRange(0),
    default=LICENCE_DAYS,
    show_default=True,
    metavar="DAYS",
    help="So does a licence that ends sooner.",
)
@view_options
@fleet_options_of("16")
@parsed_into(StatusOptions)
def status(options: StatusOptions) -> int:
    """Version, licence, calls, extensions, trunks, services, disk and backup of a PBX, and what needs attention.

    \b
    trunkline status
    trunkline status --profile 'customer-*' --check

    Of several PBXs each is a row, the worst first; one that can't be reached is a row with its error, and the command
    ends with 7. A part that the client may not read, or that the PBX lacks, has its own error. Nothing is changed.
    """
    limits = Limits(options.backup_days, options.licence_days)
    connection = options.connection
    if options.everything:
        if connection.profiles:
            raise click.UsageError("--all is every saved PBX: leave --profile out.")
        connection = connection._replace(all_profiles=True)
    if connection.is_several:
        return _show_many(options, connection.several(), limits)
    return _show_one(connection.target(), limits, options.view, check=options.check)


def _show_one(target: Target, limits: Limits, view: View, *, check: bool) -> int:
    import asyncio

    from ..monitor.survey import read_status  # brings a client and an event loop, which --help doesn't need

    status = asyncio.run(read_status(target, limits))
    if _is_drawn(view):
        from .status_table import draw_one

        draw_one(status, view, target.profile)
    else:
        write_one(msgspec.to_builtins(status), view)
    return int(check and bool(status.concerns))


def _show_many(options: StatusOptions, targets: Sequence[Target], limits: Limits) -> int:
    view, check = options.view, options.check
    statuses, interrupted = _read_many(targets, limits, options.connection.at_once)
    if _is_drawn(view):
        from .status_table import draw_many

        draw_many(statuses, view)
    else:
        write_rows(map(msgspec.to_builtins, statuses), view)
    failed = sum(status.error is not None for status in statuses)
    if failed:
        click.echo(f"The status of {failed} of {len(statuses)} PBXs could not be read.", err=True)
    if interrupted:
        return 130
    return ItemsFailed.exit_code if failed else int(check and any(status.concerns for status in statuses))


def _is_drawn(view: View) -> bool:
    return view.output == "table" and view.query is None and not view.columns


def _read_many(targets: Sequence[Target], limits: Limits, at_once: int | None) -> tuple[list[Status], bool]:
    """Read the status of many PBXs; give them the worst first, and whether Ctrl-C ended it before all were there."""
    import asyncio

    from ..monitor.survey import AT_ONCE, severity, survey

    statuses: list[Status] = []
    interrupted = False
    with progress("PBXs", len(targets)) as bar:

        async def read() -> None:
            async for status in survey(targets, limits, at_once=at_once or AT_ONCE):
                statuses.append(status)
                bar.at(len(statuses))

        try:
            asyncio.run(read())
        except KeyboardInterrupt:
            interrupted = True
    if interrupted:
        click.echo(f"Interrupted: the status of {len(statuses)} of {len(targets)} PBXs was read.", err=True)
    return sorted(statuses, key=severity), interrupted
