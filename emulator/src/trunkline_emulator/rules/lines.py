"""Trunks, and the rules by which calls come in and go out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from ..evidence import ASSUMED
from ..values import Row
from ..warning_codes import ALREADY_IN_USE, DUPLICATE, INVALID, NOT_FOUND, OUT_OF_THE_RANGE, REQUIRED, TOO_MANY, refuse
from .checks import SHORT, between, empty, like
from .departments import group_names
from .dns import Dn, Naming
from .references import UNUSED

if TYPE_CHECKING:
    from ..store import Store

# The console of a PBX shows five routes for each outbound rule.
MAX_ROUTES = 5
_PORT = between(0, 65_535)


class Trunks(Dn):
    name = "Trunks"
    required = ("Number",)
    fields: ClassVar = {
        "Number": (like(r"[0-9]{1,10}"),),
        "SimultaneousCalls": (between(0, 10_000),),
        "TunnelRemotePort": (_PORT,),
        "AuthID": (SHORT,),
    }
    defaults: ClassVar = {
        "Direction": "Both",
        "EnableInboundCalls": True,
        "EnableOutboundCalls": True,
        "SimultaneousCalls": 10,
        "IsOnline": False,
    }

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        filled = super().fill(store, given, old)
        if old is not None and filled.get("Gateway") and old["Gateway"]:
            # A gateway is merged, as a trunk is never without a provider's host and ports.
            filled["Gateway"] = {**old["Gateway"], **filled["Gateway"], "Id": old["Gateway"]["Id"]}
        elif filled.get("Gateway"):
            filled["Gateway"] = {**filled["Gateway"], "Id": _next_gateway(store)}
        return filled

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        gateway = given.get("Gateway") or {}
        for field in ("Port", "ProxyPort"):
            if gateway.get(field) is not None and _PORT(store, gateway[field]):
                yield f"Gateway.{field}", OUT_OF_THE_RANGE
        if "DidNumbers" in given:
            others = {
                number
                for trunk in store.tables["Trunks"].rows.values()
                if trunk["Id"] != row["Id"]
                for number in trunk["DidNumbers"]
            }
            for place, number in enumerate(given["DidNumbers"]):
                if number in given["DidNumbers"][:place]:
                    yield f"DidNumbers[{place}]", DUPLICATE
                elif number in others:
                    yield f"DidNumbers[{place}]", ALREADY_IN_USE
        for place, location in enumerate(given.get("EmergencyGeoLocations") or []):
            wanted = (location.get("Location") or {}).get("Id")
            if all(known["Id"] != wanted for known in store.rows("EmergencyGeoLocations")):
                yield f"EmergencyGeoLocations[{place}].Location.Id", NOT_FOUND

    def check_removal(self, store: Store, row: Row) -> None:
        for rule in store.rows("OutboundRules"):
            if rule["EmergencyRule"] and any(route["TrunkId"] == row["Id"] for route in rule["Routes"]):
                raise refuse(
                    store, "WARNINGS.CANNOT_DELETE_TRUNKS_BINDED_ERMERGENCY_NUMBER", row["Number"], fact=ASSUMED
                )

    def removed(self, store: Store, row: Row) -> None:
        of_trunk = [
            rule["Id"]
            for rule in store.rows("InboundRules")
            if rule["TrunkDN"] and rule["TrunkDN"]["Number"] == row["Number"]
        ]
        store.remove("InboundRules", of_trunk)
        super().removed(store, row)


def _next_gateway(store: Store) -> int:
    gateways = (trunk["Gateway"] for trunk in store.tables["Trunks"].rows.values())
    return max((gateway["Id"] or 0 for gateway in gateways if gateway), default=0) + 1


class InboundRules(Naming):
    name = "InboundRules"
    fields: ClassVar = {"RuleName": (SHORT,), "Data": (like(r"[0-9+*#@A-Za-z.,; _-]{1,255}"),)}
    defaults: ClassVar = {"Condition": "ForwardAll", "CallType": "AllCalls"}

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        by_number = row["Condition"] in ("BasedOnDID", "BasedOnCallerID")
        if by_number and {"Condition", "Data"} & given.keys() and empty(row["Data"]):
            yield "Data", REQUIRED
        trunk = given.get("TrunkDN")
        if trunk and trunk.get("Type") != "ExternalLine":
            yield "TrunkDN.Number", NOT_FOUND


class OutboundRules(Naming):
    name = "OutboundRules"
    required = ("Name",)
    fields: ClassVar = {
        "Name": (SHORT,),
        "Prefix": (like(r"[0-9*#+, ]{1,255}"),),
        "NumberLengthRanges": (like(r"[0-9]+(-[0-9]+)?(,\s*[0-9]+(-[0-9]+)?)*"),),
        "Priority": (between(0, 100_000),),
    }
    defaults: ClassVar = {"EmergencyRule": False}

    def fill(self, store: Store, given: Row, old: Row | None) -> Row:
        filled = super().fill(store, given, old)
        if old is None or "Routes" in given:
            routes = filled.get("Routes") or []
            filled["Routes"] = [*routes, *(dict(UNUSED) for _ in range(MAX_ROUTES - len(routes)))]
        if old is None and not filled.get("Priority"):
            filled["Priority"] = max((row["Priority"] or 0 for row in store.rows("OutboundRules")), default=0) + 1
        known = store.tables["Groups"].rows
        ids = {**(old or {}), **given}.get("GroupIds") or []
        if given.keys() & {"GroupIds", "GroupNames"} and all(group in known for group in ids):
            filled["GroupNames"] = group_names(store, ids)
        return filled

    def more(self, store: Store, row: Row, given: Row, old: Row | None) -> Iterator[tuple[str, str]]:
        if len(given.get("Routes") or []) > MAX_ROUTES:
            yield "Routes", TOO_MANY
        for place, group in enumerate(given.get("GroupIds") or []):
            if group not in store.tables["Groups"].rows:
                yield f"GroupIds[{place}]", NOT_FOUND
        for place, span in enumerate(given.get("DNRanges") or []):
            first, last = span.get("From") or "", span.get("To") or ""
            if not (first.isdecimal() and (last.isdecimal() or not last)):
                yield f"DNRanges[{place}].From", INVALID
            elif last and int(first) > int(last):
                yield f"DNRanges[{place}].To", OUT_OF_THE_RANGE


def fits(rule: Row, number: str) -> bool:
    """Whether an outbound rule takes a number that was dialled: by its prefixes and its length."""
    prefixes = [prefix.strip() for prefix in (rule["Prefix"] or "").split(",") if prefix.strip()]
    spans = [span.strip().partition("-") for span in (rule["NumberLengthRanges"] or "").split(",") if span.strip()]
    if prefixes and not number.startswith(tuple(prefixes)):
        return False
    return not spans or any(int(first) <= len(number) <= int(last or first) for first, _, last in spans)
