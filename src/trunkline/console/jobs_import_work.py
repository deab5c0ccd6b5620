"""An import of a file into one PBX: read, planned, carried out by a task of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import InvalidArgument, TrunklineError
from ..transfer import Import, ImportRun, Plan
from ..transfer.sheet import rest_of
from ..work.outcome import Outcome, as_error
from ..work.state import State
from .jobs_given import Given
from .jobs_kept import Kept
from .jobs_tasks import begin
from .pbxs import pbxs


class Wishes(NamedTuple):
    """How a file is read and carried out; the words are those of `Import.read` and of `ApplyOptions`."""

    resource: str
    reading: Mapping[str, Any]
    max_removals: str
    stop_on_error: bool


class ImportWork:
    """One import. ``run`` is None until somebody agreed; ``error`` is what ended it early."""

    def __init__(self, name: str, imported: Import, plan: Plan, wishes: Wishes) -> None:
        self.name, self.imported, self.plan, self.wishes = name, imported, plan, wishes
        self.run: ImportRun | None = None
        self.task: asyncio.Task[None] | None = None
        self.error: TrunklineError | None = None

    @classmethod
    async def planned(cls, name: str, given: Given, wishes: Wishes) -> ImportWork:
        """Read the file, and compare it with the PBX. Raises what `Import.read` and `Import.aplan` raise."""
        file = given if given.name else given._replace(name="the pasted list")
        imported = await asyncio.to_thread(lambda: Import.read(file.open(), wishes.resource, **wishes.reading))
        plan = await imported.aplan(pbxs().client(name))
        return cls(name, imported, plan, wishes)

    @property
    def is_running(self) -> bool:
        return self.task is not None and not self.task.done()

    @property
    def refusal(self) -> InvalidArgument | None:
        """Why the guards would not let it be carried out, None where they would."""
        try:
            self.imported.check(self.plan, self.wishes.max_removals)
        except InvalidArgument as refusal:
            return refusal
        return None

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcome of each step so far; what is in progress while it runs was sent, and no more is known of it."""
        if self.run is None:
            return [Outcome(n, State.NOT_STARTED) for n in range(len(self.plan.steps))]
        outcomes = self.run.outcomes
        if self.is_running:
            for n in self.run.under_way:
                outcomes[n] = Outcome(n, State.SENT)
        return outcomes

    @property
    def settled(self) -> int:
        """How many steps have ended."""
        return sum(outcome.state not in (State.NOT_STARTED, State.SENT) for outcome in self.outcomes)

    def apply(self) -> None:
        """Carry it out, after a person agreed. Raises what the guards raise."""
        if self.run is not None:
            raise InvalidArgument(
                "This plan was carried out already.", hint="Import again: a new plan has what is left."
            )
        self.run = self.imported.over(
            self.plan,
            confirm=True,
            max_removals=self.wishes.max_removals,
            stop_on_error=self.wishes.stop_on_error,
        )
        self.task = begin(self._carry_out(self.run), self.run.stop)

    async def _carry_out(self, run: ImportRun) -> None:
        try:
            await run.aon(pbxs().client(self.name))
        except Exception as problem:
            self.error = as_error(problem)
        else:
            self.error = run.halt

    def rest(self) -> str:
        """Return the rows that were not done as a CSV, each with its reason, and with secrets masked."""
        reasons = {
            step.line: why(outcome)
            for step, outcome in zip(self.plan.steps, self.outcomes, strict=True)
            if outcome.state is not State.DONE and step.line is not None
        }
        return rest_of(self.imported.sheet, reasons, is_masked=True)


def why(outcome: Outcome) -> str:
    """Say why a step was not done, "" where nothing is known."""
    return " ".join(filter(None, (str(outcome.described_error.get("message") or ""), outcome.note)))


imports: Kept[ImportWork] = Kept(lambda work: work.is_running)
