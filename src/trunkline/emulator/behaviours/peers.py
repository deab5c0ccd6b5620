"""Finding a DN, a user or a parameter by something that is no key."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler
from ..messages import Response
from ..refusals import not_found


def _lookup(field: str, argument: str) -> Handler:
    """One row of the set by a field that is no key."""

    def handler(call: Call) -> Response:
        wanted = call.arguments[argument]
        found = [row for row in call.store.rows(call.route.resource) if row[field] == wanted]
        if not found:
            raise not_found()
        return call.write_entity(found[0])

    return handler


def _peers_by_numbers(call: Call) -> Response:
    wanted = set(call.body()["peersRequest"].get("DnNumbers", []))
    return call.write_list([row for row in call.store.rows("Peers") if row["Number"] in wanted])


def _duplicated_email(call: Call) -> Response:
    user = call.entity()
    address = user["EmailAddress"]
    others = [row for row in call.store.rows("Users") if row is not user]
    return call.write_value(bool(address) and any(row["EmailAddress"] == address for row in others))


def _duplicated_emails(call: Call) -> Response:
    asked = call.body()["emails"]
    known = {row["EmailAddress"] for row in call.store.rows("Users")}
    return call.write_list([address for address in asked if address in known])


_BY_NUMBER = _lookup("Number", "number")

HANDLERS: dict[str, Handler] = {
    "parameters.get_parameter_by_name": _lookup("Name", "name"),
    "fax.get_by_number@20.0.7": _BY_NUMBER,
    "parkings.get_by_number@20.0.7": _BY_NUMBER,
    "queues.get_by_number@20.0.7": _BY_NUMBER,
    "receptionists.get_by_number@20.0.7": _BY_NUMBER,
    "ring_groups.get_by_number@20.0.7": _BY_NUMBER,
    "users.get_by_number@20.0.7": _BY_NUMBER,
    "peers.retreive_peers_by_numbers": _peers_by_numbers,
    "users.has_duplicated_email": _duplicated_email,
    "users.get_duplicated_emails": _duplicated_emails,
}
