"""``trunkline backup now`` and ``trunkline backups download``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from .connection_options import ConnectionOptions, connection_options, fleet_options
from .options import parsed_into
from .output import PBX, json_line

if TYPE_CHECKING:
    from ..transfer.backups import Backup, BackupRecord


@click.group()
def backup() -> None:
    """Make backups of a PBX; `trunkline backups` has the PBX's own actions on them."""


class NowOptions(NamedTuple):
    """A backup as the command line describes it."""

    name: str
    folder: Path | None
    keep: int | None
    longest_wait: float
    connection: ConnectionOptions


@backup.command("now", short_help="Make a backup, and wait until the PBX lists it.")
@click.option("--name", default="", metavar="NAME", help="What it is called on the PBX; else a name with the time.")
@click.option("--download", "folder", type=click.Path(path_type=Path), metavar="DIR", help="Save it in DIR; check it.")
@click.option(
    "--keep", type=click.IntRange(1), metavar="N", help="Remove all but the newest N from DIR; none from the PBX."
)
@click.option(
    "--wait",
    "longest_wait",
    type=click.FloatRange(0, 86400),
    default=1800,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait until it is listed.",
)
@fleet_options
@parsed_into(NowOptions)
def backup_now(options: NowOptions) -> int:
    """Make a backup with the contents of the PBX's own settings, and wait until the PBX lists it.

    \b
    trunkline backup now
    trunkline backup now --download backups --keep 14
    trunkline backup now --profile 'customer-*' --download 'backups/{pbx}' --keep 14

    A backup that is not listed in time or is an older one, or whose file is not as the PBX lists it, ends with an
    error. Of several PBXs each has a line on stdout, and one that fails leaves the others alone. --keep removes
    only files in DIR of this PBX that were named by this command, and only after the new one was checked.
    """
    from ..transfer.backups import Backup

    if options.keep is not None and (options.folder is None or options.name):
        raise click.UsageError("--keep goes with --download, and without --name.")
    wanted = Backup(options.name, options.folder, options.keep, options.longest_wait)
    if options.connection.is_several:
        return _several(wanted, options.connection)
    return _say(asyncio.run(_made(wanted, options.connection)))


def _several(wanted: Backup, connection: ConnectionOptions) -> int:
    """Make a backup of each PBX; the exit code is 7 if some failed."""
    from ..transfer.backups import aback_up_each
    from .fleet_shown import Failures, pbxs
    from .progress import progress

    fleet = connection.fleet()
    failures = Failures(len(fleet.targets))

    async def run() -> None:
        with progress("PBXs", len(fleet.targets)) as bar:
            async with aclosing(aback_up_each(fleet, wanted)) as each:
                async for name, outcome in each:
                    if failures.took(name, outcome):
                        rest = {field: value for field, value in outcome.answer.items() if field != PBX}
                        _tell(outcome.answer, {PBX: name, **rest}, f"{name}: ")
                    bar.at(failures.ended, note=failures.note)

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        ended = f"{failures.ended} of {pbxs(len(fleet.targets))} were backed up"
        raise KeyboardInterrupt(f"{ended}; the others may still be making theirs.") from None
    return failures.exit_code()


@click.command("download", short_help="Download the file of a backup.")
@click.argument("name")
@click.option("--out", "folder", type=click.Path(path_type=Path), metavar="DIR", default=Path(), help="Where to.")
@connection_options
def download_backup(name: str, folder: Path, connection: ConnectionOptions) -> int:
    """Download the backup NAME into DIR, and check its length.

    \b
    trunkline backups download backup-2026-06-13.zip --out backups
    """
    return _say(asyncio.run(_downloaded(name, folder, connection)))


async def _made(wanted: Backup, connection: ConnectionOptions) -> BackupRecord:
    from .progress import progress

    with progress("backups"):
        async with connection.target().client() as pbx:
            return await wanted.arun(pbx)


async def _downloaded(name: str, folder: Path, connection: ConnectionOptions) -> BackupRecord:
    from ..transfer.backups import adownload, find
    from ..work.drivers import adrive
    from .progress import progress

    with progress("backups"):
        async with connection.target().client() as pbx:
            return await adownload(pbx, await adrive(find(name), pbx), folder)


def _say(record: BackupRecord) -> int:
    _tell(record, record)
    return 0


def _tell(record: BackupRecord, row: Mapping[str, Any], begin: str = "") -> None:
    click.echo(json_line(row))
    where = f": {record['file']}" if record["file"] else f" on {record['pbx']}"
    click.echo(f"{begin}{record['name']}, {record['size']:,} bytes{where}.", err=True)
    if record["removed"]:
        click.echo(f"{begin}Removed from the folder: {', '.join(record['removed'])}.", err=True)
