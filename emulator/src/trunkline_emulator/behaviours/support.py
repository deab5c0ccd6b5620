"""Help from 3CX: tickets, and letting its people in."""

from __future__ import annotations

import secrets
from datetime import timedelta
from urllib.parse import urlencode

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..odata.literals import read_date_time
from ..refusals import bad_field
from ..rules.addresses import is_mail_address
from ..store import Store
from ..warning_codes import INVALID, OUT_OF_THE_RANGE, REQUIRED, refuse

_ACCESS_UNTIL = "remote access until"
MOST_DAYS = 30


def _access(store: Store) -> str:
    """``Active`` while access that was asked for lasts."""
    until = store.kept.get(_ACCESS_UNTIL)
    return "Active" if until and store.now() < read_date_time(until) else "None"


def _request_help(call: Call) -> Response:
    """Send a ticket; a period in days, 1 to 30, also lets 3CX's people in for that long. Raises Refusal (400)."""
    asked = call.body().get("description") or {}
    for field in ("Name", "IssueDescription", "ReplyEmail"):
        if not asked.get(field):
            raise bad_field(field, REQUIRED, fact=ASSUMED)
    if not is_mail_address(asked["ReplyEmail"]):
        raise refuse(call.store, INVALID, "ReplyEmail", fact=ASSUMED)
    days = asked.get("GrantPeriodDays")
    if days:
        _grant(call.store, days)
    return Response(204)


def _grant(store: Store, days: int) -> None:
    if not 0 < days <= MOST_DAYS:
        raise refuse(store, OUT_OF_THE_RANGE, "GrantPeriodDays", fact=ASSUMED)
    store.keep(_ACCESS_UNTIL, event_log.stamp(store.now() + timedelta(days=days)))
    event_log.log_event(store, "Warning", event_log.REMOTE_ACCESS, f"Remote access was granted for {days} days")


def _revoke(call: Call) -> Response:
    if _access(call.store) != "None":
        event_log.log_event(call.store, "Info", event_log.REMOTE_ACCESS, "Remote access was revoked")
    call.store.keep(_ACCESS_UNTIL, None)
    return Response(204)


def _link(call: Call) -> Response:
    """Where a ticket can be written by hand; nothing is granted yet."""
    query = urlencode({"days": str(call.arguments["grantPeriodDays"])})
    return call.write_value(f"https://support.example.com/ticket?{query}")


def _enabled(call: Call) -> Response:
    """Whether the licence comes with support; the first version says only yes or no."""
    supported = bool(call.store.singletons["LicenseStatus"]["Support"])
    if call.action.answer_kind == "value":
        return call.write_value(supported)
    ticket = {"CanCreateTicket": supported, "CreateTicketStatus": "OK" if supported else "KeyHasNoSupportTickets"}
    return call.write_entity(call.store.values.complete("Pbx.CreateTicket", ticket))


HANDLERS = declared(
    ASSUMED,
    {
        "system_status.request_help": _request_help,
        "system_status.revoke_remote_access": _revoke,
        "system_status.get_remote_access_status": lambda call: call.write_value(_access(call.store)),
        "system_status.get_request_help_link": _link,
        "system_status.is_request_help_enabled": _enabled,
        # A token of its own each time, that opens nothing here.
        "system_status.api_token": lambda call: call.write_value(secrets.token_urlsafe()),
    },
)
