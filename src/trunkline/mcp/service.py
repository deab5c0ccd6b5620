"""What the tools of one server share, and what each call of a tool knows of who called it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from ..work.permission import Permission
from .audit_log import AuditLog
from .pbxs import Pbxs
from .plans import Plans


class Service(NamedTuple):
    """``flows``: the folder whose flows are resources, where there is one."""

    pbxs: Pbxs
    permission: Permission
    audit: AuditLog
    plans: Plans
    flows: Path | None = None


class Confirmation(Enum):
    """What the person at the client answered. ``NOT_ASKED``: the client can't ask anybody."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNTICKED = "not ticked"
    CANCELLED = "cancelled"
    UNREADABLE = "unreadable"
    NOT_ASKED = "not asked"


class Caller(NamedTuple):
    """Who calls a tool. ``session``: "" where the protocol has none. ``noted``: what the audit log gets of the call.

    ``confirm`` asks the person at the client, with a text that says what would be done.
    """

    session: str
    noted: dict[str, Any]
    confirm: Callable[[str], Awaitable[Confirmation]]
