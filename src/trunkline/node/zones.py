"""IANA time zones as tables, for the sandbox: it has no zones of its own, and may not call back into Python."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ..errors import InvalidArgument

_STEP = dt.timedelta(days=7)  # no zone changes its clock twice within a week
_FIRST, _LAST = dt.datetime(1900, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


class Transitions(NamedTuple):
    """``starts``: milliseconds since 1970 at which an offset begins. ``offsets``: minutes; the first comes before."""

    starts: list[int]
    offsets: list[float]


@lru_cache(maxsize=32)
def transitions(name: str) -> Transitions:
    """When a zone changes its offset, 1900 to 2100; InvalidArgument if there is no such zone.

    Outside of these years the nearest offset stays.
    """
    zone = known(name)
    starts: list[int] = []
    at, offset = _FIRST, _offset(_FIRST, zone)
    offsets = [offset.total_seconds() / 60]
    while at < _LAST:
        following = at + _STEP
        if (later := _offset(following, zone)) != offset:
            low, high = at, following
            while high - low > dt.timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
            starts.append(round(high.replace(microsecond=0).timestamp()) * 1000)
            offsets.append(later.total_seconds() / 60)
            offset = later
        at = following
    return Transitions(starts, offsets)


def known(name: str) -> ZoneInfo:
    """Return the zone of an IANA name, in capitals or not; InvalidArgument if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        alike = next((zone for zone in available_timezones() if zone.lower() == name.lower()), None)
        if alike is not None:
            return ZoneInfo(alike)
        raise InvalidArgument(
            f"There is no time zone {name!r}.", hint="Zones have IANA names, such as Europe/Berlin."
        ) from None


def _offset(at: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    found = at.astimezone(zone).utcoffset()
    return found if found is not None else dt.timedelta()
