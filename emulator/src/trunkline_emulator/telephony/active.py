"""The calls in progress, as ``ActiveCalls`` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..reports.spelling import moment
from ..values import Row
from .made import UnderWay, under_way
from .model import SEEDED_AT
from .records import Kind, Party

if TYPE_CHECKING:
    from ..store import Store

UNDER_WAY = "calls under way"


def active_calls(store: Store) -> list[Row]:
    """Return the rows as they are at the PBX's time."""
    now = moment(store.now())
    found = []
    for row in store.tables["ActiveCalls"].rows.values():
        call = call_of(store, row["Id"])
        found.append({**row, **(active_call(call) if call else {}), "ServerNow": now})
    return found


def call_of(store: Store, number: int) -> UnderWay | None:
    """Return the call behind a row of ``ActiveCalls``, as it is now; None in a store that was opened without its model.

    Those of the seed are as far as they were when the store was opened: who rings there rings on, so that the demo has
    calls of each kind for as long as it runs.
    """
    seeded = store.model.under_way
    if number <= len(seeded):
        return seeded[number - 1].moved(store.opened - SEEDED_AT)
    kept = store.kept.get(UNDER_WAY, {})
    return under_way(kept[str(number)]).at(store.now()) if str(number) in kept else None


def active_call(call: UnderWay) -> Row:
    """Return a call's fields in ``ActiveCalls``, without its Id and the PBX's time."""
    return {
        "Caller": _party(call.caller),
        "Callee": _party(call.callee),
        "Status": "Talking" if call.established else "Routing",
        "ServerNow": moment(SEEDED_AT),
        "EstablishedAt": moment(call.began),
        "LastChangeStatus": moment(call.established or call.began),
    }


def _party(party: Party) -> str:
    shown = f"{party.dn} {party.name}"
    return f"{shown} ({party.number})" if party.kind is Kind.EXTERNAL else shown
