"""An import into several PBXs: the plan of each, one question, then each plan carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..client import AsyncPbx
from ..errors import InvalidArgument
from ..local.placed import paths_for
from ..printable import printable
from ..work.fleet import Fleet
from ..work.guards import Question, Several
from ..work.outcome import Outcome
from ..work.state import State
from .fleet_shown import Failures, ask_several, report
from .import_shown import counted, show_outcomes, show_plan
from .interrupts import finishing
from .progress import progress

if TYPE_CHECKING:
    from ..transfer import Import, ImportRun, Plan
    from .import_ import ImportOptions


def import_several(imported: Import, options: ImportOptions) -> int:
    """Plan, show, and with ``--apply`` ask once and carry out; the exit code is 7 if anything failed.

    Raises:
        TrunklineError: nothing was sent: a guard refuses the plan of a PBX, or there was no yes.
    """
    fleet = options.connection.fleet()
    if options.rest is not None:
        rests: Mapping[str, Path] = dict(zip(fleet.names, paths_for(options.rest, fleet.names), strict=True))
    else:
        rests = {}
    failures = Failures(len(fleet.targets))
    plans = asyncio.run(_planned(fleet, imported, failures))
    for name, plan in plans.items():
        click.echo(printable(f"{name}: {counted(plan)}"), err=True)
        if options.view.output == "table" or not options.apply_:
            show_plan(plan, options.view, name)
    refused = _refused(imported, plans, options)
    if not options.apply_:
        for name, refusal in refused.items():
            click.echo(f"{name}: --apply would refuse this: {refusal.message}", err=True)
        return failures.exit_code()
    for name, refusal in refused.items():
        raise refusal.replace(f"{name}: {refusal.message}")
    to_do = {name: plan for name, plan in plans.items() if plan.steps}
    changed = Fleet([target for target in fleet.targets if target.name in to_do], at_once=fleet.at_once)
    what = f"import {imported.kind.resource}"
    changed.check(f"{what} ({_steps(to_do)})", True if options.yes else ask_several)
    is_confirmed = options.yes or len(to_do) > 1
    runs = {name: _over(imported, plan, options, is_confirmed=is_confirmed) for name, plan in to_do.items()}
    interrupted = asyncio.run(_carry_out(changed, runs, failures))
    left = _report(imported, runs, rests, options)
    code = failures.exit_code(left)
    return 130 if interrupted else code


def _over(imported: Import, plan: Plan, options: ImportOptions, *, is_confirmed: bool) -> ImportRun:
    """Prepare a plan, that somebody has confirmed; where only one PBX is to be changed, that is asked here."""

    def ask(question: Question) -> bool:
        return ask_several(Several(f"import {imported.kind.resource}", (question.url,)))

    return imported.over(
        plan,
        confirm=is_confirmed or ask,
        max_removals=options.max_removals,
        concurrency=options.concurrency,
        stop_on_error=options.stop_on_error,
    )


def _steps(plans: Mapping[str, Plan]) -> str:
    counts = {change: sum(plan.count(change) for plan in plans.values()) for change in ("add", "change", "remove")}
    return ", ".join(f"{count:,} to {change}" for change, count in counts.items())


def _refused(imported: Import, plans: Mapping[str, Plan], options: ImportOptions) -> dict[str, InvalidArgument]:
    refused: dict[str, InvalidArgument] = {}
    for name, plan in plans.items():
        try:
            imported.check(plan, options.max_removals)
        except InvalidArgument as refusal:
            refused[name] = refusal
    return refused


async def _planned(fleet: Fleet, imported: Import, failures: Failures) -> dict[str, Plan]:
    async def plan(pbx: AsyncPbx) -> Plan:
        return await imported.aplan(pbx)

    plans: dict[str, Plan] = {}
    with progress("PBXs read", len(fleet.targets)) as bar:
        async with aclosing(fleet.aeach(plan)) as each:
            async for name, outcome in each:
                if failures.took(name, outcome):
                    plans[name] = outcome.answer
                bar.at(failures.ended, note=failures.note)
    return plans


async def _carry_out(fleet: Fleet, runs: Mapping[str, ImportRun], failures: Failures) -> bool:
    """Carry the plans out; Ctrl-C lets what is in progress finish. Return whether it was interrupted."""

    def stop() -> bool:
        for run in runs.values():
            run.stop()
        return True

    async def work(pbx: AsyncPbx) -> None:
        await runs[pbx.label].aon(pbx)

    done = 0
    with finishing(stop) as interrupts, progress("PBXs", len(runs)) as bar:
        async with aclosing(fleet.aeach(work)) as each:
            async for name, outcome in each:
                done += 1
                interrupts.tell()
                failures.took(name, outcome)
                bar.at(done, note=failures.note)
    return interrupts.times > 0


def _report(imported: Import, runs: Mapping[str, ImportRun], rests: Mapping[str, Path], options: ImportOptions) -> bool:
    """Write the outcome of each step; return whether any was not done."""
    from .import_ import keep_rest

    left = False
    for name, run in runs.items():
        outcomes = run.outcomes
        left = left or any(outcome.state is not State.DONE for outcome in outcomes)
        with suppress(BrokenPipeError):  # who reads the output has gone; the exit code tells all the same
            if options.view.output != "table":
                show_outcomes(run.plan, outcomes, options.view, name)
        _failed(name, run, outcomes)
        if message := keep_rest(run.plan, outcomes, rests.get(name), imported):
            click.echo(printable(f"{name}: {message}"), err=True)
    return left


def _failed(name: str, run: ImportRun, outcomes: list[Outcome]) -> None:
    counts: dict[str, int] = {}
    for step, outcome in zip(run.plan.steps, outcomes, strict=True):
        counts[outcome.state.label] = counts.get(outcome.state.label, 0) + 1
        error: Any = outcome.error
        if outcome.state in (State.FAILED, State.UNKNOWN) and hasattr(error, "hint"):
            line = "remove" if step.line is None else f"line {step.line}"
            report(name, error, may_be_done=outcome.state is State.UNKNOWN, where=line)
    click.echo(printable(f"{name}: {', '.join(f'{n:,} {state}' for state, n in counts.items())}."), err=True)
