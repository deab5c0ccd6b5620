"""The call log of a period, into a file or a pipe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, aclosing, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypedDict

import msgspec

from ..errors import (
    Hint,
    ItemsFailed,
    ServerError,
    TooManyRequests,
    TransportError,
    TrunklineError,
    Unexpected,
    Unreachable,
    UsageError,
)
from ..local.timestamps import format_timestamp
from ..transport.threads import in_thread
from ..work.drivers import AsyncSystem, System
from ..work.outcome import Listener, as_error
from .call_log import CallLog, InThreads, Read, leg_of
from .parts import Parts, Plan
from .period import Moment, Window, days
from .watermark import Delivery, Watermark
from .writing import Writer, check_format, checked_columns, writer

_PATIENCE = 5
"""After this number of lost windows in a row the rest is not tried."""
_NAMED = 10


class Progress(NamedTuple):
    """``done`` of ``windows`` are read; this run read ``rows`` rows, the latest window until ``reached``."""

    done: int
    windows: int
    rows: int
    reached: datetime


class ExportSummary(TypedDict):
    """What an export gave, in JSON; times are ISO 8601 in UTC."""

    rows: int
    days: int
    start: str
    end: str
    since: str | None
    is_resumed: bool
    rows_outside: int
    rows_repeated: int
    fields_without_column: list[str]
    damaged: list[str]


class Exported(NamedTuple):
    """What an export gave: ``rows`` of ``days`` days (in UTC) from ``start`` until before ``end``.

    ``outside``: rows that the PBX sent though nobody asked for their time, left out. ``repeated``: rows left out
    because the export before had them. ``unknown``: fields without a column. ``resumed``: an earlier run had begun it.
    ``since``: where the last export ended, if there was one; ``start`` is then an overlap before. ``damaged``: what an
    earlier run had kept and was damaged, or kept by an older version; it was read again.
    """

    rows: int
    days: int
    start: datetime
    end: datetime
    outside: int = 0
    repeated: int = 0
    unknown: tuple[str, ...] = ()
    resumed: bool = False
    since: datetime | None = None
    damaged: tuple[str, ...] = ()

    @property
    def record(self) -> ExportSummary:
        """The same in JSON."""
        return {
            "rows": self.rows,
            "days": self.days,
            "start": format_timestamp(self.start),
            "end": format_timestamp(self.end),
            "since": None if self.since is None else format_timestamp(self.since),
            "is_resumed": self.resumed,
            "rows_outside": self.outside,
            "rows_repeated": self.repeated,
            "fields_without_column": list(self.unknown),
            "damaged": list(self.damaged),
        }


@dataclass(frozen=True)
class Export:
    """The call log of a period, into a file: the legs that began from ``start`` until before ``end``, in order of time.

        Export(june, july, "june.csv", output="csv").run(pbx)

    `run` takes a `Pbx`, `arun` an `AsyncPbx`. An end to come is now. ``to`` is a path, or a binary file object, which
    is written while the log is read and not closed. A path appears when it is whole; until then finished windows are
    kept in ``PATH.parts``, and the same export goes on with them. ``output`` is jsonl, csv or parquet. With a
    ``watermark`` it begins where the last export ended, and ``start`` is for the first one; the mark moves when
    everything is written.
    """

    start: datetime | Moment | None
    end: datetime | Moment
    to: str | Path | BinaryIO
    output: str = "jsonl"
    columns: Sequence[str] = ()
    concurrency: int = 4
    watermark: Watermark | None = None
    restart: bool = False
    overwrite: bool = False
    progress: Callable[[Progress], object] | None = None

    def run(self, pbx: System) -> Exported:
        """Export, in a thread for each window that is read; not from within an event loop. Raises as `arun`."""
        return asyncio.run(self.arun(InThreads(pbx)))

    async def arun(self, pbx: AsyncSystem) -> Exported:
        """Export, in the current event loop.

        Raises UsageError and ConfigurationError (no pyarrow, another export's parts, a lock that is taken) before
        anything is sent; ItemsFailed for windows that could not be read, when others could; Forbidden without the role
        System Owner; and the other errors of a client.
        """
        check_format(self.output)
        watermark, to = self.watermark, self.to
        chosen = checked_columns(self.columns)
        with ExitStack() as held:
            if watermark is not None:
                held.enter_context(watermark.held())
            mark = watermark.read() if watermark is not None else None
            first, last = None if self.start is None else _moment(self.start), _moment(self.end)
            if watermark is not None and mark is not None:
                if last.at < mark.until:
                    until, end = format_timestamp(mark.until), format_timestamp(last.at)
                    raise UsageError(f"The last export came as far as {until}, past {end}.")
                first = Moment(watermark.start(mark), f"since {format_timestamp(mark.until)}")
            first, last = _checked(first, last)
            delivery = Delivery(watermark, mark, first.at, last.at) if watermark is not None else None
            run = _Run(
                CallLog(pbx, concurrency=self.concurrency), list(days(first.at, last.at)), delivery, self.progress
            )
            if isinstance(to, str | Path):
                plan = Plan(pbx.url, first.name, last.name, self.output, chosen)
                resumed = await run.into_file(Parts(Path(to)), plan, restart=self.restart, overwrite=self.overwrite)
            else:
                await run.into_stream(to, self.output, chosen)
                resumed = False
            if watermark is not None and delivery is not None:
                watermark.write(delivery.mark())
            return Exported(
                rows=run.written,
                days=len(run.days),
                start=first.at,
                end=last.at,
                outside=run.log.outside,
                repeated=run.repeated,
                unknown=run.unknown,
                resumed=resumed,
                since=mark.until if mark is not None else None,
                damaged=tuple(run.damaged),
            )


def _moment(given: datetime | Moment) -> Moment:
    if isinstance(given, Moment):
        return given
    if given.tzinfo is None:
        raise UsageError(f"{given.isoformat()} has no zone.", hint="Guessing one would shift the export.")
    whole = given.astimezone(UTC).replace(microsecond=0)
    return Moment(whole, format_timestamp(whole))


def _checked(start: Moment | None, end: Moment) -> tuple[Moment, Moment]:
    """Return a period that has happened. UsageError if there is none."""
    if start is None:
        raise UsageError(
            "It is not known where the last export ended, as there was none.",
            hint=Hint("Name the time where to begin.", arguments={"start": "TIME"}),
        )
    now = datetime.now(UTC).replace(microsecond=0)
    if start.at > now:
        raise UsageError(f"The period begins at {format_timestamp(start.at)}, which is to come.")
    if start.at >= end.at:
        how = "when" if start.at == end.at else "before"
        raise UsageError(
            f"The period ends ({format_timestamp(end.at)}) {how} it begins ({format_timestamp(start.at)})."
        )
    if start.at == now:
        raise UsageError(f"The period begins at {format_timestamp(start.at)}, which is now.")
    return start, Moment(min(now, end.at), end.name)


class _Run:
    """One export at work."""

    def __init__(
        self,
        log: CallLog,
        wanted: list[Window],
        delivery: Delivery | None,
        progress: Callable[[Progress], object] | None,
    ) -> None:
        self.log = log
        self.days = wanted
        self.written = self.repeated = 0
        self.unknown: tuple[str, ...] = ()
        self.damaged: list[str] = []
        self._delivery = delivery
        self._progress = Listener(progress)
        self._read = 0

    async def into_stream(self, file: BinaryIO, output: str, columns: Sequence[str]) -> None:
        """Write window by window; stop at the first that is lost, so that what is written has no gap."""
        done = 0
        async with AsyncExitStack() as held:
            reads = await held.enter_async_context(aclosing(self.log.read(self.days)))
            out: Writer | None = None
            async for read in reads:
                if read.error is not None:
                    raise read.error.replace(hint=self._stopped_before(read.window).after(read.error.hint.text))
                # Not before the first answer: a sign-in that is refused leaves no header behind.
                out = out or held.enter_context(closing(writer(output, columns, file)))
                self._write(out, (leg.line for leg in read.legs))
                file.flush()
                done += 1
                self._tell(read, done, self.log.windows)
        file.flush()

    def _stopped_before(self, window: Window) -> Hint:
        if window.start == self.days[0].start:
            return Hint("Nothing was written.")
        written = f"Everything before {format_timestamp(window.start)} is written"
        if self._delivery is not None:
            return Hint(f"{written}; the watermark has not moved.")
        return Hint(f"{written}. Go on there.", arguments={"start": format_timestamp(window.start)})

    async def into_file(self, parts: Parts, plan: Plan, *, restart: bool, overwrite: bool) -> bool:
        """Read what is missing, then put the parts together; whether an earlier run had begun."""
        parts.check(overwrite=overwrite)
        # A call that was on when its window was read is dated before the mark that this run leaves.
        settling = self._delivery.overlap if self._delivery is not None else None
        with parts.held(plan, restart=restart, settling=settling):
            resumed = parts.begun
            self.damaged = parts.damaged
            try:
                await self._collect(parts)
            except TrunklineError as error:
                raise _going_on(error, said_of(parts.damaged)) from None
            if gaps := [window for day in self.days for window in parts.missing(day)]:
                raise TrunklineError(f"{gaps[0]} was not read, so {parts.file} is not written.", hint="Run it again.")
            with parts.whole() as file, closing(writer(plan.output, plan.columns, file)) as out:
                for window in [window for day in self.days for window in parts.windows(day)]:
                    await in_thread(self._write, out, parts.lines(window))
        return resumed

    async def _collect(self, parts: Parts) -> None:
        """Read the windows that are missing. One that is lost doesn't keep the others from being read."""
        missing = [window for day in self.days for window in parts.missing(day)]
        done = before = sum(1 for day in self.days for _ in parts.windows(day))
        failed: list[TrunklineError] = []
        in_a_row = 0
        async with aclosing(self.log.read(missing)) as reads:
            async for read in reads:
                error = read.error or await self._kept(parts, read)
                if error is None:
                    in_a_row = 0
                    done += 1
                    self._tell(read, done, before + self.log.windows)
                    continue
                failed.append(error)
                in_a_row += 1
                if not _passing(error) or in_a_row == _PATIENCE:
                    break
        if failed:
            raise _lost(failed[-1], parts, self.days)

    async def _kept(self, parts: Parts, read: Read) -> TrunklineError | None:
        """Keep a window as a part; a defect in that is a lost window, like any other. OSError where the disk fails."""
        try:
            await in_thread(parts.keep, read.window, read.legs)
        except (TrunklineError, OSError):
            raise
        except BaseException as problem:
            return as_error(problem)
        return None

    def _write(self, out: Writer, lines: Iterable[bytes]) -> None:
        out.write(self._new(lines))
        self.unknown = tuple(sorted(out.unknown))

    def _new(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the lines that the last export did not give."""
        for line in lines:
            if self._delivery is not None and not self._delivery.new(leg_of(msgspec.json.decode(line))):
                self.repeated += 1
            else:
                self.written += 1
                yield line

    def _tell(self, read: Read, done: int, total: int) -> None:
        self._read += len(read.legs)
        self._progress(Progress(done, total, self._read, read.window.end))


def said_of(damaged: Sequence[str]) -> str:
    """Return a sentence about what an earlier run had kept and is of no use; empty if there is nothing."""
    if not damaged:
        return ""
    more = f" and {len(damaged) - _NAMED:,} more" if len(damaged) > _NAMED else ""
    return (
        f"Kept by an earlier run but damaged, or written by an older version, and so read again: "
        f"{', '.join(damaged[:_NAMED])}{more}."
    )


def _passing(error: TrunklineError) -> bool:
    """Whether the next window may well fare better."""
    passing = TransportError | ServerError | TooManyRequests | Unexpected
    return isinstance(error, passing) and not isinstance(error, Unreachable)


def _lost(last: TrunklineError, parts: Parts, wanted: list[Window]) -> TrunklineError:
    """Return what to say of windows that could not be read: the PBX's own error where nothing else was."""
    if not parts.begun:
        return last
    left = [window for day in wanted for window in parts.missing(day)]
    named = ", ".join(str(window) for window in left[:_NAMED])
    more = f" and {len(left) - _NAMED:,} more" if len(left) > _NAMED else ""
    missing = f"Missing: {named}{more}."
    kept = f"What was read is kept in {parts.folder.name}; the same command reads only the rest."
    if not _passing(last):
        return _going_on(last, f"{missing} {kept}")
    return ItemsFailed(f"{last.message} {missing}", hint=kept)


def _going_on(error: TrunklineError, said: str) -> TrunklineError:
    return error.replace(hint=error.hint.after(said))
