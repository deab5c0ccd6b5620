"""Running a node: items in, items out, in order, a few at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from ..catalog import load
from ..errors import InvalidArgument, ItemsFailed, NotFound, TrunklineError
from ..result import File, Saved
from .binary import settle
from .items import Item, as_items, failure, outputs
from .parameters import Parameters
from .retry import Tries
from .template import Scope, World

_LONGEST_WAIT = 31_536_000.0  # seconds of a year; timers of operating systems end not far beyond
OnError = Literal["stop", "continue", "split"]


class Caller(Protocol):
    """What a node runs on: a `Pbx`, or anything else that can call an action."""

    def call(self, action: str, /, **arguments: Any) -> Any: ...


class AsyncCaller(Protocol):
    """As `Caller`, with an answer to await: an `AsyncPbx`."""

    def call(self, action: str, /, **arguments: Any) -> Awaitable[Any]: ...


class Outcome(NamedTuple):
    """What came of a run. Every input item is in one of the three: done, failed or not started.

    ``items`` is the first output and ``failed`` the second, both in input order. With ``on_error="continue"`` the
    failed items stand in ``items``, at their place, as well.
    """

    items: list[Item]
    failed: list[Item]
    not_started: list[int]
    errors: dict[int, TrunklineError]

    @property
    def done(self) -> list[Item]:
        """The items that worked."""
        return [item for item in self.items if "error" not in item]


class Node:
    """An action with parameters, each a value or a template.

        node = Node("fax.delete", {"Id": "{{ $json.Id }}"}, on_error="continue")
        outcome = node.run(pbx, [{"Id": 1}, {"Id": 2}])

    docs/node-semantics.md has the rules in full. ``on_error``: *stop* starts nothing new after a failure, finishes
    what runs, and raises ItemsFailed; *continue* puts the failed item into the output with ``error``; *split* puts it
    into the second output. ``concurrency`` is how many items run at once (PBX.md, Throttling: about four).
    ``retries`` more tries, ``retry_wait`` seconds apart, are made of an item where sending again is safe.
    ``max_errors`` failures end the run with ItemsFailed, whatever the mode. ``missing_ok`` takes a delete that finds
    nothing for done. ``binary_to`` is a folder for the files that a file action answers, instead of into the items.
    ``world`` is what templates see besides the items.
    Raises UnknownName or InvalidArgument for parameters the action doesn't take or lacks.
    """

    def __init__(
        self,
        action: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        on_error: OnError = "stop",
        concurrency: int = 4,
        retries: int = 0,
        retry_wait: float = 1.0,
        max_errors: int | None = None,
        missing_ok: bool = False,
        binary_to: str | os.PathLike[str] | None = None,
        world: World | None = None,
    ) -> None:
        if not isinstance(concurrency, int) or concurrency < 1:
            raise InvalidArgument(f"concurrency must be a whole number from 1, not {concurrency}.")
        if on_error not in ("stop", "continue", "split"):
            raise InvalidArgument(f"on_error must be stop, continue or split, not {on_error!r}.")
        if not isinstance(retries, int) or retries < 0 or not 0 <= retry_wait <= _LONGEST_WAIT:
            raise InvalidArgument(
                f"retries and retry_wait must be at least 0, and the wait no longer than a year, not {retries} and "
                f"{retry_wait}."
            )
        if max_errors is not None and max_errors < 1:
            raise InvalidArgument(f"max_errors must be at least 1, not {max_errors}.")
        self.action = load().action(action)
        if missing_ok and self.action.kind != "delete":
            raise InvalidArgument(f"missing_ok is for actions that delete by key, and {self.action.id} is none.")
        if binary_to is not None and self.action.answer_kind != "file":
            raise InvalidArgument(f"{self.action.id} answers no file, so binary_to has no place.")
        self.on_error = on_error
        self.concurrency = concurrency
        self.retries = retries
        self.retry_wait = retry_wait
        self.max_errors = max_errors
        self.missing_ok = missing_ok
        self.binary_to = None if binary_to is None else Path(binary_to)
        self.world = world or World()
        self._parameters = Parameters(load(), self.action, parameters or {})

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters by the action's own names, prepared; without single fields of a body given by path."""
        return self._parameters.given

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The arguments of the action for one item, checked; nothing is sent.

        TemplateError if a template has no value; InvalidArgument or UnknownName if what it gives can't be right.
        """
        return self._parameters.arguments(scope._replace(world=self.world))

    def over(self, items: Iterable[object]) -> NodeRun:
        """A run over items (or plain objects), not started yet."""
        return NodeRun(self, as_items(items))

    def run(self, pbx: Caller, items: Iterable[object]) -> Outcome:
        """Run over items in threads. ItemsFailed, with its ``outcome``, if a failure or max_errors ended the run."""
        run = self.over(items)
        run.on(pbx)
        return run.outcome()

    async def arun(self, pbx: AsyncCaller, items: Iterable[object]) -> Outcome:
        """Run over items in the current event loop; as `run` otherwise."""
        run = self.over(items)
        await run.aon(pbx)
        return run.outcome()


class _Started(NamedTuple):
    """One item on its way."""

    position: int
    arguments: dict[str, Any]
    tries: Tries


class NodeRun:
    """One run of a node; `stop` may be called from anywhere, what is on its way is finished and counted."""

    def __init__(self, node: Node, items: Sequence[Item]) -> None:
        self.node = node
        self.items = items
        self._results: dict[int, list[Item]] = {}
        self._errors: dict[int, TrunklineError] = {}
        self._next = 0
        self._stopping = threading.Event()
        self._gave_up = False
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Start nothing more, and try nothing again."""
        self._stopping.set()

    @property
    def settled(self) -> tuple[int, int]:
        """How many items are done, and how many failed, so far."""
        return len(self._results), len(self._errors)

    @property
    def under_way(self) -> list[int]:
        """The items that were begun and of which nothing is known yet, or ever if the run was cut off."""
        return [index for index in range(self._next) if index not in self._results and index not in self._errors]

    def on(self, pbx: Caller) -> None:
        """Run in threads until all items are done or the run is stopped."""

        def work() -> None:
            while (started := self._take()) is not None:
                while True:
                    try:
                        value = pbx.call(self.node.action.id, **started.arguments, **self._place(started))
                        if self.node.action.answer_kind == "list":
                            value = list(value)
                    except TrunklineError as error:
                        if self._again(started, error) and not self._stopping.wait(self.node.retry_wait):
                            continue
                        self._refused(started, error)
                    else:
                        self._done(started, value)
                    break

        workers = min(self.node.concurrency, len(self.items)) or 1
        with ThreadPoolExecutor(workers, "trunkline-node") as pool:
            running = [pool.submit(work) for _ in range(workers)]
            try:
                for future in running:
                    future.result()
            except BaseException:
                self.stop()
                raise

    async def aon(self, pbx: AsyncCaller) -> None:
        """Run in the current event loop until all items are done or the run is stopped."""

        async def work() -> None:
            while (started := self._take()) is not None:
                while True:
                    try:
                        value = await pbx.call(self.node.action.id, **started.arguments, **self._place(started))
                    except TrunklineError as error:
                        if self._again(started, error) and not await self._pause():
                            continue
                        self._refused(started, error)
                    else:
                        self._done(started, value)
                    break

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.node.concurrency, len(self.items))):
                group.create_task(work())

    async def _pause(self) -> bool:
        """Wait before the next try; whether the run was stopped meanwhile."""
        ends = asyncio.get_running_loop().time() + self.node.retry_wait
        # `stop` may come from a signal or another thread, which can't set an asyncio.Event.
        while not self._stopping.is_set() and (left := ends - asyncio.get_running_loop().time()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, 0.1))
        return self._stopping.is_set()

    def _take(self) -> _Started | None:
        """The next item with its arguments; items whose templates fail are dealt with on the way."""
        while True:
            with self._lock:
                if self._stopping.is_set() or self._next >= len(self.items):
                    return None
                index = self._next
                self._next += 1
            try:
                arguments = self.node.arguments(Scope(self.items, index))
                return _Started(index, arguments, Tries(self.node.action, self.node.retries))
            except TrunklineError as error:
                self._failed(index, error)

    def _place(self, started: _Started) -> dict[str, Any]:
        """Where a file is to go, if it is: a folder of its own at first, since names may be the same."""
        if self.node.binary_to is None:
            return {}
        waiting = self._waiting(started.position)
        try:
            waiting.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise InvalidArgument(
                f"No file can be written to {self.node.binary_to}: {problem.strerror}.", hint="Nothing was sent."
            ) from None
        return {"to": waiting}

    def _waiting(self, index: int) -> Path:
        assert self.node.binary_to is not None  # noqa: S101 - asked only where there is a folder
        return self.node.binary_to / f".trunkline-{os.getpid()}-{index}"

    def _again(self, started: _Started, error: TrunklineError) -> bool:
        return not self._stopping.is_set() and started.tries.again(error)

    def _refused(self, started: _Started, error: TrunklineError) -> None:
        """The last error of an item: it failed, or what it asked for had been so already."""
        if started.tries.was_done(error):
            self._done(started, None)
        elif self.node.missing_ok and isinstance(error, NotFound):
            self._done(started, None, missing=True)
        else:
            if self.node.binary_to is not None:
                with contextlib.suppress(OSError):
                    self._waiting(started.position).rmdir()
            self._failed(started.position, error)

    def _done(self, started: _Started, value: Any, *, missing: bool = False) -> None:
        if self.node.binary_to is not None and isinstance(value, File | Saved):
            value = settle(value, self.node.binary_to, self._waiting(started.position))
        self._results[started.position] = outputs(
            self.node.action, started.arguments, value, started.position, missing=missing
        )

    def _failed(self, index: int, error: TrunklineError) -> None:
        with self._lock:
            self._errors[index] = error
            most = 1 if self.node.on_error == "stop" else self.node.max_errors
            if most is not None and len(self._errors) >= most:
                self._gave_up = True
                self.stop()

    def outcome(self) -> Outcome:
        """What came of it so far. Raises ItemsFailed, with it as ``outcome``, if failures stopped the run."""
        outcome = self.summary()
        if self._gave_up and (self.node.on_error == "stop" or outcome.not_started):
            raise _stopped(self.node, outcome, len(self.items))
        return outcome

    def summary(self) -> Outcome:
        """What came of it so far, without raising."""
        good: list[Item] = []
        bad: list[Item] = []
        missing: list[int] = []
        for index, item in enumerate(self.items):
            if index in self._results:
                good += self._results[index]
            elif index in self._errors:
                failed = failure(item, self._errors[index], index)
                bad.append(failed)
                if self.node.on_error == "continue":
                    good.append(failed)
            else:
                missing.append(index)
        return Outcome(good, bad, missing, dict(sorted(self._errors.items())))


def _stopped(node: Node, outcome: Outcome, total: int) -> ItemsFailed:
    index, cause = next(iter(outcome.errors.items()))
    done = total - len(outcome.errors) - len(outcome.not_started)
    error = ItemsFailed(
        f"{node.action.id} stopped at item {index}: {cause.message} "
        f"{done} of {total} items done, {len(outcome.errors)} failed, {len(outcome.not_started)} not started.",
        hint=cause.hint,
        outcome=outcome,
    )
    error.__cause__ = cause
    return error
