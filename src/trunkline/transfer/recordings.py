"""The recordings of a period, into a folder; those that are safely there may then be archived or deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict

from ..catalog import load
from ..errors import InvalidArgument, TrunklineError, UsageError
from ..odata import literal
from ..request import bind
from ..transport.retries import Retries
from ..transport.threads import in_thread
from ..work.drivers import AsyncSystem, System, adrive, drive, run_in_loop, run_in_threads
from ..work.guards import Confirm, check_concurrency, check_same_pbx
from ..work.ledger import MemoryLedger
from ..work.outcome import Listener, Outcome
from ..work.run import Policy, Run
from ..work.state import State
from ..work.step import Ask, Asks, Step
from .file_names import DEFAULT_NAME, NamePattern, when
from .recording_files import RecordingFolder, Sidecar, Target
from .recording_removal import (
    LISTING,
    MOST,
    RemovalSummary,
    Removed,
    Verb,
    check_allowed,
    how_many,
    recordings_between,
    removal_run,
    removed,
)

DOWNLOAD = "recordings.download_recording"
Then = Literal["keep", "archive", "delete"]
_HEAVY = ("Transcription", "Summary", "TranscriptionResult", "SentimentScore")
"""Fields that are read with the recording's own file, as a hundred thousand rows with them fill the memory."""
_STILL_ON = timedelta(hours=24)
"""A recording without an end that began within this time belongs to a call that goes on (assumed)."""
_RETRIES = Retries()


class RecordingsPlan(NamedTuple):
    """What an export of recordings would do: ``targets`` in order of time; the PBX has ``present`` recordings in all.

    ``going_on``: recordings left out because their calls go on. ``folder``: where the files go.
    """

    url: str
    folder: Path
    targets: tuple[Target, ...]
    present: int
    going_on: int = 0

    @property
    def missing(self) -> list[Target]:
        """Those whose files are not there yet."""
        return [target for target in self.targets if target.sidecar is None]


class FailedRecording(TypedDict):
    """A recording that could not be fetched."""

    id: int
    message: str


class RecordingsSummary(TypedDict):
    """What an export of recordings gave, in JSON. ``cut``: files shorter than they say of themselves."""

    fetched: int
    bytes: int
    already_there: int
    failed: list[FailedRecording]
    not_started: int
    going_on: int
    cut: list[int]
    then: Then
    removed: RemovalSummary


class RecordingsProgress(NamedTuple):
    """``done`` of ``total`` are there, or could not be fetched; then ``removed`` of them are archived or deleted."""

    done: int
    total: int
    removed: int = 0


@dataclass(frozen=True)
class RecordingsExport:
    """The recordings that began from ``start`` until before ``end``, each into a file of ``folder``.

        export = RecordingsExport(june, july, Path("recordings"))
        plan = export.plan(pbx)
        run = export.over(plan)
        run.on(pbx)
        run.summary

    or just ``export.run(pbx)``. Those with a ``Pbx`` work in threads; `aplan`, `aon` and `arun` take an `AsyncPbx`.
    ``name``: the pattern of the files' names (`file_names.FIELDS`), with times in ``zone``. Beside each file there is a
    ``.json`` with the PBX's row of it; a file that is there with the length that it says is not fetched again.
    ``then``: what happens on the PBX to the recordings that are safely in the folder.
    The client needs the role System Owner (docs/pbx.md, Rights).
    """

    start: datetime | None
    end: datetime | None
    folder: Path
    name: str = DEFAULT_NAME
    zone: tzinfo = UTC
    concurrency: int = 4
    then: Then = "keep"

    def _checked(self) -> NamePattern:
        check_concurrency(self.concurrency)
        if self.then not in ("keep", "archive", "delete"):
            raise InvalidArgument(f"Recordings are kept, archived or deleted, not {self.then!r}.")
        for moment in (self.start, self.end):
            if moment is not None and moment.tzinfo is None:
                raise UsageError(f"{moment.isoformat()} has no zone.", hint="Guessing one would shift the export.")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise UsageError("The period ends before it begins.")
        if self.folder.exists() and not self.folder.is_dir():
            raise InvalidArgument(f"{self.folder} is not a folder.")
        return NamePattern(self.name, self.zone)

    def plan(self, pbx: System) -> RecordingsPlan:
        """Read which recordings there are, and look which files are there already. Nothing is written or changed.

        Raises:
            InvalidArgument: a pattern or an argument that can't be used; nothing was sent.
            Forbidden: the client lacks the role System Owner. Other errors of a client as well.
        """
        pattern = self._checked()
        rows, present = drive(self._read(), pbx)
        return self._planned(pattern, pbx.url, rows, present)

    async def aplan(self, pbx: AsyncSystem) -> RecordingsPlan:
        """As `plan`, in the current event loop."""
        pattern = self._checked()
        rows, present = await adrive(self._read(), pbx)
        return await in_thread(self._planned, pattern, pbx.url, rows, present)

    def _read(self) -> Asks[tuple[list[Any], int]]:
        fields = [name for name in load().fields("Pbx.Recording") if name not in _HEAVY]
        rows = yield from recordings_between(self.start, self.end, fields)
        present = (yield from how_many()) if self.then == "delete" else len(rows)
        return rows, max(present, len(rows))

    def _planned(self, pattern: NamePattern, url: str, rows: Sequence[Any], present: int) -> RecordingsPlan:
        folder, now = RecordingFolder(self.folder, url), datetime.now(UTC)
        ended = [row for row in rows if not _goes_on(row, now)]
        targets = tuple(folder.place(row, pattern.name(row)) for row in ended)
        return RecordingsPlan(url, self.folder, targets, present, len(rows) - len(ended))

    def over(
        self, plan: RecordingsPlan, *, confirm: Confirm | bool | None = None, max_removals: str | int = MOST
    ) -> RecordingsRun:
        """Let the guards see what is to be archived or deleted afterwards, and ask. Nothing is sent yet.

        Raises:
            InvalidArgument: more than ``max_removals`` would be deleted, or nobody has confirmed that.
            NotConfirmed: the answer was no.
        """
        if self.then != "keep":
            check_allowed(self.then, len(plan.targets), plan.present, plan.url, confirm, max_removals)
        return RecordingsRun(plan, self.then, self.concurrency)

    def run(self, pbx: System, *, confirm: Confirm | bool | None = None) -> RecordingsRun:
        """Plan and carry out, in threads. Raises as `plan` and `over`; what failed is in the run's ``summary``."""
        run = self.over(self.plan(pbx), confirm=confirm)
        run.on(pbx)
        return run

    async def arun(self, pbx: AsyncSystem, *, confirm: Confirm | bool | None = None) -> RecordingsRun:
        """As `run`, in the current event loop."""
        run = self.over(await self.aplan(pbx), confirm=confirm)
        await run.aon(pbx)
        return run


def _goes_on(row: Any, now: datetime) -> bool:
    began = when(row.get("StartTime"))
    return not row.get("EndTime") and began is not None and now - began < _STILL_ON


class _Fetch(Step):
    """One recording, into its place."""

    def __init__(self, target: Target, folder: RecordingFolder) -> None:
        super().__init__(load().action(DOWNLOAD), {"recId": target.id})
        self._target, self._folder = target, folder

    def send(self) -> Asks[Sidecar]:
        hidden = self._folder.hidden(self._target)
        row = self._target.row
        if row.get("IsTranscribed"):
            where = f"Id eq {literal(self._target.id, load().fields('Pbx.Recording')['Id'])}"
            rows = yield Ask(bind(load(), load().action(LISTING), (), {"filter": where}))
            row = rows[0] if rows else row
        yield Ask(self.call, None, {"to": hidden})
        return self._folder.keep(self._target, row)


class RecordingsRun:
    """An export of recordings being carried out; `stop` may be called from anywhere.

    A recording that can't be fetched does not keep the others from it. Where the PBX refuses the sign-in or lacks a
    right, or five in a row fail on the way to it, nothing more is started. Only when all were tried are those that are
    safely in the folder archived or deleted.
    """

    def __init__(self, plan: RecordingsPlan, then: Then, concurrency: int) -> None:
        self.plan = plan
        self.then: Then = then
        self._folder = RecordingFolder(plan.folder, plan.url)
        self._progress = Listener(None)
        self._ended = 0
        self._gone = 0
        self._missing = plan.missing
        self._ledger = MemoryLedger(self._missing)
        policy = Policy(
            concurrency=concurrency,
            attempts=_RETRIES.attempts,
            delay=_RETRIES.delay,
            most_in_a_row=5,
            stops_when_refused=True,
        )
        self._fetching = Run(self._ledger, lambda entry: _Fetch(entry.item, self._folder), policy, self._heard)
        self._removal: tuple[MemoryLedger, Run] | None = None

    def _heard(self, _: Outcome) -> None:
        self._ended += 1
        self._tell()

    def _heard_removal(self, number: int) -> None:
        self._gone += number
        self._tell()

    def _tell(self) -> None:
        there = len(self.plan.targets) - len(self._missing)
        self._progress(RecordingsProgress(there + self._ended, len(self.plan.targets), self._gone))

    def stop(self) -> None:
        """Start nothing more, and send nothing again."""
        self._fetching.stop()
        if self._removal is not None:
            self._removal[1].stop()

    def on(self, pbx: System, progress: Callable[[RecordingsProgress], object] | None = None) -> None:
        """Carry it out in threads.

        Raises:
            ConfigurationError: another PBX than the plan's, or another process writes into the folder.
            InvalidArgument: the folder can't be written.
        """
        with self._admitted(pbx.url, progress):
            for run in self._runs():
                run_in_threads(run, pbx)

    async def aon(self, pbx: AsyncSystem, progress: Callable[[RecordingsProgress], object] | None = None) -> None:
        """As `on`, in the current event loop."""
        with self._admitted(pbx.url, progress):
            for run in self._runs():
                await run_in_loop(run, pbx)

    @contextmanager
    def _admitted(self, url: str, progress: Callable[[RecordingsProgress], object] | None) -> Iterator[None]:
        check_same_pbx("The plan", self.plan.url, url)
        self._progress = Listener(progress)
        with self._folder.held():
            yield

    def _runs(self) -> Iterator[Run]:
        """Give the fetching, then what happens to the recordings on the PBX."""
        if self._missing:
            yield self._fetching
        if self.then == "keep" or self._fetching.stopping.is_set():
            return
        verb: Verb = self.then
        if ids := self.safe:
            self._removal = removal_run(verb, ids, Listener(self._heard_removal))
            yield self._removal[1]

    @property
    def safe(self) -> list[int]:
        """The recordings that are on the disk as a whole, by their Ids; where they are archived already, not those."""
        return [
            target.id
            for target in self.plan.targets
            if self._folder.is_safe(target.name, target.id)
            and not (self.then == "archive" and target.row.get("IsArchived"))
        ]

    @property
    def halt(self) -> TrunklineError | None:
        """Why nothing more was started, where the PBX or a failure ended the run."""
        return self._fetching.halt or (self._removal[1].halt if self._removal is not None else None)

    @property
    def outcomes(self) -> list[tuple[Target, Outcome]]:
        """The outcome of each recording that was not there yet; what was cut off in progress has not started."""
        found = self._ledger.outcomes
        return [(target, found.get(n, Outcome(n, State.NOT_STARTED))) for n, target in enumerate(self._missing)]

    @property
    def removed(self) -> Removed:
        """The outcome on the PBX of the recordings that were to be archived or deleted."""
        return Removed() if self._removal is None else removed(self._removal[0])

    @property
    def summary(self) -> RecordingsSummary:
        """The outcome of everything, in JSON."""
        kept = [outcome.answer for _, outcome in self.outcomes if outcome.state is State.DONE]
        there = [target.sidecar for target in self.plan.targets if target.sidecar is not None]
        failed: list[FailedRecording] = [
            {"id": target.id, "message": outcome.described_error.get("message", "")}
            for target, outcome in self.outcomes
            if outcome.state in (State.FAILED, State.UNKNOWN)
        ]
        return {
            "fetched": len(kept),
            "bytes": sum(sidecar.size for sidecar in kept),
            "already_there": len(there),
            "failed": failed,
            "not_started": len(self._missing) - len(kept) - len(failed),
            "going_on": self.plan.going_on,
            "cut": [sidecar.id for sidecar in (*there, *kept) if not sidecar.is_whole],
            "then": self.then,
            "removed": self.removed.record,
        }

    @property
    def is_complete(self) -> bool:
        """Whether every recording is there, and what was to be archived or deleted is."""
        summary, gone = self.summary, self.removed
        wanted = 0 if self.then == "keep" else len(self.plan.targets)
        archived = sum(bool(target.row.get("IsArchived")) for target in self.plan.targets)
        there = archived if self.then == "archive" else 0
        return not summary["failed"] and not summary["not_started"] and len(gone.done) + there >= wanted
