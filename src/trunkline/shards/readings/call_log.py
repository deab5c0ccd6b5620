"""One day of the call log, into a file in a folder that all machines see.

A file is ``FOLDER/PBX/START_END.jsonl``. It appears once it is whole, and a second reading of the same shard replaces
it, so it doesn't matter which machine wrote it, or how often.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from contextlib import aclosing, closing, suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, BinaryIO, TypedDict

import msgspec

from ...client import AsyncPbx
from ...errors import ConfigurationError, Hint, InvalidArgument
from ...local.atomic import AtomicFile
from ...local.placed import PLACE, paths_for
from ...local.timestamps import format_timestamp
from ...node.zones import known
from ...transfer.call_log import CallLog
from ...transfer.parts import saying_why
from ...transfer.period import Moment, Window, moment, period
from ...transfer.writing import check_format, checked_columns, writer
from ...transport.threads import in_thread
from . import CONCURRENCY, Reading, parameters_of

_STAMP = "%Y%m%dT%H%M%SZ"
_MOST_DAYS = 3_700  # ten years; a slip in a year would make a shard for each day of centuries


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to, in which format, and which days: a ``period``, or from ``start`` until before ``end``.

    ``folder`` must be there on every machine. Days are those of ``zone``. ``columns`` () are all.
    """

    folder: str
    format: str = "jsonl"
    period: str = ""
    start: str = ""
    end: str = ""
    zone: str = "UTC"
    columns: tuple[str, ...] = ()


msgspec.json.Decoder(Parameters)  # made ready before several threads convert one (CONTRIBUTING.md)


class FileRecord(TypedDict):
    """The file of one window. ``digest`` is SHA-256 in hexadecimal; ``bytes`` and ``digest`` are of the whole file.

    ``rows_outside``: rows that the PBX sent though nobody asked for their time; they are not in the file.
    """

    path: str
    start: str
    end: str
    rows: int
    bytes: int
    digest: str
    rows_outside: int
    fields_without_column: list[str]


def plan(parameters: Mapping[str, Any], now: datetime) -> list[Window | None]:
    """Return the days of a period in its zone, yesterday if none is named; only days that have ended by ``now``.

    So files never overlap, and the same period gives the same files whenever it is read.

    Raises:
        InvalidArgument: a parameter is unknown or has a wrong value, or no day of the period has ended.
        ConfigurationError: nothing here can write Parquet.
    """
    wanted = _checked(parameters)
    zone = known(wanted.zone)
    first, last = _period(wanted, zone, now)
    windows: list[Window | None] = []
    day = first.at.astimezone(zone).date()
    if _midnight(day, zone) < first.at:
        day += timedelta(days=1)
    ended = min(last.at, now)
    while (following := _midnight(day + timedelta(days=1), zone)) <= ended:
        if len(windows) == _MOST_DAYS:
            raise InvalidArgument(f"The period has more than {_MOST_DAYS:,} days.", hint="Read it in several jobs.")
        windows.append(Window(_midnight(day, zone), following))
        day += timedelta(days=1)
    if not windows:
        raise InvalidArgument(
            f"No day from {format_timestamp(first.at)} to {format_timestamp(last.at)} has ended in {wanted.zone}.",
            hint="Name a period with a day that has ended, such as yesterday or last-month.",
        )
    return windows


async def carry_out(
    pbx: AsyncPbx, parameters: Mapping[str, Any], window: Window | None, before: bytes | None
) -> Reading:
    """Read a window into its file; the result is a `FileRecord`.

    Raises:
        InvalidArgument: a parameter is wrong, or the name of the PBX can't be that of a folder.
        ConfigurationError: the folder is missing on this machine, or nothing here can write the format.
        TrunklineError: the file can't be written, or the call log can't be read; then there is no new file.
    """
    wanted = _checked(parameters)
    if window is None:
        raise InvalidArgument("A reading of the call log needs a window.", hint="`plan` gives one for each day.")
    path = await in_thread(_path, wanted, pbx.label, window)
    log = CallLog(pbx, concurrency=CONCURRENCY)
    count = 0
    with saying_why(path):
        file = await in_thread(_begun, path)
        try:
            out = _Measured(file.file)
            with closing(writer(wanted.format, wanted.columns, out)) as rows:  # type: ignore[arg-type]  # only written
                async with aclosing(log.read([window])) as reads:
                    async for read in reads:
                        if read.error is not None:
                            raise read.error
                        await in_thread(rows.write, [leg.line for leg in read.legs])
                        count += len(read.legs)
            await in_thread(file.commit)
        except BaseException:
            file.discard()
            raise
    record: FileRecord = {
        "path": str(path),
        "start": format_timestamp(window.start),
        "end": format_timestamp(window.end),
        "rows": count,
        "bytes": out.size,
        "digest": out.digest.hexdigest(),
        "rows_outside": log.outside,
        "fields_without_column": sorted(rows.unknown),
    }
    return Reading(record)


class _Measured:
    """A file that is written through it, with its size and digest so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self.size += len(data)
        self.digest.update(data)
        return len(data)

    def flush(self) -> None:
        self._file.flush()


def _checked(given: Mapping[str, Any]) -> Parameters:
    wanted = parameters_of("call_log", given, Parameters)
    check_format(wanted.format)
    checked_columns(wanted.columns)
    if not Path(wanted.folder).is_absolute() or PLACE in wanted.folder:
        raise InvalidArgument(
            f"The folder {wanted.folder!r} is not the absolute path of one folder.",
            hint="Name a folder that every machine has under the same path; each PBX gets its own folder in it.",
        )
    if wanted.period and (wanted.start or wanted.end):
        raise InvalidArgument("Both a period and a start or end are given.", hint="Give one of them.")
    if wanted.end and not wanted.start:
        raise InvalidArgument("An end is given without a start.", hint=Hint("Give both.", arguments={"start": "DAY"}))
    return wanted


def _period(wanted: Parameters, zone: tzinfo, now: datetime) -> tuple[Moment, Moment]:
    if not wanted.start:
        return period(wanted.period or "yesterday", zone, now)
    return moment(wanted.start, zone, now), moment(wanted.end or "today", zone, now)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _path(wanted: Parameters, label: str, window: Window) -> Path:
    """Return the path of a window's file, and make the folder of its PBX; the folder of all must be there."""
    folder = Path(wanted.folder)
    with saying_why(folder):
        there = folder.is_dir()
    if not there:
        raise ConfigurationError(
            f"The folder {folder} is missing on this machine.", hint="Mount the folder that all machines share there."
        )
    name = f"{window.start:{_STAMP}}_{window.end:{_STAMP}}.{wanted.format}"
    [path] = paths_for(folder / PLACE / name, [label.replace(":", "_")])
    return path


def _begun(path: Path) -> AtomicFile:
    """Open a file that will take its place, and remove what a run that was killed has left of it.

    Whoever still writes to one of those has lost the lease of this PBX, and fails when it wants to put it in place.
    """
    for left in path.parent.glob(f".{path.name}.*.part"):
        with suppress(FileNotFoundError, PermissionError):
            left.unlink()
    return AtomicFile(path, path.with_name(f".{path.name}.{secrets.token_hex(4)}.part"))
