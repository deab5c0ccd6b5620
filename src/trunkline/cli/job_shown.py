"""Jobs as people and programs read them: a list of them, the outcome of one, and of each of its items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict, cast

import click

from ..errors import TrunklineError
from ..jobs import Job, JobFolder, State, Summary
from ..jobs.summary import JobStatus
from ..local.timestamps import format_timestamp
from ..work.outcome import ErrorRecord
from .job_places import HERE, engine_of, has_shared_ledger, not_looked_at
from .output import View, Writer, chosen, draw, write_one, write_rows

if TYPE_CHECKING:
    from ..shards.job import SharedJob
    from ..shards.ledger import ShardRow

Placed = tuple[Summary, str | None]
"""A job, and the engine that it is on; None for one of this machine."""
_LABELS = [state.label for state in State]
_HEADINGS = [label.replace("_", " ") for label in _LABELS]


def write_list(output: str | None) -> int:
    """Write all jobs, of this machine and of the shared ledger, if there is one; the exit code."""
    jobs, code = _local_jobs()
    if has_shared_ledger():
        shared, shared_code = _shared_jobs()
        jobs, code = jobs + shared, shared_code or code
    view = View(chosen(output))
    if view.output == "table":
        rows = [[s.name, on or HERE, s.action, s.status, *_numbers(s.counts)] for s, on in jobs]
        headings = ["Job", "On", "Action", "Status", *_HEADINGS]
        if not has_shared_ledger():
            headings, rows = _without_place(headings), [_without_place(row) for row in rows]
        draw(headings, rows)
    elif view.output == "csv":
        write_rows([_row(summary, place) for summary, place in jobs], view)
    else:
        write_rows([_job_record(summary, place, targets=False) for summary, place in jobs], view)
    return code


def _without_place(cells: list[str]) -> list[str]:
    return [*cells[:1], *cells[2:]]


def _local_jobs() -> tuple[list[Placed], int]:
    folder = JobFolder()
    found: list[Placed] = []
    code = 0
    for name in folder.names():
        try:
            with Job.open(folder.existing(name), check=False) as each:
                found.append((each.summary(), None))
        except TrunklineError as error:  # one that was cut off as it began, or is damaged, hides no other
            from .endings import complain

            complain(error)
            code = error.exit_code
    return found, code


def _shared_jobs() -> tuple[list[Placed], int]:
    """Return the jobs of the shared ledger, and the exit code; none if it can't be read, which hides no other."""
    from ..shards.job import SharedJob
    from ..shards.ledger import PostgresLedger

    try:
        with PostgresLedger.from_environment() as ledger:
            found = [SharedJob.open(ledger, name) for name in ledger.names()]
            return [(each.summary(), engine_of(each)) for each in found], 0
    except TrunklineError as error:
        not_looked_at(error)
        return [], error.exit_code


def _row(summary: Summary, on: str | None) -> dict[str, object]:
    row = {"job": summary.name, "action": summary.action, "status": summary.status, **summary.counts}
    return {**row, "on": on or HERE} if has_shared_ledger() else row


def write_summary(summary: Summary, output: str | None, on: str | None = None) -> None:
    """Write the outcome of a job. ``on``: the engine that it is on, None for a job of this machine."""
    match chosen(output):
        case "table":
            click.echo(f"{summary.name}: {summary.action}, {summary.status}{f' on {on}' if on else ''}")
            rows = [[t.name or t.url, *_numbers(t.counts), t.halt] for t in summary.targets]
            draw(["PBX", *_HEADINGS, "Stopped because"], rows)
        case "csv":
            head = {"job": summary.name, "action": summary.action, "status": summary.status}
            targets = [{**head, "pbx": t.name or t.url, **t.counts, "error": t.halt} for t in summary.targets]
            write_rows(targets, View("csv"))
        case other:
            write_one(_job_record(summary, on), View(other))


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
    """A job and how many of its items are in each state; a list of jobs has no ``targets``.

    ``on`` is the engine that a shared job is on, ``shared`` if none is known; a job of this machine has no such field.
    """

    job: str
    action: str
    status: JobStatus
    counts: Counts
    targets: NotRequired[list[TargetRecord]]
    on: NotRequired[str]


def _job_record(summary: Summary, on: str | None, *, targets: bool = True) -> JobSummaryRecord:
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
    if on is not None:
        record["on"] = on
    return record


def _counts(counts: dict[str, int]) -> Counts:
    return cast("Counts", counts)  # by the labels of the states


class ShardRecord(TypedDict):
    """A part of a shared job on one PBX: items ``first`` to ``last``, a time window, or one reading.

    ``not_before``: when a paused shard may be taken again; null after its last pause, until the job is resumed.
    ``result``: what a reading read.
    """

    shard: str
    pbx: str
    url: str
    state: Literal["waiting", "running", "paused", "done"]
    first: int | None
    last: int | None
    start: str | None
    end: str | None
    pauses: int
    not_before: str | None
    error: ErrorRecord | None
    result: Any


def _shard_record(shard: ShardRow) -> ShardRecord:
    window = shard.window
    return {
        "shard": shard.id,
        "pbx": shard.target,
        "url": shard.url,
        "state": shard.state,
        "first": shard.first,
        "last": shard.last,
        "start": format_timestamp(window.start) if window else None,
        "end": format_timestamp(window.end) if window else None,
        "pauses": shard.pauses,
        "not_before": format_timestamp(shard.not_before) if shard.not_before else None,
        "error": shard.error,
        "result": shard.result,
    }


def write_shards(found: Job | SharedJob, output: str | None, *, show_secrets: bool) -> None:
    """Write the shards of a job, of which one of this machine has none. Raises click.UsageError for that."""
    if isinstance(found, Job):
        raise click.UsageError(f"{found.name!r} is a job of this machine, which has no shards.")
    view = View(chosen(output), show_secrets=show_secrets)
    if view.output == "table":
        cells = [
            [
                row["shard"],
                row["state"],
                str(row["pauses"]),
                row["not_before"] or "",
                row["error"]["message"] if row["error"] else "",
            ]
            for row in map(_shard_record, found.shards(with_results=False))
        ]
        draw(["Shard", "State", "Pauses", "Not before", "Message"], cells)
        return
    writer = Writer(view)
    for shard in found.shards():
        writer.write([_shard_record(shard)])
    writer.end()


def write_items(found: Job | SharedJob, states: list[State], output: str | None, *, show_secrets: bool) -> None:
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
