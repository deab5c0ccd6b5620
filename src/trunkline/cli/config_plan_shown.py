"""A plan of configuration as people and programs read it: its waves, each step with its fields, and its notes.

`config plan`, `apply` and `clone` all show plans like this.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

import click

from ..config.planning.shown import step_difference
from ..config.shown import FieldRecord, difference_record
from ..errors import ItemsFailed
from ..printable import in_a_cell, printable
from ..redaction import redacted
from ..work.outcome import ErrorRecord
from .config_shown import difference_lines
from .output import PBX, json_line, pretty

if TYPE_CHECKING:
    from ..config.planning.plan import Plan, Step
    from ..work.outcome import Outcome

OUTPUTS = ("table", "json", "jsonl")
_NEEDS = 4  # that a line names
_ON_TERMINAL = 40  # lines of a plan that is shown because somebody is asked about it


class StepRecord(TypedDict):
    """One step of a plan. ``wave`` counts from 1: steps of one wave wait for those of the waves before it.

    ``fields`` are those that are sent; ``old`` of one that is added is null. ``needs`` are the entities whose own steps
    come first, such as ``users/101``. ``state`` and ``error`` come once it was tried, ``pbx`` where there are several.
    """

    pbx: NotRequired[str]
    n: int
    wave: int
    change: Literal["add", "change", "finish", "remove"]
    kind: str
    key: str
    fields: list[FieldRecord]
    needs: list[str]
    state: NotRequired[Literal["not_started", "sent", "done", "failed", "unknown"]]
    error: NotRequired[ErrorRecord]


def step_record(step: Step, outcome: Outcome | None = None) -> StepRecord:
    """Return a step as JSON, with its outcome where it has one."""
    shown = difference_record(step_difference(step))
    record: StepRecord = {
        "n": step.n,
        "wave": step.wave + 1,
        "change": step.change,
        "kind": step.id.kind,
        "key": step.id.key,
        "fields": shown["fields"] if step.change != "remove" else [],
        "needs": [str(id) for id in step.needs],
    }
    if outcome is not None:
        record["state"] = outcome.state.label  # type: ignore[typeddict-item]
        if outcome.error is not None:
            record["error"] = outcome.described_error  # type: ignore[typeddict-item]
    return record


def show_plans(plans: Mapping[str, Plan], output: str, outcomes: Mapping[str, Sequence[Outcome]] | None = None) -> None:
    """As `show_steps`, for several PBXs by their names."""
    records: list[dict[str, Any]] = []
    for name, plan in plans.items():
        if output == "table" and plan.steps:
            click.echo(printable(f"{name}:"))
            show_steps(plan, output)
        known = {outcome.n: outcome for outcome in (outcomes or {}).get(name, ())}
        records += [{PBX: name, **step_record(step, known.get(step.n))} for step in plan.steps]
    if output == "json":
        click.echo(pretty(records))
    elif output == "jsonl":
        for record in records:
            click.echo(json_line(record))


def show_steps(plan: Plan, output: str, outcomes: Sequence[Outcome] | None = None, *, full: bool = False) -> None:
    """Write the steps to stdout: as a table with their waves, or as JSON with their outcomes."""
    if output == "table":
        _write_lines(plan_lines(plan, full=full), err=False)
        return
    known = {outcome.n: outcome for outcome in outcomes or ()}
    records = [step_record(step, known.get(step.n)) for step in plan.steps]
    if output == "json":
        click.echo(pretty(records))
        return
    for record in records:
        click.echo(json_line(record))


def show_on_stderr(plan: Plan) -> None:
    """Write the beginning of a plan to stderr, for somebody who is asked while stdout goes elsewhere."""
    lines = list(plan_lines(plan))
    _write_lines(lines[:_ON_TERMINAL], err=True)
    if len(lines) > _ON_TERMINAL:
        more = len(lines) - _ON_TERMINAL
        click.echo(f"… and {more:,} {'line' if more == 1 else 'lines'} more; --dry-run shows all.", err=True)


def show_notes(plan: Plan, name: str = "") -> None:
    """Write what is worth knowing before anything is sent to stderr, and then how much there is to do.

    ``name`` is what the PBX is called, where there are several.
    """
    whose = f"{name}: " if name else ""
    for note in plan.notes:
        click.echo(printable(redacted(f"{whose}{note.text}")), err=True)
    click.echo(printable(f"{whose}{counted(plan)}"), err=True)


def counted(plan: Plan) -> str:
    """Return how much there is to do: ``12 to add, 3 to change, 0 to remove, in 4 waves; https://pbx.example.com.``"""
    if not plan.steps:
        return f"Nothing to do on {plan.url}."
    adds, removals = plan.count("add"), plan.count("remove")
    changes = len(plan.steps) - adds - removals
    waves = "1 wave" if len(plan.waves) == 1 else f"{len(plan.waves):,} waves"
    return f"{adds:,} to add, {changes:,} to change, {removals:,} to remove, in {waves}; {plan.url}."


def partial_code(plan: Plan) -> int:
    """Return the exit code of a plan without failures: 7 where the PBX did not give all that was to be compared."""
    return ItemsFailed.exit_code if plan.is_partial else 0


def plan_lines(plan: Plan, *, full: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the lines of a plan, each with its colour, or "" for none."""
    waves = plan.waves
    for number, wave in enumerate(waves, 1):
        if len(waves) > 1:
            yield f"Wave {number}", "bold"
        for step in plan.steps[wave.start : wave.stop]:
            (head, colour), *fields = difference_lines(step_difference(step), full=full)
            yield f"{head}{_waits(step)}", colour
            yield from fields


def _waits(step: Step) -> str:
    if not step.needs:
        return ""
    more = len(step.needs) - _NEEDS
    first = ", ".join(in_a_cell(str(id)) for id in step.needs[:_NEEDS])
    return f"  after {first}{f' and {more:,} more' if more > 0 else ''}"


def _write_lines(lines: Iterable[tuple[str, str]], *, err: bool) -> None:
    stream = sys.stderr if err else sys.stdout
    if not stream.isatty():
        for text, _ in lines:
            click.echo(redacted(text), err=err)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, stderr=err, color_system=None if os.environ.get("NO_COLOR") else "auto")
    for text, style in lines:
        console.print(Text(redacted(text), style), soft_wrap=True)
