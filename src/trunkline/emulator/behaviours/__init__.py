"""Functions and actions that do what a 3CX does, a module for each part of a PBX.

Each module has its ``HANDLERS``, by action id; an action has one handler.
"""

from __future__ import annotations

from ..crud import Handler
from . import (
    ai,
    backups,
    bulk,
    call_log,
    conference,
    contacts,
    costs,
    crm,
    defs,
    firewall,
    groups,
    integrations,
    kept_settings,
    licence,
    logs,
    mail,
    numbers,
    peers,
    playlists,
    prompts,
    recordings,
    services,
    status,
    storage,
    support,
    tokens,
    updates,
    voicemail,
)

_MODULES = (
    ai,
    backups,
    bulk,
    call_log,
    conference,
    contacts,
    costs,
    crm,
    defs,
    firewall,
    groups,
    integrations,
    kept_settings,
    licence,
    logs,
    mail,
    numbers,
    peers,
    playlists,
    prompts,
    recordings,
    services,
    status,
    storage,
    support,
    tokens,
    updates,
    voicemail,
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
