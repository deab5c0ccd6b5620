"""Jobs as people and programs read them: a list of them, the outcome of one, and of each of its items."""

from __future__ import annotations

from typing import Any

import click

from ..errors import TrunklineError
from ..jobs import Job, JobFolder, State, Summary
from .output import View, Writer, chosen, draw, write_one, write_rows

_LABELS = [state.label for state in State]
_HEADINGS = [label.replace("_", " ") for label in _LABELS]


def write_list(output: str | None) -> int:
    """Write all jobs; the exit code."""
    folder = JobFolder()
    found: list[Summary] = []
    code = 0
    for name in folder.names():
        try:
            with Job.open(folder.existing(name), check=False) as each:
                found.append(each.summary())
        except TrunklineError as error:  # one that was cut off as it began, or is damaged, hides no other
            from .endings import complain

            complain(error)
            code = error.exit_code
    view = View(chosen(output))
    if view.output == "table":
        draw(
            ["Job", "Action", "Status", *_HEADINGS], [[s.name, s.action, s.status, *_numbers(s.counts)] for s in found]
        )
        return code
    rows = [_summary_json(summary, targets=False) for summary in found]
    if view.output == "csv":
        rows = [{name: row[name] for name in ("job", "action", "status")} | row["counts"] for row in rows]
    write_rows(rows, view)
    return code


def write_summary(summary: Summary, output: str | None) -> None:
    match chosen(output):
        case "table":
            click.echo(f"{summary.name}: {summary.action}, {summary.status}")
            rows = [[t.name or t.url, *_numbers(t.counts), t.halt] for t in summary.targets]
            draw(["PBX", *_HEADINGS, "Stopped because"], rows)
        case "csv":
            about = {"job": summary.name, "action": summary.action, "status": summary.status}
            targets = [{**about, "pbx": t.name or t.url, **t.counts, "error": t.halt} for t in summary.targets]
            write_rows(targets, View("csv"))
        case other:
            write_one(_summary_json(summary), View(other))


def _numbers(counts: dict[str, int]) -> list[str]:
    return [f"{counts[state]:,}" for state in _LABELS]


def _summary_json(summary: Summary, *, targets: bool = True) -> dict[str, Any]:
    found = {"job": summary.name, "action": summary.action, "status": summary.status, "counts": summary.counts}
    return {**found, "targets": [t._asdict() for t in summary.targets]} if targets else found


def write_items(found: Job, states: list[State], output: str | None, *, show_secrets: bool) -> None:
    records = found.records(states)
    view = View(chosen(output), show_secrets=show_secrets)
    if view.output == "table":
        cells = [
            [r["pbx"], str(r["item"]), r["state"], str(r["attempts"]), str(r.get("error", {}).get("message", ""))]
            for r in records
        ]
        draw(["PBX", "Item", "State", "Sent", "Message"], cells)
        return
    writer = Writer(view)
    for record in records:
        writer.write([record])
    writer.end()
