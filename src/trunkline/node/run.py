"""Running a node: items in, items out, in order, a few at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, NamedTuple, Protocol

from ..catalog import load
from ..errors import InvalidArgument, ItemsFailed, TrunklineError
from ..odata import OPTIONS
from ..request import parameter_named
from .items import Item, as_item, failure, outputs
from .template import Scope, evaluated, prepared

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

    ``on_error``: *stop* starts nothing new after a failure, finishes what runs, and raises ItemsFailed; *continue*
    puts the failed item into the output with ``error``; *split* puts it into the second output. ``concurrency`` is
    how many items run at once (PBX.md, Throttling: about four). Parameters go by 3CX's names, Python names or the
    workflow node's display names ("If Match"); an option given as empty text counts as not given. Raises UnknownName
    or InvalidArgument for parameters the action doesn't take or lacks.
    """

    def __init__(
        self,
        action: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        on_error: OnError = "stop",
        concurrency: int = 4,
    ) -> None:
        if concurrency < 1:
            raise InvalidArgument(f"concurrency must be at least 1, not {concurrency}.")
        if on_error not in ("stop", "continue", "split"):
            raise InvalidArgument(f"on_error must be stop, continue or split, not {on_error!r}.")
        self.action = load().action(action)
        self.on_error = on_error
        self.concurrency = concurrency
        self.parameters: dict[str, Any] = {}
        for name, value in (parameters or {}).items():
            target = parameter_named(load(), self.action, name)
            if target in self.parameters:
                raise InvalidArgument(f"{self.action.id} got {target} twice.")
            self.parameters[target] = prepared(value)
        for parameter in self.action.parameters:
            if parameter.name not in self.parameters:
                raise InvalidArgument(
                    f"{self.action.id} needs {parameter.name}.",
                    hint=f"Give it a value or a template, such as {parameter.name}={{{{ $json.{parameter.name} }}}}.",
                )

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The arguments of the action for one item; TemplateError if a template has no value."""
        found = {name: evaluated(value, scope, name) for name, value in self.parameters.items()}
        optional = {*OPTIONS, "if_match"}
        return {name: value for name, value in found.items() if not (name in optional and _absent(value))}

    def over(self, items: Iterable[object]) -> NodeRun:
        """A run over items (or plain objects), not started yet."""
        return NodeRun(self, [as_item(item) for item in items])

    def run(self, pbx: Caller, items: Iterable[object]) -> Outcome:
        """Run over items in threads."""
        run = self.over(items)
        run.on(pbx)
        return run.outcome()

    async def arun(self, pbx: AsyncCaller, items: Iterable[object]) -> Outcome:
        """Run over items in the current event loop."""
        run = self.over(items)
        await run.aon(pbx)
        return run.outcome()


def _absent(value: Any) -> bool:
    """Whether an option counts as not given; a filter built with `F` can't be compared with text."""
    return value is None or (isinstance(value, str) and not value)


class NodeRun:
    """One run of a node; `stop` may be called from anywhere, what is on its way is finished and counted."""

    def __init__(self, node: Node, items: Sequence[Item]) -> None:
        self.node = node
        self.items = items
        self._results: dict[int, list[Item]] = {}
        self._errors: dict[int, TrunklineError] = {}
        self._next = 0
        self._stopped = False
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Start nothing more."""
        self._stopped = True

    def on(self, pbx: Caller) -> None:
        """Run in threads until all items are done or the run is stopped."""

        def work() -> None:
            while (taken := self._take()) is not None:
                index, arguments = taken
                try:
                    value = pbx.call(self.node.action.id, **arguments)
                    if self.node.action.answer_kind == "list":
                        value = list(value)
                except TrunklineError as error:
                    self._failed(index, error)
                else:
                    self._done(index, arguments, value)

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
            while (taken := self._take()) is not None:
                index, arguments = taken
                try:
                    value = await pbx.call(self.node.action.id, **arguments)
                except TrunklineError as error:
                    self._failed(index, error)
                else:
                    self._done(index, arguments, value)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.node.concurrency, len(self.items))):
                group.create_task(work())

    def _take(self) -> tuple[int, dict[str, Any]] | None:
        """The next item with its arguments; items whose templates fail are dealt with on the way."""
        while True:
            with self._lock:
                if self._stopped or self._next >= len(self.items):
                    return None
                index = self._next
                self._next += 1
            try:
                return index, self.node.arguments(Scope(self.items, index))
            except TrunklineError as error:
                self._failed(index, error)

    def _done(self, index: int, arguments: Mapping[str, Any], value: Any) -> None:
        self._results[index] = outputs(self.node.action, arguments, value, index)

    def _failed(self, index: int, error: TrunklineError) -> None:
        self._errors[index] = error
        if self.node.on_error == "stop":
            self.stop()

    def outcome(self) -> Outcome:
        """What came of it so far. Raises ItemsFailed, with it as ``outcome``, if a failure stopped the run."""
        outcome = self.summary()
        if outcome.errors and self.node.on_error == "stop":
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
