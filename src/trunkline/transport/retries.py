"""When to try again, how often, and when to stop trying for the PBX's sake."""

from __future__ import annotations

import random
import threading
from typing import NamedTuple


class Retries(NamedTuple):
    """How often to try in all, and how long to wait: full jitter below ``base · 2ⁿ`` seconds, at most ``ceiling``."""

    attempts: int = 3
    base: float = 0.25
    ceiling: float = 20.0

    def delay(self, attempt: int) -> float:
        return random.uniform(0, min(self.ceiling, self.base * 2**attempt))  # noqa: S311 - jitter, no secret


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
        """A request had a good answer."""
        with self._lock:
            self._left = min(self._size, self._left + self._refill)
