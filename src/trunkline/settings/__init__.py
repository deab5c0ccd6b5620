"""Settings by plain words: office hours, holidays, forwarding and queues, read, shown before and after, and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_names

if TYPE_CHECKING:
    from .forwarding import Forwarding
    from .holidays import Holidays
    from .hours import Hours
    from .queue_login import QueueLogin

__all__ = ["Forwarding", "Holidays", "Hours", "QueueLogin"]

__getattr__ = lazy_names(
    __name__,
    {"Forwarding": ".forwarding", "Holidays": ".holidays", "Hours": ".hours", "QueueLogin": ".queue_login"},
)
