"""The one-time link that signs in on this machine: who can read the terminal may use the console."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from time import monotonic

LIFETIME = 300.0
"""Seconds that a link works."""
_PAUSE = 10.0  # seconds between two links: whoever reaches the page can ask for one


class OneTimeLinks:
    """At most one link works at a time, once, for `LIFETIME` seconds. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._hashed = b""
        self._made = -_PAUSE

    def make(self) -> str | None:
        """Make the token of a new link; the one before counts no longer. None within 10 seconds of the last."""
        now = self._clock()
        if self._hashed and now - self._made < _PAUSE:
            return None
        token = secrets.token_urlsafe(32)
        self._hashed, self._made = hashlib.sha256(token.encode()).digest(), now
        return token

    def take(self, token: str) -> bool:
        """Whether a token signs in. It does so once."""
        fits = secrets.compare_digest(self._hashed, hashlib.sha256(token.encode()).digest())
        is_fresh = self._clock() - self._made <= LIFETIME
        if fits:
            self._hashed = b""
        return fits and is_fresh
