"""One PBX of a job: its items, a few at once, each recorded before it is sent and after it was answered."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from ..catalog import load
from ..errors import TrunklineError
from ..node import Item, Node
from ..node.items import as_item, outputs
from ..node.template import Scope
from ..transport.retries import Retries
from ..work.lookup import Check, always_checkable, check_of, effect_of, repeatable
from ..work.outcome import as_error, described, kept
from ..work.recovery import (
    BUSY,
    Decision,
    Finding,
    Trouble,
    conclude,
    decide,
    proves_nothing,
    retry_after,
    trouble_of,
)
from .ledger import Change, Entry, Ledger, LedgerFailed
from .recorder import Recorder
from .states import State

SHARD = 250  # items of one PBX in memory at a time, and in doubt after a crash
ONCE = Retries(attempts=1)
_LONGEST_WAIT = 60.0
_MOST_IN_A_ROW = 20
"""So many items in a row that may have been carried out, with no good answer between, and work on the PBX pauses."""


class AsyncCaller(Protocol):
    """What a job runs on: an `AsyncPbx`, or anything else that can call an action."""

    def call(self, action: str, /, **arguments: Any) -> Any: ...


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


class Halted(Exception):
    """Work on one PBX can't go on for now; its text is why."""


class _Later(Exception):
    """The item is to be tried or looked up later: in ``wait`` seconds where the PBX asked for that."""

    def __init__(self, cause: TrunklineError, wait: float | None) -> None:
        self.cause = cause
        self.wait = wait


class _At(Sequence[Item]):
    """The one item that a template of a job sees, at its place in the input."""

    def __init__(self, n: int, item: Item) -> None:
        self._n = n
        self._item = item

    def __getitem__(self, index: Any) -> Any:
        if index != self._n:
            raise IndexError(index)
        return self._item

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Item]:
        yield self._item


class TargetRun:
    """The work of one job on one PBX. ``ended`` is asked before each item; ``counted`` is told of each new state."""

    def __init__(
        self,
        id_: int,
        node: Node,
        ledger: Ledger,
        recorder: Recorder,
        limits: Limits,
        ended: Callable[[], bool],
        counted: Callable[[int, State], None],
    ) -> None:
        self._id = id_
        self._node = node
        self._ledger = ledger
        self._recorder = recorder
        self._limits = limits
        self._ended = ended
        self._counted = counted
        self._shard: deque[Entry] = deque()
        self._again: deque[Entry] = deque()
        self._last = -1
        self._under_way = 0
        self._not_before = 0.0
        self._next_slot = 0.0
        self._trouble_since: float | None = None
        self._troubles = 0
        self._unknown_in_a_row = 0
        self._halt: Halted | None = None
        self._stretches = always_checkable(load(), node.action)

    async def run(self, pbx: AsyncCaller) -> None:
        """Go through the items until none is left, the job ends, or the PBX gives reason to halt. Raises Halted."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._limits.concurrency):
                group.create_task(self._work(pbx))
        if self._halt is not None:
            raise self._halt

    async def _work(self, pbx: AsyncCaller) -> None:
        """One item after another. The fate of one is recorded in the same commit as the sending of the next."""
        told: list[Change] = []
        try:
            while (entry := await self._next(told)) is not None:
                trial = _Trial(entry)
                try:
                    told.append(await self._fate(pbx, trial, told))
                except Halted as halt:
                    self._halt = self._halt or halt
                    told.append(self._change(trial.put_back(), str(halt)))
                except _Later as later:
                    told.append(self._postponed(trial.put_back(), later))
                except LedgerFailed:
                    raise
                except BaseException as problem:  # a defect between an item's requests is that item's own
                    error = as_error(problem)
                    sent = trial.perhaps_done or trial.entry.state is State.SENT
                    told.append(self._change(trial.now(State.UNKNOWN if sent else State.FAILED), error))
                finally:
                    self._under_way -= 1
                if len(told) > 1:  # nothing was sent with which the fate before this one was recorded
                    await self._flush(told)
        finally:
            if told:
                await self._recorder.record(told)

    async def _next(self, told: list[Change]) -> Entry | None:
        """The next item, when it may be sent; what is to be told doesn't wait with it."""
        while not self._ended() and self._halt is None:
            wait = max(self._not_before, self._next_slot) - time.monotonic()
            if wait > 0:
                await self._flush(told)
                await asyncio.sleep(min(wait, 0.5))
                continue
            entry = self._taken()
            if entry is not None:
                self._under_way += 1
                if self._limits.rate:
                    self._next_slot = max(self._next_slot, time.monotonic()) + 1 / self._limits.rate
                return entry
            if not self._under_way:
                return None
            await self._flush(told)
            await asyncio.sleep(0.02)  # an item under way may have to be sent again
        return None

    async def _flush(self, told: list[Change]) -> None:
        if told:
            changes, told[:] = list(told), []
            await self._recorder.record(changes)

    def _taken(self) -> Entry | None:
        if self._again:
            return self._again.popleft()
        if not self._shard:
            self._shard.extend(self._ledger.pending(self._id, self._last, SHARD))
            if not self._shard:
                return None
            self._last = self._shard[-1].n
            if self._stretches:
                self._ledger.begin_stretch(self._id, self._shard[0].n, self._last)
        return self._shard.popleft()

    async def _fate(self, pbx: AsyncCaller, trial: _Trial, told: list[Change]) -> Change:
        """Send one item, and say what became of it. Raises Halted, or _Later."""
        node = self._node
        try:
            arguments = node.arguments(Scope(_At(trial.entry.n, as_item(trial.entry.item)), trial.entry.n))
        except BaseException as problem:
            return self._change(trial.now(State.FAILED), as_error(problem))
        if trial.entry.state is State.UNKNOWN and not repeatable(node.action):
            await self._flush(told)
            change = await self._settled(pbx, trial, self._check(arguments), None)
            if change is not None:
                return change
        while True:
            if trial.entry.attempts >= self._limits.attempts:
                said = trial.entry.said or {"message": f"It was sent {trial.entry.attempts} times without an answer."}
                return self._change(trial.now(State.FAILED), said)
            if trial.perhaps_done and (self._ended() or self._halt is not None):
                return self._change(trial.now(State.NOT_STARTED), trial.entry.said)
            await self._recorder.record([*told, self._change(trial.sent())])
            told.clear()
            try:
                value = await pbx.call(node.action.id, **arguments, retries=ONCE)
            except BaseException as problem:
                change = await self._after(pbx, trial, arguments, as_error(problem))
                if change is not None:
                    return change
                continue
            self._healthy()
            try:
                items = outputs(node.action, arguments, value, trial.entry.n)
            except BaseException as problem:
                error = as_error(problem)
                error.hint = error.hint.after("It was carried out; only its answer can't be used.")
                return self._change(trial.now(State.FAILED), error)
            return self._change(trial.now(State.DONE), {"items": [_without_pair(item) for item in items]})

    def _check(self, arguments: Mapping[str, Any]) -> Check | None:
        """How to look up what became of an item; None where that can't be done."""
        try:
            return check_of(load(), self._node.action, arguments)
        except BaseException as problem:
            as_error(problem)  # Ctrl-C and cancellation go on
            return None

    async def _after(
        self, pbx: AsyncCaller, trial: _Trial, arguments: Mapping[str, Any], error: TrunklineError
    ) -> Change | None:
        """What became of an item after an error, None if it is to be sent again at once. Raises Halted, or _Later."""
        action = self._node.action
        trouble = trouble_of(error, action)
        if trouble is Trouble.NOT_FOUND and self._limits.missing_ok and action.kind == "delete":
            self._healthy()
            missing = {} if trial.perhaps_done else {"missing": True}
            return self._change(trial.now(State.DONE), {"success": True, **missing})
        check = None if repeatable(action) else self._check(arguments)
        decision = decide(trouble, effect_of(action, check), perhaps_done=trial.perhaps_done)
        match decision:
            case Decision.PAUSE:
                raise Halted(str(error)) from error
            case Decision.RESEND:
                raise _Later(error, retry_after(error)) from error
            case Decision.DONE:
                self._healthy()
                return self._change(trial.now(State.DONE), {"success": True, "checked": True})
            case Decision.FAILED:
                self._pause_after(error, trouble)
                return self._change(trial.now(State.FAILED), error)
        trial.doubt(described(error))
        if decision is Decision.UNKNOWN:
            self._pause_after(error, trouble)
            return self._change(trial.entry, error)
        if trouble in BUSY:
            raise _Later(error, retry_after(error)) from error
        await self._recorder.record([self._change(trial.entry, error)])
        return await self._settled(pbx, trial, check, trouble)

    async def _settled(
        self, pbx: AsyncCaller, trial: _Trial, check: Check | None, trouble: Trouble | None
    ) -> Change | None:
        """What reading the PBX shows of an item that may have been carried out; None if it is to be sent (again)."""
        said = trial.entry.said
        if trouble is None:
            trouble = _trouble_kept(said)
        finding = Finding.NO_TELLING if check is None else await self._found(pbx, trial, check)
        action = self._node.action
        match conclude(trouble, effect_of(action, check), finding):
            case Decision.DONE:
                return self._change(trial.now(State.DONE), {"success": True, "checked": True})
            case Decision.FAILED:
                return self._change(trial.now(State.FAILED), said)
            case Decision.RESEND:
                trial.not_done(counts=trouble not in BUSY)
                return None
        return self._change(trial.entry, trial.entry.said or {"message": "It was sent; no answer is on record."})

    async def _found(self, pbx: AsyncCaller, trial: _Trial, check: Check) -> Finding:
        """Read what the PBX holds of an item. Raises Halted, and _Later where it may be read later."""
        reader = load().action(check.action)
        try:
            answer = await pbx.call(check.action, **check.arguments)
        except BaseException as problem:
            error = as_error(problem)
        else:
            return check.finding(answer)
        trouble = trouble_of(error, reader)
        match decide(trouble, effect_of(reader, None), perhaps_done=False):
            case Decision.PAUSE:
                raise Halted(str(error)) from error
            case Decision.RESEND:
                raise _Later(error, retry_after(error)) from error
        if trouble is Trouble.NOT_FOUND:
            return check.finding(None)
        self._pause_after(error, trouble)
        trial.doubt(described(error))
        return Finding.NO_TELLING

    def _pause_after(self, error: TrunklineError, trouble: Trouble) -> None:
        """Leave a PBX alone for a while after an answer that proves nothing; for good where it gives no other."""
        if not proves_nothing(trouble):
            self._healthy()
            return
        self._unknown_in_a_row += 1
        if self._unknown_in_a_row >= _MOST_IN_A_ROW:
            self._halt = self._halt or Halted(f"{self._unknown_in_a_row} items in a row: {error}")
        wait = retry_after(error)
        if wait is not None and wait > self._limits.patience:
            self._halt = self._halt or Halted(str(error))
        elif trouble in BUSY:
            self._not_before = max(self._not_before, time.monotonic() + (self._backoff() if wait is None else wait))

    def _backoff(self) -> float:
        """Seconds to leave a PBX alone that did not say how long: longer with each trouble."""
        self._troubles += 1
        longest = min(_LONGEST_WAIT, 0.1 * 2.0 ** min(self._troubles, 12))
        return min(random.uniform(0.5, 1) * longest, self._limits.patience)  # noqa: S311

    def _postponed(self, entry: Entry, later: _Later) -> Change:
        """Put an item back, and leave the PBX alone for a while; after too long a while, halt."""
        now = time.monotonic()
        if self._trouble_since is None:
            self._trouble_since = now
        if now - self._trouble_since > self._limits.patience:
            self._halt = self._halt or Halted(str(later.cause))
        wait = later.wait
        if wait is None:
            wait = self._backoff()
        elif wait > self._limits.patience:  # to ask before the time it named could get this address blocked
            self._halt = self._halt or Halted(str(later.cause))
        self._not_before = max(self._not_before, now + wait)
        entry = entry._replace(said=described(later.cause)) if entry.state is not State.UNKNOWN else entry
        self._again.append(entry)
        return self._change(entry, entry.said)

    def _healthy(self) -> None:
        self._trouble_since = None
        self._troubles = 0
        self._unknown_in_a_row = 0

    def _change(self, entry: Entry, said: TrunklineError | Mapping[str, Any] | str | None = None) -> Change:
        if isinstance(said, TrunklineError):
            said = described(said)
        elif isinstance(said, str):
            said = {"message": kept(said)}
        self._counted(self._id, entry.state)
        return Change(self._id, entry.n, entry.state, entry.attempts, said)


class _Trial:
    """One try of an item: ``entry`` is what is true of it now; ``perhaps_done``: an earlier try may have worked."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.perhaps_done = entry.state is State.UNKNOWN

    def now(self, state: State) -> Entry:
        self.entry = self.entry._replace(state=state)
        return self.entry

    def sent(self) -> Entry:
        self.entry = self.entry._replace(state=State.SENT, attempts=self.entry.attempts + 1)
        return self.entry

    def doubt(self, said: dict[str, Any]) -> None:
        """It may have been carried out."""
        self.perhaps_done = True
        self.entry = self.entry._replace(state=State.UNKNOWN, said=said)

    def not_done(self, *, counts: bool) -> None:
        """Reading showed that it was not carried out; a PBX that was only busy does not use up a try."""
        attempts = self.entry.attempts if counts else max(0, self.entry.attempts - 1)
        self.entry = self.entry._replace(state=State.NOT_STARTED, attempts=attempts)

    def put_back(self) -> Entry:
        """To be tried again later: what may have been carried out stays unknown, what surely wasn't is not started."""
        if self.entry.state is State.UNKNOWN:
            return self.entry
        attempts = self.entry.attempts - (self.entry.state is State.SENT)
        state = State.UNKNOWN if self.perhaps_done else State.NOT_STARTED
        self.entry = self.entry._replace(state=state, attempts=attempts)
        return self.entry


def _trouble_kept(said: Mapping[str, Any] | None) -> Trouble:
    """What an item in doubt had met, by what is kept of it; a process that died left nothing."""
    statuses = {429: Trouble.SLOW_DOWN, 503: Trouble.UNAVAILABLE, 502: Trouble.GATEWAY, 504: Trouble.GATEWAY}
    return statuses.get((said or {}).get("status") or 0, Trouble.LOST)


def _without_pair(item: Item) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "pairedItem"}
