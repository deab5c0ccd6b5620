"""Running a node: items in, items out, in order, a few at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Awaitable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from ..catalog import load
from ..errors import InvalidArgument, ItemsFailed, TrunklineError
from ..local.contained import reason, spelled
from ..result import File, Saved
from ..work.lookup import Check, check_of, effect_of
from ..work.outcome import as_error, is_foreign
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
from .binary import PathRule, settle
from .items import Item, as_items, failure, outputs
from .parameters import Parameters
from .template import Scope, World

OnError = Literal["stop", "continue", "split"]
LONGEST_WAIT = 120.0
"""Seconds; where a PBX asks to wait longer, it is not asked again in this run."""
MOST_AT_ONCE = 256
"""Items at once, each of which may be a thread."""
_DAY = 86_400.0  # seconds


class Caller(Protocol):
    """What a node runs on: a `Pbx`, or anything else that can call an action."""

    def call(self, action: str, /, **arguments: Any) -> Any: ...


class AsyncCaller(Protocol):
    """As `Caller`, with an answer to await: an `AsyncPbx`."""

    def call(self, action: str, /, **arguments: Any) -> Awaitable[Any]: ...


class Outcome(NamedTuple):
    """What came of a run. Every input item is in one of the three: done, failed or not started.

    ``items`` is the first output and ``failed`` the second, both in input order. With ``on_error="continue"`` the
    failed items stand in ``items``, at their place, as well. ``unknown`` are the indexes of those failed items that may
    have been carried out all the same; their ``error`` has ``"unknown": true``.
    """

    items: list[Item]
    failed: list[Item]
    not_started: list[int]
    errors: dict[int, TrunklineError]
    unknown: Sequence[int] = ()

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
    into the second output. ``concurrency`` is how many items run at once (docs/pbx.md, Limits: about four).
    ``retries`` more tries, ``retry_wait`` seconds apart, are made of an item where sending again is safe. What may have
    been carried out is looked up first (`trunkline.work.recovery`).
    ``max_errors`` failures end the run with ItemsFailed, whatever the mode. ``missing_ok`` takes a delete that finds
    nothing for done. ``binary_to`` is a folder for the files that a file action answers, instead of into the items.
    ``trust_item_paths`` lets items name files of this machine by ``binary.data.path``, with ``files_from`` only those
    in that folder; otherwise only files that a step of this process saved count.
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
        trust_item_paths: bool = False,
        files_from: str | os.PathLike[str] | None = None,
        world: World | None = None,
    ) -> None:
        if not _is_whole(concurrency, 1, MOST_AT_ONCE):
            raise InvalidArgument(f"concurrency must be a whole number, 1 to {MOST_AT_ONCE}, not {concurrency!r}.")
        if on_error not in ("stop", "continue", "split"):
            raise InvalidArgument(f"on_error must be stop, continue or split, not {on_error!r}.")
        if not _is_whole(retries, 0):
            raise InvalidArgument(f"retries must be a whole number, 0 or more, not {retries!r}.")
        if isinstance(retry_wait, bool) or not isinstance(retry_wait, int | float) or not 0 <= retry_wait <= _DAY:
            raise InvalidArgument(f"retry_wait must be 0 to {_DAY} seconds, not {retry_wait!r}.")
        if max_errors is not None and not _is_whole(max_errors, 1):
            raise InvalidArgument(f"max_errors must be a whole number, at least 1, not {max_errors!r}.")
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
        rule = PathRule(trust_item_paths, None if files_from is None else Path(files_from))
        self._parameters = Parameters(load(), self.action, parameters or {}, rule)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters by the action's own names, prepared; without single fields of a body given by path."""
        return self._parameters.given

    def arguments(self, scope: Scope) -> dict[str, Any]:
        """The arguments of the action for one item, checked; nothing is sent.

        TemplateError if a template has no value; InvalidArgument or UnknownName if what it gives can't be right.
        """
        return self._parameters.arguments(scope._replace(world=self.world))

    def over(self, items: Iterable[object], most_rows: int | None = None) -> NodeRun:
        """A run over items (or plain objects), not started yet; ``most_rows`` as `NodeRun` has it."""
        return NodeRun(self, as_items(items), most_rows)

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


class _Ask(NamedTuple):
    """Call an action; ``rows`` says whether it answers with a list."""

    action: str
    arguments: dict[str, Any]
    rows: bool


class _Wait(NamedTuple):
    """Wait, and answer whether the run was stopped meanwhile."""

    seconds: float


_Steps = Generator[_Ask | _Wait, Any, None]


class NodeRun:
    """One run of a node; `stop` may be called from anywhere, what is on its way is finished and counted.

    ``most_rows``: how many rows the lists of all items may have together, None for any number. Beyond that the run
    stops, and `outcome` raises InvalidArgument.
    """

    def __init__(self, node: Node, items: Sequence[Item], most_rows: int | None = None) -> None:
        self.node = node
        self.items = items
        self.most_rows = most_rows
        self._rows = 0
        self._overflow: InvalidArgument | None = None
        self._results: dict[int, list[Item]] = {}
        self._errors: dict[int, TrunklineError] = {}
        self._unknown: set[int] = set()
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

    @property
    def overflowed(self) -> bool:
        """Whether the lists had more rows than ``most_rows``."""
        return self._overflow is not None

    @property
    def unknown(self) -> list[int]:
        """The failed items that may have been carried out all the same."""
        return sorted(self._unknown)

    def on(self, pbx: Caller) -> None:
        """Run in threads until all items are done or the run is stopped."""

        def ask(action: str, arguments: dict[str, Any], rows: bool) -> Any:
            value = pbx.call(action, **arguments)
            return list(self._counted(value)) if rows else value

        def work() -> None:
            while (started := self._take()) is not None:
                steps = self._steps(started)
                try:
                    step = next(steps)
                    while True:
                        if isinstance(step, _Wait):
                            step = steps.send(self._stopping.wait(step.seconds))
                            continue
                        try:
                            value = ask(*step)
                        except BaseException as problem:
                            step = steps.throw(problem)
                        else:
                            step = steps.send(value)
                except StopIteration:
                    pass
                except BaseException as problem:
                    self._broke(started, problem)

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

        async def ask(action: str, arguments: dict[str, Any], rows: bool) -> Any:
            answer = pbx.call(action, **arguments)
            if rows and self.most_rows is not None and hasattr(answer, "pages"):
                return [row async for page in answer.pages() for row in self._counted(page.rows)]
            value = await answer
            return list(self._counted(value)) if rows else value

        async def work() -> None:
            while (started := self._take()) is not None:
                steps = self._steps(started)
                try:
                    step = next(steps)
                    while True:
                        if isinstance(step, _Wait):
                            step = steps.send(await self._pause(step.seconds))
                            continue
                        try:
                            value = await ask(*step)
                        except BaseException as problem:
                            step = steps.throw(problem)
                        else:
                            step = steps.send(value)
                except StopIteration:
                    pass
                except BaseException as problem:
                    self._broke(started, problem)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.node.concurrency, len(self.items))):
                group.create_task(work())

    async def _pause(self, seconds: float) -> bool:
        """Wait; whether the run was stopped meanwhile."""
        ends = asyncio.get_running_loop().time() + seconds
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
                return _Started(index, self.node.arguments(Scope(self.items, index)))
            except BaseException as problem:
                self._failed(index, as_error(problem))

    def _place(self, started: _Started) -> dict[str, Any]:
        """Where a file is to go, if it is: a folder of its own at first, since names may be the same."""
        if self.node.binary_to is None:
            return {}
        waiting = self._waiting(started.position)
        try:
            waiting.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as problem:
            raise InvalidArgument(
                f"No file can be written to {spelled(self.node.binary_to)}: {reason(problem)}.",
                hint="Nothing was sent.",
            ) from None
        return {"to": waiting}

    def _waiting(self, index: int) -> Path:
        assert self.node.binary_to is not None  # noqa: S101 - asked only where there is a folder
        return self.node.binary_to / f".trunkline-{os.getpid()}-{index}"

    def _counted(self, rows: Iterable[Any]) -> Iterable[Any]:
        """Rows, counted over all items. InvalidArgument beyond ``most_rows``."""
        if self.most_rows is None:
            return rows
        return self._at_most(rows, self.most_rows)

    def _at_most(self, rows: Iterable[Any], most: int) -> Iterable[Any]:
        for row in rows:
            with self._lock:
                self._rows += 1
                if self._rows > most:
                    self._overflow = InvalidArgument(f"{self.node.action.id} gave more than {most:,} rows.")
                    self.stop()
                    raise self._overflow
            yield row

    def _steps(self, started: _Started) -> _Steps:
        """The way of one item from its request to what became of it; on() and aon() carry out its steps."""
        node, action = self.node, self.node.action
        tries = node.retries
        perhaps_done = False
        while True:
            try:
                arguments = {**started.arguments, **self._place(started)}
                value = yield _Ask(action.id, arguments, action.answer_kind == "list")
            except BaseException as problem:
                error = as_error(problem)
            else:
                self._done(started, value)
                return
            trouble = trouble_of(error, action)
            if node.missing_ok and trouble is Trouble.NOT_FOUND and not perhaps_done:
                self._done(started, None, missing=True)
                return
            check = self._check(started)
            effect = effect_of(action, check)
            decision = decide(trouble, effect, perhaps_done=perhaps_done)
            perhaps_done = perhaps_done or (effect is not Effect.READ and proves_nothing(trouble))
            finding = None
            if decision is Decision.LOOK_UP:
                finding = yield from self._looked_up(check, trouble, error)
                decision = conclude(trouble, effect, finding)
            if decision is Decision.DONE:
                self._done(started, None)
                return
            asked = retry_after(error) or 0.0
            if decision is Decision.RESEND and tries and not self._stopping.is_set() and asked <= LONGEST_WAIT:
                tries -= 1
                waited = finding is not None and trouble in BUSY
                stopped = yield _Wait(node.retry_wait if waited else max(node.retry_wait, asked))
                if not stopped:
                    continue
            if finding is Finding.NOT_DONE:
                error = error.replace(hint="The PBX was read after that, and does not show it as done.")
                unknown = decision is Decision.UNKNOWN
            else:
                unknown = perhaps_done and decision is not Decision.FAILED
            self._refused(started, error, unknown=unknown)
            return

    def _check(self, started: _Started) -> Check | None:
        """How to look up what became of an item; None where that can't be done."""
        try:
            return check_of(load(), self.node.action, started.arguments)
        except BaseException as problem:
            as_error(problem)  # Ctrl-C and cancellation go on
            return None

    def _looked_up(
        self, check: Check | None, trouble: Trouble, error: TrunklineError
    ) -> Generator[_Ask | _Wait, Any, Finding]:
        """Read what the PBX holds of an item that may have been carried out."""
        if check is None:
            return Finding.NO_TELLING
        if trouble in BUSY:
            seconds = max(self.node.retry_wait, retry_after(error) or 0.0)
            if seconds > LONGEST_WAIT or (yield _Wait(seconds)):
                return Finding.NO_TELLING
        reader = load().action(check.action)
        try:
            answer = yield _Ask(reader.id, dict(check.arguments), reader.answer_kind == "list")
        except BaseException as problem:
            if trouble_of(as_error(problem), reader) is not Trouble.NOT_FOUND:
                return Finding.NO_TELLING
            answer = None
        return check.finding(answer)

    def _refused(self, started: _Started, error: TrunklineError, *, unknown: bool) -> None:
        """The last error of an item."""
        if self.node.binary_to is not None:
            with contextlib.suppress(OSError):
                self._waiting(started.position).rmdir()
        self._failed(started.position, error, unknown=unknown)

    def _broke(self, started: _Started, problem: BaseException) -> None:
        """A defect between an item's requests fails that item alone."""
        if not is_foreign(problem) and not isinstance(problem, TrunklineError):
            raise problem
        self._failed(started.position, as_error(problem), unknown=self.node.action.method != "GET")

    def _done(self, started: _Started, value: Any, *, missing: bool = False) -> None:
        """Keep what an item gave; where that can't be used, the item failed though its action was carried out."""
        try:
            if self.node.binary_to is not None and isinstance(value, File | Saved):
                value = settle(value, self.node.binary_to, self._waiting(started.position))
            self._results[started.position] = outputs(
                self.node.action, started.arguments, value, started.position, missing=missing
            )
        except BaseException as problem:
            error = as_error(problem)
            if self.node.action.method != "GET":
                error = error.replace(hint=error.hint.after("It was carried out; only its answer can't be used."))
            self._failed(started.position, error)

    def _failed(self, index: int, error: TrunklineError, *, unknown: bool = False) -> None:
        with self._lock:
            self._errors[index] = error
            if unknown:
                self._unknown.add(index)
            most = 1 if self.node.on_error == "stop" else self.node.max_errors
            if most is not None and len(self._errors) >= most:
                self._gave_up = True
                self.stop()

    def outcome(self) -> Outcome:
        """What came of it so far. Raises ItemsFailed, with it as ``outcome``, if failures stopped the run."""
        if self._overflow is not None:
            raise self._overflow
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
                failed = failure(item, self._errors[index], index, unknown=index in self._unknown)
                bad.append(failed)
                if self.node.on_error == "continue":
                    good.append(failed)
            else:
                missing.append(index)
        return Outcome(good, bad, missing, dict(sorted(self._errors.items())), self.unknown or ())


def _is_whole(value: Any, least: int, most: int | None = None) -> bool:
    """Whether a value is a whole number within its bounds; ``True`` is not a number."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value and (most is None or value <= most)


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
