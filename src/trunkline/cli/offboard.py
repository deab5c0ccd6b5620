"""``trunkline offboard``: an extension taken out of all that refers to it, shown as a plan before anything is sent."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict

import click

from ..catalog.secret import masked
from ..errors import ItemsFailed
from ..printable import printable
from ..work.outcome import Outcome, OutcomeRecord, as_record
from ..work.state import State
from .change_cells import change_cells
from .connection_options import ConnectionOptions, connection_options
from .interrupts import finishing
from .options import parsed_into
from .output import FORMATS, View, chosen, draw, write_rows

if TYPE_CHECKING:
    from ..references import Offboarding, OffboardingPlan
    from ..references.offboarding import OffboardingRun
    from ..work.guards import Question
    from ..work.step import Step


class OffboardFields(TypedDict):
    """The fields of an entity that a step changes: as they are now, where they were read, and as they shall be."""

    old: dict[str, Any]
    new: dict[str, Any]


class OffboardRecord(OutcomeRecord):
    """The outcome of a step of an offboarding, not started in a plan."""

    fields: OffboardFields


class OffboardOptions(NamedTuple):
    """An offboarding as the command line describes it."""

    number: str
    replace_with: str | None
    then: Literal["keep", "disable", "delete"]
    recordings: Literal["keep", "remove"]
    apply_: bool
    yes: bool
    output: str | None
    connection: ConnectionOptions


@click.command()
@click.argument("number", metavar="NUMBER")
@click.option("--replace-with", metavar="NUMBER", help="The extension that takes its place; else it is taken out.")
@click.option(
    "--then",
    type=click.Choice(("keep", "disable", "delete")),
    default="keep",
    show_default=True,
    help="What is done with the extension itself, once all else is done.",
)
@click.option(
    "--recordings",
    type=click.Choice(("keep", "remove")),
    default="keep",
    show_default=True,
    help="The recordings of all calls that it took part in.",
)
@click.option("--apply", "apply_", is_flag=True, help="Show the plan, ask on a terminal, and do it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("-o", "--output", type=click.Choice(FORMATS), help="Default: table on a terminal, else jsonl.")
@connection_options
@parsed_into(OffboardOptions)
def offboard(options: OffboardOptions) -> int:
    """Take an extension out of queues, ring groups, destinations, forwarding profiles and rules.

    \b
    trunkline offboard 104 --replace-with 105
    trunkline offboard 104 --replace-with 105 --then disable --apply

    Without --apply the plan is shown and nothing is sent. Each entity is changed only if it is still as the plan has
    it; after a failure nothing more is started, so that the extension is disabled or deleted last. The same command,
    run again, does what is left. What stays, and what the API can't do, is named.
    """
    from ..references import Offboarding

    leaving = Offboarding(
        options.number, replace_with=options.replace_with, then=options.then, recordings=options.recordings
    )
    view = View(chosen(options.output))
    plan = asyncio.run(_planned(leaving, options))
    waiting = [Outcome(n, State.NOT_STARTED) for n in range(len(plan.steps))]
    _tell(plan)
    if not options.apply_:
        _show(plan, waiting, view)
        if plan.steps:
            click.echo("Nothing was sent; --apply does it.", err=True)
        return 0
    if view.output == "table":
        _show(plan, waiting, view)
    confirm = options.yes or (partial(_ask, plan) if sys.stderr.isatty() else None)
    run = leaving.over(plan, confirm=confirm)
    broke: BaseException | None = None
    try:
        interrupted = asyncio.run(_applied(run, options))
    except KeyboardInterrupt:  # the second one
        interrupted = True
    except BaseException as problem:  # what was done is said all the same
        broke, interrupted = problem, False
    if broke is not None and not any(outcome.state for outcome in run.outcomes):
        raise broke
    if view.output != "table":
        _show(plan, run.outcomes, view)
    code = _summarize(plan, run.outcomes)
    if broke is not None:
        raise broke
    return 130 if interrupted else code


async def _planned(leaving: Offboarding, options: OffboardOptions) -> OffboardingPlan:
    async with options.connection.client() as pbx:
        return await leaving.aplan(pbx)


async def _applied(run: OffboardingRun, options: OffboardOptions) -> bool:
    """Carry it out, or as much as was done at Ctrl-C, which lets what is in progress finish; whether interrupted."""

    def stop() -> bool:
        run.stop()
        return True

    with finishing(stop) as interrupts:
        async with options.connection.client() as pbx:
            await run.aon(pbx)
    return interrupts.times > 0


def _ask(plan: OffboardingPlan, question: Question) -> bool:
    from .confirm import go_on

    changes = "1 change" if question.calls == 1 else f"{question.calls:,} changes"
    go_on(printable(f"Take {plan.target} out of {question.url}, in {changes}?"))
    if question.removals:
        some = "One change deletes" if question.removals == 1 else f"{question.removals:,} changes delete"
        go_on(printable(f"{some} something that can't be restored. Go on?"))
    return True


def _tell(plan: OffboardingPlan) -> None:
    """Write what stays and what can't be done to stderr, and how much there is to do."""
    for reference in plan.kept:
        click.echo(printable(f"Stays: {reference}"), err=True)
    for note in plan.notes:
        click.echo(printable(note), err=True)
    steps = f"{len(plan.steps):,} steps" if len(plan.steps) != 1 else "1 step"
    heir = f", replaced with {plan.heir}" if plan.heir else ""
    click.echo(printable(f"{plan.target}{heir} on {plan.url}: {steps if plan.steps else 'nothing to do'}."), err=True)


def _fields(step: Step) -> tuple[dict[str, Any], dict[str, Any]]:
    new = getattr(step, "new", step.arguments.get("body", {}))
    return masked(getattr(step, "old", {})), masked(dict(new))


def _show(plan: OffboardingPlan, outcomes: list[Outcome], view: View) -> None:
    if view.output == "table":
        if plan.steps:
            draw(["What", "Action", "Field", "Now", "Then"], [row for step in plan.steps for row in _rows(step)])
        return
    write_rows(
        [_record(plan, step, outcome) for step, outcome in zip(plan.steps, outcomes, strict=True)],
        view._replace(show_secrets=True),
    )


def _rows(step: Step) -> list[list[str]]:
    old, new = _fields(step)
    what = getattr(step, "entity", step.action.noun)
    fields = [[name, *change_cells(old.get(name), value)] for name, value in new.items()] or [["", "", ""]]
    return [[what if n == 0 else "", step.action.id if n == 0 else "", *row] for n, row in enumerate(fields)]


def _record(plan: OffboardingPlan, step: Step, outcome: Outcome) -> OffboardRecord:
    old, new = _fields(step)
    keys = {name: step.arguments[name] for name in step.action.keys if name in step.arguments}
    record = as_record(outcome, action=step.action.id, key=keys or None, pbx=plan.url)
    return {**record, "fields": {"old": old, "new": new}}


def _summarize(plan: OffboardingPlan, outcomes: list[Outcome]) -> int:
    for step, outcome in zip(plan.steps, outcomes, strict=True):
        if outcome.state in (State.FAILED, State.UNKNOWN):
            what = getattr(step, "entity", step.action.noun)
            why = outcome.described_error.get("message", outcome.state.label)
            click.echo(printable(f"{what}: {why}"), err=True)
    counts = Counter(outcome.state for outcome in outcomes)
    states = (State.DONE, State.FAILED, State.UNKNOWN, State.NOT_STARTED)
    click.echo(", ".join(f"{counts[state]:,} {state.label.replace('_', ' ')}" for state in states) + ".", err=True)
    if counts[State.DONE] == len(outcomes):
        return 0
    click.echo("The same command, run again, does what is left.", err=True)
    return ItemsFailed.exit_code
