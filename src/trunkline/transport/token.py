"""Access tokens: what a sign-in answers, and how long it lasts."""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Any, NamedTuple

import msgspec

from ..catalog import version_key
from ..redaction import remember

# Renew a little before the end, so that a request under way does not meet it; never more than a tenth of a life.
_EARLY = 30.0
_SECONDS_SINCE = "20.0.9"


class Token(NamedTuple):
    """``expires`` is on the clock of whoever read the answer, in seconds."""

    access: str
    expires: float

    def __repr__(self) -> str:
        return f"Token(…, expires={self.expires:.0f})"

    def fresh(self, now: float) -> bool:
        return now < self.expires


def read_token(answer: dict[str, Any], now: float, version: str | None) -> Token | None:
    """The token of a sign-in's answer, or None if it holds none.

    The JWT's own ``exp`` tells the truth; measured from its ``iat`` or ``nbf`` it does so even where the clocks
    differ. Else ``expires_in`` counts, in minutes before 20.0.9 and seconds since; of an unknown version a small
    number means minutes. Whatever comes of it, a 401 renews (PBX.md, Sign-in).
    """
    access = answer.get("access_token")
    if not isinstance(access, str) or re.search(r"^$|[\0- \x7f]", access):  # what fits into no header is none
        return None
    remember(access)
    claims = _claims(access)
    end, start = claims.get("exp"), claims.get("iat", claims.get("nbf", now))
    if isinstance(end, int | float) and isinstance(start, int | float) and end > start:
        life = float(end - start)
    else:
        life = _expires_in(answer.get("expires_in"), version)
    return Token(access, now + life - min(_EARLY, life / 10))


def _expires_in(value: Any, version: str | None) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return 60.0
    if not 0 < number < math.inf:
        return 60.0
    in_minutes = number < 300 if version is None else version_key(version) < version_key(_SECONDS_SINCE)
    return number * 60 if in_minutes else number


def _claims(access: str) -> dict[str, Any]:
    """The claims of a JWT, unverified (only the PBX can verify them); {} for an opaque token."""
    parts = access.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
