"""What time this PBX thinks it is: the machine's time, and a skew."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate


class Clock:
    """Everything the emulator says about time comes from here; ``skew`` is in seconds, and may be negative."""

    def __init__(self, skew: float = 0.0) -> None:
        self.skew = skew
        self._date = (0, "")

    def time(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.skew

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.skew)

    def date(self) -> str:
        """Return the Date header of an answer."""
        second = int(self.time())
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]
