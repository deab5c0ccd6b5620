"""A plan as people and programs read it: a table with a row for each field that changes, or a record for each step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ..catalog.secret import masked
from ..local.characters import visible
from .output import View, cell, draw, json_line, pretty, write_rows

if TYPE_CHECKING:
    from ..transfer.apply import Fate
    from ..transfer.plan import Plan, Step

_SIGNS = {"add": "+ add", "change": "~ change", "remove": "- remove"}


def counted(plan: Plan, url: str) -> str:
    if not plan.steps:
        return f"Nothing to do: {plan.kind.some(plan.alike)} on {url} as in the file."
    counts = ", ".join(f"{plan.count(do):,} to {do}" for do in ("add", "change", "remove"))
    there = f"{plan.kind.some(plan.present)} on {url}, matched by {', '.join(plan.key)}"
    return f"{counts}, {plan.alike:,} as they are; {there}."


def show_plan(plan: Plan, view: View) -> None:
    """The plan on stdout: a table with a row for each field that changes, or a record for each step."""
    if view.output != "table":
        _write([_record(step, view) for step in plan.steps], view)
    elif plan.steps:
        rows = [[*map(visible, row)] for step in plan.steps for row in _table_rows(step, plan.key, view)]
        draw(["Do", "Line", "Which", "Field", "Now", "Then"], rows, View("table", ("all",), pager=view.pager))


def show_fates(fates: list[Fate], view: View) -> None:
    """What became of each step, as a record with ``result`` and ``said``; a table shows the plan alone."""
    rows = [{**_record(fate.step, view), "result": fate.state, "said": fate.said} for fate in fates]
    _write(rows, view)


def plan_lines(plan: Plan, view: View) -> list[str]:
    """The plan, a line for each step; what nobody would see stands there as ``\\u200b``."""
    return [visible(f"{_SIGNS[step.do]} {step.key} {_summary(step, plan.key, view)}") for step in plan.steps]


def _write(records: list[dict[str, Any]], view: View) -> None:
    """Write records whose secrets have been masked; JSON has invisible characters escaped."""
    match view.output:
        case "jsonl":
            for record in records:
                click.echo(visible(json_line(record)))
        case "json":
            click.echo(visible(pretty(records)))
        case _:
            write_rows(records, view._replace(show_secrets=True))


def _table_rows(step: Step, key: tuple[str, ...], view: View) -> Iterator[list[str]]:
    which = step.key
    for name in key:  # the line of counts names it once, and a terminal is narrow
        which = which.replace(f"{name} ", "", 1)
    which = " ".join(part for part in (which, step.name) if part)
    line = "" if step.line is None else str(step.line)
    if step.do == "change":
        old, new = _shown_fields(step, view)
        for number, (name, value) in enumerate(new.items()):
            first = [_SIGNS[step.do], line, which] if number == 0 else ["", "", ""]
            yield [*first, name, cell(old[name]), cell(value)]
    else:
        yield [_SIGNS[step.do], line, which, "", "", _summary(step, key, view) if step.do == "add" else ""]


def _summary(step: Step, key: tuple[str, ...], view: View) -> str:
    old, new = _shown_fields(step, view)
    if step.do == "remove":
        return step.name
    if step.do == "add":
        return ", ".join(f"{name} {cell(value)}" for name, value in new.items() if name not in key)
    return ", ".join(f"{name}: {cell(old[name])} → {cell(value)}" for name, value in new.items())


def _shown_fields(step: Step, view: View) -> tuple[dict[str, Any], dict[str, Any]]:
    return (step.old, step.new) if view.show_secrets else (masked(step.old), masked(step.new))


def _record(step: Step, view: View) -> dict[str, Any]:
    """A step for a machine; ``old`` and ``new`` hold the fields that differ."""
    old, new = _shown_fields(step, view)
    return {"do": step.do, "line": step.line, "key": step.key, "id": step.id, "old": old, "new": new}
