"""Plans that somebody looks at, and their outcomes: kept by this process, so that a tab can be closed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Generic, TypeVar

from ..errors import ConfigurationError

T = TypeVar("T")
MOST = 20
"""Plans that are kept; the oldest that isn't at work goes first."""


class Kept(Generic[T]):
    """The newest plans of a kind by an id that nobody guesses. ``is_busy`` says whether one must not go yet."""

    def __init__(self, is_busy: Callable[[T], bool]) -> None:
        self._is_busy = is_busy
        self._plans: dict[str, T] = {}

    def add(self, plan: T) -> str:
        """Keep a plan, and return its id."""
        idle = [id for id, each in self._plans.items() if not self._is_busy(each)]
        for id in idle[: max(0, len(self._plans) + 1 - MOST)]:
            del self._plans[id]
        id = secrets.token_urlsafe(9)
        self._plans[id] = plan
        return id

    def __getitem__(self, id: str) -> T:
        """Return a plan. Raises ConfigurationError for one that isn't kept, or is no more."""
        try:
            return self._plans[id]
        except KeyError:
            raise ConfigurationError(
                "This plan is gone: the console was started again since it was made, or made many others. If it was "
                "being carried out then, that was done in part.",
                hint="Make a new one: it shows what is left.",
            ) from None
