"""What refers to what on a PBX: where a number is used, and taking a person out of all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_names

if TYPE_CHECKING:
    from .target import Target
    from .walk import Reference
    from .where_used import WhereUsed

__all__ = ["Reference", "Target", "WhereUsed"]

__getattr__ = lazy_names(__name__, {"Reference": ".walk", "Target": ".target", "WhereUsed": ".where_used"})
