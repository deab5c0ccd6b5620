"""The states of a step; apart from what keeps them, so that a help text loads none of it."""

from __future__ import annotations

import enum


class State(enum.IntEnum):
    """The outcome of a step on one PBX. The numbers are stored in ledgers."""

    NOT_STARTED = 0
    SENT = 1
    DONE = 2
    FAILED = 3
    UNKNOWN = 4

    @property
    def label(self) -> str:
        """The state in JSON: ``not_started``."""
        return self.name.lower()
