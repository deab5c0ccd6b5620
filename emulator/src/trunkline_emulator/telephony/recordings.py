"""Recordings of calls: their rows, their names and what is heard on them."""

from __future__ import annotations

import math
from array import array
from functools import lru_cache

from ..reports.spelling import moment
from ..sounds import RATE, wav
from ..values import Row
from .records import DN_CLASSES, Kind, Leg, Party, PhoneCall

_LOUDNESS = 8000


def recording_row(call: PhoneCall, leg: Leg) -> Row:
    """Return the row of ``Recordings`` of a recorded leg. It begins when somebody answered."""
    kind = {"Inbound": "InboundExternal", "Outbound": "OutboundExternal"}.get(call.direction, "Local")
    return {
        "Id": leg.recording,
        "CallType": kind,
        "CanBeTranscribed": True,
        "StartTime": moment(leg.started + leg.ringing),
        "EndTime": moment(leg.ended),
        **_end("From", leg.source, 2 * leg.id - 1, call.did if leg.source.kind is Kind.EXTERNAL else ""),
        **_end("To", leg.destination, 2 * leg.id, ""),
        "RefParticipantId": 2 * leg.id,
        "IsArchived": False,
        "IsTranscribed": False,
        "RecordingUrl": url_of(leg),
    }


def _end(which: str, party: Party, participant: int, did: str) -> Row:
    return {
        f"{which}CallerNumber": party.number,
        f"{which}DidNumber": did or None,
        f"{which}DisplayName": party.name,
        f"{which}Dn": party.dn,
        f"{which}DnType": DN_CLASSES[party.kind],
        f"{which}IdParticipant": participant,
    }


def url_of(leg: Leg) -> str:
    """Return the path of a leg's recording, below the extension's folder: ``101/[Wren,
    Oskar]_105-+12025550123_…(7).wav``.
    """
    extension = leg.destination if leg.destination.kind is Kind.EXTENSION else leg.source
    began = leg.started + leg.ringing
    ends = f"{leg.source.number}-{leg.destination.number}"
    return f"{extension.dn}/[{leg.source.name}]_{ends}_{began:%Y%m%d%H%M%S}({leg.recording}).wav"


@lru_cache(maxsize=16)
def sound(recording: int) -> bytes:
    """Return a WAV file, 8 kHz, 16 bits, one channel: between one and two seconds of a tone, a different one for each
    Id.
    """
    pitch = 300 + recording * 37 % 700
    samples = RATE + recording * 1009 % RATE
    step = 2 * math.pi * pitch / RATE
    return wav(array("h", (int(_LOUDNESS * math.sin(step * n)) for n in range(samples))))
