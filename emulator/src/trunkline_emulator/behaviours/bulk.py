"""Deleting many rows at once, and emptying whole sets."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler, declared
from ..evidence import ASSUMED, published
from ..messages import Response
from ..refusals import Refusal
from ..warning_codes import NOT_FOUND


def _delete_ids(call: Call) -> Response:
    """Remove the rows whose keys are in ``ids``; ids without a row are passed over."""
    call.store.remove(call.route.resource, call.body().get("ids") or [])
    return Response(204)


def purge(name: str) -> Handler:
    """Return a handler that empties a whole set."""

    def handler(call: Call) -> Response:
        call.store.clear(name)
        return Response(204)

    return handler


def _delete_users(call: Call) -> Response:
    """Remove users one by one; the answer lists those that could not be removed, and why."""
    errors = []
    for id_ in dict.fromkeys(call.body().get("ids") or []):
        user = call.store.tables["Users"].rows.get(id_)
        if user is None:
            errors.append({"ExtensionNumber": str(id_), "Error": NOT_FOUND})
            continue
        try:
            call.store.delete("Users", {"Id": id_})
        except Refusal as refusal:
            error = next(iter(refusal.details.values()), refusal.message)
            errors.append({"ExtensionNumber": user["Number"], "Error": error})
    return call.write_list(errors)


def _delete_group(key: str, argument: str) -> Handler:
    def handler(call: Call) -> Response:
        group = call.store.get("Groups", {key: call.body().get(argument)})
        call.store.delete("Groups", {"Id": group["Id"]})
        return Response(204)

    return handler


def _delete_contacts(source: str = "") -> Handler:
    """Delete the company's contacts of a source; with ``number`` those of one user, of whom this PBX keeps none."""

    def handler(call: Call) -> Response:
        body = {} if call.action.body is None else call.body()
        wanted = None if body.get("number") else source or body.get("contactSource")
        rows = call.store.rows("Contacts")
        call.store.remove("Contacts", [row["Id"] for row in rows if row["ContactType"] == wanted])
        return Response(204)

    return handler


def _purge_outbound(call: Call) -> Response:
    call.store.remove("OutboundRules", (call.body().get("purgeObject") or {}).get("Ids") or [])
    return Response(204)


HANDLERS = declared(
    published("answers"),
    {
        "fax.bulk_fax_delete": _delete_ids,
        "blocklist.bulk_ips_delete": _delete_ids,
        "black_list_numbers.bulk_numbers_delete": _delete_ids,
        "website_links.bulk_links_delete": _delete_ids,
        "inbound_rules.bulk_inbound_rules_delete": _delete_ids,
        "contacts.delete_contacts_by_id": _delete_ids,
        "contacts.batch_contacts_delete": _delete_ids,
        "recordings.bulk_recordings_delete": _delete_ids,
        "users.batch_delete": _delete_users,
        "groups.delete_company_by_id": _delete_group("Id", "id"),
        "groups.delete_company_by_number": _delete_group("Number", "number"),
    },
) | declared(
    ASSUMED,
    {
        "contacts.all_contacts_bulk_delete": purge("Contacts"),
        "contacts.delete_contacts_by_type": _delete_contacts(),
        "contacts.crm_contacts_bulk_delete": _delete_contacts("CRM"),
        "contacts.office365_contacts_bulk_delete": _delete_contacts("M365"),
        "crm_integration.delete_crm_contacts": _delete_contacts("CRM"),
        "firmwares.clean_up": purge("Firmwares"),
        "outbound_rules.purge": _purge_outbound,
        "event_logs.purge_event_log": purge("EventLogs"),
        "activity_log.purge_logs": purge("ActivityLog"),
        "backups.purge_local_backups": purge("Backups"),
        "purge_settings.purge_local_backups": purge("Backups"),
    },
)
