"""Running a node: items in, items out, in order, a few at a time."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from ..catalog import load
from ..errors import InvalidArgument, ItemsFailed, TrunklineError
from ..local.contained import reason, spelled
from ..request import Call
from ..result import File, Saved
from ..work.drivers import AsyncCaller, Caller, run_in_loop, run_in_threads
from ..work.guards import (
    Confirm,
    Question,
    UnchangedRows,
    check_concurrency,
    check_confirmed,
    check_origin,
    check_rows,
    comparable,
    is_whole,
)
from ..work.ledger import Entry, MemoryLedger
from ..work.lists import list_facts, replaced_lists
from ..work.lookup import repeatable
from ..work.outcome import Outcome, OutcomeRecord, as_error, as_record
from ..work.run import Policy, Run
from ..work.state import State
from ..work.step import Ask, Asks, Step
from .binary import PathRule, settle
from .items import Item, answer_of, as_items, failure, keys_of, outputs
from .parameters import Parameters
from .template import Scope, World

OnError = Literal["stop", "continue", "split"]
_DAY = 86_400.0  # seconds
_CUT_OFF = TrunklineError("It was cut off while it was in progress.", hint="Look at the PBX before you send it again.")


class NodeResult(NamedTuple):
    """What a run gave. Every input item is in one of the three: done, failed or not started.

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
    in that folder; otherwise only files that a step of this process saved count. ``unchanged``: each item is a row as
    it was read, and is acted on only if the PBX still has it so, but for secrets that are masked in it.
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
        unchanged: bool = False,
        world: World | None = None,
    ) -> None:
        check_concurrency(concurrency)
        if on_error not in ("stop", "continue", "split"):
            raise InvalidArgument(f"on_error must be stop, continue or split, not {on_error!r}.")
        if not is_whole(retries, 0):
            raise InvalidArgument(f"retries must be a whole number, 0 or more, not {retries!r}.")
        if isinstance(retry_wait, bool) or not isinstance(retry_wait, int | float) or not 0 <= retry_wait <= _DAY:
            raise InvalidArgument(f"retry_wait must be 0 to {_DAY} seconds, not {retry_wait!r}.")
        if max_errors is not None and not is_whole(max_errors, 1):
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
        self.unchanged = unchanged
        if unchanged:
            UnchangedRows(self.action)
        self.world = world or World()
        rule = PathRule(trust_item_paths, None if files_from is None else Path(files_from))
        self._parameters = Parameters(load(), self.action, parameters or {}, rule)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters by the action's own names, prepared; without single fields of a body given by path."""
        return self._parameters.given

    @property
    def replaced_lists(self) -> tuple[str, ...]:
        """The lists that each item replaces whole, as far as the parameters name them (`trunkline.work.lists`)."""
        named = {**self._parameters.given, **{str(path[0]): None for path, _, _ in self._parameters.within}}
        whole = named.get("body")
        return tuple(replaced_lists(load(), self.action, {**named, **(whole if isinstance(whole, dict) else {})}))

    @property
    def policy(self) -> Policy:
        """How hard a run tries, and when it stops."""
        return Policy(
            concurrency=self.concurrency,
            attempts=self.retries + 1,
            delay=lambda _: self.retry_wait,
            is_missing_done=self.missing_ok,
            most_failures=1 if self.on_error == "stop" else self.max_errors,
        )

    def call(self, scope: Scope) -> Call:
        """Return the call of the action for one item, checked; nothing is sent.

        TemplateError if a template has no value; InvalidArgument or UnknownName if what it gives can't be right.
        """
        return self._parameters.call(scope._replace(world=self.world))

    def check(self, items: Iterable[Item], pbx: object = None) -> None:
        """Let the guards see items before anything is sent (`trunkline.work.guards`). Raises InvalidArgument.

        ``pbx``: where they would be sent, if that is known already.
        """
        for _ in self.checked(items, [_names_of(pbx)]):
            pass

    def check_origins(self, items: Iterable[Item], pbx: object) -> None:
        """Refuse items that were read on another PBX than this. Raises InvalidArgument."""
        names = _names_of(pbx)
        if names and not repeatable(self.action):
            for n, item in enumerate(items):
                check_origin(n, item["json"], names)

    def checked(self, items: Iterable[Item], targets: Sequence[Collection[str]] = ()) -> Iterator[Item]:
        """Yield the items, each after the guards have seen it. Raises InvalidArgument for one that they refuse.

        ``targets``: what each PBX is called that gets every item.
        """
        rows = UnchangedRows(self.action) if self.unchanged else None
        for n, item in enumerate(items):
            check_rows(self.action, n, item["json"], partial(self.keys, n, item))
            if "pbx" in item["json"] and not repeatable(self.action):  # most rows don't say, and targets may be 1,000
                for names in targets:
                    check_origin(n, item["json"], names)
            if rows is not None:
                rows.check(n, item["json"])
            yield item

    def keys(self, n: int, item: Item) -> Mapping[str, Any]:
        """Return the keys that an item is sent with; {} where its templates fail, which is that item's own failure."""
        try:
            return keys_of(self.action, self.call(Scope(OneItem(n, item), n)).values)
        except BaseException as problem:
            as_error(problem)  # Ctrl-C goes on
            return {}

    def over(self, items: Iterable[object], most_rows: int | None = None, confirm: Confirm | None = None) -> NodeRun:
        """Return a run over items (or plain objects), not started yet; the arguments are those of `NodeRun`."""
        return NodeRun(self, as_items(items), most_rows, confirm)

    def run(self, pbx: Caller, items: Iterable[object], *, confirm: Confirm | None = None) -> NodeResult:
        """Run over items in threads.

        Raises ItemsFailed, with its ``result``, if a failure, max_errors or the PBX ended the run; before anything is
        sent, InvalidArgument for items that a guard refuses and NotConfirmed if ``confirm`` says no.
        """
        run = self.over(items, confirm=confirm)
        run.on(pbx)
        return run.result()

    async def arun(self, pbx: AsyncCaller, items: Iterable[object], *, confirm: Confirm | None = None) -> NodeResult:
        """Run over items in the current event loop; as `run` otherwise."""
        run = self.over(items, confirm=confirm)
        await run.aon(pbx)
        return run.result()


def _names_of(pbx: object) -> list[str]:
    """Return what a PBX is called: its label and its address, as far as it says."""
    names = (getattr(pbx, name, None) for name in ("label", "url"))
    return [name for name in names if isinstance(name, str)]


class OneItem(Sequence[Item]):
    """The one item that a template sees where the others are not in memory, at its place in the input."""

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


class NodeRun:
    """One run of a node; `stop` may be called from anywhere; requests in progress are finished and counted.

    ``most_rows``: how many rows the lists of all items may have together, None for any number. Beyond that the run
    stops, and `result` raises InvalidArgument. ``confirm`` is asked before an action that needs it is run over several
    items.
    """

    def __init__(
        self, node: Node, items: Sequence[Item], most_rows: int | None = None, confirm: Confirm | None = None
    ) -> None:
        """Prepare the run. Raises InvalidArgument where a guard refuses an item, NotConfirmed after a no."""
        self.node = node
        self.items = items
        self.most_rows = most_rows
        self._rows = 0
        self._overflow: InvalidArgument | None = None
        self._lock = threading.Lock()
        self._ledger = MemoryLedger(items)
        self._run = Run(self._ledger, self._step, node.policy)
        node.check(items)
        if node.action.asks and len(items) > 1:
            check_confirmed(Question(node.action, len(items)), confirm)
        elif items and node.replaced_lists:
            check_confirmed(Question(node.action, len(items), facts=list_facts(node.replaced_lists)), confirm)

    def stop(self) -> None:
        """Start nothing more, and try nothing again."""
        self._run.stop()

    def on(self, pbx: Caller) -> None:
        """Run in threads until all items are done or the run is stopped.

        Raises InvalidArgument, with nothing sent, for an item that is from another PBX.
        """
        self.node.check_origins(self.items, pbx)
        run_in_threads(self._run, pbx)

    async def aon(self, pbx: AsyncCaller) -> None:
        """Run in the current event loop; as `on` otherwise."""
        self.node.check_origins(self.items, pbx)
        await run_in_loop(self._run, pbx)

    def _step(self, entry: Entry) -> Step:
        step = NodeStep(self.node, Scope(self.items, entry.n))
        if self.most_rows is not None:
            step.on_page = self._count_rows
        return step

    def _count_rows(self, rows: Sequence[Any]) -> None:
        """Count the rows of all items. Raises InvalidArgument beyond ``most_rows``."""
        with self._lock:
            self._rows += len(rows)
            if self.most_rows is not None and self._rows > self.most_rows:
                self._overflow = InvalidArgument(f"{self.node.action.id} gave more than {self.most_rows:,} rows.")
                self.stop()
                raise self._overflow

    @property
    def settled(self) -> tuple[int, int]:
        """How many items are done, and how many failed, so far."""
        failed = sum(outcome.state is not State.DONE for outcome in self._ledger.outcomes.values())
        return len(self._ledger.outcomes) - failed, failed

    @property
    def under_way(self) -> list[int]:
        """The items that were begun and of which nothing is known yet, or ever if the run was cut off."""
        return self._ledger.under_way

    @property
    def has_overflowed(self) -> bool:
        """Whether the lists had more rows than ``most_rows``."""
        return self._overflow is not None

    @property
    def unknown(self) -> list[int]:
        """The failed items that may have been carried out all the same."""
        return sorted(n for n, outcome in self._ledger.outcomes.items() if outcome.state is State.UNKNOWN)

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcome of each item so far, in input order; one that was begun and cut off is unknown."""
        outcomes = [self._ledger.outcomes.get(n) or Outcome(n, State.NOT_STARTED) for n in range(len(self.items))]
        for n in self.under_way:
            outcomes[n] = Outcome(n, State.UNKNOWN, error=_CUT_OFF)
        return [
            outcome._replace(answer=answer_of(self.node.action, outcome.answer))
            if outcome.state is State.DONE
            else outcome
            for outcome in outcomes
        ]

    def records(self, pbx: str) -> Iterator[OutcomeRecord]:
        """Give the record of each outcome; ``pbx`` says where it ran."""
        for outcome, item in zip(self.outcomes, self.items, strict=True):
            key = self.node.keys(outcome.n, item)
            yield as_record(outcome, action=self.node.action.id, key=key, pbx=pbx, item=outcome.n)

    def result(self) -> NodeResult:
        """Return the result. Raises ItemsFailed, with its ``result``, if failures or the PBX stopped the run."""
        if self._overflow is not None:
            raise self._overflow
        result = self.summary()
        if self._run.halt is not None and (self.node.on_error == "stop" or result.not_started):
            raise _stopped(self.node, result, len(self.items))
        return result

    def summary(self) -> NodeResult:
        """Return the result so far, without raising."""
        good: list[Item] = []
        bad: list[Item] = []
        missing: list[int] = []
        errors: dict[int, TrunklineError] = {}
        for index, item in enumerate(self.items):
            outcome = self._ledger.outcomes.get(index)
            if outcome is None:
                missing.append(index)
            elif outcome.state is State.DONE:
                good += outcome.answer
            else:
                failed = failure(item, outcome)
                bad.append(failed)
                if isinstance(outcome.error, TrunklineError):
                    errors[index] = outcome.error
                if self.node.on_error == "continue":
                    good.append(failed)
        return NodeResult(good, bad, missing, errors, self.unknown or ())


class NodeStep(Step):
    """One item's call; a file goes to a folder of its own at first, since names may be the same."""

    def __init__(self, node: Node, scope: Scope, options: Mapping[str, Any] = MappingProxyType({})) -> None:
        """``options`` are the client's. Raises as `Node.call`."""
        self.call = node.call(scope)
        super().__init__(node.action, self.call.arguments)
        self._node = node
        self._n = scope.position
        if node.unchanged:
            options = {**options, "if_unchanged": comparable(scope.item["json"], f"Item {self._n}")}
        self.options = options

    def send(self) -> Asks[Any]:
        if self._node.binary_to is None:
            return (yield from super().send())
        waiting = self._waiting
        try:
            waiting.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as problem:
            raise InvalidArgument(
                f"No file can be written to {spelled(self._node.binary_to)}: {reason(problem)}.",
                hint="Nothing was sent.",
            ) from None
        try:
            return (yield Ask(self.call, options={**self.options, "to": waiting}))
        except BaseException:
            with contextlib.suppress(OSError):
                waiting.rmdir()
            raise

    @property
    def _waiting(self) -> Path:
        assert self._node.binary_to is not None  # noqa: S101 - asked only where there is a folder
        return self._node.binary_to / f".trunkline-{os.getpid()}-{self._n}"

    def keep(self, answer: Any, *, is_missing: bool = False) -> list[Item]:
        if self._node.binary_to is not None and isinstance(answer, File | Saved):
            answer = settle(answer, self._node.binary_to, self._waiting)
        return outputs(self.call, answer, self._n, missing=is_missing)


def _stopped(node: Node, result: NodeResult, total: int) -> ItemsFailed:
    index, cause = next(iter(result.errors.items()))
    done = total - len(result.errors) - len(result.not_started)
    failed, unknown = len(result.errors) - len(result.unknown), len(result.unknown)
    counts = f"{failed} failed, {unknown} unknown" if unknown else f"{failed} failed"
    error = ItemsFailed(
        f"{node.action.id} stopped at item {index}: {cause.message} "
        f"{done} of {total} items done, {counts}, {len(result.not_started)} not started.",
        hint=cause.hint,
        result=result,
    )
    error.__cause__ = cause
    return error
