"""Functions and actions that do what a 3CX does, a module for each part of a PBX.

Each module has its ``HANDLERS``, by action id; an action has one handler.
"""

from __future__ import annotations

from ..crud import Handler
from . import (
    bulk,
    call_log,
    calls,
    contacts,
    groups,
    history,
    logs,
    numbers,
    peers,
    prompts,
    recordings,
    reports,
    services,
)

_MODULES = (
    bulk,
    call_log,
    calls,
    contacts,
    groups,
    history,
    logs,
    numbers,
    peers,
    prompts,
    recordings,
    reports,
    services,
)


def _merged() -> dict[str, Handler]:
    found: dict[str, Handler] = {}
    for module in _MODULES:
        twice = found.keys() & module.HANDLERS.keys()
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))}: more than one handler")
        found.update(module.HANDLERS)
    return found


HANDLERS = _merged()
