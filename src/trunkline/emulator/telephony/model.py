"""The calls of a company over a span of days, made when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from .records import AgentShift, Chat, PhoneCall


class CallModel:
    """A company's history; every call is a function of the seed and its number alone."""

    def calls(self, start: datetime, end: datetime) -> Iterator[PhoneCall]:
        """Calls started from ``start`` until before ``end``, by start."""
        raise NotImplementedError

    def chats(self, start: datetime, end: datetime) -> Iterator[Chat]:
        """Chats opened in a period, by start."""
        raise NotImplementedError

    def shifts(self, start: datetime, end: datetime) -> Iterator[AgentShift]:
        """Shifts that began in a period, by login."""
        raise NotImplementedError
