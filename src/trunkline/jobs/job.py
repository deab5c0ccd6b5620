"""A job: a node over many items on one or many PBXs, from its ledger, as often as it takes."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from ..errors import ConfigurationError, Hint, TrunklineError
from ..node import Node, PathRule, World
from ..work.outcome import Listener, as_error, kept
from .folder import discard
from .ledger import Ledger, LedgerDamaged, LedgerFailed
from .recorder import Recorder
from .states import State
from .target import AsyncCaller, Halted, Limits, TargetRun

LOOK_AGAIN = 0.5  # seconds between two looks for a cancellation by another process

Open = Callable[[str], AbstractAsyncContextManager[AsyncCaller]]


class Progress(NamedTuple):
    """How far a running job is, in items."""

    done: int
    failed: int
    total: int


class TargetSummary(NamedTuple):
    """What became of the items of one PBX. ``halt`` is why it stopped early, "" if it didn't."""

    name: str
    url: str
    counts: dict[str, int]
    halt: str


class Summary(NamedTuple):
    """What became of a job's items, over all PBXs and for each."""

    name: str
    action: str
    status: str
    counts: dict[str, int]
    targets: list[TargetSummary]

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do: what is unknown then can't be looked up, so a person must."""
        halted = any(target.halt for target in self.targets)
        left = self.counts[State.NOT_STARTED.label] + self.counts[State.SENT.label]
        return not left and not (halted and self.counts[State.UNKNOWN.label])


class Job:
    """One job's node and ledger.

        with Job.create(folder.new("old-faxes"), "fax.delete", {"Id": "{{ $json.Id }}"}, items, {"acme": url}) as job:
            summary = asyncio.run(job.run(lambda name: AsyncPbx(url, client_id, key)))

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
            trust_item_paths=about.get("trust_item_paths", False),  # an older version's job has neither
            files_from=about.get("files_from"),
            world=world,
        )
        self._cancelled = bool(about["cancelled"])
        self._stopped = False
        self._failures = 0

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
    ) -> Self:
        """A new job in a new ledger. ``items`` are taken in as they come, never all at once; ``targets`` maps the name
        of each PBX to its URL, and each gets every item. ``world`` is what templates see besides the items: its clock
        stands at the start of the job. ``paths``: whether an item may name a file, however often the job goes on.

        Raises UnknownName or InvalidArgument for parameters that the action doesn't take, before anything is written.
        """
        world = world or World()
        Node(action, parameters, concurrency=limits.concurrency, world=world)
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
        }
        ledger = Ledger.create(file, about, list(targets.items()))
        try:
            ledger.load(items)
        except BaseException:
            ledger.close()
            discard(file)
            raise
        return cls(ledger)

    @classmethod
    def open(cls, file: Path, *, check: bool = True, accept_damage: bool = False) -> Self:
        """An existing job. Its ledger is read whole and compared with its checksums, unless the job is running, or
        ``check`` is False.

        With ``accept_damage`` a damaged ledger is put together anew from what is left, and kept beside itself as
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
        """Start no more items; what is on its way is finished and recorded."""
        self._stopped = True

    def cancel(self) -> None:
        """End the job for good, also one that runs in another process; what is on its way there is finished."""
        self.ledger.tell({"cancelled": True})
        self._cancelled = True

    async def run(self, open_pbx: Open, progress: Callable[[Progress], None] | None = None) -> Summary:
        """Go on until nothing is left to do, or to be done now; ``open_pbx`` gives the client for a target's name.

        Raises ConfigurationError if the job runs elsewhere or was cancelled, LedgerFailed if the disk is full or the
        file damaged.
        """
        if self._cancelled:
            raise ConfigurationError(f"The job {self.name!r} was cancelled.", hint="Start a new one for what is left.")
        with self.ledger.file.held():
            self.ledger.doubt()
            self.ledger.begin_run()
            meter = _Meter(self.ledger)
            recorder = Recorder(self.ledger)
            listener = Listener(progress)
            watch = asyncio.create_task(self._watch(meter, listener))
            try:
                async with asyncio.TaskGroup() as group:
                    for target in self.ledger.targets():
                        group.create_task(self._on(target.id, target.name, open_pbx, recorder, meter))
                self.ledger.end_stretches()
            except ExceptionGroup as problems:
                full, others = problems.split(LedgerFailed)
                if full is None or others is not None:
                    raise
                raise _first(full) from None
            finally:
                watch.cancel()
                self.ledger.end_run()
            listener(meter.read())
        return self.summary()

    async def _on(self, id_: int, name: str, open_pbx: Open, recorder: Recorder, meter: _Meter) -> None:
        """One PBX's part. Only a ledger that can't be written stops the others."""

        def counted(target: int, state: State) -> None:
            meter.count(state)
            self._failures += state is State.FAILED
            if self.limits.max_errors is not None and self._failures >= self.limits.max_errors:
                self.stop()

        run = TargetRun(id_, self.node, self.ledger, recorder, self.limits, lambda: self._stopped, counted)
        halt = ""
        try:
            async with open_pbx(name) as pbx:
                await run.run(pbx)
        except Halted as problem:
            halt = str(problem)
        except LedgerFailed:
            raise
        except BaseExceptionGroup as problems:
            full, _ = problems.split(LedgerFailed)
            if full is not None:
                raise _first(full) from None
            halt = str(as_error(problems))
        except BaseException as problem:
            halt = str(as_error(problem))
        self.ledger.halt(id_, kept(halt))

    async def _watch(self, meter: _Meter, progress: Listener) -> None:
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            with suppress(TrunklineError):  # a ledger that can't be read is noticed where it is written
                if self.ledger.about()["cancelled"]:
                    self._cancelled = True
                    self.stop()
            progress(meter.read())

    def summary(self) -> Summary:
        """What became of the items so far, from the ledger."""
        about = self.ledger.about()
        targets = [
            TargetSummary(t.name, t.url, _labelled(self.ledger.counts(t.id)), t.halt) for t in self.ledger.targets()
        ]
        counts = Counter[str]()
        for target in targets:
            counts.update(target.counts)
        found = Summary(self.name, about["action"], "", {state.label: counts[state.label] for state in State}, targets)
        if about["cancelled"]:
            status = "cancelled"
        elif found.finished:
            status = "finished"
        else:
            status = "running" if self.ledger.file.is_held() else "paused"
        return found._replace(status=status)


class _Meter:
    """Counts what came of items."""

    def __init__(self, ledger: Ledger) -> None:
        self._counts = ledger.counts()
        self._total = sum(self._counts.values())

    def count(self, state: State) -> None:
        self._counts[state] += 1

    def read(self) -> Progress:
        return Progress(self._counts[State.DONE], self._counts[State.FAILED], self._total)


def _first(problems: BaseExceptionGroup[LedgerFailed]) -> LedgerFailed:
    found: LedgerFailed | BaseExceptionGroup[LedgerFailed] = problems
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


def _labelled(counts: Mapping[State, int]) -> dict[str, int]:
    return {state.label: count for state, count in counts.items()}
