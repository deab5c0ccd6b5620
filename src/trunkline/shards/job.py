"""A job that machines share, as it looks to the one who starts it, looks at it or ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self, TypeVar

from ..errors import ConfigurationError, TrunklineError
from ..jobs.limits import Limits
from ..jobs.plan import Plan, check_loaded, limits_of, node_of
from ..jobs.summary import JobRecord, Summary, records_of, summary_of
from ..node import Node, PathRule, World
from ..transfer.period import Window
from ..work.guards import Confirm, check_distinct
from ..work.ledger import LedgerFailed
from ..work.shard import SHARD, cut
from ..work.state import State
from .ledger import JobRows, Kind, PostgresLedger, ShardRow

Made = TypeVar("Made")


class SharedJob:
    """One job in a ledger on Postgres, carried out by whatever machine takes its shards (`trunkline.shards.run`).

    with PostgresLedger.from_environment() as ledger:
        job = SharedJob.create(ledger, "old-faxes", "fax.delete", {"Id": "{{ $json.Id }}"}, items, {"acme": url})
        print(job.summary().counts)
    """

    def __init__(self, ledger: PostgresLedger, rows: JobRows) -> None:
        about = rows.about()
        check_loaded(rows.name, about)
        self.ledger = ledger
        self.rows = rows
        self.name = rows.name
        self.kind: Kind = rows.kind
        self.about = about
        """The facts of the job when it was opened."""

    @classmethod
    def create(
        cls,
        ledger: PostgresLedger,
        name: str,
        action: str,
        parameters: Mapping[str, Any],
        items: Iterable[Mapping[str, Any]],
        targets: Mapping[str, str],
        limits: Limits = Limits(),  # noqa: B008 - immutable
        world: World | None = None,
        paths: PathRule = PathRule(),  # noqa: B008 - immutable
        *,
        unchanged: bool = False,
        confirm: Confirm | None = None,
        shard_size: int = SHARD,
    ) -> Self:
        """Make a job, cut into shards; nothing is sent before somebody takes them.

        Arguments and errors are those of `trunkline.Job.create`; after one there is no job. ``shard_size`` is how many
        items of a PBX a machine takes on at a time. Raises ConfigurationError too if the name is taken, LedgerFailed.
        """
        ranges = list(cut(0, shard_size))  # refuses the size before anything is made
        plan = Plan.of(action, parameters, targets, limits, world, paths, unchanged=unchanged)

        def fill(rows: JobRows) -> None:
            size = rows.load(plan.checked(items))
            plan.confirm(size, confirm)
            ranges.extend(cut(size, shard_size))
            rows.begin(size, ranges)

        return cls._made(ledger, ledger.create(name, "items", plan.facts, targets), fill)

    @classmethod
    def create_reading(
        cls,
        ledger: PostgresLedger,
        name: str,
        kind: Kind,
        parameters: Mapping[str, Any],
        targets: Mapping[str, str],
        windows: Sequence[Window | None] = (None,),
    ) -> Self:
        """Make a job that reads: one shard for each window of each PBX, None for one that has no window.

        Raises ConfigurationError if the name is taken or two targets are the same PBX, InvalidArgument, LedgerFailed.
        """
        check_distinct(targets)
        facts = {
            "action": kind,
            "parameters": dict(parameters),
            "limits": Limits()._asdict(),
            "created": datetime.now(UTC).timestamp(),
        }
        rows = ledger.create(name, kind, facts, targets)
        return cls._made(ledger, rows, lambda rows: rows.begin_reading(windows))

    @classmethod
    def _made(cls, ledger: PostgresLedger, rows: JobRows, fill: Callable[[JobRows], None]) -> Self:
        """Fill a new job; nothing of it is left where that fails."""
        try:
            fill(rows)
            return cls(ledger, rows)
        except BaseException as problem:
            with suppress(TrunklineError):
                rows.discard()
            if isinstance(problem, LedgerFailed):
                raise problem.replace(hint="Nothing was sent, and the job was not made.") from None
            raise

    @classmethod
    def open(cls, ledger: PostgresLedger, name: str) -> Self:
        """Open an existing job. Raises ConfigurationError if there is none, or its input broke off; LedgerFailed."""
        return cls(ledger, ledger.job(name))

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Of the action, or of the reading."""
        parameters: Mapping[str, Any] = self.about["parameters"]
        return parameters

    @property
    def limits(self) -> Limits:
        return limits_of(self.about)

    @cached_property
    def node(self) -> Node:
        """The node that makes a step of each item."""
        return node_of(self.about)

    def shards(self, *, with_results: bool = True) -> Iterator[ShardRow]:
        """Yield the shards, PBX by PBX, in order. ``with_results``: with what readings gave, a megabyte at most."""
        return self.rows.shards(with_results=with_results)

    def summary(self) -> Summary:
        """Count the outcomes of the items so far; those of the shards, where the job reads."""
        rows = self.rows
        return summary_of(self.name, rows, is_held=rows.is_held, is_over=rows.is_over, is_waiting=rows.is_waiting)

    def records(self, states: Iterable[State] = tuple(State)) -> Iterator[JobRecord]:
        """Return the outcome of each item in these states, PBX by PBX."""
        return records_of(self.node, self.rows, states)

    def cancel(self) -> None:
        """End the job for good, on all machines; requests in progress are finished."""
        self.rows.cancel()

    def resume(self) -> None:
        """Let paused shards be taken again at once, however often they were put off.

        Raises ConfigurationError if the job was cancelled, LedgerFailed.
        """
        if self.rows.is_cancelled():
            raise ConfigurationError(f"The job {self.name!r} was cancelled.", hint="Start a new one for what is left.")
        self.rows.resume()
