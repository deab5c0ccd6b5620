"""What the store remembers beside its sets: settings of functions, keys, states under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .store import Store


def remembered(store: Store, name: str, default: Any) -> Any:
    """What is kept under a name; the default for what never was, or was taken back by restoring a backup."""
    value = store.kept.get(name)
    return default if value is None else value
