"""The steps of a wave as a run takes them, and what a failed step means for those that wait for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from ...errors import TrunklineError
from ...jobs.ledger import Ledger
from ...work.ledger import Entry
from ...work.outcome import Outcome
from ...work.state import State
from ..model import Id
from ..planning.model import Change, Step

TARGET = 1
"""The number of the one PBX of a ledger."""
_FAILED: Mapping[Change, str] = {
    "add": "could not be added",
    "change": "could not be changed",
    "finish": "could not be completed",
    "remove": "could not be removed",
}


class NeedFailed(TrunklineError):
    """A step that this one waits for failed, so nothing was sent."""

    code = "need_failed"


class Waves:
    """The states of all steps of a plan. ``states``: those so far, by place."""

    def __init__(self, steps: Sequence[Step], states: Mapping[int, State]) -> None:
        self._states = dict(states)
        self._by_id: dict[Id, list[Step]] = {}
        for step in steps:
            self._by_id.setdefault(step.id, []).append(step)

    def note(self, outcome: Outcome) -> None:
        """Note the outcome of a step."""
        self._states[outcome.n] = outcome.state

    def ready(self, steps: Iterable[Step]) -> frozenset[int]:
        """Return the places of steps that wait for nothing which may still come about."""
        return frozenset(step.n for step in steps if all(self._is_settled(need) for need in self._needs(step)))

    def check(self, step: Step) -> None:
        """Refuse a step that waits for one that failed. Raises NeedFailed."""
        for need in self._needs(step):
            if self._states.get(need.n) is State.FAILED:
                raise NeedFailed(
                    f"It needs {need.id}, which {_FAILED[need.change]}.",
                    hint="Nothing was sent. Correct that one, and make a new plan.",
                )

    def _needs(self, step: Step) -> list[Step]:
        return [need for id in step.needs for need in self._by_id.get(id, ()) if need.wave < step.wave]

    def _is_settled(self, step: Step) -> bool:
        return self._states.get(step.n) in (State.DONE, State.FAILED)


class WaveLedger:
    """Some entries of an apply's ledger as a run sees them (`trunkline.work.ledger.Ledger`)."""

    is_durable = True

    def __init__(self, ledger: Ledger, entries: Sequence[Entry]) -> None:
        self._ledger = ledger
        self._waiting = deque(entries)
        self.size = len(entries)

    def take(self) -> Entry | None:
        return self._waiting.popleft() if self._waiting else None

    def record(self, outcomes: Sequence[Outcome]) -> None:
        self._ledger.write([(TARGET, outcome) for outcome in outcomes])
