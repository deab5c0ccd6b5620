"""How reports spell lengths of time, moments and the names of DNs (docs/pbx.md, Answers)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from ..telephony.records import Kind, Party


def duration(length: timedelta) -> str:
    """ISO 8601 as .NET writes it: ``PT1M12.577027S``, ``P1DT2H``, ``PT0S``."""
    days = f"{length.days}D" if length.days else ""
    hours, rest = divmod(length.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if length.microseconds:
        time += f"{seconds}.{length.microseconds:06}".rstrip("0") + "S"
    elif seconds or not (days or time):
        time += f"{seconds}S"
    return f"P{days}T{time}" if time else f"P{days}"


def moment(when: datetime, zone: tzinfo = UTC) -> str:
    """``2026-06-01T08:00:04.5Z``, or with the offset of another zone; up to six decimals."""
    text = when.astimezone(zone).isoformat()
    time, offset = text[:-6], text[-6:]
    if "." in time:
        time = time.rstrip("0")
    return time + ("Z" if zone is UTC else offset)


def label(party: Party) -> str:
    """``Okonkwo, Amara (100)``; a party outside goes by the trunk's name."""
    return party.name if party.kind is Kind.EXTERNAL else titled(party.name, party.dn)


def titled(name: str, number: str) -> str:
    return f"{name} ({number})" if name else number


def average(total: timedelta, count: int) -> str:
    """Return the mean length, to the microsecond."""
    return duration(total / count if count else timedelta())
