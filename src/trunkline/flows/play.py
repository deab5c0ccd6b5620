"""Running a flow. The way through its steps is a generator that yields what has to be asked, sent and reported; two
drivers run it, in threads or in an event loop, so that no logic exists twice."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, ClassVar, NamedTuple

from ..catalog import Action, load
from ..errors import ItemsFailed, TrunklineError
from ..node.items import Item, item_of, keys_of
from ..node.run import NodeResult, NodeRun
from ..node.template import Scope
from ..request import bind, build
from ..request.shown import in_a_line
from ..work.drivers import AsyncCaller, Caller
from ..work.outcome import as_error
from .flow import Flow
from .steps import Act, Save, Step


class FlowStopped(TrunklineError):
    """A step was not confirmed, or the run was stopped; the steps after that did nothing.

    ``result`` has what the step had done, None where it had not begun.
    """

    code = "flow_stopped"
    exit_code: ClassVar[int] = 130
    result: NodeResult | None = None


class Planned(NamedTuple):
    """What an action step is about to send: a line for each item, and the items that it can't be sent for."""

    step: Act
    action: Action
    requests: list[str]
    problems: dict[int, TrunklineError]


class Did(NamedTuple):
    """What a step made of the items: how many came, how many go on, how many failed."""

    step: Step
    came: int
    go_on: int
    failed: int
    dry: bool = False


class Played(NamedTuple):
    """What came of a flow: the items that its last step gave, and those that failed on the way."""

    items: list[Item]
    failed: list[Item]


Events = Generator[NodeRun | Planned | Did, Any, Played]
Ask = Callable[[Planned], bool]
Tell = Callable[[Planned | Did], object]


def play(flow: Flow, *, dry_run: bool = False) -> Events:
    """Yield the way through a flow's steps.

    A `Planned` comes before each step that changes something, and waits for an answer whether to go on; a `NodeRun`
    wants to be run; a `Did` follows each step. In a dry run nothing is sent that could change something, and what such
    a step would answer is known only if it answers nothing: otherwise the flow ends there.
    """
    setting = flow.setting._replace(world=flow.setting.world.stopped())
    items: list[Item] = [{"json": {}}]
    failed: list[Item] = []
    for number, step in enumerate(flow.steps):
        came = 0 if number == 0 else len(items)
        lost = 0
        try:
            if not isinstance(step, Act):
                if not (dry_run and isinstance(step, Save)):
                    items = step.run(items, setting)
            else:
                node_run = step.node(setting.world).over(items, setting.most_items)
                if _changes(node_run.node.action):
                    planned = _planned(step, node_run)
                    go_on = yield planned
                    if dry_run:
                        if node_run.node.action.answer_kind != "none":
                            yield Did(step, came, 0, len(planned.problems), dry=True)
                            return Played([], failed)
                        items = _foreseen(node_run, planned)
                        yield Did(step, came, len(items), len(planned.problems), dry=True)
                        continue
                    if not go_on:
                        raise FlowStopped(
                            f"{flow.file}, line {step.line}: {step.label} was not confirmed; it sent nothing."
                        )
                yield node_run
                if node_run.has_overflowed:
                    raise setting.too_many(step.label)
                result = node_run.result()
                if result.not_started:
                    done = len(node_run.items) - len(result.errors) - len(result.not_started)
                    raise FlowStopped(
                        f"{flow.file}, line {step.line}: {step.label} was interrupted: {done} of {len(node_run.items)} "
                        f"items done, {len(result.errors)} failed, {len(result.not_started)} not started.",
                        result=result,
                    )
                lost = len(result.errors)
                failed += result.failed
                # Items that failed go on only where the flow says so.
                items = result.items
        except ItemsFailed as stopped:
            raise stopped.replace(f"{flow.file}, line {step.line}: {stopped.message}") from stopped.__cause__
        except FlowStopped:
            raise
        except BaseException as problem:
            error = as_error(problem)
            raise error.replace(f"{flow.file}, line {step.line}: {error.message}") from error.__cause__
        yield Did(step, came, len(items), lost, dry=dry_run)
    return Played(items, failed)


def _changes(action: Action) -> bool:
    return action.method != "GET"


def _planned(step: Act, node_run: NodeRun) -> Planned:
    node, lines, problems = node_run.node, [], {}
    for index in range(len(node_run.items)):
        try:
            request = build(bind(load(), node.action, (), node.arguments(Scope(node_run.items, index))))
        except BaseException as problem:
            problems[index] = as_error(problem)
            continue
        lines.append(in_a_line(request))
    return Planned(step, node.action, lines, problems)


def _foreseen(node_run: NodeRun, planned: Planned) -> list[Item]:
    """Return the items of an action that answers nothing: what it will have done."""
    action = node_run.node.action
    return [
        item_of({"success": True, **keys_of(action, node_run.node.arguments(Scope(node_run.items, index)))}, index)
        for index in range(len(node_run.items))
        if index not in planned.problems
    ]


def run(flow: Flow, pbx: Caller, *, dry_run: bool = False, ask: Ask | None = None, tell: Tell | None = None) -> Played:
    """Run a flow in threads.

    ``ask`` is given what is about to be sent and says whether to; without it everything is sent. ``tell`` hears of it
    and of each step that is done. Raises the errors of its steps, whose messages name file and line, and FlowStopped
    where ``ask`` returned False.
    """
    events = play(flow, dry_run=dry_run)
    answer: Any = None
    while True:
        try:
            event = events.send(answer)
        except StopIteration as end:
            played: Played = end.value
            return played
        answer = _answered(event, ask, tell, dry_run=dry_run)
        if isinstance(event, NodeRun):
            event.on(pbx)


async def arun(
    flow: Flow,
    pbx: AsyncCaller,
    *,
    dry_run: bool = False,
    ask: Ask | None = None,
    tell: Tell | None = None,
    started: Callable[[NodeRun], object] | None = None,
) -> Played:
    """As `run`, in the current event loop; ``started`` hears of each `NodeRun`, which it may stop later."""
    events = play(flow, dry_run=dry_run)
    answer: Any = None
    while True:
        try:
            event = events.send(answer)
        except StopIteration as end:
            played: Played = end.value
            return played
        answer = _answered(event, ask, tell, dry_run=dry_run)
        if isinstance(event, NodeRun):
            if started is not None:
                started(event)
            await event.aon(pbx)


def _answered(event: NodeRun | Planned | Did, ask: Ask | None, tell: Tell | None, *, dry_run: bool) -> bool | None:
    if isinstance(event, NodeRun):
        return None
    if tell is not None:
        tell(event)
    if isinstance(event, Planned):
        return dry_run or ask is None or ask(event)
    return None
