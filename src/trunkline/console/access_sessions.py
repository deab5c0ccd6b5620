"""Who is signed in: sessions, kept in memory."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic

IDLE = 8 * 3600.0
"""Seconds after which a session ends that nobody used."""
_AT_MOST = 1000  # sessions: each sign-in makes one, and one person has a handful


@dataclass
class Session:
    """One browser that signed in. ``ended`` is set when the session is over."""

    used: float = 0.0
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Sessions:
    """All sessions, by a hash of the secret in their cookie. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._sessions: dict[bytes, Session] = {}

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    def begin(self) -> str:
        """Begin a session, and return the secret of its cookie."""
        self.end_idle()
        if len(self._sessions) >= _AT_MOST:
            self.end(min(self._sessions.values(), key=lambda each: each.used))
        secret = secrets.token_urlsafe(32)
        self._sessions[_hashed(secret)] = Session(self._clock())
        return secret

    def find(self, secret: str) -> Session | None:
        """Return the session of a cookie; None where there is none, or it ended."""
        found = self._sessions.get(_hashed(secret))
        if found is None:
            return None
        if self._is_idle(found):
            self.end(found)
            return None
        return found

    def use(self, session: Session) -> None:
        """Note that somebody used the session."""
        session.used = self._clock()

    def end(self, session: Session) -> None:
        """End a session: its cookie counts no longer, and its open connections are closed."""
        self._sessions = {key: each for key, each in self._sessions.items() if each is not session}
        session.ended.set()

    def end_idle(self) -> None:
        """End the sessions that nobody used for `IDLE` seconds."""
        for each in self:
            if self._is_idle(each):
                self.end(each)

    def _is_idle(self, session: Session) -> bool:
        return self._clock() - session.used > IDLE


def _hashed(secret: str) -> bytes:
    """Hash a secret, so that looking it up takes the same time whatever is sent."""
    return hashlib.sha256(secret.encode()).digest()
