"""The same work on several PBXs, a few of them at a time; each has its own outcome, whatever became of the others."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Protocol, TypeVar

from ..catalog import Action, load
from ..errors import InvalidArgument, TrunklineError
from .guards import ConfirmSeveral, check_several, is_whole
from .outcome import Outcome, as_error
from .recovery import proves_nothing, trouble_of
from .state import State

AT_ONCE = 8
"""PBXs at once: each has a few connections of its own."""
MOST_AT_ONCE = 64
P = TypeVar("P")
T = TypeVar("T")


class Place(Protocol):
    """A PBX that can be opened: a `trunkline.connections.targets.Target`."""

    @property
    def name(self) -> str: ...

    @property
    def url(self) -> str: ...

    def open(self) -> AbstractContextManager[Any]: ...

    def aopen(self) -> AbstractAsyncContextManager[Any]: ...


def check_at_once(at_once: object) -> None:
    """Refuse what is not a number of PBXs at once. Raises InvalidArgument."""
    if not is_whole(at_once, 1, MOST_AT_ONCE):
        raise InvalidArgument(f"at_once must be a whole number, 1 to {MOST_AT_ONCE}, not {at_once!r}.")


async def aeach(
    places: Sequence[P], work: Callable[[P], Awaitable[T]], *, at_once: int = AT_ONCE, is_ordered: bool = True
) -> AsyncGenerator[Outcome, None]:
    """Work on each place, at most ``at_once`` of them at a time; yield the outcomes, whose ``n`` is the place.

    They come in the order of the places, or as they are ready where ``is_ordered`` is false. An exception fails its
    own place only. Closing the generator cancels what is in progress.

    Raises InvalidArgument for an ``at_once`` that can't be used.
    """
    check_at_once(at_once)
    gate = asyncio.Semaphore(at_once)

    async def one(n: int, place: P) -> Outcome:
        async with gate:
            try:
                return Outcome(n, State.DONE, 1, await work(place))
            except BaseException as problem:
                return Outcome(n, State.FAILED, 1, error=as_error(problem))

    tasks = [asyncio.create_task(one(n, place)) for n, place in enumerate(places)]
    try:
        for task in tasks if is_ordered else asyncio.as_completed(tasks):
            yield await task
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def each(places: Sequence[P], work: Callable[[P], T], *, at_once: int = AT_ONCE) -> Iterator[Outcome]:
    """As `aeach`, in order, in threads. Closing the iterator starts no other place; what is in progress ends by itself.

    The threads don't keep the process alive: a name or a PBX may keep silent for long.
    """
    check_at_once(at_once)
    waiting = iter(enumerate(places))
    ready: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    lock, stopped = threading.Lock(), threading.Event()

    def worker() -> None:
        while not stopped.is_set():
            with lock:
                n, place = next(waiting, (-1, None))
            if place is None:
                return
            try:
                outcome = Outcome(n, State.DONE, 1, work(place))
            except BaseException as problem:
                outcome = Outcome(n, State.FAILED, 1, error=_as_error_of_thread(problem))
            ready.put(outcome)

    for _ in range(min(at_once, len(places))):
        threading.Thread(target=worker, name="trunkline-fleet", daemon=True).start()
    early: dict[int, Outcome] = {}
    try:
        for n in range(len(places)):
            while n not in early:
                outcome = ready.get()
                early[outcome.n] = outcome
            yield early.pop(n)
    finally:
        stopped.set()


def _as_error_of_thread(problem: BaseException) -> TrunklineError:
    """As `as_error`; Ctrl-C reaches the main thread only, so what looks like it here was raised by the work."""
    try:
        return as_error(problem)
    except BaseException:
        return TrunklineError(f"The work ended with {type(problem).__name__}.")


class Fleet:
    """Several PBXs, each by its name; what is done on them has an outcome for each.

        fleet = Fleet(Target.saved("customer-*"))
        for name, outcome in fleet.call("users.list", select="Number"):
            print(name, outcome.error or len(outcome.answer))

    ``answer`` of an outcome is what the work returned, a list for an action that lists; ``error`` is why there is
    none. ``at_once``: how many PBXs are worked on at a time, 1 to 64. Outcomes come in the order of the targets.
    """

    def __init__(self, targets: Iterable[Place], *, at_once: int = AT_ONCE) -> None:
        """Take the PBXs. Raises InvalidArgument for two of one name, and for an ``at_once`` that can't be used."""
        check_at_once(at_once)
        self.targets = list(targets)
        self.at_once = at_once
        names = [target.name for target in self.targets]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise InvalidArgument(f"Two PBXs of the fleet are called {twice!r}.", hint="Give each its own name.")

    @property
    def names(self) -> list[str]:
        """The names of the PBXs, in order."""
        return [target.name for target in self.targets]

    def check(self, changes: str, confirm: ConfirmSeveral | bool | None = None) -> None:
        """Refuse to change several PBXs without a yes. ``changes``: what is done, such as ``users.update``.

        Raises NotConfirmed after a no, InvalidArgument where nobody was asked, and ConfigurationError for two targets
        that are one PBX.
        """
        check_several(changes, {target.name: target.url for target in self.targets}, confirm)

    def each(self, work: Callable[[Any], T]) -> Iterator[tuple[str, Outcome]]:
        """Call ``work`` with an open `Pbx` for each; it has to read what it returns, for the client is closed then.

        What it may send is not checked; see `check`.
        """

        def opened(target: Place) -> T:
            with target.open() as pbx:
                return work(pbx)

        for outcome in each(self.targets, opened, at_once=self.at_once):
            yield self.targets[outcome.n].name, outcome

    async def aeach(self, work: Callable[[Any], Awaitable[T]]) -> AsyncGenerator[tuple[str, Outcome], None]:
        """As `each`, with an `AsyncPbx`, in the current event loop."""

        async def opened(target: Place) -> T:
            async with target.aopen() as pbx:
                return await work(pbx)

        outcomes = aeach(self.targets, opened, at_once=self.at_once)
        try:
            async for outcome in outcomes:
                yield self.targets[outcome.n].name, outcome
        finally:
            await outcomes.aclose()

    def call(
        self, action: str, /, *, confirm: ConfirmSeveral | bool | None = None, **arguments: Any
    ) -> Iterator[tuple[str, Outcome]]:
        """Run an action on each PBX, with the same arguments, as `Pbx.call` takes them.

        An action that changes something needs a yes if there are several PBXs: ``confirm`` is it, or asks. Where such
        an action failed in a way that proves nothing, the state is unknown: look before you send it again.

        Raises what `check` raises, before anything is sent.
        """
        known = self._checked(action, confirm)

        def call(pbx: Any) -> Any:
            answer = pbx.call(action, **arguments)
            return list(answer) if known.answer_kind == "list" else answer

        return ((name, _judged(known, outcome)) for name, outcome in self.each(call))

    async def acall(
        self, action: str, /, *, confirm: ConfirmSeveral | bool | None = None, **arguments: Any
    ) -> AsyncGenerator[tuple[str, Outcome], None]:
        """As `call`, in the current event loop."""
        known = self._checked(action, confirm)

        async def call(pbx: Any) -> Any:
            return await pbx.call(action, **arguments)

        outcomes = self.aeach(call)
        try:
            async for name, outcome in outcomes:
                yield name, _judged(known, outcome)
        finally:
            await outcomes.aclose()

    def _checked(self, name: str, confirm: ConfirmSeveral | bool | None) -> Action:
        action = load().action(name)
        if action.method != "GET":
            self.check(action.id, confirm)
        return action

    def __repr__(self) -> str:
        return f"Fleet({', '.join(self.names)})"


def _judged(action: Action, outcome: Outcome) -> Outcome:
    """Give the outcome of an action the state unknown where its error does not prove that nothing was done."""
    error = outcome.error
    if action.method == "GET" or not isinstance(error, TrunklineError):
        return outcome
    return outcome._replace(state=State.UNKNOWN) if proves_nothing(trouble_of(error, action)) else outcome
