"""Deleting many rows at once, and emptying whole sets."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler, declared
from ..evidence import ASSUMED
from ..messages import Response
from ..rules import RULES
from ..store import Store


def _delete_ids(call: Call) -> Response:
    """Remove the rows whose keys are in ``ids``; ids without a row are passed over.

    Where one may not go none goes: the answer has no place for what became of each.
    """
    remove_all(call.store, call.route.resource, call.body()["ids"])
    return Response(204)


def remove_all(store: Store, name: str, keys: list[int] | list[str]) -> None:
    """Remove all or nothing. Raises Refusal (400) before anything is removed."""
    rule, rows = RULES.get(name), store.tables[name].rows
    if rule is not None:
        for key in keys:
            if key in rows:
                rule.check_removal(store, rows[key])
    store.remove(name, keys)


def purge(name: str) -> Handler:
    """Empty a whole set."""

    def handler(call: Call) -> Response:
        call.store.clear(name)
        return Response(204)

    return handler


HANDLERS = declared(
    ASSUMED,
    {
        "fax.bulk_fax_delete": _delete_ids,
        "blocklist.bulk_ips_delete": _delete_ids,
        "black_list_numbers.bulk_numbers_delete": _delete_ids,
        "website_links.bulk_links_delete": _delete_ids,
        "inbound_rules.bulk_inbound_rules_delete": _delete_ids,
        "contacts.delete_contacts_by_id": _delete_ids,
        "contacts.batch_contacts_delete": _delete_ids,
        "contacts.all_contacts_bulk_delete": purge("Contacts"),
        "firmwares.clean_up": purge("Firmwares"),
    },
)
