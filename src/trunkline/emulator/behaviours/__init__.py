"""Functions and actions that do what a 3CX does, a module for each part of a PBX.

Each module has its ``HANDLERS``, by action id; an action has one handler.
"""

from __future__ import annotations

from ..crud import Handler
from . import (
    bulk,
    call_flows,
    call_log,
    call_rules,
    calls,
    contacts,
    credentials,
    dn_properties,
    emergency,
    greetings,
    groups,
    history,
    logs,
    numbers,
    peers,
    phones,
    prompts,
    queues,
    recordings,
    reports,
    services,
    trunks,
    users,
    website_links,
)

_MODULES = (
    bulk,
    call_flows,
    call_log,
    call_rules,
    calls,
    contacts,
    credentials,
    dn_properties,
    emergency,
    greetings,
    groups,
    history,
    logs,
    numbers,
    peers,
    phones,
    prompts,
    queues,
    recordings,
    reports,
    services,
    trunks,
    users,
    website_links,
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
