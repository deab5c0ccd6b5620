"""Sets without rows of their own: what they show is computed from the rest of the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .telephony import active, lists
from .values import Row

if TYPE_CHECKING:
    from .store import Store

# Sets of DNs, and what a peer of each is (Pbx.PeerType).
PEER_TYPES = {
    "Users": "Extension",
    "Queues": "Queue",
    "RingGroups": "RingGroup",
    "Receptionists": "IVR",
    "Fax": "Fax",
    "Parkings": "Parking",
    "Trunks": "ExternalLine",
    "Groups": "Group",
    "CallFlowApps": "RoutePoint",
}


def peers(store: Store) -> list[Row]:
    """Every DN seen from outside."""
    found = []
    for name, kind in PEER_TYPES.items():
        for row in store.tables[name].rows.values():
            peer = {"Id": row["Id"], "Number": row["Number"], "Name": peer_name(row), "Type": kind, "Hidden": False}
            found.append(store.values.complete("Pbx.Peer", peer))
    return found


def peer_name(row: Row) -> str | None:
    """Return what others see a DN called; people as ``Last, First``."""
    if "FirstName" in row:
        return ", ".join(part for part in (row["LastName"], row["FirstName"]) if part)
    name: str | None = row.get("Name") or row["Number"]
    return name


def did_numbers(store: Store) -> list[Row]:
    """Return the numbers that trunks were given by their providers, each with the rule that answers it."""
    rules = {((rule["TrunkDN"] or {}).get("Number"), rule["Data"]): rule for rule in store.rows("InboundRules")}
    return [
        store.values.complete(
            "Pbx.DidNumber",
            {
                "Number": number,
                "TrunkId": trunk["Id"],
                "TemplateFileName": (trunk["Gateway"] or {}).get("TemplateFilename"),
                "RoutingRule": rules.get((trunk["Number"], number)),
            },
        )
        for trunk in store.rows("Trunks")
        for number in trunk["DidNumbers"]
    ]


VIEWS: dict[str, Callable[[Store], Sequence[Row]]] = {
    "Peers": peers,
    "DidNumbers": did_numbers,
    "ActiveCalls": active.active_calls,
    "CallHistoryView": lists.segments,
    "ChatHistoryView": lists.chats,
    "ChatMessagesHistoryView": lists.messages,
    "LastCdrAndChatMessageTimestamp": lists.latest,
}
