"""Functions and actions that do what a 3CX does, a module for each part of a PBX.

Each module has its ``HANDLERS``, by action id, with the fact behind each; an action has one handler.
"""

from __future__ import annotations

from ..crud import Behaviour
from . import (
    ai,
    backups,
    bulk,
    call_flows,
    call_log,
    call_rules,
    calls,
    conference,
    contacts,
    costs,
    credentials,
    crm,
    defs,
    dn_properties,
    emergency,
    firewall,
    greetings,
    groups,
    history,
    integrations,
    kept_settings,
    licence,
    logs,
    mail,
    numbers,
    peers,
    phones,
    playlists,
    prompts,
    queues,
    recordings,
    reports,
    services,
    status,
    storage,
    support,
    tokens,
    trunks,
    updates,
    users,
    voicemail,
    website_links,
)

_MODULES = (
    ai,
    backups,
    bulk,
    call_flows,
    call_log,
    call_rules,
    calls,
    conference,
    contacts,
    costs,
    credentials,
    crm,
    defs,
    dn_properties,
    emergency,
    firewall,
    greetings,
    groups,
    history,
    integrations,
    kept_settings,
    licence,
    logs,
    mail,
    numbers,
    peers,
    phones,
    playlists,
    prompts,
    queues,
    recordings,
    reports,
    services,
    status,
    storage,
    support,
    tokens,
    trunks,
    updates,
    users,
    voicemail,
    website_links,
)


def _merged() -> dict[str, Behaviour]:
    found: dict[str, Behaviour] = {}
    for module in _MODULES:
        twice = found.keys() & module.HANDLERS.keys()
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))}: more than one handler")
        found.update(module.HANDLERS)
    return found


HANDLERS = _merged()
