"""A plan as people and programs read it: a table with a row for each field that changes, or a record for each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, cast

import click

from ..catalog.secret import masked
from ..local.characters import visible
from ..work.outcome import Outcome, OutcomeRecord, as_record
from ..work.state import State
from .change_cells import change_cells, value_cell
from .output import PBX, View, cell, draw, json_line, pretty, write_rows

if TYPE_CHECKING:
    from ..transfer import ImportStep, Plan


class ChangedFields(TypedDict):
    """The fields of an entity that differ, as they are now and as they shall be."""

    old: dict[str, Any]
    new: dict[str, Any]


class ImportRecord(OutcomeRecord):
    """The outcome of a step of an import, not started in a plan; ``item`` is the line of the file."""

    fields: ChangedFields


_SIGNS = {"add": "+ add", "change": "~ change", "remove": "- remove"}


def counted(plan: Plan) -> str:
    if not plan.steps:
        return f"Nothing to do: {plan.kind.some(plan.alike)} on {plan.url} as in the file."
    counts = ", ".join(f"{plan.count(change):,} to {change}" for change in _SIGNS)
    there = f"{plan.kind.some(plan.present)} on {plan.url}, matched by {', '.join(plan.key)}"
    return f"{counts}, {plan.alike:,} as they are; {there}."


def show_plan(plan: Plan, view: View, pbx: str = "") -> None:
    """Write the plan to stdout: a table with a row for each field that changes, or a record for each step.

    ``pbx`` is the name of the PBX, where there are several.
    """
    if view.output != "table":
        show_outcomes(plan, [Outcome(n, State.NOT_STARTED) for n in range(len(plan.steps))], view, pbx)
    elif plan.steps:
        rows = [[*map(visible, row)] for step in plan.steps for row in _table_rows(step, plan.key, view)]
        draw(["Change", "Line", "Which", "Field", "Now", "Then"], rows, View("table", ("all",), pager=view.pager))


def show_outcomes(plan: Plan, outcomes: Sequence[Outcome], view: View, pbx: str = "") -> None:
    """Write the outcome of each step as a record; a table shows only the plan. ``pbx`` as in `show_plan`."""
    records = [_record(plan, step, outcome, view) for step, outcome in zip(plan.steps, outcomes, strict=True)]
    _write([_first(record, pbx) for record in records] if pbx else records, view)


def _first(record: ImportRecord, pbx: str) -> ImportRecord:
    """Return a record that begins with the name of its PBX, in place of the address."""
    others = {name: value for name, value in record.items() if name != PBX}
    return cast("ImportRecord", {PBX: pbx, **others})


def reason(outcome: Outcome) -> str:
    """Say why a step was not done."""
    text = " ".join(filter(None, (outcome.described_error.get("message"), outcome.note)))
    return (
        text
        if outcome.state is State.FAILED
        else ": ".join(filter(None, (outcome.state.label.replace("_", " "), text)))
    )


def plan_lines(plan: Plan, view: View) -> list[str]:
    """Give the plan as a line for each step; what nobody would see stands there as ``\\u200b``."""
    return [visible(f"{_SIGNS[step.change]} {step.key} {_summary(step, plan.key, view)}") for step in plan.steps]


def _write(records: Sequence[ImportRecord], view: View) -> None:
    """Write records whose secrets have been masked; JSON has invisible characters escaped."""
    match view.output:
        case "jsonl":
            for record in records:
                click.echo(visible(json_line(record)))
        case "json":
            click.echo(visible(pretty(records)))
        case _:
            write_rows(records, view._replace(show_secrets=True))


def _table_rows(step: ImportStep, key: tuple[str, ...], view: View) -> Iterator[list[str]]:
    which = step.key
    for name in key:  # the line of counts names it once, and a terminal is narrow
        which = which.replace(f"{name} ", "", 1)
    which = " ".join(part for part in (which, step.name) if part)
    line = "" if step.line is None else str(step.line)
    if step.change == "change":
        old, new = _shown_fields(step, view)
        for number, (name, value) in enumerate(new.items()):
            first = [_SIGNS[step.change], line, which] if number == 0 else ["", "", ""]
            yield [*first, name, *change_cells(old[name], value)]
    else:
        yield [_SIGNS[step.change], line, which, "", "", _summary(step, key, view) if step.change == "add" else ""]


def _summary(step: ImportStep, key: tuple[str, ...], view: View) -> str:
    old, new = _shown_fields(step, view)
    if step.change == "remove":
        return step.name
    if step.change == "add":
        return ", ".join(f"{name} {value_cell(value)}" for name, value in new.items() if name not in key)
    return ", ".join(f"{name}: {cell(old[name])} → {cell(value)}" for name, value in new.items())


def _shown_fields(step: ImportStep, view: View) -> tuple[dict[str, Any], dict[str, Any]]:
    return (step.old, step.new) if view.show_secrets else (masked(step.old), masked(step.new))


def _record(plan: Plan, step: ImportStep, outcome: Outcome, view: View) -> ImportRecord:
    old, new = _shown_fields(step, view)
    record = as_record(outcome, action=step.action.id, key=step.keys, pbx=plan.url, item=step.line)
    return {**record, "fields": {"old": old, "new": new}}
