"""What refers to what on a PBX: where a number is used, and taking a person out of all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import lazy_names

if TYPE_CHECKING:
    from .offboarding import Offboarding, OffboardingPlan
    from .stakes import aquestion_before, asks_before, question_before
    from .target import Target
    from .walk import Reference
    from .where_used import WhereUsed

__all__ = [
    "Offboarding",
    "OffboardingPlan",
    "Reference",
    "Target",
    "WhereUsed",
    "aquestion_before",
    "asks_before",
    "question_before",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Offboarding": ".offboarding",
        "OffboardingPlan": ".offboarding",
        "Reference": ".walk",
        "Target": ".target",
        "WhereUsed": ".where_used",
        "aquestion_before": ".stakes",
        "asks_before": ".stakes",
        "question_before": ".stakes",
    },
)
