"""Doing what a plan says: a few at once, each fate told, and what was asked without an answer looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from ..catalog import load
from ..client import AsyncPbx
from ..errors import (
    Forbidden,
    NotFound,
    PreconditionFailed,
    ServerError,
    SignInError,
    TooManyRequests,
    TransportError,
    TrunklineError,
    Unexpected,
)
from ..odata import literal
from ..transport.retries import Retries
from ..work.outcome import Listener, as_error, kept
from ..work.recovery import (
    BUSY,
    Decision,
    Effect,
    Finding,
    Trouble,
    conclude,
    decide,
    proves_nothing,
    retry_after,
    trouble_of,
)
from .cells import same
from .importing import Import
from .plan import Plan, Step

_LONGEST_WAIT = 120.0  # seconds; where a PBX asks to wait longer, the rest is left for another run
_IN_A_ROW = 5  # so many failures of the way to the PBX, and nothing else between: the rest would fail too
_WAITS = Retries()
_MADE = "somebody has added it since the plan was made"
_OTHER = "there is one by now, with other values: the same command, run again, compares them"
_RUN_AGAIN = "whether it was done is not known, and the same command, run again, finds out"
_NOT_YET = "the PBX does not show it as done, but may still be at it: wait a while before you run it again"
_LATE = "the answer was lost, but it is done"
_NOT_DONE = "the PBX does not show it as done"
_VERBS = {"add": "create", "change": "update", "remove": "delete"}
Order = ("remove", "change", "add")  # what goes and what changes frees addresses, and places of the licence


class Fate(NamedTuple):
    """What became of a step. ``said`` is the reason where it failed, or what is worth knowing where it was done.

    ``unknown``: it may have been carried out, and the PBX could not be asked, or did not show it.
    """

    step: Step
    state: Literal["done", "failed", "unknown", "not started"]
    said: str = ""


class Applying:
    """A plan being carried out.

        fates = await Applying(imported, plan).run(pbx)

    Removals go first, then changes, then additions. A change or removal is sent only if the PBX still holds what the
    plan was made from; a contact is added only if there is none with its key by now. A failure doesn't stop the rest
    unless ``stop_on_error``; where the PBX refuses the sign-in, or five in a row fail on the way to it, nothing more
    is started. What may have been carried out is looked up, and sent again only if that can't make a double
    (`trunkline.work.recovery`). A defect of a library fails its own step.
    """

    def __init__(
        self,
        imported: Import,
        plan: Plan,
        *,
        concurrency: int = 4,
        stop_on_error: bool = False,
    ) -> None:
        self.imported, self.plan = imported, plan
        self.kind = imported.kind
        self.halted = ""
        """Why nothing more was started, "" while all goes on."""
        self._concurrency = concurrency
        self._stop_on_error = stop_on_error
        self._told: Callable[[Fate], object] = lambda _: None
        self._fates: dict[int, Fate] = {}
        self._started: set[int] = set()
        self._in_a_row = 0

    def stop(self, why: str = "interrupted") -> None:
        """Start nothing more; what is on its way is finished."""
        self.halted = self.halted or why

    async def run(self, pbx: AsyncPbx, told: Callable[[Fate], object] = lambda _: None) -> list[Fate]:
        """Do all steps; their fates in the plan's order, each ``told`` as it is known. Raises nothing of one step."""
        self._told = Listener(told)
        for do in Order:
            waiting = iter([(place, step) for place, step in enumerate(self.plan.steps) if step.do == do])
            await asyncio.gather(*(self._work(pbx, waiting) for _ in range(self._concurrency)))
        return self.fates

    @property
    def fates(self) -> list[Fate]:
        """What became of each step so far, in the plan's order; what was cut off on its way is unknown."""
        return [self._fates.get(place) or self._open_fate(place, step) for place, step in enumerate(self.plan.steps)]

    def _open_fate(self, place: int, step: Step) -> Fate:
        if place in self._started:
            return Fate(step, "unknown", f"it was cut off on its way; {_RUN_AGAIN}")
        return Fate(step, "not started", self.halted)

    async def _work(self, pbx: AsyncPbx, waiting: Iterator[tuple[int, Step]]) -> None:
        for place, step in waiting:
            if self.halted:
                return
            self._started.add(place)
            fate = await self._fate(pbx, step)
            self._fates[place] = fate
            self._told(fate)
            if fate.state in ("failed", "unknown") and self._stop_on_error:
                self.stop("stopped at the first failure")

    async def _fate(self, pbx: AsyncPbx, step: Step) -> Fate:
        action = load().action(f"{self.kind.resource}.{_VERBS[step.do]}")
        effect = self._effect(step)
        perhaps_done = False
        attempt = 0
        while True:
            attempt += 1
            try:
                await self._send(pbx, step)
            except _MadeMeanwhile as made:
                if made.same:
                    return self._done(step, _LATE if perhaps_done else made.message)
                return self._failed(step, made, made.message, unknown=perhaps_done)
            except BaseException as problem:
                error = as_error(problem)
            else:
                return self._done(step)
            trouble = trouble_of(error, action)
            if step.do == "remove" and trouble is Trouble.NOT_FOUND:
                return self._done(step, _LATE if perhaps_done else "it was gone already")
            decision = decide(trouble, effect, perhaps_done=perhaps_done)
            perhaps_done = perhaps_done or proves_nothing(trouble)
            said, shown = _refusal(error), False
            if decision is Decision.LOOK_UP:
                if trouble in BUSY:
                    await self._wait(error, attempt)
                finding, said = await self._looked_up(pbx, step, error)
                shown = finding is Finding.NOT_DONE
                decision = conclude(trouble, effect, finding)
            if decision is Decision.DONE:
                return self._done(step, said)
            if decision is Decision.RESEND and attempt < _WAITS.attempts and not self.halted:
                if not (shown and trouble in BUSY):
                    await self._wait(error, attempt)
                continue
            unknown = decision is Decision.UNKNOWN or (perhaps_done and not shown and decision is not Decision.FAILED)
            return self._failed(step, error, said, unknown=unknown)

    def _effect(self, step: Step) -> Effect:
        if step.do == "remove":
            return Effect.DELETE
        return Effect.DOUBLING if step.do == "add" and not self.kind.unique else Effect.KEYED

    async def _wait(self, error: TrunklineError, attempt: int) -> None:
        """Leave the PBX alone for as long as it asked, else for a moment; not once nothing more is to be started."""
        asked = retry_after(error)
        if asked is not None and asked > _LONGEST_WAIT:
            self.stop(f"the PBX asks to wait {asked:,.0f} s")
        left = _WAITS.delay(attempt) if asked is None else asked
        while left > 0 and not self.halted:
            await asyncio.sleep(min(left, 0.5))
            left -= 0.5

    def _done(self, step: Step, said: str = "") -> Fate:
        self._in_a_row = 0
        return Fate(step, "done", said)

    def _failed(self, step: Step, error: TrunklineError, said: str, *, unknown: bool) -> Fate:
        passing = isinstance(error, TransportError | ServerError | Forbidden | TooManyRequests | Unexpected)
        self._in_a_row = self._in_a_row + 1 if passing else 0
        if isinstance(error, SignInError):
            self.stop(f"the PBX refused the sign-in: {_open(error)}")
        elif self._in_a_row >= _IN_A_ROW:
            self.stop(f"{self._in_a_row} failed in a row: {_open(error)}")
        return Fate(step, "unknown" if unknown else "failed", kept(said))

    async def _send(self, pbx: AsyncPbx, step: Step) -> None:
        resource = self.kind.resource
        if step.do == "add":
            if not self.kind.unique and (there := await self._added(pbx, step)) is not None:
                raise _MadeMeanwhile(there)
            await pbx.call(f"{resource}.create", body=step.new)
        elif step.do == "remove":
            await pbx.call(f"{resource}.delete", Id=step.id, if_unchanged=step.guard)
        else:
            await self._check_expanded(pbx, step)
            await pbx.call(f"{resource}.update", Id=step.id, body=step.new, if_unchanged=step.guard)

    async def _check_expanded(self, pbx: AsyncPbx, step: Step) -> None:
        """What comes only with ``$expand`` must be as it was too; ``if_unchanged`` doesn't see it."""
        known = load().fields(self.kind.type_name(load()))
        if expanded := [name for name in step.new if known[name].navigation]:
            row = await self._read(pbx, step, expanded)
            if differing := [name for name in expanded if row.get(name) != step.old[name]]:
                raise PreconditionFailed("", status=412, codes=dict.fromkeys(differing, "changed"))

    async def _read(self, pbx: AsyncPbx, step: Step, fields: Sequence[str]) -> Any:
        return await pbx.call(f"{self.kind.resource}.get", Id=step.id, **self.imported.reading(load(), fields))

    async def _looked_up(self, pbx: AsyncPbx, step: Step, error: TrunklineError) -> tuple[Finding, str]:
        """Whether a step without a good answer was carried out, and what to say of it."""
        try:
            if step.do == "add":
                done = await self._added(pbx, step)
                if done is False:
                    return Finding.NO_TELLING, _OTHER
            elif step.do == "remove":
                done = await self._gone(pbx, step)
            else:
                done = same(step.new, await self._read(pbx, step, list(step.new)))
        except BaseException as problem:
            as_error(problem)  # Ctrl-C and cancellation go on
            return Finding.NO_TELLING, f"{_open(error)}; {_RUN_AGAIN}"
        if done:
            return Finding.DONE, _LATE
        may_come = self._effect(step) is Effect.DOUBLING and error.status not in (429, 500, 503)
        return Finding.NOT_DONE, f"{_open(error)}; {_NOT_YET if may_come else _NOT_DONE}"

    async def _gone(self, pbx: AsyncPbx, step: Step) -> bool:
        try:
            await self._read(pbx, step, [])
        except NotFound:
            return True
        return False

    async def _added(self, pbx: AsyncPbx, step: Step) -> bool | None:
        """Whether the one with the key of an addition has its other plain fields too; None if there is none.

        Where the PBX gives the key, it is known by all its fields.
        """
        known = load().fields(self.kind.type_name(load()))
        plain = {n: v for n, v in step.new.items() if isinstance(v, str | int) and known[n].name in _FILTERED}
        sought = {name: plain[name] for name in self.plan.key if name in plain} or plain
        where = " and ".join(f"{name} eq {literal(value, known[name])}" for name, value in sought.items())
        options = {**self.imported.reading(load(), list(plain)), "filter": where}
        rows = [row for row in await pbx.call(f"{self.kind.resource}.list", **options) if same(sought, row)]
        return any(same(plain, row) for row in rows) if rows else None


class _MadeMeanwhile(TrunklineError):
    """There is one by now that the plan was going to add; ``same`` if with the same values."""

    code = "made_meanwhile"
    same: bool

    def __init__(self, same: bool) -> None:
        super().__init__(_MADE if same else _OTHER)
        vars(self)["same"] = same


_FILTERED = ("String", "Boolean", "Int32")


def _refusal(error: TrunklineError) -> str:
    if isinstance(error, PreconditionFailed):
        fields = ", ".join(error.codes) or "it"
        return f"{fields} changed on the PBX since the plan was made; nothing was done"
    return error.message


def _open(error: TrunklineError) -> str:
    """An error's message for the middle of a sentence."""
    return error.message.removesuffix(".")
