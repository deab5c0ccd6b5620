"""Carrying out the plan of an import: the guards, then what goes, what changes, and what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypedDict

from ..errors import InvalidArgument, TrunklineError
from ..transport.retries import Retries
from ..work.drivers import AsyncSystem, System, run_in_loop, run_in_threads
from ..work.guards import Confirm, Question, check_concurrency, check_confirmed, check_same_pbx
from ..work.ledger import MemoryLedger
from ..work.outcome import Listener, Outcome
from ..work.run import Policy, Run
from ..work.state import State
from .lock import import_lock
from .plan import Plan
from .steps import ImportStep

if TYPE_CHECKING:
    from .importing import Import

_ORDER = ("remove", "change", "add")  # what goes and what changes frees addresses, and places of the licence
_RETRIES = Retries()
_CUT_OFF = TrunklineError(
    "It was cut off while it was in progress.", hint="Whether it was done, the same import finds out."
)

Progress = Callable[[ImportStep, Outcome], object]
"""Gets each step with its outcome, in the thread that sent it."""


class ApplyOptions(TypedDict, total=False):
    """How a plan is carried out.

    ``confirm`` asks a person, or is the answer; removals need one. ``max_removals`` is a number, or a share of what
    the PBX has. ``concurrency``: steps at once. ``stop_on_error``: nothing more is started after a failure.
    """

    confirm: Confirm | bool | None
    max_removals: str | int
    concurrency: int
    stop_on_error: bool


class ImportRun:
    """A plan being carried out; `stop` may be called from anywhere, what is in progress is finished.

        run = imported.over(plan, confirm=ask)
        run.on(pbx)
        run.outcomes

    Removals go first, then changes, then additions. A change or removal is sent only if the PBX still holds what the
    plan was made from; a contact is added only if there is none with its key by now. A failure doesn't stop the rest
    unless ``stop_on_error``; where the PBX refuses the sign-in or lacks a right, or five in a row fail on the way to
    it, nothing more is started. What may have been carried out is looked up, and sent again only if that can't make a
    double (`trunkline.work.recovery`).
    """

    def __init__(
        self,
        imported: Import,
        plan: Plan,
        *,
        confirm: Confirm | bool | None = None,
        max_removals: str | int = "50%",
        concurrency: int = 4,
        stop_on_error: bool = False,
    ) -> None:
        """Let the guards see the plan, and ask. Nothing is sent yet.

        Raises:
            InvalidArgument: too many removals, removals that nobody has confirmed, or the plan of another import.
            NotConfirmed: the answer was no.
        """
        check_concurrency(concurrency)
        if any(step.imported is not imported for step in plan.steps):
            raise InvalidArgument(
                "The plan was made by another import, whose file is not this one's.",
                hint="Nothing was sent. Apply it with the import that made it.",
            )
        imported.check(plan, max_removals)
        removals = plan.count("remove")
        if plan.steps:
            action = next(step.action for step in reversed(plan.steps))  # removals are last
            question = Question(action, len(plan.steps), plan.url, removals, plan.present)
            check_confirmed(question, confirm, is_required=removals > 0)
        self.plan = plan
        self._progress = Listener(None)
        policy = Policy(
            concurrency=concurrency,
            attempts=_RETRIES.attempts,
            delay=_RETRIES.delay,
            is_missing_done=True,
            most_failures=1 if stop_on_error else None,
            most_in_a_row=5,
            stops_when_refused=True,
        )
        self._phases: list[tuple[list[int], MemoryLedger, Run]] = []
        for change in _ORDER:
            if places := [place for place, step in enumerate(plan.steps) if step.change == change]:
                ledger = MemoryLedger([plan.steps[place] for place in places])
                run = Run(ledger, lambda entry: entry.item, policy, partial(self._heard, ledger))
                self._phases.append((places, ledger, run))

    def _heard(self, ledger: MemoryLedger, outcome: Outcome) -> None:
        self._progress(ledger.items[outcome.n], outcome)

    def stop(self) -> None:
        """Start nothing more, and send nothing again."""
        for _, _, run in self._phases:
            run.stop()

    def on(self, pbx: System, progress: Progress | None = None) -> None:
        """Carry it out in threads. Raises ConfigurationError for another PBX, or beside another import."""
        with self._admitted(pbx.url, progress):
            for run in self._runs():
                run_in_threads(run, pbx)

    async def aon(self, pbx: AsyncSystem, progress: Progress | None = None) -> None:
        """As `on`, in the current event loop."""
        with self._admitted(pbx.url, progress):
            for run in self._runs():
                await run_in_loop(run, pbx)

    @contextmanager
    def _admitted(self, url: str, progress: Progress | None) -> Iterator[None]:
        check_same_pbx("The plan", self.plan.url, url)
        self._progress = Listener(progress)
        with import_lock(url, self.plan.kind):
            yield

    def _runs(self) -> Iterator[Run]:
        """Give one run after the other; none once one was stopped, or takes no more steps."""
        for _, _, run in self._phases:
            if run.stopping.is_set() or self.halt is not None:
                return
            yield run

    @property
    def halt(self) -> TrunklineError | None:
        """Why nothing more was started, where the PBX or a failure ended the run."""
        return next((run.halt for _, _, run in self._phases if run.halt is not None), None)

    @property
    def under_way(self) -> list[int]:
        """The steps that were begun and of which nothing is known yet, or ever if the run was cut off."""
        return [places[n] for places, ledger, _ in self._phases for n in ledger.under_way]

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcome of each step so far, in the plan's order; what was cut off in progress is unknown."""
        outcomes = [Outcome(place, State.NOT_STARTED) for place in range(len(self.plan.steps))]
        for places, ledger, _ in self._phases:
            for n, outcome in ledger.outcomes.items():
                outcomes[places[n]] = outcome._replace(n=places[n])
        for place in self.under_way:
            outcomes[place] = Outcome(place, State.UNKNOWN, error=_CUT_OFF)
        return outcomes
