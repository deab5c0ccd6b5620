"""What is read of a PBX to measure it: one request a part, and how often each is worth it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from ..client import AsyncPbx
from ..local.timestamps import format_timestamp
from .measures_certificate import read_expiry, shows_certificate

FIRST = "system"
"""The part that goes out by itself, so that a PBX that is down gets one request only."""
CERTIFICATE = "certificate"
REPORTS = ("queue_report", "sla_report")
"""The parts that are reports of today."""
EVENT_HOURS = 24
"""Hours for which an error in the event log counts."""

_ALWAYS, _MINUTE, _OFTEN, _HOURLY = 0.0, 60.0, 300.0, 3600.0


class Asked(NamedTuple):
    """What a part may depend on: when it is read, in UTC, what the PBX's `FIRST` part answered, and the limit."""

    now: datetime
    system: Mapping[str, Any]
    timeout: float


Read = Callable[[AsyncPbx, Asked], Awaitable[Any]]


class Part(NamedTuple):
    """A part: ``period`` are the seconds for which its answer is used again; 0 reads it each time."""

    read: Read
    period: float = _ALWAYS


def _call(action: str, **arguments: Any) -> Read:
    def read(pbx: AsyncPbx, asked: Asked) -> Awaitable[Any]:
        answer: Awaitable[Any] = pbx.call(action, **arguments, timeout=asked.timeout)
        return answer

    return read


def _count(action: str, filter: Callable[[Asked], str]) -> Read:
    async def read(pbx: AsyncPbx, asked: Asked) -> int:
        rows = pbx.call(action, filter=filter(asked), timeout=asked.timeout)
        counted: int = await rows.count()
        return counted

    return read


def _report(action: str) -> Read:
    """Read a report of today, of all queues: '' is all (docs/pbx.md, Reports)."""

    def read(pbx: AsyncPbx, asked: Asked) -> Awaitable[Any]:
        start, end = today(asked.now, asked.system)
        answer: Awaitable[Any] = pbx.call(
            action,
            queueDnStr="",
            startDt=format_timestamp(start),
            endDt=format_timestamp(end),
            waitInterval="0:00:0",
            timeout=asked.timeout,
        )
        return answer

    return read


def _recent_errors(asked: Asked) -> str:
    return f"Type eq 'Error' and TimeGenerated ge {format_timestamp(asked.now - timedelta(hours=EVENT_HOURS))}"


async def _expiry(pbx: AsyncPbx, asked: Asked) -> datetime:
    return await read_expiry(pbx.url)


_PARTS: dict[str, Part] = {
    FIRST: Part(_call("system_status.get")),
    "licence": Part(_call("license_status.get"), _OFTEN),
    "services": Part(_call("services.list", select="Name,Status")),
    "trunks": Part(_call("trunks.list", select="Number,IsOnline,Gateway")),
    "calls": Part(_call("active_calls.list")),
    "machine": Part(_call("system_status.system_telemetry")),
    "backups": Part(_call("backups.list", select="FileName,CreationTime,Size"), _OFTEN),
    "updates": Part(_call("updates.get_updates"), _HOURLY),
    "queues": Part(_call("queues.list", select="Number,Name", expand="Agents($select=Number)"), _OFTEN),
    "agents": Part(_call("users.list", select="Number,QueueStatus"), _MINUTE),  # a request for each 100 users
    "blocklist": Part(_count("blocklist.list", lambda asked: "BlockType eq 'Block'"), _OFTEN),
    "events": Part(_count("event_logs.list", _recent_errors), _MINUTE),
    "queue_report": Part(_report("report_detailed_queue_statistics.get_detailed_queue_statistics_data"), _OFTEN),
    "sla_report": Part(_report("report_statistic_sla.get_statistic_sla_data"), _OFTEN),
    CERTIFICATE: Part(_expiry, _HOURLY),
}


def parts_of(url: str) -> dict[str, Part]:
    """Return the parts of a PBX by their names, `FIRST` first."""
    return {name: part for name, part in _PARTS.items() if name != CERTIFICATE or shows_certificate(url)}


def today(now: datetime, system: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Return when the PBX's own day begins and ends, in UTC.

    Its zone is assumed to be the offset of the latest time in its status (docs/pbx.md, Answers); UTC where it has none.
    """
    midnight = now.astimezone(_zone(now, system)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)


def _zone(now: datetime, system: Mapping[str, Any]) -> tzinfo:
    """Take the offset of a time that has passed: that of a date next year may be summer time."""
    names = ("LastCheckForUpdates", "LastBackupDateTime", "LastSuccessfulUpdate")
    moments = [moment for name in names if (moment := _with_offset(system.get(name))) is not None and moment <= now]
    return max(moments).tzinfo or UTC if moments else UTC


def _with_offset(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None
