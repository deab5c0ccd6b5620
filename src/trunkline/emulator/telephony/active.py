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
    """The stored rows with the PBX's time; those of the seed are moved to the time when the store was opened."""
    found = []
    for row in store.tables["ActiveCalls"].rows.values():
        call = _seeded(store, row["Id"])
        shown = {**row, **_times(call)} if call else row
        found.append({**shown, "ServerNow": moment(store.now())})
    return found


def call_of(store: Store, number: int) -> UnderWay:
    """The call behind a row of ``ActiveCalls``."""
    return _seeded(store, number) or under_way(store.kept[UNDER_WAY][str(number)])


def _seeded(store: Store, number: int) -> UnderWay | None:
    calls = store.model.under_way
    return calls[number - 1].moved(store.opened - SEEDED_AT) if 1 <= number <= len(calls) else None


def active_call(call: UnderWay) -> Row:
    """A call's fields in ``ActiveCalls``, without its Id and the PBX's time."""
    return {
        "Caller": _party(call.caller),
        "Callee": _party(call.callee),
        "Status": "Talking" if call.established else "Routing",
        "ServerNow": moment(SEEDED_AT),
        **_times(call),
    }


def _times(call: UnderWay) -> Row:
    return {"EstablishedAt": moment(call.began), "LastChangeStatus": moment(call.established or call.began)}


def _party(party: Party) -> str:
    shown = f"{party.dn} {party.name}"
    return f"{shown} ({party.number})" if party.kind is Kind.EXTERNAL else shown
