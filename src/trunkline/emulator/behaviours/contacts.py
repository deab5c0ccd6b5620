"""The phone book: contacts by number and by where they came from."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler
from ..messages import Response

_NUMBERS = ("PhoneNumber", "Mobile2", "Business", "Business2", "Home", "Other", "BusinessFax", "Pager")


def _delete_by_source(call: Call) -> Response:
    source = call.body()["contactSource"]
    call.store.remove("Contacts", [row["Id"] for row in call.store.rows("Contacts") if row["ContactType"] == source])
    return Response(204)


def _by_number(call: Call) -> Response:
    number = call.arguments["number"]
    rows = call.store.rows("Contacts")
    return call.write_list([row for row in rows if number in {row[field] for field in _NUMBERS}])


def _create_by_number(call: Call) -> Response:
    body = call.body()
    row = call.store.create("Contacts", {**body["contact"], "Id": 0, "PhoneNumber": body["number"]})
    return call.write_entity(row)


HANDLERS: dict[str, Handler] = {
    "contacts.delete_contacts_by_type": _delete_by_source,
    "contacts.get_contacts_by_number": _by_number,
    "contacts.create_contact_by_number": _create_by_number,
}
