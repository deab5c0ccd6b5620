"""A job: a node over many items on one or many PBXs, from its ledger, as often as it takes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from ..catalog import load
from ..errors import ConfigurationError, TrunklineError
from ..node import PathRule, World
from ..work.drivers import AsyncCaller, Caller, check_async, check_sync, run_in_loop, run_in_threads
from ..work.guards import Confirm, check_same_pbx
from ..work.ledger import Entry, LedgerFailed
from ..work.lookup import always_checkable
from ..work.outcome import Listener, Outcome, as_error
from ..work.run import CARRIED_OUT, Run
from ..work.state import State
from ..work.step import Step
from .folder import discard
from .ledger import Ledger, LedgerDamaged, TargetLedger
from .limits import Limits
from .plan import Plan, check_loaded, limits_of, node_of
from .recorder import Recorder
from .step import step_of
from .summary import JobRecord, Summary, Target, record_of, records_of, summary_of

LOOK_AGAIN = 0.5  # seconds between two looks for a cancellation by another process


C = TypeVar("C")


class JobCaller(Caller, Protocol):
    """What a job runs on: a `Pbx`, or anything else that can call an action and says where."""

    @property
    def url(self) -> str: ...


class AsyncJobCaller(AsyncCaller, Protocol):
    """As `JobCaller`, with an answer to await: an `AsyncPbx`."""

    @property
    def url(self) -> str: ...


Open = Callable[[str], AbstractContextManager[JobCaller]]
AsyncOpen = Callable[[str], AbstractAsyncContextManager[AsyncJobCaller]]


class Progress(NamedTuple):
    """How far a running job is, in items."""

    done: int
    failed: int
    total: int


class Job:
    """One job's node and ledger.

        with Job.create(folder.new("old-faxes"), "fax.delete", {"Id": "{{ $json.Id }}"}, items, {"acme": url}) as job:
            summary = job.run(lambda name: Pbx(url, client_id, key))

    `run` may be called again, in this process or another, until the summary says that it is finished: it goes on
    where it was. What was sent without an answer is looked up first (`trunkline.work.recovery`).
    """

    def __init__(self, ledger: Ledger) -> None:
        about = ledger.about()
        check_loaded(ledger.path.stem, about)
        self.ledger = ledger
        self.name = ledger.path.stem
        self.limits = limits_of(about)
        self.node = node_of(about)
        self._cancelled = bool(about["cancelled"])
        self._stopped = False
        self._runs: list[Run] = []

    @classmethod
    def create(
        cls,
        file: Path,
        action: str,
        parameters: Mapping[str, Any],
        items: Iterable[Mapping[str, Any]],
        targets: Mapping[str, str],
        limits: Limits = Limits(),  # noqa: B008 - immutable
        world: World | None = None,
        paths: PathRule = PathRule(),  # noqa: B008 - immutable
        *,
        unchanged: bool = False,
        confirm: Confirm | None = None,
    ) -> Self:
        """Make a job in a new ledger.

        ``items`` are taken in as they come, never all at once; ``targets`` maps the name
        of each PBX to its URL, and each gets every item. ``world`` is what templates see besides the items: its clock
        stands at the start of the job. ``paths``: whether an item may name a file, however often the job goes on.
        ``unchanged``: each item is a row as it was read, and is acted on only if the PBX still has it so. ``confirm``
        is asked before the job of an action that needs it.

        Raises UnknownName or InvalidArgument for parameters that the action doesn't take, and for items that a guard
        refuses (`trunkline.work.guards`), NotConfirmed after a no; then there is no job, and nothing was sent.
        """
        plan = Plan.of(action, parameters, targets, limits, world, paths, unchanged=unchanged)
        ledger = Ledger.create(file, plan.facts, list(targets.items()))
        try:
            size = ledger.load(plan.checked(items))
            plan.confirm(size, confirm)
        except BaseException as problem:
            ledger.close()
            discard(file)
            if isinstance(problem, LedgerFailed):
                raise problem.replace(
                    hint="Make room, or look at the disk. Nothing was sent, and no job was kept."
                ) from None
            raise
        return cls(ledger)

    @classmethod
    def open(cls, file: Path, *, check: bool = True, accept_damage: bool = False) -> Self:
        """Open an existing job.

        Its ledger is read completely and compared with its checksums, unless the job is running, or ``check`` is False.

        With ``accept_damage`` a damaged ledger is rebuilt from what is left, and kept beside itself as
        ``NAME.job.damaged``: what is not surely done or failed is unknown from then on, so `run` looks it up and never
        sends it unchecked.
        Raises ConfigurationError for a file that is not a ledger or not this user's, LedgerDamaged, and LedgerFailed.
        """
        try:
            ledger = Ledger.open(file, check=check or accept_damage)
        except LedgerDamaged:
            if not accept_damage:
                raise
            from .damage import rescue

            rescue(file)
            ledger = Ledger.open(file, check=True)
        try:
            return cls(ledger)
        except BaseException:
            ledger.close()
            raise

    def close(self) -> None:
        self.ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def stop(self) -> None:
        """Start no more items; requests in progress are finished and recorded."""
        self._stopped = True
        for run in self._runs:
            run.stop()

    def cancel(self) -> None:
        """End the job for good, also one that runs in another process; requests in progress there are finished."""
        self.ledger.tell({"cancelled": True})
        self._cancelled = True

    def run(self, open_pbx: Open, progress: Callable[[Progress], None] | None = None) -> Summary:
        """Go on until nothing is left to do, or to be done now; each PBX has threads of its own.

        ``open_pbx`` gives the client for a target's name. Raises ConfigurationError, before anything is sent, if the
        job runs elsewhere or was cancelled, or if a client is of another PBX than the job began with; LedgerFailed if
        the disk is full or the file damaged.
        """
        with self._running(progress) as meter:
            opened = self._opened(open_pbx, check_sync)
            over = threading.Event()
            with ThreadPoolExecutor(len(opened) + 1, "trunkline-job") as pool:
                pool.submit(self._watch, over, meter)
                futures = [pool.submit(self._work, target, client, meter) for target, client in opened]
                try:
                    for future in futures:
                        future.result()
                except BaseException:
                    self.stop()
                    raise
                finally:
                    over.set()
        return self.summary()

    async def arun(self, open_pbx: AsyncOpen, progress: Callable[[Progress], None] | None = None) -> Summary:
        """As `run`, in the current event loop."""
        with self._running(progress) as meter:
            opened = self._opened(open_pbx, check_async)
            recorder = Recorder(self.ledger)
            watching = asyncio.create_task(self._awatch(meter))
            try:
                async with asyncio.TaskGroup() as group:
                    for target, client in opened:
                        group.create_task(self._awork(target, client, meter, recorder))
            except BaseExceptionGroup as problems:
                raise _only(problems) from None
            finally:
                watching.cancel()
        return self.summary()

    @contextmanager
    def _running(self, progress: Callable[[Progress], None] | None) -> Iterator[_Meter]:
        """Hold the job while it runs. What a dead process left unfinished is unknown from here on."""
        self._check_not_cancelled()
        with self.ledger.file.held():
            self.ledger.doubt()
            self.ledger.begin_run()
            meter = _Meter(self.ledger, Listener(progress))
            try:
                yield meter
                self.ledger.end_stretches()
            finally:
                self.ledger.end_run()
            meter.tell()

    def _check_not_cancelled(self) -> None:
        if self._cancelled:
            raise ConfigurationError(f"The job {self.name!r} was cancelled.", hint="Start a new one for what is left.")

    def _opened(self, open_pbx: Callable[[str], C], check: Callable[[C], None]) -> list[tuple[Target, C]]:
        """Return the client of each target. Raises what ``check`` does; ConfigurationError for another PBX."""
        opened = []
        for target in self.ledger.targets():
            try:
                client = open_pbx(target.name)
            except BaseException as problem:
                self.ledger.halt(target.id, as_error(problem))
                continue
            check(client)
            if (url := getattr(client, "url", None)) is not None:
                self._check_url(target, url)
            opened.append((target, client))
        return opened

    def _check_url(self, target: Target, url: str) -> None:
        check_same_pbx(f"The job {self.name!r}", target.url, url)

    def _work(self, target: Target, client: AbstractContextManager[JobCaller], meter: _Meter) -> None:
        """One PBX's part. Only a ledger that can't be written stops the others."""
        try:
            with client as pbx:
                self._check_url(target, pbx.url)
                run = self._run_of(target, meter)
                run_in_threads(run, pbx)
            error = run.halt
        except LedgerFailed:
            raise
        except BaseException as problem:
            error = as_error(problem)
        self.ledger.halt(target.id, error)

    async def _awork(
        self, target: Target, client: AbstractAsyncContextManager[AsyncJobCaller], meter: _Meter, recorder: Recorder
    ) -> None:
        """As `_work`, with every commit shared by what runs in the loop."""
        try:
            async with client as pbx:
                self._check_url(target, pbx.url)
                run = self._run_of(target, meter)
                await run_in_loop(run, pbx, partial(recorder.record, target.id))
            error = run.halt
        except LedgerFailed:
            raise
        except BaseExceptionGroup as problems:
            error = as_error(_only(problems))
            if isinstance(error, LedgerFailed):
                raise error from None
        except BaseException as problem:
            error = as_error(problem)
        self.ledger.halt(target.id, error)

    def _run_of(self, target: Target, meter: _Meter) -> Run:
        """Start the work on one PBX, which `stop` ends together with the others."""

        def heard(outcome: Outcome) -> None:
            if meter.count(outcome.state) == self.limits.max_errors and outcome.state is State.FAILED:
                self.stop()

        in_stretches = always_checkable(load(), self.node.action)
        ledger = TargetLedger(self.ledger, target.id, in_stretches=in_stretches)
        run = Run(ledger, self._step, self.limits.policy, heard)
        self._runs.append(run)
        if self._stopped:
            run.stop()
        return run

    def _step(self, entry: Entry) -> Step:
        return step_of(self.node, entry)

    def _watch(self, over: threading.Event, meter: _Meter) -> None:
        while not over.wait(LOOK_AGAIN):
            self._look(meter)

    async def _awatch(self, meter: _Meter) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            self._look(meter)

    def _look(self, meter: _Meter) -> None:
        """Tell how far the job is, and stop it if another process has cancelled it."""
        with suppress(TrunklineError):  # a ledger that can't be read is noticed where it is written
            if self.ledger.about()["cancelled"]:
                self._cancelled = True
                self.stop()
        meter.tell()

    def summary(self) -> Summary:
        """Count the outcomes of the items so far, from the ledger."""
        return summary_of(self.name, self.ledger, is_held=self.ledger.file.is_held)

    def records(self, states: Iterable[State] = tuple(State)) -> Iterator[JobRecord]:
        """Return the outcome of each item in these states, PBX by PBX."""
        return records_of(self.node, self.ledger, states)

    def page(self, states: Iterable[State] = tuple(State), skip: int = 0, most: int = 100) -> list[JobRecord]:
        """Return a page of `records`: ``most`` of them behind the first ``skip``."""
        states = list(states)
        counts = self.ledger.counts_by_target()
        records: list[JobRecord] = []
        for target in self.ledger.targets():
            size = sum(counts[target.id][state] for state in states)
            if skip < size and len(records) < most:
                entries = self.ledger.entries(target.id, states, skip, most - len(records))
                records += [record_of(self.node, target, entry) for entry in entries]
            skip = max(0, skip - size)
        return records

    def retry_failed(self) -> int:
        """Let the next run try again what failed, with all its attempts, and return how many items those are.

        Failed means surely not carried out. What was carried out, and failed only by its answer, stays as it is.
        Raises ConfigurationError while the job runs, and for one that was cancelled.
        """
        self._check_not_cancelled()
        count = 0
        with self.ledger.file.held():
            for target in self.ledger.targets():
                failed = [entry.outcome for entry in self.ledger.entries(target.id, [State.FAILED])]
                again = [
                    (target.id, Outcome(outcome.n, State.NOT_STARTED, 0, error=outcome.error))
                    for outcome in failed
                    if outcome.note != CARRIED_OUT
                ]
                self.ledger.write(again)
                count += len(again)
        return count


class _Meter:
    """Counts the outcomes of items, and reports them."""

    def __init__(self, ledger: Ledger, listener: Listener) -> None:
        self._counts = ledger.counts()
        self._total = sum(self._counts.values())
        self._failures = 0
        self._listener = listener
        self._lock = threading.Lock()

    def count(self, state: State) -> int:
        """Count one more; gives how many failed since the job was started or resumed."""
        with self._lock:
            self._counts[state] += 1
            self._failures += state is State.FAILED
            return self._failures

    def tell(self) -> None:
        self._listener(Progress(self._counts[State.DONE], self._counts[State.FAILED], self._total))


def _only(problems: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the ledger's failure if a group has nothing else; else the group."""
    failures, others = problems.split(LedgerFailed)
    if failures is None or others is not None:
        return problems
    first: BaseException = failures
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
