"""The report on what calls cost, by the department of the caller."""

from __future__ import annotations

from collections.abc import Iterator

from ..store import Store
from ..telephony.records import DN_CLASSES, FREE, Kind
from ..values import Row
from .arguments import Arguments
from .call_log import cdr_id, outside_number
from .events import oldest_first, was_answered
from .names import departments
from .spelling import duration, label, moment

ALL_CLASSES = 0


def by_group(store: Store, asked: Arguments) -> Iterator[Row]:
    """Yield the legs that led outside from an extension of one department.

    Without its number there are none, as on a PBX.
    """
    if asked.code("callClass") != ALL_CLASSES:
        return
    # Up to 20.0.5 the id of a segment is its number.
    numbered = store.catalog.fields("Pbx.CallCostByExtensionGroup")["SegId"].name == "Int32"
    for name, members in departments(store, asked.text("groupFilter")).items():
        for call, leg in oldest_first(store, asked.period):
            if leg.destination.kind is not Kind.EXTERNAL or leg.source.dn not in members:
                continue
            yield {
                "SegId": leg.id if numbered else cdr_id(leg),
                "GroupName": name,
                "SrcDn": leg.source.dn,
                "SrcDisplayName": label(leg.source),
                "StartTime": moment(leg.started),
                "DstDn": outside_number(leg.destination),
                "DstDnClass": DN_CLASSES[leg.destination.kind],
                "IsAnswered": was_answered(call, leg),
                "RingingDur": duration(leg.ringing),
                "TalkingDur": duration(leg.talking),
                "BillingCost": float(leg.cost),
                "CallType": call.rule if leg.cost != FREE else "Not Configured",
            }
