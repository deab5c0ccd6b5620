"""Where the items of a run come from and their outcomes are kept: in memory here, in SQLite for jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from ..errors import TrunklineError
from .outcome import Outcome
from .state import State


class Entry(NamedTuple):
    """An item of the input on one PBX: its place, and its outcome when it was tried before.

    ``record`` is what is kept of that (`Outcome.record`).
    """

    n: int
    item: Any
    state: State = State.NOT_STARTED
    attempts: int = 0
    record: Mapping[str, Any] = MappingProxyType({})

    @property
    def outcome(self) -> Outcome:
        """Return its outcome so far."""
        record = self.record
        error, note = record.get("error"), record.get("note", "")
        return Outcome(self.n, self.state, self.attempts, record.get("answer"), error, note)

    def __repr__(self) -> str:
        """Place and state only: an item may carry passwords."""
        return f"<item {self.n}, {self.state.name}, {self.attempts} attempts>"


class LedgerFailed(TrunklineError):
    """The ledger can't be written or read: the disk is full or went away, or the file is damaged.

    What is not written was not sent.
    """

    code = "ledger_failed"


class Ledger(Protocol):
    """What a run asks of the ledger of one PBX. Every implementation passes tests/work/test_ledgers.py."""

    @property
    def is_durable(self) -> bool:
        """Whether each item has to be recorded before it is sent, since another process may go on with the work."""
        ...

    @property
    def size(self) -> int:
        """How many items the input has."""
        ...

    def take(self) -> Entry | None:
        """Take the next item that is neither done nor failed, each once; None after the last. Raises LedgerFailed."""

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Keep outcomes, all or none; a later one of the same item replaces the earlier. Raises LedgerFailed."""


class MemoryLedger:
    """The items of one run, in memory."""

    is_durable = False

    def __init__(self, items: Sequence[Any]) -> None:
        self.items = items
        self.outcomes: dict[int, Outcome] = {}
        self.taken = 0
        """How many items were given out so far."""

    @property
    def size(self) -> int:
        return len(self.items)

    def take(self) -> Entry | None:
        n = self.taken
        if n >= len(self.items):
            return None
        self.taken = n + 1
        return Entry(n, self.items[n])

    def record(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self.outcomes[outcome.n] = outcome

    @property
    def under_way(self) -> list[int]:
        """The items that were begun and of which nothing is known yet, or ever if the run was cut off."""
        return [n for n in range(self.taken) if n not in self.outcomes]
