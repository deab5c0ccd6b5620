"""Who may do what (docs/pbx.md, Rights)."""

from __future__ import annotations

from trunkline.catalog import Action

from .evidence import refusal, seen
from .refusals import Refusal
from .signin import ADMIN, OWNER, Client

NO_RIGHT = refusal("A client without the role that an action needs gets 403.", seen("rights-and-licence"))
_OWNERS_ONLY = frozenset(
    {"report_call_log_data", "chat_history_view", "chat_messages_history_view", "scheduled_reports"}
)


def owners_only(action: Action) -> bool:
    """Whether the action needs a System Owner: call log, chat history, the list of recordings, scheduled reports."""
    return action.resource in _OWNERS_ONLY or action.id == "recordings.list"


def check(client: Client, action: Action) -> None:
    """Check the client's roles.

    Raises Refusal (403, empty) where they don't suffice; an ordinary user may do nothing.
    """
    if OWNER in client.roles or (ADMIN in client.roles and not owners_only(action)):
        return
    raise Refusal(403, fact=NO_RIGHT)
