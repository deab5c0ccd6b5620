"""What a job's ledger shows of it: the outcomes counted, and one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from ..node import Node
from ..work.ledger import Entry
from ..work.outcome import ErrorRecord, OutcomeRecord, as_record
from ..work.state import State


class Target(NamedTuple):
    """A PBX of the job. ``error`` is why work on it stopped before its end (`outcome.described`), None if it didn't."""

    id: int
    name: str
    url: str
    error: ErrorRecord | None


class JobLedger(Protocol):
    """What the ledger of one job shows; every implementation passes tests/jobs/test_job_ledgers.py."""

    def about(self) -> dict[str, Any]:
        """Return the facts of the job, by name, ``loaded`` and ``cancelled`` among them. Raises LedgerFailed."""
        ...

    def targets(self) -> Sequence[Target]:
        """Return its PBXs in the order in which they were given. Raises LedgerFailed."""
        ...

    def counts_by_target(self) -> Mapping[int, Mapping[State, int]]:
        """Count the items of each target in each state. Raises LedgerFailed."""
        ...

    def entries(self, target: int, states: Iterable[State]) -> Iterator[Entry]:
        """Yield the items of a target in given states, by place. Raises LedgerFailed."""
        ...


class JobRecord(OutcomeRecord):
    """The outcome of an item of a job, with the item as ``input``, and how often it was sent."""

    attempts: int
    input: Mapping[str, Any]


JobStatus = Literal["waiting", "running", "paused", "finished", "cancelled"]
"""``waiting``: for a worker that takes it, which only a shared job does. ``paused``: for a time, or for a person."""


class TargetSummary(NamedTuple):
    """The outcome of the items of one PBX. ``error`` is why it stopped early, None if it didn't."""

    name: str
    url: str
    counts: dict[str, int]
    error: ErrorRecord | None

    @property
    def halt(self) -> str:
        """The message of that error, else ""."""
        return str(self.error["message"]) if self.error else ""


class Summary(NamedTuple):
    """The outcome of a job's items, over all PBXs and for each."""

    name: str
    action: str
    status: JobStatus
    counts: dict[str, int]
    targets: list[TargetSummary]

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do: what is unknown then can't be looked up, so a person must."""
        halted = any(target.error for target in self.targets)
        left = self.counts[State.NOT_STARTED.label] + self.counts[State.SENT.label]
        return not left and not (halted and self.counts[State.UNKNOWN.label])


def summary_of(
    name: str,
    ledger: JobLedger,
    *,
    is_held: Callable[[], bool],
    is_over: Callable[[], bool] = lambda: True,
    is_waiting: Callable[[], bool] = lambda: False,
) -> Summary:
    """Count the outcomes of a job so far.

    ``is_held`` tells whether somebody works on it; ``is_over``, where nothing but unknown items is left, whether those
    were looked up; ``is_waiting``, where nobody works on it, whether the next worker would.
    """
    about = ledger.about()
    counted = ledger.counts_by_target()
    totals = Counter[State]()
    targets = []
    for target in ledger.targets():
        totals.update(counts := counted[target.id])
        targets.append(TargetSummary(target.name, target.url, _labelled(counts), target.error))
    summary = Summary(name, about["action"], "paused", _labelled(totals), targets)
    if about["cancelled"]:
        return summary._replace(status="cancelled")
    if summary.finished and is_over():
        return summary._replace(status="finished")
    if is_held():
        return summary._replace(status="running")
    return summary._replace(status="waiting") if is_waiting() else summary


def records_of(node: Node, ledger: JobLedger, states: Iterable[State]) -> Iterator[JobRecord]:
    """Yield the outcome of each item in these states, PBX by PBX."""
    states = list(states)
    for target in ledger.targets():
        for entry in ledger.entries(target.id, states):
            yield record_of(node, target, entry)


def record_of(node: Node, target: Target, entry: Entry) -> JobRecord:
    """Return the outcome of one item on one PBX."""
    pbx, key = target.name or target.url, node.keys(entry.n, entry.item)
    record = as_record(entry.outcome, action=node.action.id, key=key, pbx=pbx, item=entry.n)
    return {**record, "attempts": entry.attempts, "input": entry.item}


def _labelled(counts: Mapping[State, int]) -> dict[str, int]:
    return {state.label: counts[state] for state in State}
