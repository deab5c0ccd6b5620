"""A job: a node over many items on one or many PBXs, from its ledger, as often as it takes."""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol, Self, TypeVar

from ..catalog import load
from ..errors import ConfigurationError, Hint, InvalidArgument, TrunklineError
from ..node import Node, PathRule, World
from ..node.items import answer_of, each_item
from ..node.run import NodeStep, OneItem
from ..node.template import Scope
from ..transport.retries import Retries
from ..work.drivers import AsyncCaller, Caller, check_async, check_sync, run_in_loop, run_in_threads
from ..work.guards import (
    Confirm,
    Question,
    check_concurrency,
    check_confirmed,
    check_distinct,
    check_same_pbx,
    is_whole,
)
from ..work.ledger import Entry, LedgerFailed
from ..work.lists import list_facts
from ..work.lookup import always_checkable
from ..work.outcome import ErrorRecord, Listener, Outcome, OutcomeRecord, as_error, as_record
from ..work.run import Policy, Run
from ..work.state import State
from ..work.step import Step
from .folder import discard
from .ledger import Ledger, LedgerDamaged, Target, TargetLedger
from .recorder import Recorder

LOOK_AGAIN = 0.5  # seconds between two looks for a cancellation by another process

_ONCE = Retries(attempts=1)
_LONGEST_BACKOFF = 60.0  # seconds
_MOST_IN_A_ROW = 20
"""After this number of items in a row that failed to reach the PBX, or may have been carried out, work on it pauses."""

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


class Limits(NamedTuple):
    """How hard a job tries, and when it stops.

    ``concurrency``: items of one PBX at once (docs/pbx.md, Limits: about four). ``rate``: requests a second to one PBX,
    None for no limit. ``attempts``: how often an item is sent at most. ``patience``: seconds that a PBX may be
    unreachable or in maintenance before its part of the job pauses. ``max_errors``: failed items after which the whole
    job stops, None for no limit. ``missing_ok``: a delete of what is not there counts as done.
    """

    concurrency: int = 4
    rate: float | None = None
    attempts: int = 5
    patience: float = 300.0
    max_errors: int | None = None
    missing_ok: bool = False

    def check(self) -> None:
        """Refuse numbers that are not limits. Raises InvalidArgument."""
        check_concurrency(self.concurrency)
        if not is_whole(self.attempts, 1):
            raise InvalidArgument(f"attempts must be a whole number, at least 1, not {self.attempts!r}.")
        if self.max_errors is not None and not is_whole(self.max_errors, 1):
            raise InvalidArgument(f"max_errors must be a whole number, at least 1, not {self.max_errors!r}.")
        if self.rate is not None and not self.rate > 0:
            raise InvalidArgument(f"rate must be above 0, not {self.rate!r}.")
        if not self.patience >= 0:
            raise InvalidArgument(f"patience must be 0 seconds or more, not {self.patience!r}.")

    @property
    def policy(self) -> Policy:
        """The same for the run on one PBX, where what is not settled is put back for another run."""
        return Policy(
            concurrency=self.concurrency,
            rate=self.rate,
            attempts=self.attempts,
            delay=lambda troubles: min(_backoff(troubles), self.patience),
            longest_wait=self.patience,
            patience=self.patience,
            is_missing_done=self.missing_ok,
            most_in_a_row=_MOST_IN_A_ROW,
            is_resumable=True,
        )


class Progress(NamedTuple):
    """How far a running job is, in items."""

    done: int
    failed: int
    total: int


class JobRecord(OutcomeRecord):
    """The outcome of an item of a job, with the item as ``input``, and how often it was sent."""

    attempts: int
    input: Mapping[str, Any]


JobStatus = Literal["running", "paused", "finished", "cancelled"]


class TargetSummary(NamedTuple):
    """The outcome of the items of one PBX. ``error`` is why it stopped early, None if it didn't."""

    name: str
    url: str
    counts: dict[str, int]
    error: ErrorRecord | None

    @property
    def halt(self) -> str:
        """The message of that error, else ""."""
        return str(self.error["message"]) if self.error else ""


class Summary(NamedTuple):
    """The outcome of a job's items, over all PBXs and for each."""

    name: str
    action: str
    status: JobStatus
    counts: dict[str, int]
    targets: list[TargetSummary]

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do: what is unknown then can't be looked up, so a person must."""
        halted = any(target.error for target in self.targets)
        left = self.counts[State.NOT_STARTED.label] + self.counts[State.SENT.label]
        return not left and not (halted and self.counts[State.UNKNOWN.label])


class Job:
    """One job's node and ledger.

        with Job.create(folder.new("old-faxes"), "fax.delete", {"Id": "{{ $json.Id }}"}, items, {"acme": url}) as job:
            summary = job.run(lambda name: Pbx(url, client_id, key))

    `run` may be called again, in this process or another, until the summary says that it is finished: it goes on
    where it was. What was sent without an answer is looked up first (`trunkline.work.recovery`).
    """

    def __init__(self, ledger: Ledger) -> None:
        about = ledger.about()
        if not about["loaded"]:
            raise ConfigurationError(
                f"The input of the job {ledger.path.stem!r} was not read to its end, so nothing was sent.",
                hint=Hint("Start it again after you removed it.", "job.remove", {"name": ledger.path.stem}),
            )
        self.ledger = ledger
        self.name = ledger.path.stem
        self.limits = Limits(**about["limits"])
        created = float(about["created"])
        # Templates see one $now, however often the job goes on; of $env only the names are kept.
        world = World(about["variables"], about["allow_env"], about["zone"], clock=lambda: created)
        self.node = Node(
            about["action"],
            about["parameters"],
            concurrency=self.limits.concurrency,
            trust_item_paths=about["trust_item_paths"],
            files_from=about["files_from"],
            unchanged=about["unchanged"],
            world=world,
        )
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
        limits.check()
        check_distinct(targets)
        world = world or World()
        node = Node(action, parameters, concurrency=limits.concurrency, unchanged=unchanged, world=world)
        about = {
            "action": action,
            "parameters": dict(parameters),
            "limits": limits._asdict(),
            "created": world.clock(),
            "variables": world.variables,
            "allow_env": sorted(world.allow_env),
            "zone": world.zone,
            "trust_item_paths": paths.trusted,
            "files_from": None if paths.folder is None else os.path.realpath(paths.folder),
            "unchanged": unchanged,
        }
        ledger = Ledger.create(file, about, list(targets.items()))
        try:
            size = ledger.load(node.checked(each_item(items), list(targets.items())))
            if node.action.asks:
                check_confirmed(Question(node.action, size, ", ".join(targets.values())), confirm)
            elif size and (lists := node.replaced_lists):
                urls = ", ".join(targets.values())
                check_confirmed(Question(node.action, size, urls, facts=list_facts(lists)), confirm)
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
        if self._cancelled:
            raise ConfigurationError(f"The job {self.name!r} was cancelled.", hint="Start a new one for what is left.")
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
        return JobStep(self.node, Scope(OneItem(entry.n, entry.item), entry.n), {"retries": _ONCE})

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
        about = self.ledger.about()
        totals = Counter[State]()
        targets = []
        for target in self.ledger.targets():
            totals.update(counts := self.ledger.counts(target.id))
            targets.append(TargetSummary(target.name, target.url, _labelled(counts), target.error))
        summary = Summary(self.name, about["action"], "paused", _labelled(totals), targets)
        if about["cancelled"]:
            return summary._replace(status="cancelled")
        if summary.finished:
            return summary._replace(status="finished")
        return summary._replace(status="running") if self.ledger.file.is_held() else summary

    def records(self, states: Iterable[State] = tuple(State)) -> Iterator[JobRecord]:
        """Yield the outcome of each item in these states, PBX by PBX."""
        states = list(states)
        for target in self.ledger.targets():
            for entry in self.ledger.entries(target.id, states):
                record = as_record(
                    entry.outcome,
                    action=self.node.action.id,
                    key=self.node.keys(entry.n, entry.item),
                    pbx=target.name or target.url,
                    item=entry.n,
                )
                yield {**record, "attempts": entry.attempts, "input": entry.item}


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


class JobStep(NodeStep):
    """An item's call whose answer is kept in the ledger."""

    def keep(self, answer: Any, *, is_missing: bool = False) -> Any:
        return answer_of(self.action, super().keep(answer, is_missing=is_missing))


def _backoff(troubles: int) -> float:
    """Seconds to leave a PBX in peace that did not say how long: longer with each trouble."""
    return random.uniform(0.5, 1) * min(_LONGEST_BACKOFF, 0.1 * 2.0 ** min(troubles, 12))  # noqa: S311


def _only(problems: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the ledger's failure if a group has nothing else; else the group."""
    failures, others = problems.split(LedgerFailed)
    if failures is None or others is not None:
        return problems
    first: BaseException = failures
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


def _labelled(counts: Mapping[State, int]) -> dict[str, int]:
    return {state.label: counts[state] for state in State}
