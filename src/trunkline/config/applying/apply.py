"""Applying a plan: wave by wave, from a ledger, so that it can stop anywhere and go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

from ...catalog import load
from ...errors import ConfigurationError, Hint, InvalidArgument
from ...jobs.folder import discard
from ...jobs.ledger import Ledger, LedgerDamaged
from ...jobs.limits import Limits
from ...jobs.recorder import Recorder
from ...work.drivers import AsyncSystem, System, check_async, check_sync, run_in_loop, run_in_threads
from ...work.guards import (
    Confirm,
    check_concurrency,
    check_same_pbx,
)
from ...work.ledger import Entry
from ...work.outcome import Listener, Outcome
from ...work.run import Run
from ...work.state import State
from ...work.step import Step as WorkStep
from ..kinds import kinds as all_kinds
from ..planning.model import ABSENT, THERE, Plan, Step
from ..planning.notes import counted, some
from ..planning.plan import Refused, fingerprint
from ..reading import Reading, aread, read
from ..spelling import Names
from .applies import ACTION, FOLDER, alone, digest
from .removals import check_plan_confirmed, check_plan_removals
from .secrets import SecretSource
from .steps import work_step
from .waves import TARGET, WaveLedger, Waves

PATIENCE = 60.0
"""Seconds that a PBX may be in trouble before an apply stops; the same apply goes on later."""
_NO_SECRETS = SecretSource()

Progress = Callable[[Step, Outcome], object]
"""Gets each step with its outcome, in the thread that sent it."""


class Summary(NamedTuple):
    """How far an apply is, in steps. ``error`` is why it stopped early, as it is described in the ledger."""

    name: str
    done: int
    failed: int
    unknown: int
    left: int
    error: Mapping[str, Any] | None

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left that could be done or looked up."""
        return not self.left and not self.unknown


class Apply:
    """A plan being applied. `stop` may be called from anywhere; what is in progress is finished.

        with Apply(plan, folder.file(name_of(plan)), SecretSource(file), confirm=ask) as apply:
            apply.on(pbx)
            apply.summary

    The outcome of each step is in the ledger before the next request goes out. Where a process ends before its apply
    does, the same plan, or `Apply.open`, goes on: what may have been sent is looked up first. An apply that is
    finished sends nothing. A change or a removal is sent only if the PBX still holds what the plan was made from.
    """

    def __init__(
        self,
        plan: Plan,
        ledger_file: Path,
        secrets: SecretSource = _NO_SECRETS,
        *,
        confirm: Confirm | bool | None = None,
        max_removals: str | int = "10%",
        concurrency: int = 4,
    ) -> None:
        """Let the guards see the plan, and ask; or go on with the ledger of a plan that was saved. Nothing is sent yet.

        A plan that was not saved begins a new ledger: it was made of what the PBX holds by now.

        ``max_removals``: a number, or a share of what the PBX has of each kind; one of a kind is always let pass.

        Raises:
            InvalidArgument: too many removals, or removals that nobody has confirmed; or the plan was made with secrets
                that are not given now.
            NotConfirmed: the answer was no.
            ConfigurationError: the ledger can't be used, or is that of another plan.
        """
        check_concurrency(concurrency)
        self.plan, self.secrets, self.name = plan, secrets, ledger_file.stem
        self._concurrency, self._file = concurrency, ledger_file
        self._run: Run | None = None
        self._is_stopped = self._is_over = False
        self._progress = Listener(None)
        secrets.check(plan.secrets)
        ledger = _existing(ledger_file, is_kept=plan.is_saved)
        if ledger is None:
            check_secrets_given(plan.given, secrets)
            check_plan_removals(plan, max_removals)
            check_plan_confirmed(plan, confirm)
            ledger = _created(plan, ledger_file)
        elif ledger.about().get("digest") != digest(plan):
            ledger.close()
            raise ConfigurationError(
                f"The apply {self.name!r} is one of another plan.", hint="Nothing was sent. Take another name."
            )
        self.ledger = ledger

    @classmethod
    def open(cls, ledger_file: Path, secrets: SecretSource = _NO_SECRETS, *, concurrency: int = 4) -> Self:
        """Go on with an apply. Raises ConfigurationError where there is none, LedgerDamaged for a damaged one."""
        with Ledger.open(ledger_file) as ledger:
            plan = _plan_of(ledger)
        return cls(plan, ledger_file, secrets, concurrency=concurrency)

    def close(self) -> None:
        """Close the ledger. One of a plan that was not saved goes, once every step is done: nothing needs it again."""
        self.ledger.close()
        if self._is_over:
            discard(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def stop(self) -> None:
        """Start nothing more, and send nothing again."""
        self._is_stopped = True
        if self._run is not None:
            self._run.stop()

    def on(self, pbx: System, progress: Progress | None = None) -> None:
        """Apply the plan, or what is left of it, in threads.

        Raises:
            Refused: the plan was saved, and the PBX changed since.
            ConfigurationError: another PBX, or another apply that runs on it.
            LedgerFailed: the ledger can't be written; what is not in it was not sent.
        """
        check_sync(pbx)
        with self._admitted(pbx.url, progress):
            kinds = self._to_check()
            names = self._names(read(pbx, kinds) if kinds else None)
            for run in self._runs(names):
                run_in_threads(run, pbx)

    async def aon(self, pbx: AsyncSystem, progress: Progress | None = None) -> None:
        """As `on`, in the current event loop."""
        check_async(pbx)
        with self._admitted(pbx.url, progress):
            kinds = self._to_check()
            names = self._names(await aread(pbx, kinds) if kinds else None)
            recorder = Recorder(self.ledger)
            for run in self._runs(names):
                await run_in_loop(run, pbx, partial(recorder.record, TARGET))

    @property
    def is_begun(self) -> bool:
        """Whether a step was sent, by this process or another."""
        counts = self.ledger.counts(TARGET)
        return any(number for state, number in counts.items() if state is not State.NOT_STARTED)

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcome of each step so far, in the order of the plan."""
        return [entry.outcome for entry in self.ledger.entries(TARGET)]

    @property
    def summary(self) -> Summary:
        """How far it is."""
        counts = self.ledger.counts(TARGET)
        left = counts[State.NOT_STARTED] + counts[State.SENT]
        (target,) = self.ledger.targets()
        return Summary(self.name, counts[State.DONE], counts[State.FAILED], counts[State.UNKNOWN], left, target.error)

    @contextmanager
    def _admitted(self, url: str, progress: Progress | None) -> Iterator[None]:
        """Hold the PBX and the ledger. What a dead process left unfinished is unknown from here on."""
        check_same_pbx("The plan", self.plan.url, url)
        left = (entry.n for entry in self.ledger.entries(TARGET) if entry.state is not State.DONE)
        paths = {path for n in left for path in self.plan.steps[n].secrets}
        check_secrets_given([path for path in self.plan.given if path in paths], self.secrets)
        self._progress = Listener(progress)
        with alone(url, self._file.parent), self.ledger.file.held():
            self.ledger.doubt()
            self.ledger.begin_run()
            try:
                yield
                self.ledger.end_stretches()
                self._is_over = not self.plan.is_saved and self.summary.done == len(self.plan.steps)
            finally:
                self.ledger.end_run()

    def _to_check(self) -> list[str]:
        """Return the kinds to read before anything is sent: of a plan that was saved, those that it touches."""
        if not self.plan.is_saved or self.is_begun:
            return []
        kinds = {id.kind for id in self.plan.fingerprints}
        return [name for name in all_kinds(load()) if name in kinds]

    def _names(self, reading: Reading | None) -> Names:
        """Return what the PBX calls its entities, with those that were added by now. Raises Refused."""
        if reading is not None:
            check_unchanged(self.plan, reading)
            return reading.names
        names = Names.from_record(self.plan.names)
        for entry in self.ledger.entries(TARGET, [State.DONE]):
            step = self.plan.steps[entry.n]
            if step.change == "add":
                names.add(step.id, entry.outcome.answer or {})
            elif step.change == "remove":
                names.remove(step.id)
        return names

    def _runs(self, names: Names) -> Iterator[Run]:
        """Yield a run for each wave that has something to do; none after one that was stopped."""
        self.ledger.halt(TARGET, None)
        states = {entry.n: entry.state for entry in self.ledger.entries(TARGET)}
        waves = Waves(self.plan.steps, states)
        limits = Limits(concurrency=self._concurrency, patience=PATIENCE, missing_ok=True)
        policy = limits.policy._replace(stops_when_refused=True)
        for wave in self.plan.waves:
            steps = self.plan.steps[wave.start : wave.stop]
            pending = self.ledger.pending(TARGET, wave.start - 1, len(wave))
            ready = waves.ready(steps)
            entries = [entry for entry in pending if entry.n in ready]
            if not entries or self._is_stopped:
                continue
            self._run = Run(
                WaveLedger(self.ledger, entries),
                partial(self._step, waves, names),
                policy,
                partial(self._heard, waves),
            )
            yield self._run
            if self._run.halt is not None:
                self.ledger.halt(TARGET, self._run.halt)
            if self._run.halt is not None or self._run.stopping.is_set():
                return

    def _step(self, waves: Waves, names: Names, entry: Entry) -> WorkStep:
        step = self.plan.steps[entry.n]
        waves.check(step)
        return work_step(step, names, self.secrets, is_resumed=entry.state is State.UNKNOWN)

    def _heard(self, waves: Waves, outcome: Outcome) -> None:
        waves.note(outcome)
        self._progress(self.plan.steps[outcome.n], outcome)


def check_unchanged(plan: Plan, reading: Reading) -> None:
    """Refuse a plan where the PBX is not as it was when the plan was made. Raises Refused with every difference."""
    reasons = []
    for id, expected in plan.fingerprints.items():
        entity = reading.configuration.entities.get(id)
        if expected == ABSENT:
            if entity is not None:
                reasons.append(f"{id} is on the PBX by now.")
        elif expected == THERE:
            if id not in reading.names:
                reasons.append(f"{id}, which is referred to, is gone.")
        elif entity is None:
            reasons.append(f"{id} is gone.")
        elif fingerprint(entity.fields) != expected:
            reasons.append(f"{id} changed since the plan was made.")
    if reasons:
        raise Refused(reasons, hint="Nothing was sent. Make a new plan.")


def check_secrets_given(given: Sequence[str], secrets: SecretSource) -> None:
    """Refuse to go without secrets that were given when the plan was made. Raises InvalidArgument."""
    missing = [path for path in given if not secrets.has(path)]
    if missing:
        raise InvalidArgument(
            f"The plan was made with {counted(missing, 'secret')} that nothing gives now: {some(missing)}.",
            hint=Hint("Nothing was sent. Give them, or make a new plan without them.", arguments={"secrets": "FILE"}),
        )


def _existing(file: Path, *, is_kept: bool) -> Ledger | None:
    """Open a ledger that is there; without ``is_kept``, or where its plan was not written completely, throw it away.

    Raises ConfigurationError for one of an apply that is running.
    """
    if not file.exists():
        return None
    try:
        ledger = Ledger.open(file)
    except LedgerDamaged:
        if is_kept:
            raise
        discard(file)
        return None
    if is_kept and ledger.about().get("loaded"):
        return ledger
    is_running = ledger.file.is_held()
    ledger.close()
    if is_running:
        raise ConfigurationError(f"The apply {file.stem!r} is running.", hint="Nothing was sent. Wait for it.")
    discard(file)
    return None


def _created(plan: Plan, file: Path) -> Ledger:
    """Write a plan into a new ledger. Raises ConfigurationError."""
    record = plan.as_record()
    steps = record.pop("steps")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = {"action": ACTION, "digest": digest(plan), "plan": record}
        ledger = Ledger.create(file, about, [("", plan.url)])
    except OSError as problem:
        raise ConfigurationError(
            f"The ledger {file} can't be made: {problem.strerror}.",
            hint=f"Nothing was sent. {FOLDER} names another folder.",
        ) from None
    try:
        ledger.load(steps)
    except BaseException:
        ledger.close()
        discard(file)
        raise
    return ledger


def _plan_of(ledger: Ledger) -> Plan:
    """Return the plan that a ledger was made for. Raises ConfigurationError for a ledger of something else."""
    about = ledger.about()
    if not about.get("loaded") or "plan" not in about:
        raise ConfigurationError(f"{ledger.path} is not the ledger of an apply.", hint="Nothing was sent.")
    steps = [entry.item for entry in ledger.entries(TARGET)]
    return Plan.from_record({**about["plan"], "steps": steps}, str(ledger.path))
