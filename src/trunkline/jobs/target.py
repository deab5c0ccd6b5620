"""One PBX of a job: its items, a few at once, each recorded before it is sent and after it was answered."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from ..catalog import load
from ..errors import (
    ConfigurationError,
    Forbidden,
    NotFound,
    PbxError,
    ServerError,
    SignInError,
    TooManyRequests,
    TransportError,
    TrunklineError,
    VersionMismatch,
)
from ..node import Item, Node
from ..node.items import as_item, outputs
from ..node.template import Scope
from ..transport.retries import Retries
from ..transport.sign_in import TOKEN_PATH
from .fate import always_checkable, check_of, repeatable
from .ledger import Change, Entry, Ledger
from .recorder import Recorder
from .states import State

SHARD = 250  # items of one PBX in memory at a time, and in doubt after a crash
ONCE = Retries(attempts=1)
_LONGEST_WAIT = 60.0


class AsyncCaller(Protocol):
    """What a job runs on: an `AsyncPbx`, or anything else that can call an action."""

    def call(self, action: str, /, **arguments: Any) -> Any: ...


class Limits(NamedTuple):
    """How hard a job tries, and when it stops.

    ``concurrency``: items of one PBX at once (PBX.md, Throttling: about four). ``rate``: requests a second to one PBX,
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
    """The PBX surely did nothing, and may do it later: in ``wait`` seconds where it said so."""

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
                    told = [await self._fate(pbx, trial, told)]
                except Halted as halt:
                    self._halt = self._halt or halt
                    told = [self._change(trial.put_back(), str(halt))]
                except _Later as later:
                    told = [self._postponed(trial.put_back(), later)]
                finally:
                    self._under_way -= 1
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
        except TrunklineError as error:
            return self._change(trial.now(State.FAILED), error)
        if trial.entry.state is State.UNKNOWN and not repeatable(node.action):
            await self._flush(told)
            found = await self._checked(pbx, trial, arguments)
            if found is not None:
                return found
        if trial.entry.attempts >= self._limits.attempts:
            said = trial.entry.said or {"message": f"It was sent {trial.entry.attempts} times without an answer."}
            return self._change(trial.now(State.FAILED), said)
        await self._recorder.record([*told, self._change(trial.sent())])
        told.clear()
        try:
            value = await self._call(pbx, node.action.id, **arguments, retries=ONCE)
        except NotFound as error:
            self._healthy()
            if node.action.kind == "delete" and self._limits.missing_ok:
                return self._change(trial.now(State.DONE), {"success": True, "missing": True})
            return self._change(trial.now(State.FAILED), error)
        except (TransportError, ServerError) as error:
            return await self._after_loss(pbx, trial, arguments, error)
        except TrunklineError as error:
            self._healthy()
            return self._change(trial.now(State.FAILED), error)
        self._healthy()
        items = outputs(node.action, arguments, value, trial.entry.n)
        return self._change(trial.now(State.DONE), {"items": [_without_pair(item) for item in items]})

    async def _after_loss(
        self, pbx: AsyncCaller, trial: _Trial, arguments: Mapping[str, Any], error: TransportError | ServerError
    ) -> Change:
        """The answer never came, or says nothing: look, and have it sent again if it was not carried out."""
        if repeatable(self._node.action):
            raise _Later(error, None)
        trial.entry = trial.entry._replace(said=_said(error))
        await self._recorder.record([self._change(trial.now(State.UNKNOWN), error)])
        found = await self._checked(pbx, trial, arguments)
        if found is not None:
            return found
        self._again.append(trial.now(State.NOT_STARTED))
        return self._change(trial.entry, error)

    async def _checked(self, pbx: AsyncCaller, trial: _Trial, arguments: Mapping[str, Any]) -> Change | None:
        """Done, if reading shows it; unknown, if nothing can show it; None if it is to be sent (again)."""
        check = check_of(load(), self._node.action, arguments)
        if check is None:
            return self._change(trial.entry, trial.entry.said or {"message": "It was sent; no answer is on record."})
        try:
            row = await self._call(pbx, check.action, **check.arguments)
        except NotFound:
            row = None
        except (TransportError, ServerError) as error:
            raise _Later(error, None) from None
        except TrunklineError as error:  # the reading itself is refused: there is no telling
            self._healthy()
            return self._change(trial.entry, error)
        self._healthy()
        if isinstance(row, list):
            row = row[0] if row else None
        carried_out = check.carried_out(row)
        if carried_out is None:
            return self._change(trial.entry, trial.entry.said)
        if carried_out:
            return self._change(trial.now(State.DONE), {"success": True, "checked": True})
        return None

    async def _call(self, pbx: AsyncCaller, action: str, /, **arguments: Any) -> Any:
        """Call an action. Raises Halted where no item could fare better, _Later where it surely was not carried out."""
        try:
            return await pbx.call(action, **arguments)
        except (SignInError, Forbidden, ConfigurationError, VersionMismatch) as error:
            raise Halted(str(error)) from error
        except TooManyRequests as error:
            raise _Later(error, error.retry_after) from error
        except ServerError as error:
            # Only a 503 says that nothing was done; a 504 may come from a proxy that gave up waiting for what was.
            # At a sign-in that failed the item was not sent at all.
            if error.path == TOKEN_PATH or (error.status == 503 and error.retry_after is not None):
                raise _Later(error, error.retry_after) from error
            raise
        except TransportError as error:
            if error.processed is False:
                raise _Later(error, None) from error
            if error.status is not None and 300 <= error.status < 400:  # a redirect: no PBX has seen the item
                raise Halted(str(error)) from error
            raise

    def _postponed(self, entry: Entry, later: _Later) -> Change:
        """Put an item back, and leave the PBX alone for a while; after too long a while, halt."""
        now = time.monotonic()
        if self._trouble_since is None:
            self._trouble_since = now
        self._troubles += 1
        if now - self._trouble_since > self._limits.patience:
            self._halt = self._halt or Halted(str(later.cause))
        wait = later.wait
        if wait is None:
            wait = random.uniform(0.5, 1) * min(_LONGEST_WAIT, 0.1 * 2 ** min(self._troubles, 12))  # noqa: S311
            wait = min(wait, self._limits.patience)
        elif wait > self._limits.patience:  # to ask before the time it named could get this address blocked
            self._halt = self._halt or Halted(str(later.cause))
        self._not_before = max(self._not_before, now + wait)
        self._again.append(entry)
        return self._change(entry, later.cause)

    def _healthy(self) -> None:
        self._trouble_since = None
        self._troubles = 0

    def _change(self, entry: Entry, said: TrunklineError | Mapping[str, Any] | str | None = None) -> Change:
        if isinstance(said, TrunklineError):
            said = _said(said)
        elif isinstance(said, str):
            said = {"message": said}
        self._counted(self._id, entry.state)
        return Change(self._id, entry.n, entry.state, entry.attempts, said)


class _Trial:
    """One try of an item: ``entry`` is what is true of it now."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def now(self, state: State) -> Entry:
        self.entry = self.entry._replace(state=state)
        return self.entry

    def sent(self) -> Entry:
        self.entry = self.entry._replace(state=State.SENT, attempts=self.entry.attempts + 1)
        return self.entry

    def put_back(self) -> Entry:
        """To be tried again later: what may have been carried out stays unknown, what surely wasn't is not started."""
        if self.entry.state is State.UNKNOWN:
            return self.entry
        attempts = self.entry.attempts - (self.entry.state is State.SENT)
        self.entry = self.entry._replace(state=State.NOT_STARTED, attempts=attempts)
        return self.entry


def _said(error: TrunklineError) -> dict[str, Any]:
    """What is kept of an error."""
    found: dict[str, Any] = {"type": type(error).__name__, "message": error.message, "hint": error.hint}
    if error.status is not None:
        found["status"] = error.status
    if isinstance(error, PbxError) and error.codes:
        found["codes"] = error.codes
    return found


def _without_pair(item: Item) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "pairedItem"}
