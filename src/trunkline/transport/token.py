"""Access tokens: what a sign-in answers, and how long it lasts."""

from __future__ import annotations

import base64
import math
from typing import Any, NamedTuple

from ..catalog import version_key
from ..redaction import remember
from ..result.response import parsed

# Renew a little before the end, so that a request under way does not meet it; never more than a tenth of a life.
_EARLY = 30.0
_SECONDS_SINCE = "20.0.9"
_UNKNOWN_LIFE = 60.0
_SHORTEST_LIFE = 1.0
LONGEST_LIFE = 366 * 86_400.0
"""Seconds; what claims to live longer says nothing."""
_LONGEST = 16 * 1024  # Kestrel, a PBX's web server, takes 32 KB of headers in all


class Token(NamedTuple):
    """``expires`` is on the clock of whoever read the answer, in seconds; ``shared`` if another process fetched it."""

    access: str
    expires: float
    shared: bool = False

    def __repr__(self) -> str:
        return f"Token(…, expires={self.expires:.0f})"

    def fresh(self, now: float) -> bool:
        return now < self.expires


def is_sendable(text: str) -> bool:
    """Whether a token fits into a header: visible ASCII only (RFC 6750, 2.1), and no longer than a server takes."""
    return 0 < len(text) <= _LONGEST and text.isascii() and text.isprintable() and " " not in text


def read_token(answer: dict[str, Any], now: float, version: str | None) -> Token | None:
    """Return the token of a sign-in's answer, or None if it has none that can be sent.

    The JWT's own ``exp`` tells the truth; measured from its ``iat`` or ``nbf`` it does so even where the clocks
    differ. Else ``expires_in`` counts, in minutes before 20.0.9 and seconds since; of an unknown version a small
    number means minutes. What is not a plausible number counts as absent. If the token ends earlier, a 401 renews it.
    """
    access = answer.get("access_token")
    if not isinstance(access, str) or not is_sendable(access):
        return None
    remember(access)
    claims = _claims(access)
    end = _number(claims.get("exp"))
    starts = (_number(claims.get(name)) for name in ("iat", "nbf"))
    start = next((number for number in starts if number is not None and number >= 0), now)
    life = end - start if end is not None else 0.0
    if not _SHORTEST_LIFE <= life <= LONGEST_LIFE:
        life = _expires_in(answer.get("expires_in"), version)
    return Token(access, now + life - min(_EARLY, life / 10))


def _number(value: Any) -> float | None:
    """Return a finite number; None for anything else, such as a text, a bool or a whole number of 400 digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _expires_in(value: Any, version: str | None) -> float:
    try:
        number = _number(float(value) if isinstance(value, str) else value)
    except ValueError:
        number = None
    if number is None:
        return _UNKNOWN_LIFE
    in_minutes = number < 300 if version is None else version_key(version) < version_key(_SECONDS_SINCE)
    life = number * 60 if in_minutes else number
    return life if _SHORTEST_LIFE <= life <= LONGEST_LIFE else _UNKNOWN_LIFE


def _claims(access: str) -> dict[str, Any]:
    """Return the claims of a JWT, unverified (only the PBX can verify them); {} for an opaque token."""
    parts = access.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = parsed(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:  # of the encoding or of the JSON
        return {}
    return claims if isinstance(claims, dict) else {}
