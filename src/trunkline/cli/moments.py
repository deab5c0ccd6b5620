"""Points in time: as a PBX writes them, as we do, and how long it is between two."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ..transfer.period import spelled

_FIRST_YEAR = 2000  # 3CX writes 0001-01-01 where it has no date (its own example values)


def moment(value: Any) -> datetime | None:
    """What a field of type DateTimeOffset says, in UTC; None if it says nothing, or no date that can be meant."""
    try:
        found = datetime.fromisoformat(value)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.year >= _FIRST_YEAR else None


def stamp(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, to the second."""
    return None if at is None else spelled(at)


def ago(age: timedelta) -> str:
    """How long ago, in words: ``3 h``, ``12 days``."""
    minutes = max(0, round(age.total_seconds() / 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def lasted(seconds: float) -> str:
    """A duration as a phone shows it: ``2:05``, ``1:02:05``."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
