"""Calls in progress: making one, and ending one, which then is in the call log."""

from __future__ import annotations

import re

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..store import Store
from ..telephony import active, made
from ..telephony.records import Kind, Party
from ..values import Row
from ..views import peer_name

_EXTERNAL = re.compile(r"\+?[0-9]{6,15}")
_INSIDE = {
    "Users": Kind.EXTENSION,
    "Queues": Kind.QUEUE,
    "RingGroups": Kind.RING_GROUP,
    "Receptionists": Kind.IVR,
}
# What ``+`` stands for in the prefixes of outbound rules.
_INTERNATIONAL = "00"


def _make(call: Call) -> Response:
    """Ring a user's phone and then the destination, inside or over a trunk.

    Without ``dn`` it is the user who is signed in. A number that leads nowhere rings outside.
    """
    store, body = call.store, call.body()
    number = body.get("dn") or store.get("MyUser", {}).get("Number") or ""
    caller = _inside(store, number) or Party(Kind.EXTENSION, number, number, number)
    destination = body.get("destination") or ""
    callee, rule = _inside(store, destination), ""
    if callee is None:
        callee, rule = _outside(store, destination)
    going = made.UnderWay(caller, callee, store.now(), None, rule=rule)
    row = store.create("ActiveCalls", active.active_call(going))
    store.keep(active.UNDER_WAY, {**store.kept.get(active.UNDER_WAY, {}), str(row["Id"]): going.as_json()})
    _count(store)
    return call.write_entity(store.values.complete("Pbx.CallControlResultResponse", _result(row["Id"], going)))


def _result(number: int, going: made.UnderWay) -> Row:
    return {
        "FinalStatus": "Success",
        "Reason": "Success",
        "ReasonText": "",
        "Result": {
            "Id": number,
            "CallId": number,
            "LegId": 1,
            "DN": going.caller.dn,
            "Status": "Dialing",
            "PartyCallerId": going.callee.number,
            "PartyCallerName": going.callee.name,
            "PartyDn": going.callee.dn,
            "PartyDnType": going.callee.kind.value,
        },
    }


def _inside(store: Store, number: str) -> Party | None:
    for name, kind in _INSIDE.items():
        for row in store.rows(name):
            if row["Number"] == number:
                return Party(kind, number, number, peer_name(row) or number)
    return None


def _outside(store: Store, number: str) -> tuple[Party, str]:
    """Return a number outside and the outbound rule that leads there, the one with the longest prefix that fits.

    Short numbers are those of emergency rules.
    """
    dialled = number.replace("+", _INTERNATIONAL)
    rules = [rule for rule in store.rows("OutboundRules") if rule["Prefix"] and dialled.startswith(rule["Prefix"])]
    trunks = store.tables["Trunks"].rows
    for rule in sorted(rules, key=lambda rule: len(rule["Prefix"]), reverse=True):
        fits = number == rule["Prefix"] if rule["EmergencyRule"] else _EXTERNAL.fullmatch(number)
        for route in rule["Routes"] if fits else ():
            trunk = trunks.get(route["TrunkId"])
            if trunk and trunk["EnableOutboundCalls"]:
                name = (trunk["Gateway"] or {}).get("Name") or trunk["Number"]
                return Party(Kind.EXTERNAL, trunk["Number"], number, name), rule["Name"]
    return Party(Kind.EXTERNAL, "", number, number), ""


def _drop(call: Call) -> Response:
    """End a call. Raises Refusal (404)."""
    store, number = call.store, call.entity()["Id"]
    dropped = active.call_of(store, number)
    store.delete("ActiveCalls", call.keys)
    if dropped:
        ended = made.ended(dropped, store.now())
        store.keep(made.CALLS_MADE, [*store.kept.get(made.CALLS_MADE, ()), ended])
    going = store.kept.get(active.UNDER_WAY, {})
    if str(number) in going:
        store.keep(active.UNDER_WAY, {key: content for key, content in going.items() if key != str(number)})
    _count(store)
    return Response(204)


def _count(store: Store) -> None:
    store.change("SystemStatus", store.singletons["SystemStatus"], CallsActive=len(store.tables["ActiveCalls"].rows))


HANDLERS = declared(ASSUMED, {"active_calls.drop_call": _drop, "users.make_call": _make})
