"""Where calls go to besides people: queues, ring groups, digital receptionists, faxes, parking places, call flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from ..evidence import ASSUMED
from ..values import Row
from ..warning_codes import NOT_FOUND, REQUIRED, refuse
from .checks import SHORT, between, empty, like
from .dns import Dn
from .numbering import numbered
from .references import LEADS_TO, dn, find
from .users import secret

if TYPE_CHECKING:
    from ..store import Store

# 3CX publishes no limits of times; a day is more than anybody waits.
_SECONDS = between(0, 86_400)
_DIGITS = like(r"[0-9A-Za-z*#]{1,20}")
_ENDED: Row = {"To": "None", "Number": "", "External": "", "Name": "", "Type": "None", "Tags": []}


class Queues(Dn):
    name = "Queues"
    required = ("Name",)
    fields: ClassVar = {
        "Number": (_DIGITS,),
        "Name": (SHORT,),
        "RingTimeout": (between(1, 3600),),
        "MasterTimeout": (_SECONDS,),
        "MaxCallersInQueue": (between(0, 10_000),),
        "WrapUpTime": (_SECONDS,),
        "SLATime": (_SECONDS,),
        "AnnouncementInterval": (_SECONDS,),
        "CallbackEnableTime": (_SECONDS,),
    }
    defaults: ClassVar = {
        "PollingStrategy": "RingAll",
        "RingTimeout": 30,
        "MasterTimeout": 1800,
        "MaxCallersInQueue": 500,
        "SLATime": 0,
        "WrapUpTime": 0,
        "Recording": "Disabled",
        "IsRegistered": True,
        "ForwardNoAnswer": _ENDED,
    }


class RingGroups(Dn):
    name = "RingGroups"
    required = ("Name",)
    fields: ClassVar = {
        "Number": (_DIGITS,),
        "Name": (SHORT,),
        "RingTime": (between(1, 3600),),
        "MulticastPort": (between(0, 65_535),),
    }
    defaults: ClassVar = {"RingStrategy": "RingAll", "RingTime": 20, "IsRegistered": True, "ForwardNoAnswer": _ENDED}


class Receptionists(Dn):
    name = "Receptionists"
    required = ("Name",)
    fields: ClassVar = {"Number": (_DIGITS,), "Name": (SHORT,), "Timeout": (_SECONDS,)}
    defaults: ClassVar = {"IVRType": "Default", "Timeout": 5, "TimeoutForwardType": "EndCall", "IsRegistered": True}

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        filled = super().fill(store, given, old)
        forwards = numbered(filled.get("Forwards") or [], old["Forwards"] if old else [])
        return {**filled, "Forwards": forwards} if forwards else filled

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        if {"TimeoutForwardType", "TimeoutForwardDN"} & given.keys():
            set_name = LEADS_TO.get(row["TimeoutForwardType"] or "")
            if set_name and empty(row["TimeoutForwardDN"]):
                yield "TimeoutForwardDN", REQUIRED
            elif set_name and find(store, set_name, {"Number": row["TimeoutForwardDN"]}) is None:
                yield "TimeoutForwardDN", NOT_FOUND
        wrong_key = given.get("InvalidKeyForwardDN")
        if not empty(wrong_key) and dn(store, {"Number": wrong_key}) is None:
            yield "InvalidKeyForwardDN", NOT_FOUND


class Parkings(Dn):
    name = "Parkings"
    fields: ClassVar = {"Number": (_DIGITS,)}


class Faxes(Dn):
    name = "Fax"
    fields: ClassVar = {"Number": (_DIGITS,), "OutboundCallerId": (SHORT,), "AuthID": (SHORT,)}

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        filled = super().fill(store, given, old)
        if old is None:
            made = {"AuthID": secret(10), "AuthPassword": secret(16), "FaxServer": False}
            filled |= {field: value for field, value in made.items() if empty(filled.get(field))}
        return filled

    def check_removal(self, store: Store, row: Row) -> None:
        if row["FaxServer"]:
            raise refuse(store, "WARNINGS.FAX_SERVER_CANNOT_BE_DELETED", row["Number"], fact=ASSUMED)


class CallFlowApps(Dn):
    name = "CallFlowApps"
    required = ("Name", "Number")
    unique = ("Name",)
    fields: ClassVar = {"Name": (SHORT,)}
    defaults: ClassVar = {"RoutingType": "Forward", "IsRegistered": False, "CompilationSucceeded": False}
