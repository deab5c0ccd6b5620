"""Points in time as a PBX writes them and as we do, and how long it is between two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

_FIRST_YEAR = 2000  # 3CX writes 0001-01-01 where it has no date (its own example values)


def parse_timestamp(value: Any) -> datetime | None:
    """Read a field of type DateTimeOffset, in UTC; None if it has nothing, or no date that makes sense."""
    try:
        read = datetime.fromisoformat(value)
        read = read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return read if read.year >= _FIRST_YEAR else None


def format_timestamp(when: datetime) -> str:
    """Write ISO 8601 in UTC, to the second: ``2026-01-31T08:00:00Z``."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def format_age(age: timedelta) -> str:
    """Write how long ago something was: ``3 h``, ``12 days``."""
    minutes = max(0, round(age.total_seconds() / 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def format_duration(seconds: float) -> str:
    """Write a duration as a phone shows it: ``2:05``, ``1:02:05``."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
