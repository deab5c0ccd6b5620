"""Removing recordings from a PBX, or moving them to its archive, by their Ids; what is left is read back.

The actions are published; how a PBX answers Ids that it doesn't know, or can't remove, is not (docs/pbx.md, Files). So
no answer is taken for granted: after each request the PBX is asked which of the recordings it still has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Literal, NamedTuple, TypedDict

from ..catalog import Action, load
from ..errors import InvalidArgument, TrunklineError
from ..odata import literal
from ..request import bind
from ..transport.retries import Retries
from ..work.drivers import AsyncSystem, System, adrive, drive, run_in_loop, run_in_threads
from ..work.guards import Confirm, MostRemovals, Question, check_confirmed, check_removals, check_same_pbx
from ..work.ledger import MemoryLedger
from ..work.outcome import Listener, Outcome
from ..work.recovery import Effect, Finding
from ..work.run import Policy, Run
from ..work.state import State
from ..work.step import Ask, Asks, Step
from .file_names import when

Verb = Literal["archive", "delete"]
ACTIONS: Mapping[str, str] = {
    "archive": "recordings.bulk_recordings_archive",
    "delete": "recordings.bulk_recordings_delete",
}
LISTING = "recordings.list"
MOST = "50%"
AT_ONCE = 20
"""Recordings of a request: as many as one filter names without reaching the 100 nodes that OData servers allow."""
_RETRIES = Retries()


class RemovalSummary(TypedDict):
    """The outcome of a removal, in JSON. ``left``: those that the PBX still has, by their Ids."""

    done: int
    left: list[int]
    unknown: list[int]
    error: str | None


class Removed(NamedTuple):
    """The outcome of a removal: ``done``, ``left`` on the PBX, or ``unknown``, by their Ids. ``error``: the last."""

    done: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    error: TrunklineError | None = None

    @property
    def record(self) -> RemovalSummary:
        """The same in JSON."""
        return {
            "done": len(self.done),
            "left": list(self.left),
            "unknown": list(self.unknown),
            "error": None if self.error is None else self.error.message,
        }


def action_of(verb: Verb) -> Action:
    """Return the action of the newest catalog that archives or deletes recordings."""
    return load().action(ACTIONS[verb])


def recordings_between(start: datetime | None, end: datetime | None, select: Sequence[str] = ()) -> Asks[list[Any]]:
    """Read the rows of recordings that began from ``start`` until before ``end``, oldest first."""
    fields = load().fields("Pbx.Recording")
    parts = [(start, "ge"), (end, "lt")]
    where = " and ".join(f"StartTime {op} {literal(at, fields['StartTime'])}" for at, op in parts if at is not None)
    options = {"select": list(select)} if select else {}
    found = yield Ask(bind(load(), load().action(LISTING), (), {**({"filter": where} if where else {}), **options}))
    rows = [row for row in found if isinstance(row.get("Id"), int) and _is_within(row, start, end)]
    return sorted(rows, key=lambda row: (str(row.get("StartTime") or ""), row["Id"]))


def _is_within(row: Mapping[str, Any], start: datetime | None, end: datetime | None) -> bool:
    """Whether a PBX kept to the filter: one that did not must lose nothing that nobody asked for."""
    began = when(row.get("StartTime"))
    if began is None:
        return start is None and end is None
    return (start is None or began >= start) and (end is None or began < end)


def how_many() -> Asks[int]:
    """Ask how many recordings the PBX has."""
    number: int = yield Ask(bind(load(), load().action(LISTING), (), {}), is_count=True)
    return number


class BulkStep(Step):
    """Up to `AT_ONCE` recordings to archive or delete with one request."""

    def __init__(self, verb: Verb, ids: Sequence[int]) -> None:
        self.verb, self.pending = verb, list(ids)
        super().__init__(action_of(verb), {"ids": self.pending})

    @property
    def effect(self) -> Effect:
        return Effect.KEYED

    def send(self) -> Asks[list[int]]:
        """Send it, then give the Ids of those that are left."""
        yield Ask(bind(load(), self.action, (), {"ids": self.pending}))
        yield from self.look_up()
        return self.pending

    def look_up(self) -> Asks[Finding]:
        where = " or ".join(f"Id eq {number}" for number in self.pending)
        listing = bind(load(), load().action(LISTING), (), {"filter": where, "select": ["Id", "IsArchived"]})
        rows = yield Ask(listing)
        there = {row["Id"] for row in rows if self.verb == "delete" or not row.get("IsArchived")}
        self.pending = [number for number in self.pending if number in there]
        return Finding.NOT_DONE if self.pending else Finding.DONE

    def keep(self, answer: Any, *, is_missing: bool = False) -> list[int]:
        """Keep the Ids that are left."""
        return list(self.pending)


def removal_run(verb: Verb, ids: Sequence[int], heard: Listener) -> tuple[MemoryLedger, Run]:
    """Return the run over the requests that recordings take. Nothing is checked nor sent."""
    steps = [list(ids[place : place + AT_ONCE]) for place in range(0, len(ids), AT_ONCE)]
    ledger = MemoryLedger(steps)
    policy = Policy(
        concurrency=2,
        attempts=_RETRIES.attempts,
        delay=_RETRIES.delay,
        most_in_a_row=3,
        stops_when_refused=True,
    )
    return ledger, Run(ledger, lambda entry: BulkStep(verb, entry.item), policy, partial(_heard, ledger, heard))


def _heard(ledger: MemoryLedger, heard: Listener, outcome: Outcome) -> None:
    heard(len(ledger.items[outcome.n]))


def removed(ledger: MemoryLedger) -> Removed:
    """Return the outcome of each recording of a run."""
    done: list[int] = []
    left: list[int] = []
    unknown: list[int] = []
    error: TrunklineError | None = None
    for n, ids in enumerate(ledger.items):
        outcome = ledger.outcomes.get(n)
        if outcome is None:
            (unknown if n < ledger.taken else left).extend(ids)
        elif outcome.state is State.DONE:
            done += [number for number in ids if number not in (outcome.answer or ())]
            left += outcome.answer or ()
        else:
            (unknown if outcome.state is State.UNKNOWN else left).extend(ids)
            error = outcome.error if isinstance(outcome.error, TrunklineError) else error
    return Removed(tuple(done), tuple(left), tuple(unknown), error)


def check_allowed(
    verb: Verb, number: int, present: int, url: str, confirm: Confirm | bool | None, max_removals: str | int
) -> None:
    """Let the guards see that recordings are to be archived or deleted, and ask.

    Raises:
        InvalidArgument: more than ``max_removals``, or removals that nobody has confirmed.
        NotConfirmed: the answer was no.
    """
    removals = number if verb == "delete" else 0
    check_removals(removals, present, MostRemovals.parse(max_removals), "recordings")
    if number:
        question = Question(action_of(verb), number, url, removals, present)
        check_confirmed(question, confirm, is_required=removals > 0)


class DeletionPlan(NamedTuple):
    """The recordings to be deleted, by their Ids, oldest first; the PBX has ``present`` in all."""

    url: str
    ids: tuple[int, ...]
    present: int
    first: str | None = None
    last: str | None = None


class RecordingDeletion:
    """Recordings that began before a moment, to be deleted from a PBX.

        deletion = RecordingDeletion(before)
        plan = deletion.plan(pbx)
        run = deletion.over(plan, confirm=ask)
        run.on(pbx)
        run.removed

    `plan` and `on` take a `Pbx`, `aplan` and `aon` an `AsyncPbx`. The client needs the role System Owner.
    """

    def __init__(self, before: datetime) -> None:
        """Take a moment; InvalidArgument for one without a zone."""
        if before.tzinfo is None:
            raise InvalidArgument(f"{before.isoformat()} has no zone.", hint="Guessing one would delete too much.")
        self.before = before.replace(microsecond=0)

    def plan(self, pbx: System) -> DeletionPlan:
        """Read which recordings there are. Nothing is changed. Raises the errors of a client."""
        plan: DeletionPlan = drive(self._planned(pbx.url), pbx)
        return plan

    async def aplan(self, pbx: AsyncSystem) -> DeletionPlan:
        """As `plan`, in the current event loop."""
        plan: DeletionPlan = await adrive(self._planned(pbx.url), pbx)
        return plan

    def _planned(self, url: str) -> Asks[DeletionPlan]:
        rows = yield from recordings_between(None, self.before, ("Id", "StartTime"))
        present = yield from how_many()
        ends = (rows[0].get("StartTime"), rows[-1].get("StartTime")) if rows else (None, None)
        return DeletionPlan(url, tuple(row["Id"] for row in rows), max(present, len(rows)), *ends)

    def over(
        self, plan: DeletionPlan, *, confirm: Confirm | bool | None = None, max_removals: str | int = MOST
    ) -> DeletionRun:
        """Let the guards see the plan, and ask. Nothing is sent yet. Raises as `check_allowed`."""
        return DeletionRun(plan, confirm, max_removals)


class DeletionRun:
    """A plan being carried out; `stop` may be called from anywhere, what is in progress is finished."""

    def __init__(self, plan: DeletionPlan, confirm: Confirm | bool | None, max_removals: str | int) -> None:
        check_allowed("delete", len(plan.ids), plan.present, plan.url, confirm, max_removals)
        self.plan = plan
        self._progress = Listener(None)
        self._ledger, self._run = removal_run("delete", plan.ids, Listener(self._heard))

    def _heard(self, number: int) -> None:
        self._progress(number)

    def stop(self) -> None:
        """Start nothing more, and send nothing again."""
        self._run.stop()

    def on(self, pbx: System, progress: Callable[[int], object] | None = None) -> None:
        """Carry it out in threads; ``progress`` gets the number of recordings of each request that has ended.

        Raises:
            ConfigurationError: another PBX than the plan's.
        """
        check_same_pbx("The plan", self.plan.url, pbx.url)
        self._progress = Listener(progress)
        run_in_threads(self._run, pbx)

    async def aon(self, pbx: AsyncSystem, progress: Callable[[int], object] | None = None) -> None:
        """As `on`, in the current event loop."""
        check_same_pbx("The plan", self.plan.url, pbx.url)
        self._progress = Listener(progress)
        await run_in_loop(self._run, pbx)

    @property
    def removed(self) -> Removed:
        """The outcome of each recording so far."""
        return removed(self._ledger)
