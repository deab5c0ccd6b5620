"""A plan of configuration at work on a terminal: its question, its progress, how Ctrl-C ends it, and how it went.

`config apply` and `clone` both apply like this.
"""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import click

from ..errors import ItemsFailed, exit_code_of_kind
from ..printable import printable
from ..redaction import redacted
from ..work.state import State
from .config_plan_shown import show_on_stderr, show_steps
from .interrupts import finishing
from .progress import Bar, progress

if TYPE_CHECKING:
    from ..client import AsyncPbx
    from ..config.applying.apply import Apply
    from ..config.planning.plan import Plan, Step
    from ..work.guards import Confirm, Question
    from ..work.outcome import Outcome

_MOST = 20  # failures that are named


def asker(plan: Plan, *, yes: bool, shown: bool) -> Confirm | bool | None:
    """Return who answers the question about a plan: the option, somebody at the terminal, or nobody.

    ``shown``: whether the plan stands on the terminal already.
    """
    return yes or (partial(_ask, plan, shown) if sys.stderr.isatty() else None)


def _ask(plan: Plan, shown: bool, question: Question) -> bool:
    """Ask before sending, and again before removing."""
    from ..config.applying.removals import removed_in_words
    from .confirm import go_on

    if not shown:
        show_on_stderr(plan)
    if others := question.calls - question.removals:
        steps = "1 addition or change" if others == 1 else f"{others:,} additions and changes"
        go_on(printable(f"Send {steps} to {plan.url}?"))
    if question.removals:
        go_on(printable(f"Remove {removed_in_words(plan)} from {plan.url}?"))
    return True


def carry_out(apply: Apply, connect: Callable[[], AsyncPbx], output: str, words: Sequence[str] = ()) -> int:
    """Apply a plan, or what is left of it; show the outcomes where the output is not a table, and return the exit code.

    ``words`` are the options of the command line that goes on with it, as for `summarize`.

    Raises what stopped it before anything was sent.
    """
    broke: BaseException | None = None
    with progress("steps", len(apply.plan.steps)) as bar:
        try:
            interrupted = asyncio.run(_drive(apply, connect, bar))
        except KeyboardInterrupt:  # the second one
            interrupted = True
        except BaseException as problem:  # what was done is said all the same
            broke, interrupted = problem, False
    if broke is not None and not apply.is_begun:
        raise broke
    code = 1
    with suppress(BrokenPipeError):  # who reads the output has gone; the exit code tells all the same
        try:
            if output != "table":
                show_steps(apply.plan, output, apply.outcomes)
        finally:
            code = summarize(apply, words)
    if broke is not None:
        raise broke
    return 130 if interrupted else code


async def _drive(apply: Apply, connect: Callable[[], AsyncPbx], bar: Bar) -> bool:
    """Do it, or as much as was done at Ctrl-C, which lets what is in progress finish; whether it was interrupted."""
    done = 0

    def stop() -> bool:
        apply.stop()
        return True

    def note(step: Step, outcome: Outcome) -> None:
        nonlocal done
        done += 1
        bar.at(done)
        interrupts.tell()

    with finishing(stop) as interrupts:
        async with connect() as pbx:
            await apply.aon(pbx, note)
    return interrupts.times > 0


def summarize(apply: Apply, words: Sequence[str] = (), name: str = "") -> int:
    """Name what was not done and why, then count; return the exit code.

    ``words``: the options for the same PBX and the same secrets, so that the command that goes on can be pasted.
    ``name``: of the PBX, where there are several.
    """
    whose = f"{name}: " if name else ""
    steps = apply.plan.steps
    missed = [each for each in apply.outcomes if each.state in (State.FAILED, State.UNKNOWN)]
    for outcome in missed[:_MOST]:
        error = outcome.described_error
        why = " ".join(filter(None, (error.get("message") or outcome.state.label, outcome.note)))
        click.echo(printable(redacted(f"{whose}{steps[outcome.n].text}: {why}")), err=True)
    if len(missed) > _MOST:
        click.echo(f"… and {len(missed) - _MOST:,} more; -o json has all.", err=True)
    summary = apply.summary
    counts = f"{summary.done:,} done, {summary.failed:,} failed, {summary.unknown:,} unknown, {summary.left:,} left"
    click.echo(printable(f"{whose}{apply.plan.url}: {counts}."), err=True)
    if summary.error is not None:
        click.echo(printable(str(summary.error.get("message"))), err=True)
    if not missed and not summary.left:
        return 0
    if summary.left or summary.unknown:
        command = shlex.join(["trunkline", "config", "apply", apply.name, *words])
        click.echo(printable(f"{whose}`{command}` goes on; a new plan has what is left."), err=True)
    return ItemsFailed.exit_code if missed or summary.error is None else exit_code_of_kind(str(summary.error["code"]))
