"""The phone book: contacts by number and by where they came from."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler, declared
from ..csv_files import export
from ..evidence import ASSUMED
from ..messages import Response
from ..rules.checks import refuse_wrong
from ..rules.phone_book import NUMBERS
from ..rules.references import find
from ..warning_codes import NOT_FOUND

_SEARCH = "directory search settings"


def _delete_source(call: Call, source: str) -> Response:
    call.store.remove("Contacts", [row["Id"] for row in call.store.rows("Contacts") if row["ContactType"] == source])
    return Response(204)


def _delete_by_source(call: Call) -> Response:
    """Return the company's contacts of a source; with ``number`` those of one user, of whom this PBX keeps none."""
    body = call.body()
    if not body.get("number"):
        return _delete_source(call, body["contactSource"])
    if find(call.store, "Users", {"Number": body["number"]}) is None:
        refuse_wrong(call.store, {"number": NOT_FOUND})
    return Response(204)


def _delete_all_of(source: str) -> Handler:
    return lambda call: _delete_source(call, source)


def _delete_others(call: Call) -> Response:
    """Contacts of one user or department: this PBX has the company's only, so there is nothing to delete."""
    if call.action.body is not None:
        call.body()
    return Response(204)


def _by_number(call: Call) -> Response:
    number = call.arguments["number"]
    rows = call.store.rows("Contacts")
    return call.write_list([row for row in rows if number in {row[field] for field in NUMBERS}])


def _create_by_number(call: Call) -> Response:
    body = call.body()
    row = call.store.create("Contacts", {**body["contact"], "Id": 0, "PhoneNumber": body["number"]})
    return call.write_entity(row)


def _export(call: Call) -> Response:
    return export(call, call.store.rows("Contacts"), "Pbx.Contact", "contacts.csv")


def _search_settings(call: Call) -> Response:
    kept = call.store.kept.get(_SEARCH, {})
    return call.write_entity(call.store.values.complete("Pbx.ContactsDirSearchSettings", kept))


def _set_search_settings(call: Call) -> Response:
    sent = call.body()["dirSearchSettings"]
    call.store.keep(_SEARCH, {**call.store.kept.get(_SEARCH, {}), **sent})
    return Response(204)


HANDLERS = declared(
    ASSUMED,
    {
        "contacts.delete_contacts_by_type": _delete_by_source,
        "contacts.delete_personal_contacts_by_type": _delete_others,
        "contacts.delete_department_contacts_by_type": _delete_others,
        "contacts.crm_contacts_bulk_delete": _delete_all_of("CRM"),
        "contacts.office365_contacts_bulk_delete": _delete_all_of("M365"),
        "contacts.office365_personal_contacts_bulk_delete": _delete_others,
        "contacts.google_personal_contacts_bulk_delete": _delete_others,
        "contacts.get_contacts_by_number": _by_number,
        "contacts.create_contact_by_number": _create_by_number,
        "contacts.export_contacts": _export,
        "contacts.get_dir_search_settings": _search_settings,
        "contacts.set_dir_search_settings": _set_search_settings,
    },
)
