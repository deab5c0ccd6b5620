"""Taking an extension out of all that refers to it: first the plan, then the steps, each on what is still as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from ..catalog import Catalog
from ..errors import InvalidArgument, NotFound, TrunklineError
from ..request import bind
from ..work.drivers import AsyncSystem, System, adrive, drive, run_in_loop, run_in_threads
from ..work.guards import Confirm, Question, check_confirmed, check_same_pbx
from ..work.ledger import MemoryLedger
from ..work.outcome import Outcome
from ..work.run import Policy, Run
from ..work.state import State
from ..work.step import Ask, Asks, Step
from .fields import Source, sources
from .holding import Holding
from .rewriting import left, rewritten
from .target import Target, finding
from .walk import Reference, references
from .where_used import asked, limited

Then = Literal["keep", "disable", "delete"]
_IDS_AT_ONCE = 100
_CUT_OFF = TrunklineError("It was cut off while it was in progress.", hint="Plan again: that finds out if it was done.")
_VOICEMAIL = "Voicemail messages stay: the API has no action that removes those of one extension."
_PHONE = "Phones stay assigned: the API lists them and has no action that frees one."


class OffboardingPlan(NamedTuple):
    """What is to be done, in order; the last step disables or deletes the extension itself.

    ``kept``: what refers to the extension and stays, ``notes``: what can't be done through the API, and what could not
    be read. ``url``: the PBX that it was made from, and no other.
    """

    target: Target
    heir: Target | None
    steps: list[Step]
    kept: list[Reference]
    notes: list[str]
    url: str


class Offboarding:
    """Take an extension out of a PBX, and put another one in its place.

        leaving = Offboarding("104", replace_with="105", then="disable")
        plan = leaving.plan(pbx)
        outcomes = leaving.apply(pbx, plan, confirm=True)

    `plan` and `apply` take a `Pbx`; `aplan` and `aapply` an `AsyncPbx`. A second plan finds nothing to do. Without
    ``replace_with`` memberships end, and destinations lead nowhere. ``then``: the extension stays, is disabled or is
    deleted once all else is done. ``recordings``: keep, or remove those that the extension took part in.
    """

    def __init__(
        self,
        number: str,
        *,
        replace_with: str | None = None,
        then: Then = "keep",
        recordings: Literal["keep", "remove"] = "keep",
    ) -> None:
        if then not in ("keep", "disable", "delete") or recordings not in ("keep", "remove"):
            raise InvalidArgument("then is keep, disable or delete, and recordings are keep or remove.")
        if replace_with is not None and replace_with.strip() == number.strip():
            raise InvalidArgument(f"{number} can't be replaced with itself.")
        self.number, self.replace_with, self.then, self.recordings = number, replace_with, then, recordings

    def plan(self, pbx: System) -> OffboardingPlan:
        """Read what refers to the extension, and say what is to be done. Nothing is sent.

        Raises NotFound where the PBX never had such a number or the heir, InvalidArgument for what is not an extension.
        """
        plan: OffboardingPlan = drive(self._planning(pbx), pbx)
        return plan

    async def aplan(self, pbx: AsyncSystem) -> OffboardingPlan:
        """As `plan`, in the current event loop."""
        plan: OffboardingPlan = await adrive(self._planning(pbx), pbx)
        return plan

    def _planning(self, pbx: System | AsyncSystem) -> Asks[OffboardingPlan]:
        target = yield from self._extension(pbx, self.number, may_be_gone=True)
        heir = None
        if self.replace_with is not None:
            heir = yield from self._extension(pbx, self.replace_with, may_be_gone=False)
        catalog = pbx.catalog
        plan = OffboardingPlan(target, heir, [], [], [], pbx.url)
        for source in sources(catalog, target.sorts):
            rows: list[Any] = []
            try:
                answer = yield asked(catalog, source, None if source.is_single else limited(rows.extend))
            except TrunklineError as error:
                plan.notes.append(f"Not read, so that nothing is changed there: {source.resource}: {error.message}")
                continue
            for row in [answer] if source.is_single else rows:
                if isinstance(row, Mapping):
                    self._look(catalog, source, row, plan)
        yield from self._own_steps(catalog, plan)
        return plan

    def _extension(self, pbx: System | AsyncSystem, number: str, *, may_be_gone: bool) -> Asks[Target]:
        target = yield from finding(pbx.catalog, pbx.url, number, None)
        if target.kind == "unknown" and may_be_gone:
            return target
        if target.kind == "unknown":
            raise NotFound(f"Nothing on {pbx.url} has the number {number!r}.", hint="Nothing was sent.")
        if target.kind != "extension":
            raise InvalidArgument(f"{target} is not an extension.", hint="Nothing was sent.")
        return target

    def _look(self, catalog: Catalog, source: Source, row: Mapping[str, Any], plan: OffboardingPlan) -> None:
        found = list(references(catalog, source, row, plan.target))
        if not found:
            return
        can_update = "update" in catalog.resources[source.resource] and "get" in catalog.resources[source.resource]
        new = rewritten(catalog, source, row, plan.target, plan.heir) if can_update else {}
        plan.kept.extend(left(catalog, source, {**row, **new}, plan.target))
        if new:
            plan.steps.append(Holding(catalog, source, row, new, plan.target, plan.heir, found[0].entity))

    def _own_steps(self, catalog: Catalog, plan: OffboardingPlan) -> Asks[None]:
        number, notes = plan.target.number, plan.notes
        if any(each.resource == "sip_devices" for each in plan.kept):
            notes.append(_PHONE)
        notes.append(_VOICEMAIL)
        if self.recordings == "remove":
            where = f"FromDn eq '{number}' or ToDn eq '{number}'"
            rows: list[Any] = []
            reading = {"filter": where, "select": ["Id"]}
            yield Ask(bind(catalog, catalog.action("recordings.list"), (), reading), limited(rows.extend))
            ids = [row["Id"] for row in rows]
            action = catalog.action("recordings.bulk_recordings_delete")
            for first in range(0, len(ids), _IDS_AT_ONCE):
                plan.steps.append(Step(action, {"body": {"ids": ids[first : first + _IDS_AT_ONCE]}}))
        if plan.target.id is None or self.then == "keep":
            return
        if self.then == "delete":
            plan.steps.append(Step(catalog.action("users.delete"), {"Id": plan.target.id}))
            return
        own: dict[str, Any] = {"Id": plan.target.id, "select": ["Id", "Enabled"]}
        user = yield Ask(bind(catalog, catalog.action("users.get"), (), own))
        if user.get("Enabled") is not False:
            arguments = {"Id": plan.target.id, "body": {"Enabled": False}}
            plan.steps.append(Step(catalog.action("users.update"), arguments))

    def over(self, plan: OffboardingPlan, *, confirm: Confirm | bool | None = None) -> OffboardingRun:
        """Prepare to carry a plan out; raises as `OffboardingRun` says."""
        return OffboardingRun(plan, confirm)

    def apply(self, pbx: System, plan: OffboardingPlan, *, confirm: Confirm | bool | None = None) -> list[Outcome]:
        """Carry a plan out; gives the outcome of each step. Raises as `OffboardingRun` says."""
        run = self.over(plan, confirm=confirm)
        run.on(pbx)
        return run.outcomes

    async def aapply(
        self, pbx: AsyncSystem, plan: OffboardingPlan, *, confirm: Confirm | bool | None = None
    ) -> list[Outcome]:
        """As `apply`, in the current event loop."""
        run = self.over(plan, confirm=confirm)
        await run.aon(pbx)
        return run.outcomes


class OffboardingRun:
    """A plan being carried out, one step after the other; `stop` may be called from anywhere.

    After a step that failed, nothing more is started: the extension is disabled or deleted only when all else is done.
    """

    def __init__(self, plan: OffboardingPlan, confirm: Confirm | bool | None = None) -> None:
        """Ask, or take the answer. Nothing is sent yet.

        Raises NotConfirmed after a no, and InvalidArgument for a removal that nobody has confirmed.
        """
        if plan.steps:
            removals = sum(step.action.destructive for step in plan.steps)
            question = Question(plan.steps[-1].action, len(plan.steps), plan.url, removals, len(plan.steps))
            check_confirmed(question, confirm, is_required=removals > 0)
        self.plan = plan
        self._ledger = MemoryLedger(plan.steps)
        policy = Policy(concurrency=1, attempts=2, is_missing_done=True, most_failures=1, stops_when_refused=True)
        self._run = Run(self._ledger, lambda entry: entry.item, policy)

    def stop(self) -> None:
        """Start nothing more, and send nothing again."""
        self._run.stop()

    def on(self, pbx: System) -> None:
        """Carry it out in a thread. Raises ConfigurationError for another PBX."""
        check_same_pbx("The plan", self.plan.url, pbx.url)
        run_in_threads(self._run, pbx)

    async def aon(self, pbx: AsyncSystem) -> None:
        """As `on`, in the current event loop."""
        check_same_pbx("The plan", self.plan.url, pbx.url)
        await run_in_loop(self._run, pbx)

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcome of each step so far; what was cut off in progress is unknown."""
        cut_off = {n: Outcome(n, State.UNKNOWN, error=_CUT_OFF) for n in self._ledger.under_way}
        known = {**cut_off, **self._ledger.outcomes}
        return [known.get(n, Outcome(n, State.NOT_STARTED)) for n in range(len(self.plan.steps))]
