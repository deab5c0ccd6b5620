"""The report on how one leg sounded: made up, yet the same each time, and as long as the leg was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..store import Store
from ..telephony.history import calls_left, calls_made
from ..telephony.records import Kind, Leg, Party
from ..values import Row
from .arguments import Period
from .call_log import cdr_id, has_quality, outside_number
from .events import legs_in

_PACKETS_A_SECOND = 50
_GOOD, _FAIR = 1, 2
_CODECS = ("PCMA", "PCMU", "G722", "opus")


def of_cdr(store: Store, cdr: str) -> Row | None:
    """Return the quality of the leg with an id; None if the leg is missing or had no audio."""
    began = _began(cdr)
    if began is None:
        return None
    second = Period(began, began + timedelta(seconds=1))
    return next((_report(leg) for _, leg in legs_in(store, second) if cdr_id(leg) == cdr and has_quality(leg)), None)


def of_call(store: Store, number: int) -> Row | None:
    """Return the quality of the first leg of a call in which somebody was heard, or None."""
    call = next((call for call in calls_made(store) if call.number == number), None)
    if call is None and any(number in span for span in calls_left(store)):
        call = store.model.call(number)
    return next((_report(leg) for leg in call.legs if has_quality(leg)), None) if call else None


def _began(cdr: str) -> datetime | None:
    """Return the second in which a leg began, which is the first part of its id."""
    first = cdr.partition("-")[0]
    try:
        return datetime.fromtimestamp(int(first, 16), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _report(leg: Leg) -> Row:
    grade = leg.id * 7919 % 100
    mos = round(4.4 - grade / 100, 2)
    return {
        "MOS": mos,
        "OverallScore": round(mos * 20),
        "Party1": _party(leg, leg.source, grade, inbound=False),
        "Party2": _party(leg, leg.destination, grade // 2, inbound=True),
        "Summary": _GOOD if mos >= 4 else _FAIR,
        "Transcoding": leg.source.kind is not leg.destination.kind,
    }


def _party(leg: Leg, party: Party, grade: int, *, inbound: bool) -> Row:
    """One end of the leg; ``grade`` from 0 is how much was lost and late."""
    seconds = int(leg.talking.total_seconds())
    outside = party.kind is Kind.EXTERNAL
    host = 10 + grade % 200
    return {
        "AddressStr": f"{'203.0.113' if outside else '192.0.2'}.{host}:{10000 + 2 * host}",
        "Burst": grade // 25,
        "Codec": _CODECS[leg.id % 2 if outside else 2 + leg.id % 2],
        "Duration": seconds,
        "GlobalPort": 9000 + 2 * (leg.id % 500),
        "Inbound": inbound,
        "LocalPort": 7000 + 2 * (leg.id % 500),
        "Location": "External" if outside else "Local",
        "MOSFromPBX": round(4.4 - grade / 120, 2),
        "MOSToPBX": round(4.4 - grade / 100, 2),
        "Number": outside_number(party),
        "RTT": round(8 + grade / 2, 1),
        "RxJitter": round(1 + grade / 10, 1),
        "RxLost": round(grade / 200, 3),
        "RxPackets": seconds * _PACKETS_A_SECOND,
        "TunAddressStr": "",
        "TxBursts": grade // 30,
        "TxJitter": round(1 + grade / 12, 1),
        "TxLost": round(grade / 250, 3),
        "TxPackets": seconds * _PACKETS_A_SECOND,
        "UserAgent": "Example Trunk" if outside else "Example Phone 1.0",
    }
