"""How many calls were answered, missed and abandoned: by queue, user, day or hour.

Queues and users are counted by the PBX itself, in its own reports. There is none for days and hours of calls from
outside, so these are counted from the call log, which `call_log` reads without a gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Literal, TypedDict

from ..errors import InvalidArgument
from ..local.timestamps import format_timestamp
from ..work.drivers import AsyncSystem, System
from .call_log import CallLog, InThreads
from .logged_calls import CallCollector, LoggedCall
from .reports import Report

By = Literal["queue", "user", "day", "hour"]
SOURCES: Mapping[str, str] = {
    "queue": "the PBX's report detailed-queue-statistics: calls that entered a queue",
    "user": "the PBX's report extension-statistics: calls that rang an extension",
    "day": "the call log: calls from outside, by the day on which they began",
    "hour": "the call log: calls from outside, by the hour in which they began",
}
"""Where the numbers come from."""
_LONGEST = timedelta(days=1100)


class MissedRow(TypedDict):
    """One queue, user, day or hour. ``abandoned``: of those missed, the callers who gave up waiting in a queue; null
    where nobody knows."""

    group: str
    name: str
    calls: int
    answered: int
    missed: int
    abandoned: int | None


class MissedRecord(TypedDict):
    """A summary in JSON; times are ISO 8601 in UTC."""

    by: By
    pbx: str
    source: str
    start: str
    end: str
    zone: str
    rows: list[MissedRow]
    total: MissedRow


@dataclass(frozen=True)
class Missed:
    """Calls answered, missed and abandoned from ``start`` until before ``end``; days and hours are those of ``zone``.

        Missed(june, july, by="queue").run(pbx)["total"]

    `run` takes a `Pbx`, `arun` an `AsyncPbx`. ``SOURCES`` says where the numbers come from.
    """

    start: datetime
    end: datetime
    by: By = "queue"
    zone: tzinfo = UTC

    def run(self, pbx: System) -> MissedRecord:
        """Read and count; not from within an event loop. Raises as `arun`."""
        if self.by in ("queue", "user"):
            return self._record(pbx.url, self._of_report(self._report().rows(pbx)))
        return asyncio.run(self.arun(InThreads(pbx)))

    async def arun(self, pbx: AsyncSystem) -> MissedRecord:
        """Read and count, in the current event loop.

        Raises:
            InvalidArgument: a period or a grouping that can't be; nothing was sent.
            Forbidden: days and hours need the role System Owner. Other errors of a client as well.
        """
        if self.by not in SOURCES:
            raise InvalidArgument(f"Calls are counted by {', '.join(SOURCES)}, not {self.by!r}.")
        if self.by in ("queue", "user"):
            return self._record(pbx.url, self._of_report(await self._report().arows(pbx)))
        if self.end - self.start > _LONGEST:
            raise InvalidArgument(f"A summary has at most {_LONGEST.days:,} days.")
        collector = CallCollector()
        async for row in CallLog(pbx).rows(self.start, self.end):
            collector.add(row)
        return self._record(pbx.url, self._of_calls(collector.calls))

    def _report(self) -> Report:
        name = "detailed-queue-statistics" if self.by == "queue" else "extension-statistics"
        return Report(name, self.start, self.end)

    def _of_report(self, rows: Iterable[Mapping[str, Any]]) -> list[MissedRow]:
        found = [_queue(row) if self.by == "queue" else _user(row) for row in rows]
        return sorted(found, key=lambda row: row["group"])

    def _of_calls(self, calls: Iterable[LoggedCall]) -> list[MissedRow]:
        rows = {group: _row(group, "", 0, 0, 0) for group in self._groups()}
        for call in calls:
            if not call.is_from_outside:
                continue
            group = self._group(call.began)
            row = rows.setdefault(group, _row(group, "", 0, 0, 0))
            abandoned = (row["abandoned"] or 0) + (not call.was_answered and call.was_in_queue)
            rows[group] = _row(group, "", row["calls"] + 1, row["answered"] + call.was_answered, abandoned)
        return [rows[group] for group in sorted(rows)]

    def _groups(self) -> list[str]:
        """Return the days or hours of the period, so that one without calls has a row too."""
        if self.by == "hour":
            return [f"{hour:02}" for hour in range(24)]
        first, last = (self._day(moment) for moment in (self.start, self.end - timedelta(seconds=1)))
        return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def _group(self, began: datetime) -> str:
        return f"{began.astimezone(self.zone).hour:02}" if self.by == "hour" else self._day(began).isoformat()

    def _record(self, url: str, rows: list[MissedRow]) -> MissedRecord:
        waited = [row["abandoned"] for row in rows if row["abandoned"] is not None]
        counts = (sum(row["calls"] for row in rows), sum(row["answered"] for row in rows))
        return {
            "by": self.by,
            "pbx": url,
            "source": SOURCES[self.by],
            "start": format_timestamp(self.start),
            "end": format_timestamp(self.end),
            "zone": str(self.zone),
            "rows": rows,
            "total": _row("total", "", *counts, None if self.by == "user" else sum(waited)),
        }


def _row(group: str, name: str, calls: int, answered: int, abandoned: int | None) -> MissedRow:
    return {
        "group": group,
        "name": name,
        "calls": calls,
        "answered": answered,
        "missed": calls - answered,
        "abandoned": abandoned,
    }


def _count(row: Mapping[str, Any], name: str) -> int:
    """Return a number of a report, which may leave out zeros (docs/pbx.md, Answers)."""
    value = row.get(name)
    return value if isinstance(value, int) else 0


def _queue(row: Mapping[str, Any]) -> MissedRow:
    calls, answered = _count(row, "CallsCount"), _count(row, "AnsweredCount")
    abandoned = max(0, calls - answered - _count(row, "CallbacksCount"))
    return _row(str(row.get("QueueDnNumber") or ""), str(row.get("QueueDn") or ""), calls, answered, abandoned)


def _user(row: Mapping[str, Any]) -> MissedRow:
    answered = _count(row, "InboundAnsweredCount")
    calls = answered + _count(row, "InboundUnansweredCount")
    return _row(str(row.get("Dn") or ""), str(row.get("DisplayName") or ""), calls, answered, None)
