"""Deleting many rows at once, and emptying whole sets."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler
from ..messages import Response

NOT_FOUND = "WARNINGS.XAPI.NOT_FOUND"


def _delete_ids(call: Call) -> Response:
    """Remove the rows whose keys are in ``ids``; ids without a row are passed over."""
    call.store.remove(call.route.resource, call.body()["ids"])
    return Response(204)


def _delete_users(call: Call) -> Response:
    """Remove users; the answer lists those that could not be removed."""
    missing = call.store.remove("Users", call.body()["ids"])
    return call.write_list([{"ExtensionNumber": str(key), "Error": NOT_FOUND} for key in missing])


def _purge_outbound_rules(call: Call) -> Response:
    wanted = call.body().get("purgeObject") or {}
    call.store.remove("OutboundRules", wanted.get("Ids", []))
    return Response(204)


def _purge(name: str) -> Handler:
    """Empty a whole set."""

    def handler(call: Call) -> Response:
        call.store.clear(name)
        return Response(204)

    return handler


HANDLERS: dict[str, Handler] = {
    "fax.bulk_fax_delete": _delete_ids,
    "blocklist.bulk_ips_delete": _delete_ids,
    "black_list_numbers.bulk_numbers_delete": _delete_ids,
    "website_links.bulk_links_delete": _delete_ids,
    "inbound_rules.bulk_inbound_rules_delete": _delete_ids,
    "contacts.delete_contacts_by_id": _delete_ids,
    "contacts.batch_contacts_delete": _delete_ids,
    "users.batch_delete": _delete_users,
    "outbound_rules.purge": _purge_outbound_rules,
    "contacts.all_contacts_bulk_delete": _purge("Contacts"),
    "firmwares.clean_up": _purge("Firmwares"),
}
