"""Which fields hold secrets: users and phones come with them, and they are never shown unasked (PBX.md, Answers)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SECRET = re.compile(
    r"password|secret|apikey|api_key|token$|^VMPIN$|^PIN$|^AuthID$|PrivateKey|RpsKey|ProvLink|ConfigurationLink", re.I
)
MASK = "••••••"


def has_mask(value: Any) -> bool:
    """Whether a masked secret stands anywhere in a value."""
    if isinstance(value, Mapping):
        return any(map(has_mask, value.values()))
    return any(map(has_mask, value)) if isinstance(value, list) else value == MASK


def masked(value: Any) -> Any:
    """A value with what stands in secret fields replaced, at any depth."""
    if isinstance(value, Mapping):
        return {k: MASK if SECRET.search(k) and isinstance(v, str) and v else masked(v) for k, v in value.items()}
    return [masked(v) for v in value] if isinstance(value, list) else value
