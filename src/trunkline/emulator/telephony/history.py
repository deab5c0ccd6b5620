"""What the PBX still knows of its calls, chats and shifts: the model's, those made since, without what was purged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from .records import AgentShift, Chat, PhoneCall

if TYPE_CHECKING:
    from ..store import Store


def calls_of(store: Store, start: datetime, end: datetime) -> Iterator[PhoneCall]:
    """Calls started from ``start`` until before ``end``, by start; moments in UTC with their time zone."""
    raise NotImplementedError


def chats_of(store: Store, start: datetime, end: datetime) -> Iterator[Chat]:
    """Chats opened in a period, by start."""
    raise NotImplementedError


def shifts_of(store: Store, start: datetime, end: datetime) -> Iterator[AgentShift]:
    """Shifts that began in a period, by login."""
    raise NotImplementedError
