"""Doing what a plan says: a few at once, each fate told, and what was asked without an answer looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from ..catalog import load
from ..client import AsyncPbx
from ..errors import (
    ConnectionLost,
    Forbidden,
    NotFound,
    PreconditionFailed,
    ServerError,
    SignInError,
    TransportError,
    TrunklineError,
)
from ..odata import literal
from ..transport.retries import Retries
from ..transport.sign_in import TOKEN_PATH
from .cells import same
from .importing import Import
from .plan import Plan, Step

_IN_A_ROW = 5  # so many failures of the way to the PBX, and nothing else between: the rest would fail too
_WAITS = Retries()
_MADE = "somebody has added it since the plan was made"
_OTHER = "there is one by now, with other values: the same command, run again, compares them"
_RUN_AGAIN = "whether it was done is not known, and the same command, run again, finds out"
_NOT_YET = "the PBX does not show it as done, but may still be at it: wait a while before you run it again"
_LATE = "the answer was lost, but it is done"
Order = ("remove", "change", "add")  # what goes and what changes frees addresses, and places of the licence


class Fate(NamedTuple):
    """What became of a step. ``said`` is the reason where it failed, or what is worth knowing where it was done."""

    step: Step
    state: Literal["done", "failed", "not started"]
    said: str = ""


class Applying:
    """A plan being carried out.

        fates = await Applying(imported, plan).run(pbx)

    Removals go first, then changes, then additions. A change or removal is sent only if the PBX still holds what the
    plan was made from; a contact is added only if there is none with its key by now. A failure doesn't stop the rest
    unless ``stop_on_error``; where the PBX refuses the sign-in, or five in a row fail on the way to it, nothing more
    is started. An addition is never sent twice unless the PBX says that it has not made it.
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
        self._told = told
        for do in Order:
            waiting = iter([(place, step) for place, step in enumerate(self.plan.steps) if step.do == do])
            await asyncio.gather(*(self._work(pbx, waiting) for _ in range(self._concurrency)))
        return self.fates

    @property
    def fates(self) -> list[Fate]:
        """What became of each step so far, in the plan's order; what was cut off on its way counts as failed."""
        return [self._fates.get(place) or self._open_fate(place, step) for place, step in enumerate(self.plan.steps)]

    def _open_fate(self, place: int, step: Step) -> Fate:
        if place in self._started:
            return Fate(step, "failed", f"it was cut off on its way; {_RUN_AGAIN}")
        return Fate(step, "not started", self.halted)

    async def _work(self, pbx: AsyncPbx, waiting: Iterator[tuple[int, Step]]) -> None:
        for place, step in waiting:
            if self.halted:
                return
            self._started.add(place)
            fate = await self._fate(pbx, step)
            self._fates[place] = fate
            self._told(fate)
            if fate.state == "failed" and self._stop_on_error:
                self.stop("stopped at the first failure")

    async def _fate(self, pbx: AsyncPbx, step: Step) -> Fate:
        attempt = 0
        while True:
            attempt += 1
            try:
                await self._send(pbx, step)
                self._in_a_row = 0
                return Fate(step, "done")
            except (TransportError, ServerError) as error:
                failure: TrunklineError = error
                done, said = await self._looked_up(pbx, step, error)
                if done is False and self._again(step, error) and attempt < _WAITS.attempts and not self.halted:
                    await asyncio.sleep(_WAITS.delay(attempt))
                    continue
            except TrunklineError as error:
                # What was sent again may be refused because the first one arrived in the end.
                done, said = await self._looked_up(pbx, step, error) if attempt > 1 else (False, "")
                said = said if done else _refusal(error)
                if isinstance(error, _MadeMeanwhile):
                    done, said = error.same, error.message
                elif step.do == "remove" and isinstance(error, NotFound):
                    done, said = True, "it was gone already"
                failure = error
            if done:
                self._in_a_row = 0
                return Fate(step, "done", said)
            return self._failed(step, failure, said)

    def _again(self, step: Step, error: TrunklineError) -> bool:
        """Whether a step that was looked up and isn't done may be sent again.

        Not an addition whose connection broke, for the PBX may still be at it; unless it refuses a second one.
        """
        if error.status == 503:
            return True
        return (step.do != "add" or self.kind.unique) and isinstance(error, ConnectionLost)

    def _failed(self, step: Step, error: TrunklineError, said: str) -> Fate:
        self._in_a_row = self._in_a_row + 1 if isinstance(error, TransportError | ServerError | Forbidden) else 0
        if isinstance(error, SignInError):
            self.stop(f"the PBX refused the sign-in: {_open(error)}")
        elif self._in_a_row >= _IN_A_ROW:
            self.stop(f"{self._in_a_row} failed in a row: {_open(error)}")
        return Fate(step, "failed", said)

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

    async def _looked_up(self, pbx: AsyncPbx, step: Step, error: TrunklineError) -> tuple[bool | None, str]:
        """Whether a step without a good answer was carried out, None if that can't be known; and what to say of it."""
        unsent = error.path == TOKEN_PATH or (isinstance(error, TransportError) and error.processed is False)
        if error.method == "GET" or unsent:
            return False, error.message
        try:
            if step.do == "add":
                done = await self._added(pbx, step)
                if done is False:
                    return False, _OTHER
            elif step.do == "remove":
                done = await self._gone(pbx, step)
            else:
                done = same(step.new, await self._read(pbx, step, list(step.new)))
        except TrunklineError:
            return None, f"{_open(error)}; {_RUN_AGAIN}"
        if done:
            return True, _LATE
        later = step.do == "add" and not self.kind.unique and error.status not in (500, 503)
        return False, f"{_open(error)}; {_NOT_YET if later else 'the PBX does not show it as done'}"

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

    def __init__(self, same: bool) -> None:
        super().__init__(_MADE if same else _OTHER)
        self.same = same


_FILTERED = ("String", "Boolean", "Int32")


def _refusal(error: TrunklineError) -> str:
    if isinstance(error, PreconditionFailed):
        fields = ", ".join(error.codes) or "it"
        return f"{fields} changed on the PBX since the plan was made; nothing was done"
    return error.message


def _open(error: TrunklineError) -> str:
    """An error's message for the middle of a sentence."""
    return error.message.removesuffix(".")
