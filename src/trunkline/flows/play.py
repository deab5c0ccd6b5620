"""The way through the steps of a flow: a generator that yields what has to be asked, sent and reported."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ..catalog import Action
from ..errors import ItemsFailed, TrunklineError
from ..node.items import Item, item_of, keys_of
from ..node.run import NodeResult, NodeRun
from ..node.template import Scope
from ..request import build
from ..request.shown import in_a_line
from ..work.lists import replaced_lists, replacing
from ..work.outcome import as_error
from .steps import Act, Save, Step

if TYPE_CHECKING:
    from .flow import Flow


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
            call = node.call(Scope(node_run.items, index))
            request = build(call)
        except BaseException as problem:
            problems[index] = as_error(problem)
            continue
        lists = replaced_lists(call.catalog, node.action, call.body)
        lines.append(in_a_line(request) + replacing(lists))
    return Planned(step, node.action, lines, problems)


def _foreseen(node_run: NodeRun, planned: Planned) -> list[Item]:
    """Return the items of an action that answers nothing: what it will have done."""
    node = node_run.node
    return [
        item_of({"success": True, **keys_of(node.action, node.call(Scope(node_run.items, index)).values)}, index)
        for index in range(len(node_run.items))
        if index not in planned.problems
    ]


def answered(event: NodeRun | Planned | Did, ask: Ask | None, tell: Tell | None, *, dry_run: bool) -> bool | None:
    """Tell of an event, and ask before a step; the answer that the way through the steps wants."""
    if isinstance(event, NodeRun):
        return None
    if tell is not None:
        tell(event)
    if isinstance(event, Planned):
        return dry_run or ask is None or ask(event)
    return None
