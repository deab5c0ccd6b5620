"""Jobs as people and programs read them: a list of them, the outcome of one, and of each of its items."""

from __future__ import annotations

from typing import NotRequired, TypedDict, cast

import click

from ..errors import TrunklineError
from ..jobs import Job, JobFolder, State, Summary
from ..jobs.job import JobStatus
from ..work.outcome import ErrorRecord
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
    if view.output == "csv":
        write_rows([{"job": s.name, "action": s.action, "status": s.status, **s.counts} for s in found], view)
    else:
        write_rows([_job_record(summary, targets=False) for summary in found], view)
    return code


def write_summary(summary: Summary, output: str | None) -> None:
    match chosen(output):
        case "table":
            click.echo(f"{summary.name}: {summary.action}, {summary.status}")
            rows = [[t.name or t.url, *_numbers(t.counts), t.halt] for t in summary.targets]
            draw(["PBX", *_HEADINGS, "Stopped because"], rows)
        case "csv":
            head = {"job": summary.name, "action": summary.action, "status": summary.status}
            targets = [{**head, "pbx": t.name or t.url, **t.counts, "error": t.halt} for t in summary.targets]
            write_rows(targets, View("csv"))
        case other:
            write_one(_job_record(summary), View(other))


def _numbers(counts: dict[str, int]) -> list[str]:
    return [f"{counts[state]:,}" for state in _LABELS]


class Counts(TypedDict):
    """How many items are in each state."""

    not_started: int
    sent: int
    done: int
    failed: int
    unknown: int


class TargetRecord(TypedDict):
    """The items of one PBX by state; ``error`` is why its part of the job stopped early."""

    pbx: str
    url: str
    counts: Counts
    error: ErrorRecord | None


class JobSummaryRecord(TypedDict):
    """A job and how many of its items are in each state; a list of jobs has no ``targets``."""

    job: str
    action: str
    status: JobStatus
    counts: Counts
    targets: NotRequired[list[TargetRecord]]


def _job_record(summary: Summary, *, targets: bool = True) -> JobSummaryRecord:
    record: JobSummaryRecord = {
        "job": summary.name,
        "action": summary.action,
        "status": summary.status,
        "counts": _counts(summary.counts),
    }
    if targets:
        record["targets"] = [
            {"pbx": t.name or t.url, "url": t.url, "counts": _counts(t.counts), "error": t.error}
            for t in summary.targets
        ]
    return record


def _counts(counts: dict[str, int]) -> Counts:
    return cast("Counts", counts)  # by the labels of the states


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
