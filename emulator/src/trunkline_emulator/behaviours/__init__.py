"""Functions and actions that do what a 3CX does, a module for each part of a PBX.

Each module has its ``HANDLERS``, by action id, with the fact behind each; an action has one handler. An action without
one answers with its declared shape (shapes.py).
"""

from __future__ import annotations

from importlib import import_module

from ..crud import Behaviour

_MODULES = (
    "backups", "bulk", "call_log", "calls", "defs", "dn_properties", "history", "licence", "logs", "lookups", "numbers",
    "principals", "prompts", "recordings", "reports", "services", "settings", "status", "updates", "users",
)  # fmt: skip


def _merged() -> dict[str, Behaviour]:
    handlers: dict[str, Behaviour] = {}
    for name in _MODULES:
        more: dict[str, Behaviour] = import_module(f".{name}", __name__).HANDLERS
        if twice := handlers.keys() & more.keys():
            raise ValueError(f"{', '.join(sorted(twice))}: more than one handler")
        handlers.update(more)
    return handlers


HANDLERS = _merged()
