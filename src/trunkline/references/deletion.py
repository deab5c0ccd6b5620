"""What somebody should know before one thing is deleted: what it is called, and who refers to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..catalog import Action

if TYPE_CHECKING:
    from ..work.drivers import AsyncSystem
    from ..work.guards import Question

_PREFIXES = {
    "custom_prompts": "file", "groups": "department", "parkings": "parking", "queues": "queue",
    "receptionists": "receptionist", "ring_groups": "ring_group", "trunks": "trunk", "users": "extension",
}  # fmt: skip


def has_users(action: Action) -> bool:
    """Whether an action deletes one thing that others may refer to."""
    return action.kind == "delete" and action.resource in _PREFIXES


async def deletion_question(pbx: AsyncSystem, action: Action, arguments: Mapping[str, Any]) -> Question:
    """Read what is about to be deleted, and what refers to it; the question names both.

    What can't be read does not keep anybody from deleting: then the question says so. Raises what the PBX answers to
    the reading of the thing itself, such as NotFound.
    """
    from ..errors import TrunklineError
    from ..work.guards import Question
    from .where_used import WhereUsed

    key = arguments[action.keys[0]]
    kind = _PREFIXES[action.resource]
    number = str(key)
    if kind != "file":
        row = await pbx.call(f"{action.resource}.get", Id=key, select=["Id", "Number"])
        number = str(row.get("Number") or "")
    try:
        used = await WhereUsed.afind(pbx, number, kind=kind)
    except TrunklineError as error:
        facts = (f"Who refers to it is not known: {error.message}",)
        return Question(action, 1, pbx.url, 1, name=f"{action.noun} {number or key}", facts=facts)
    return Question(action, 1, pbx.url, 1, name=str(used.target), facts=used.facts)
