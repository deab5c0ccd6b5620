"""When an entry of a blocklist ends, as people say it."""

from __future__ import annotations

import datetime as dt
import re

from ..errors import InvalidArgument

_SPAN = re.compile(r"(\d{1,5})\s*([hdw])")
_UNITS = {"h": dt.timedelta(hours=1), "d": dt.timedelta(days=1), "w": dt.timedelta(weeks=1)}


def expiry(text: str, now: dt.datetime | None = None) -> str:
    """Return the value of ``ExpiresAt`` for ``30d``, ``12h``, ``2w``, a day or a point in time with its zone.

    A day counts to its end, in UTC. ``now`` is that of this computer if it is not given. Raises InvalidArgument for
    other text and for what is past.
    """
    now = now or dt.datetime.now(dt.UTC)
    plain = text.strip()
    try:
        if found := _SPAN.fullmatch(plain.casefold()):
            end = now + int(found[1]) * _UNITS[found[2]]
        elif re.fullmatch(r"\d{4}-\d\d-\d\d", plain, re.ASCII):
            day = dt.date.fromisoformat(plain) + dt.timedelta(days=1)
            end = dt.datetime.combine(day, dt.time(), dt.UTC)
        else:
            end = dt.datetime.fromisoformat(plain)
        zoned = end.tzinfo is not None
        end = end.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise InvalidArgument(
            f"{text!r} is not when an entry ends: 30d, 12h, 2w, 2027-01-31 or 2027-01-31T00:00:00Z."
        ) from None
    if not zoned:
        raise InvalidArgument(f"{text!r} has no zone; write {plain}Z for UTC.")
    if end <= now:
        raise InvalidArgument(f"{text!r} is past; an entry would end at once.")
    return end.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
