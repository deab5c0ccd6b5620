"""``trunkline config drift``: which saved PBXs differ from the folder that describes them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

import click

from ..config.shown import DifferenceRecord, difference_record
from ..errors import InvalidArgument, ItemsFailed
from ..printable import printable
from ..work.outcome import ErrorRecord, described
from .config_options import DIFFERENT, FOLDER, only_option
from .connection_options import ConnectionOptions, fleet_options_of
from .options import parsed_into
from .output import chosen, draw, json_line, pretty
from .progress import progress

if TYPE_CHECKING:
    from ..config.drift import Drift
    from ..config.model import Configuration
    from ..connections.targets import Target

OUTPUTS = ("table", "json", "jsonl", "prometheus")
_CHANGES = ("added", "removed", "changed")


class ChangeCounts(TypedDict):
    """How many entities differ: *added* are those that only the PBX has."""

    added: int
    removed: int
    changed: int


class DriftRecord(TypedDict):
    """The drift of one PBX. ``compared``: entities of the folder that were compared.

    ``counts`` has the number of differences by kind, ``differences`` the first 200 of them. ``unread`` has, by kind,
    why the PBX did not give it, ``ungiven`` the fields that it did not give, such as ``queues/*/Agents``. ``error`` is
    why it could not be read at all, null where it could.
    """

    pbx: str
    url: str
    version: str
    compared: int
    counts: dict[str, ChangeCounts]
    differences: list[DifferenceRecord]
    unread: dict[str, ErrorRecord]
    ungiven: list[str]
    warnings: list[str]
    error: ErrorRecord | None


class DriftOptions(NamedTuple):
    """Which PBXs are compared with what, and how it is shown."""

    folder: Path
    each: bool
    only: tuple[str, ...] | None
    output: str | None
    connection: ConnectionOptions


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--each", is_flag=True, help="Compare each PBX with DIR/NAME, the folder of its own name.")
@only_option
@click.option("-o", "--output", type=click.Choice(OUTPUTS), help="Default: table on a terminal, else jsonl.")
@fleet_options_of("4")
@parsed_into(DriftOptions)
def drift(options: DriftOptions) -> int:
    """Find out which saved PBXs differ from what is in a folder, a few of them at a time.

    \b
    trunkline config drift standard --profile 'customer-*'
    trunkline config drift customers --each --all-profiles -o prometheus > drift.prom

    Without --each all PBXs are compared with the one folder, which then should manage only what they have in common.
    With it each has a folder of its own, named like its profile; a PBX without one is an error. `trunkline config diff`
    shows every field of one PBX. Nothing is changed.

    The exit code is 0 where none differs, 8 where any does, and 7 where one could not be read, or not all of it.
    """
    targets = _targets(options.connection)
    wanted = _folders(options.folder, targets) if options.each else _loaded(options.folder)
    output = chosen(options.output)
    show = _Shown(output)
    try:
        asyncio.run(_compare(targets, wanted, options, show))
    except KeyboardInterrupt:
        if output != "prometheus":  # half of the metrics would look like PBXs that are gone
            show.end()
        raise KeyboardInterrupt(f"{len(show.rows):,} of {len(targets):,} PBXs were compared.") from None
    show.end()
    return show.exit_code


def _targets(connection: ConnectionOptions) -> Sequence[Target]:
    return connection.several() if connection.is_several else [connection.target()]


def _loaded(folder: Path) -> Configuration:
    from ..config.folder.loading import load

    return load(folder)


def _folders(folder: Path, targets: Sequence[Target]) -> Callable[[str], Configuration]:
    """Return what loads the folder of a PBX. InvalidArgument where none of the PBXs has one."""
    if not any((folder / target.name).is_dir() for target in targets):
        names = ", ".join(target.name for target in targets[:5])
        raise InvalidArgument(
            f"{folder} has no folder for any of the PBXs, such as {names}.",
            hint="With --each DIR has a folder for each profile; without it, all are compared with DIR itself.",
        )

    def load(name: str) -> Configuration:
        return _loaded(folder / name)

    return load


async def _compare(
    targets: Sequence[Target],
    wanted: Configuration | Callable[[str], Configuration],
    options: DriftOptions,
    show: _Shown,
) -> None:
    from ..config.drift import AT_ONCE, adrift

    drifts = adrift(targets, wanted, kinds=options.only, at_once=options.connection.at_once or AT_ONCE)
    with progress("PBXs", len(targets), writing=show.output == "jsonl") as bar:
        async with aclosing(drifts) as each:
            async for one in each:
                show.took(one)
                bar.at(len(show.rows), note=f"{show.failed} failed" if show.failed else "")


class _Shown:
    """What is kept of each PBX until the last one is there: its row, its record or its numbers."""

    def __init__(self, output: str) -> None:
        self.output = output
        self.rows: list[list[str]] = []
        self.failed = self.different = 0
        self._kept: list[Any] = []

    def took(self, drift: Drift) -> None:
        self.failed += not drift.is_known
        self.different += drift.total > 0
        self.rows.append(_row(drift))
        _complain(drift)
        if self.output == "jsonl":
            click.echo(json_line(_record(drift)))
        elif self.output == "json":
            self._kept.append(_record(drift))
        elif self.output == "prometheus":
            self._kept.append(drift._replace(differences=()))

    def end(self) -> None:
        from ..config.drift_metrics import exposition

        match self.output:
            case "json":
                click.echo(pretty(self._kept))
            case "prometheus":
                click.echo(exposition(self._kept, time.time()), nl=False)
            case "table":
                draw(["PBX", "State", "Version", "Added", "Removed", "Changed", "Kinds"], self.rows)
        count = len(self.rows)
        if not count:
            return
        text = f"{self.different:,} of {count:,} PBXs differ" if count > 1 else f"{self.rows[0][0]}: {self.rows[0][1]}"
        failed = f"; {self.failed:,} could not be read, or not all of them" if self.failed else ""
        click.echo(f"{text}{failed}.", err=True)

    @property
    def exit_code(self) -> int:
        if self.failed:
            return ItemsFailed.exit_code
        return DIFFERENT if self.different else 0


def _row(drift: Drift) -> list[str]:
    if drift.error is not None:
        return [drift.pbx, "FAILED", *[""] * 5]
    state = f"{drift.total:,} differ" if drift.total else "same" if drift.is_known else "in part"
    sums = (sum(count for (_, each), count in drift.counts.items() if each == change) for change in _CHANGES)
    kinds = ", ".join(sorted({kind for kind, _ in drift.counts}))
    return [drift.pbx, state, drift.version, *(str(each or "") for each in sums), kinds]


def _complain(drift: Drift) -> None:
    from .fleet_shown import report

    if drift.error is not None:
        report(drift.pbx, drift.error)
    for kind, error in drift.unread.items():
        report(drift.pbx, error, where=kind)
    for warning in drift.warnings:
        click.echo(printable(f"{drift.pbx}: {warning}"), err=True)


def _record(drift: Drift) -> DriftRecord:
    kinds = sorted({kind for kind, _ in drift.counts})
    counts: dict[str, ChangeCounts] = {
        kind: {
            "added": drift.counts.get((kind, "added"), 0),
            "removed": drift.counts.get((kind, "removed"), 0),
            "changed": drift.counts.get((kind, "changed"), 0),
        }
        for kind in kinds
    }
    return {
        "pbx": drift.pbx,
        "url": drift.url,
        "version": drift.version,
        "compared": drift.compared,
        "counts": counts,
        "differences": [difference_record(each) for each in drift.differences],
        "unread": {kind: described(error) for kind, error in drift.unread.items()},  # type: ignore[misc]
        "ungiven": list(drift.ungiven),
        "warnings": list(drift.warnings),
        "error": None if drift.error is None else described(drift.error),  # type: ignore[typeddict-item]
    }
