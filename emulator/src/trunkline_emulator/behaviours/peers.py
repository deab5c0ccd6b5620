"""Finding a DN, a user or a parameter by something that is not a key."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler, declared
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import not_found

_REPORTED = ("Extension", "Queue", "RingGroup")


def _lookup(field: str, argument: str) -> Handler:
    """One row of the set by a field that is not a key."""

    def handler(call: Call) -> Response:
        wanted = call.arguments[argument]
        found = [row for row in call.store.rows(call.route.resource) if row[field] == wanted]
        if not found:
            raise not_found()
        return call.write_entity(found[0])

    return handler


def _peers_by_numbers(call: Call) -> Response:
    """``IsReportPeers`` leaves those that reports know."""
    request = call.body()["peersRequest"]
    wanted = set(request.get("DnNumbers", []))
    found = [row for row in call.store.rows("Peers") if row["Number"] in wanted]
    return call.write_list([row for row in found if row["Type"] in _REPORTED or not request.get("IsReportPeers")])


def _report_peers(call: Call) -> Response:
    """Those whose calls a report can be asked for."""
    return call.write_list([row for row in call.store.rows("Peers") if row["Type"] in _REPORTED])


def _duplicated_email(call: Call) -> Response:
    user = call.entity()
    address = (user["EmailAddress"] or "").casefold()
    others = [row for row in call.store.rows("Users") if row["Id"] != user["Id"]]
    return call.write_value(bool(address) and any((row["EmailAddress"] or "").casefold() == address for row in others))


def _duplicated_emails(call: Call) -> Response:
    asked = call.body()["emails"]
    known = {(row["EmailAddress"] or "").casefold() for row in call.store.rows("Users")}
    return call.write_list([address for address in asked if address and address.casefold() in known])


_BY_NUMBER = _lookup("Number", "number")

HANDLERS = declared(
    ASSUMED,
    {
        "parameters.get_parameter_by_name": _lookup("Name", "name"),
        "fax.get_by_number@20.0.7": _BY_NUMBER,
        "parkings.get_by_number@20.0.7": _BY_NUMBER,
        "queues.get_by_number@20.0.7": _BY_NUMBER,
        "receptionists.get_by_number@20.0.7": _BY_NUMBER,
        "ring_groups.get_by_number@20.0.7": _BY_NUMBER,
        "users.get_by_number@20.0.7": _BY_NUMBER,
        "peers.get_peer_by_number": _BY_NUMBER,
        "peers.get_report_peers": _report_peers,
        "peers.retreive_peers_by_numbers": _peers_by_numbers,
        "users.has_duplicated_email": _duplicated_email,
        "users.get_duplicated_emails": _duplicated_emails,
    },
)
