"""The rules by which calls come in and go out."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..csv_files import rows_file
from ..evidence import ASSUMED
from ..messages import Response
from ..odata.query import apply
from ..rules.checks import refuse_wrong
from ..rules.lines import move
from ..rules.references import dn, name_shown
from ..store import Store
from ..values import Row
from ..views import PEER_TYPES
from ..warning_codes import NOT_FOUND

NAME_LENGTH = 50
# Sets of DNs to which a rule can lead.
_TARGETS = ("Users", "Queues", "RingGroups", "Receptionists", "Fax")
_CALLER_ID_COLUMNS = ("Id", "RuleName", "Data", "CallType", "Destination", "Trunk")


def _export_caller_id_rules(call: Call) -> Response:
    """Return the rules that look at the caller's number, as CSV."""
    by_caller = [row for row in call.store.rows("InboundRules") if row["Condition"] == "BasedOnCallerID"]
    rows, _ = apply(call.query, by_caller)
    name = "caller-id-rules.csv"
    if call.query.select:
        return rows_file(call.query.select, rows, name)
    return rows_file(_CALLER_ID_COLUMNS, (_flat(row) for row in rows), name)


def _flat(rule: Row) -> Row:
    destination, trunk = rule["OfficeHoursDestination"] or {}, rule["TrunkDN"] or {}
    to = destination.get("Number") or destination.get("External")
    return {**rule, "Destination": to, "Trunk": trunk.get("Number")}


def _move(call: Call) -> Response:
    """Move a rule. Raises Refusal (400) for a rule that isn't there."""
    body = call.body()
    rule = call.store.tables["OutboundRules"].rows.get(body["id"])
    if rule is None:
        refuse_wrong(call.store, {"id": NOT_FOUND})
    else:
        move(call.store, rule, up=body["up"])
    return Response(204)


def _emergency(call: Call) -> Response:
    return call.write_list([row for row in call.store.rows("OutboundRules") if row["EmergencyRule"]])


def _purge_outbound(call: Call) -> Response:
    wanted = call.body().get("purgeObject") or {}
    call.store.remove("OutboundRules", wanted.get("Ids", []))
    return Response(204)


def _set_routes(call: Call) -> Response:
    """Lead numbers of trunks to a DN: afterwards it has just these. All are looked at before any is written."""
    store, wanted = call.store, call.body()["routes"]
    found = dn(store, {"Id": wanted.get("Id")})
    if found is None or found[0] not in _TARGETS:
        refuse_wrong(store, {"routes.Id": NOT_FOUND})
        return Response(204)
    routes = wanted.get("Routes") or []
    trunks = store.tables["Trunks"].rows
    wrong = {}
    for place, route in enumerate(routes):
        trunk = trunks.get(route.get("TrunkId") or 0)
        if trunk is None:
            wrong[f"routes.Routes[{place}].TrunkId"] = NOT_FOUND
        elif route.get("DID") not in trunk["DidNumbers"]:
            wrong[f"routes.Routes[{place}].DID"] = NOT_FOUND
    refuse_wrong(store, wrong)
    _write_routes(store, *found, routes)
    return Response(204)


def _write_routes(store: Store, set_name: str, target: Row, routes: list[Row]) -> None:
    trunks = store.tables["Trunks"].rows
    by_did = [row for row in store.rows("InboundRules") if row["Condition"] == "BasedOnDID"]
    wanted = {(trunks[route["TrunkId"]]["Number"], route["DID"]): route for route in routes}
    leading = {((row["TrunkDN"] or {}).get("Number"), row["Data"]): row for row in by_did}
    kind = PEER_TYPES[set_name]
    destination = {"To": kind, "Number": target["Number"], "Type": kind}
    for place, row in leading.items():
        if place not in wanted and (row["OfficeHoursDestination"] or {}).get("Number") == target["Number"]:
            store.delete("InboundRules", {"Id": row["Id"]})
    for (number, did), route in wanted.items():
        fields: Row = {"OfficeHoursDestination": destination, "OutOfOfficeHoursDestination": destination}
        known = leading.get((number, did))
        if known is not None:
            store.update("InboundRules", {"Id": known["Id"]}, fields)
            continue
        name = (route.get("DisplayName") or name_shown(set_name, target) or "")[:NAME_LENGTH]
        rule = {"RuleName": name, "Condition": "BasedOnDID", "CallType": "ExternalCallsOnly", "Data": did}
        store.create("InboundRules", {**rule, **fields, "TrunkDN": {"Number": number}})


HANDLERS = declared(
    ASSUMED,
    {
        "inbound_rules.export_caller_id_rules": _export_caller_id_rules,
        "outbound_rules.move_up_down": _move,
        "outbound_rules.get_emergency_outbound_rules": _emergency,
        "outbound_rules.purge": _purge_outbound,
        "trunks.set_routes": _set_routes,
    },
)
