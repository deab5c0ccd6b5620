"""Calls put together from the legs of the call log, and the one rule of what counts as answered.

Legs belong to one call by ``CallHistoryId`` (docs/pbx.md, The call log). A call was answered where an extension or an
outside number took a leg of it; a digital receptionist, a queue and a voicemail that pick up don't answer it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from .file_names import when

_INBOUND = ("Inbound", "Inbound Queue")
_OUTBOUND = "Outbound"
_ANSWERING = ("Extension", "External")
_NEVER = datetime.max.replace(tzinfo=UTC)


class Visit(NamedTuple):
    """A call that entered a queue, and whether somebody took it before it entered another one."""

    queue: str
    name: str
    was_answered: bool


class LoggedCall(NamedTuple):
    """One call: when its first leg began, when it entered which queues (number and name), and when legs were answered.

    A call is from outside if any leg is inbound, else outbound if any leg is; all others are internal.
    """

    began: datetime
    is_from_outside: bool
    is_outbound: bool
    queues: tuple[tuple[datetime, str, str], ...]
    answers: tuple[datetime, ...]

    @property
    def was_answered(self) -> bool:
        return bool(self.answers)

    @property
    def was_in_queue(self) -> bool:
        return bool(self.queues)

    def visits(self) -> Iterator[Visit]:
        """Yield its visits to queues in order of time."""
        entries = sorted(self.queues)
        exits = [entered for entered, _, _ in entries[1:]] + [_NEVER]
        for (entered, number, name), left in zip(entries, exits, strict=False):
            yield Visit(number, name, any(entered <= answer < left for answer in self.answers))

    def _and(self, other: LoggedCall) -> LoggedCall:
        is_from_outside = self.is_from_outside or other.is_from_outside
        return LoggedCall(
            min(self.began, other.began),
            is_from_outside,
            not is_from_outside and (self.is_outbound or other.is_outbound),
            self.queues + other.queues,
            self.answers + other.answers,
        )


class CallCollector:
    """Puts legs together to calls, in any order of legs."""

    def __init__(self) -> None:
        self._calls: dict[str, LoggedCall] = {}

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def calls(self) -> Iterable[LoggedCall]:
        return self._calls.values()

    def add(self, row: Mapping[str, Any]) -> None:
        """Take a row of the call log. One that doesn't say when it began counts for nothing."""
        if (leg := _of_leg(row)) is None:
            return
        key = str(row.get("CallHistoryId") or row.get("CdrId") or len(self._calls))
        known = self._calls.get(key)
        self._calls[key] = leg if known is None else known._and(leg)


def _of_leg(row: Mapping[str, Any]) -> LoggedCall | None:
    began = when(row.get("StartTime"))
    if began is None:
        return None
    kind, direction = row.get("CallType"), row.get("Direction")
    queue = (began, str(row.get("DestinationDn") or ""), str(row.get("DestinationDisplayName") or ""))
    answered = kind in _ANSWERING and row.get("Status") == "Answered"
    return LoggedCall(
        began,
        direction in _INBOUND,
        direction == _OUTBOUND,
        (queue,) if kind == "Queue" else (),
        (began,) if answered else (),
    )
