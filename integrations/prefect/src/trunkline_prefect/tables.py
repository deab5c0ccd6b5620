"""The outcome of a job as Markdown: a row for each PBX, in counts, never an item or an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from trunkline.redaction import redacted
from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import ShardRow
from trunkline.work.outcome import ErrorRecord

MOST_ROWS = 2_000
"""Rows of a table; Prefect's page becomes slow with more."""
_LONGEST_TEXT = 300


def counted(counts: Mapping[str, int]) -> str:
    """Return counts by state in words, without those that are 0: ``498 done, 2 failed``."""
    parts = [f"{number:,} {state.replace('_', ' ')}" for state, number in counts.items() if number]
    return ", ".join(parts) or "nothing to do"


def error_text(error: ErrorRecord | Mapping[str, Any] | None) -> str:
    """Return an error that is kept in the ledger, with its next step, as one line."""
    if not error:
        return ""
    text = f"{error['message']} {error['hint']['text']}".strip()
    return redacted(" ".join(text.split()))


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table. What stands in a cell can't end it, nor be read as markup."""
    lines = [_line(header), _line(["---"] * len(header))]
    left_out = 0
    for row in rows:
        if len(lines) < MOST_ROWS + 2:
            lines.append(_line([_cell(value) for value in row]))
        else:
            left_out += 1
    if left_out:
        lines += ["", f"{left_out:,} more PBXs are not shown."]
    return "\n".join(lines)


def key_of(name: str) -> str:
    """Return a name as Prefect wants the key of an artifact: lower case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "job"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) else " ".join(str(value).split())
    if len(text) > _LONGEST_TEXT:
        text = f"{text[: _LONGEST_TEXT - 1]}…"
    return re.sub(r"([\\|`*_<>\[\]])", r"\\\1", text)


def table_of_items(job: SharedJob) -> str:
    """Return the outcomes of a job's items, a row for each PBX."""
    return table(
        ("PBX", "Done", "Failed", "Unknown", "Not done", "Stopped because"),
        (
            (
                target.name,
                target.counts["done"],
                target.counts["failed"],
                target.counts["unknown"],
                target.counts["sent"] + target.counts["not_started"],
                error_text(target.error),
            )
            for target in job.summary().targets
        ),
    )


def table_of_exports(job: SharedJob) -> str:
    """Return what was exported, a row for each PBX."""
    return _by_pbx(job, ("Days", "Rows", "Bytes"), _files)


def table_of_drift(job: SharedJob) -> str:
    """Return how much changed, a row for each PBX."""
    return _by_pbx(job, ("Added", "Removed", "Changed", "Not read", "Compared with"), _changes)


def table_of_status(job: SharedJob) -> str:
    """Return what needs attention, a row for each PBX."""
    return _by_pbx(job, ("Version", "Concerns", "First concern"), _concerns)


def _files(results: Sequence[Mapping[str, Any]]) -> Sequence[object]:
    return len(results), sum(result["rows"] for result in results), sum(result["bytes"] for result in results)


def _changes(results: Sequence[Mapping[str, Any]]) -> Sequence[object]:
    [result] = results
    counts = result["counts"]
    since = result["since"] or "nothing: first reading"
    return counts["added"], counts["removed"], counts["changed"], len(result["unread"]), since


def _concerns(results: Sequence[Mapping[str, Any]]) -> Sequence[object]:
    [result] = results
    concerns = result["concerns"]
    return result["version"] or "", len(concerns), concerns[0]["message"] if concerns else ""


def _by_pbx(
    job: SharedJob, header: Sequence[str], cells: Callable[[Sequence[Mapping[str, Any]]], Sequence[object]]
) -> str:
    """Return a table with a row for each PBX: what its shards read, and why one of them could not be read."""
    shards: dict[str, list[ShardRow]] = {}
    for shard in job.shards():
        shards.setdefault(shard.target, []).append(shard)
    rows = []
    for name, of_pbx in shards.items():
        results = [shard.result for shard in of_pbx if shard.result is not None]
        error = next((shard.error for shard in of_pbx if shard.error is not None), None)
        read = cells(results) if results else [""] * len(header)
        rows.append((name, *read, error_text(error)))
    return table(("PBX", *header, "Error"), rows)
