"""``trunkline config export``: the configuration of a PBX, or of several, written into a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, NotRequired, TypedDict

import click

from ..errors import ItemsFailed
from ..printable import printable
from .config_options import FOLDER, only_option
from .connection_options import ConnectionOptions, fleet_options
from .options import parsed_into
from .output import FORMATS, PBX, View, Writer, chosen

if TYPE_CHECKING:
    from ..client import AsyncPbx
    from ..config.folder.writing import Written
    from ..config.model import Configuration

_SIGNS = {"added": "+", "changed": "~", "removed": "-"}


class FileRecord(TypedDict):
    """A file that an export wrote or removed, relative to the folder of the PBX. ``pbx`` where there are several."""

    pbx: NotRequired[str]
    file: str
    change: Literal["added", "changed", "removed"]


class ExportOptions(NamedTuple):
    """What is exported, and where to."""

    out: Path
    only: tuple[str, ...] | None
    terse: bool
    output: str | None
    connection: ConnectionOptions


@click.command()
@click.option("--out", required=True, metavar="DIR", type=FOLDER, help="The folder; it need not be there.")
@only_option
@click.option("--terse", is_flag=True, help="Leave out fields that are empty: false, no text, no elements.")
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@fleet_options
@parsed_into(ExportOptions)
def export(options: ExportOptions) -> int:
    """Write the configuration of a PBX into a folder: a folder for each kind, a file for each entity.

    \b
    trunkline config export --out acme
    trunkline config export --out acme --only queues,ring_groups,hours
    trunkline config export --out customers --profile 'customer-*'

    Exported again, a file that says the same is not touched, one that differs keeps its comments, and that of an entity
    which is gone is removed; other files stay. Of several PBXs each has a folder of its own: DIR/NAME. Passwords and
    keys stand in none of the files, only their names. What files can't hold, and what the client may not read, is
    named; in the latter case the command ends with 7. Nothing is changed on the PBX.
    """
    shown = _Shown(chosen(options.output), is_several=options.connection.is_several)
    if options.connection.is_several:
        code = asyncio.run(_export_several(options, shown))
    else:
        code = asyncio.run(_export_one(options, shown))
    shown.end()
    return code


async def _export_one(options: ExportOptions, shown: _Shown) -> int:
    async with options.connection.client() as pbx:
        configuration, written = await _exported(pbx, options, options.out)
    shown.took("", options.out, configuration, written)
    return ItemsFailed.exit_code if configuration.is_partial else 0


async def _export_several(options: ExportOptions, shown: _Shown) -> int:
    from .fleet_shown import Failures
    from .progress import progress

    fleet = options.connection.fleet()
    failures = Failures(len(fleet.targets))
    is_partial = False

    async def work(pbx: AsyncPbx) -> tuple[Configuration, Written]:
        configuration, written = await _exported(pbx, options, options.out / pbx.label)
        configuration.entities.clear()  # the files have them now; of a hundred PBXs they would fill the memory
        return configuration, written

    with progress("PBXs", len(fleet.targets), writing=shown.output == "jsonl") as bar:
        async with aclosing(fleet.aeach(work)) as outcomes:
            async for name, outcome in outcomes:
                if failures.took(name, outcome):
                    configuration, written = outcome.answer
                    is_partial = is_partial or configuration.is_partial
                    shown.took(name, options.out / name, configuration, written)
                bar.at(failures.ended, note=failures.note)
    return failures.exit_code(is_partial)


async def _exported(pbx: AsyncPbx, options: ExportOptions, folder: Path) -> tuple[Configuration, Written]:
    from ..config.folder.writing import write
    from ..config.reading import aread

    configuration = (await aread(pbx, options.only)).configuration
    return configuration, await asyncio.to_thread(write, configuration, folder, terse=options.terse)


class _Shown:
    """The files that were written and removed, as they are shown."""

    def __init__(self, output: str, *, is_several: bool) -> None:
        self.output = output
        self._is_several = is_several
        self._writer = Writer(View(output, columns=(PBX, "file", "change") if is_several else ("file", "change")))

    def took(self, name: str, folder: Path, configuration: Configuration, written: Written) -> None:
        """Show the files of one PBX, what its files can't hold, and what it did not give."""
        if self.output == "table":
            for record in _records(name, written):
                click.echo(printable(f"{_SIGNS[record['change']]} {folder / record['file']}"))
        else:
            self._writer.write(_records(name, written))
        from ..config.lacking import some

        whose = f"{name}: " if self._is_several else ""
        for warning in configuration.warnings:
            click.echo(printable(f"{whose}{warning}"), err=True)
        for kind, error in configuration.unread.items():
            click.echo(printable(f"{whose}Not exported: {kind}. {error.message}"), err=True)
        if configuration.absent:
            absent = some(configuration.absent)
            click.echo(printable(f"{whose}3CX {configuration.version} has not published {absent}."), err=True)
        counts = {change: len(files) for change, files in _changes(written)}
        text = ", ".join(f"{count:,} {change}" for change, count in counts.items())
        click.echo(printable(f"{folder}: {text}, {len(written.same):,} as they were."), err=True)

    def end(self) -> None:
        if self.output != "table":
            self._writer.end()


def _changes(written: Written) -> Iterator[tuple[Literal["added", "changed", "removed"], Sequence[str]]]:
    yield "added", written.added
    yield "changed", written.changed
    yield "removed", written.removed


def _records(name: str, written: Written) -> Iterator[FileRecord]:
    for change, files in _changes(written):
        for file in files:
            record: FileRecord = {"file": str(file), "change": change}
            yield {PBX: name, **record} if name else record  # type: ignore[misc]
