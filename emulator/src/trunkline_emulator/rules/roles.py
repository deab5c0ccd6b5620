"""The roles that a department gives its members, and the rights that come with each (names: docs/pbx.md, Requests)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MEMBER = ("CanSeeGroupMembers", "ShowMyPresence", "ShowMyCalls", "AllowIVR", "AllowParking")
_RECEPTIONIST = (*_MEMBER, "CanSeeGroupCalls", "PerformOperations", "ShowMyPresenceOutside")
_MANAGER = (*_RECEPTIONIST, "CanBargeIn", "CanIntercom", "CanSeeGroupRecordings", "AllowToChangePresence")
_ADMIN = (*_MANAGER, "AllowToManageCompanyBook", "AssignClearOperations")

# From the most to the least that one may do. Which rights a role starts with isn't published: these are plausible.
_RIGHTS = {
    "system_owners": _ADMIN,
    "system_admins": _ADMIN,
    "group_owners": _ADMIN,
    "managers": _MANAGER,
    "group_admins": _ADMIN,
    "receptionists": _RECEPTIONIST,
    "users": _MEMBER,
}
ROLES = tuple(_RIGHTS)
LOWEST = "users"


def rights_of(role: str) -> dict[str, Any]:
    """Return a row of ``Rights`` as a new department has it."""
    return {"RoleName": role, **{name: name in _RIGHTS[role] for name in _ADMIN}}


def rights_in(group: Mapping[str, Any], role: str) -> dict[str, Any] | None:
    """Return the rights of a role in a department; None where the department doesn't know the role."""
    return next((dict(rights) for rights in group["Rights"] if rights["RoleName"] == role), None)
