"""The states of an item; apart from the ledger that keeps them, so that a help text loads none of it."""

from __future__ import annotations

import enum


class State(enum.IntEnum):
    """What became of an item on one PBX."""

    NOT_STARTED = 0
    SENT = 1
    DONE = 2
    FAILED = 3
    UNKNOWN = 4

    @property
    def label(self) -> str:
        return self.name.lower().replace("_", " ")
