"""The reports on calls from and to the world outside: a row for each leg that has a trunk at one end."""

from __future__ import annotations

from collections.abc import Iterator

from ..store import Store
from ..telephony.records import Kind, Leg, Party, PhoneCall
from ..values import Row
from .arguments import Arguments
from .call_log import calls_type_test, cdr_id, has_quality, outside_number, recording_of
from .events import oldest_first, was_answered
from .spelling import duration, label, moment


def inbound(store: Store, asked: Arguments) -> Iterator[Row]:
    """Yield the legs that somebody outside began: where a call goes through a menu and a queue, it has several rows."""
    for call, leg in _legs(store, asked, "source"):
        yield {
            **_both(call, leg, leg.source),
            "DestinationCallerId": outside_number(leg.destination),
            "Did": call.did or None,
        }


def outbound(store: Store, asked: Arguments) -> Iterator[Row]:
    """Yield the legs that led outside."""
    for call, leg in _legs(store, asked, "destination"):
        yield {
            **_both(call, leg, leg.destination),
            "Answered": was_answered(call, leg),
            "CallCost": float(leg.cost),
            "DestinationCalleeId": outside_number(leg.destination),
        }


def _legs(store: Store, asked: Arguments, end: str) -> Iterator[tuple[PhoneCall, Leg]]:
    chosen, wanted = asked.numbers("trunkDns"), calls_type_test(asked.code("callsType"))
    for call, leg in oldest_first(store, asked.period):
        party: Party = getattr(leg, end)
        if party.kind is Kind.EXTERNAL and party.dn in chosen and (wanted is None or wanted(call, leg)):
            yield call, leg


def _both(call: PhoneCall, leg: Leg, outside: Party) -> Row:
    return {
        **recording_of(leg),
        "CallDuration": duration(leg.ringing + leg.talking),
        "CallHistoryId": call.id,
        "CdrId": cdr_id(leg),
        "DestinationDisplayName": label(leg.destination),
        "DestinationDn": leg.destination.dn,
        "QualityReport": has_quality(leg),
        "RecordingId": leg.recording,
        "RingingDuration": duration(leg.ringing),
        "RuleName": call.rule or None,
        "SourceCallerId": outside_number(leg.source),
        "SourceDisplayName": label(leg.source),
        "SourceDn": leg.source.dn,
        "StartTime": moment(leg.started),
        "Status": leg.outcome.value,
        "TalkingDuration": duration(leg.talking),
        "TrunkName": outside.name,
        "TrunkNumber": outside.dn,
    }
