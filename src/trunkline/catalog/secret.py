"""Which fields hold secrets: users and phones come with them, and they are never shown unasked (PBX.md, Answers)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

SECRET = re.compile(
    r"password|secret|apikey|api_key|token$|^VMPIN$|^PIN$|^PinNumber$|AuthID$|PrivateKey|^GbJson$|^TranscribeKey|"
    r"CodeVerifier$|RpsKey|ProvLink|ConfigurationLink",
    re.I,
)
MASK = "••••••"
HELD = ("Value", "Contents")
"""Where a secret stands that is an object of its own (`Pbx.ConcealedPassword`), or a row with a name beside it."""
NAMES = ("Name", "Key")
"""Where that name stands."""


def has_mask(value: Any) -> bool:
    """Whether a masked secret stands anywhere in a value."""
    if isinstance(value, Mapping):
        return any(map(has_mask, value.values()))
    return any(map(has_mask, value)) if isinstance(value, list) else value == MASK


def masked(value: Any) -> Any:
    """A value with what stands in secret fields replaced, at any depth."""
    if isinstance(value, Mapping):
        held = HELD if _holds_secret(value) else ()
        return {k: _hidden(v) if k in held or _is_secret(k) else masked(v) for k, v in value.items()}
    return [masked(v) for v in value] if isinstance(value, list) else value


@lru_cache(maxsize=4096)  # the rows of a list have the same names, a hundred thousand times
def _is_secret(name: str) -> bool:
    return SECRET.search(name) is not None


def secret_path(path: str) -> bool:
    """Whether ``Trunks[0].AuthPassword.Value`` leads to or into a secret field."""
    return any(SECRET.search(step) for step in re.split(r"[.\[\]]+", path))


def _holds_secret(value: Mapping[str, Any]) -> bool:
    """Whether an object is a secret, or a parameter, choice or variable that is called like one."""
    if "Value" not in value and "Contents" not in value:
        return False
    return "Concealed" in value or any(SECRET.search(str(value.get(name))) for name in NAMES)


def _hidden(value: Any) -> Any:
    """All in a secret field, which some versions have as an object; somebody's own rows may have a PIN as a number."""
    if isinstance(value, Mapping):
        return {k: _hidden(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_hidden(v) for v in value]
    return value if value in (None, "") or isinstance(value, bool) else MASK
