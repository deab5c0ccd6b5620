"""When to try again, how often, and when to stop trying for the PBX's sake."""

from __future__ import annotations

import random
import threading
from typing import NamedTuple

from ..errors import InvalidArgument


class Retries(NamedTuple):
    """How often to try in all, and how long to wait: full jitter below ``base · 2ⁿ`` seconds, at most ``ceiling``."""

    attempts: int = 3
    base: float = 0.25
    ceiling: float = 20.0

    def delay(self, attempt: int) -> float:
        longest = min(self.ceiling, self.base * 2.0 ** min(attempt, 60))  # beyond, it is more than any ceiling
        return random.uniform(0, longest)  # noqa: S311 - jitter, no secret

    def checked(self) -> Retries:
        """Itself; InvalidArgument for numbers that can't be waited for."""
        whole = isinstance(self.attempts, int) and not isinstance(self.attempts, bool) and self.attempts >= 1
        waits = all(isinstance(wait, int | float) and 0 <= wait < 2**31 for wait in (self.base, self.ceiling))
        if not whole or not waits:
            raise InvalidArgument(
                f"{self!r} can't be used.",
                hint="attempts is a whole number from 1, base and ceiling are seconds from 0. Nothing was sent.",
            )
        return self


class RetryBudget:
    """Retries that one PBX is asked to bear: each takes one from the budget, each good answer gives a tenth back.

    A PBX in trouble so gets at most a tenth more requests than without retries, however many calls are under way.
    """

    def __init__(self, size: float = 20.0, refill: float = 0.1) -> None:
        self._size = size
        self._refill = refill
        self._left = size
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether one more retry may be made; takes it."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def answered(self) -> None:
        """Note that a request had a good answer."""
        if self._left >= self._size:
            return
        with self._lock:
            self._left = min(self._size, self._left + self._refill)
