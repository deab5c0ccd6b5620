"""Properties: named texts that an administrator hangs on a DN."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import not_found
from ..rules.checks import refuse_wrong
from ..rules.dns import PROPERTIES
from ..rules.references import dn
from ..store import Store
from ..values import Row
from ..warning_codes import ALREADY_IN_USE, NOT_FOUND, REQUIRED

_NO_SUCH_DN = "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER"


def _of(store: Store, number: str) -> list[Row]:
    """Return the properties of a DN. Raises Refusal (400) for a number that nothing has."""
    if dn(store, {"Number": number}) is None:
        refuse_wrong(store, {"dnNumber": _NO_SUCH_DN})
    found: list[Row] = store.kept.get(PROPERTIES, {}).get(number, [])
    return found


def _keep(store: Store, number: str, rows: list[Row]) -> Response:
    store.keep(PROPERTIES, {**store.kept.get(PROPERTIES, {}), number: rows})
    return Response(204)


def _named(rows: list[Row], name: str) -> Row | None:
    return next((row for row in rows if row["Name"] == name), None)


def _create(call: Call) -> Response:
    body = call.body()
    rows, given = _of(call.store, body["dnNumber"]), body["property"]
    if not given.get("Name"):
        refuse_wrong(call.store, {"property.Name": REQUIRED})
    if _named(rows, given["Name"]):
        refuse_wrong(call.store, {"property.Name": ALREADY_IN_USE})
    id_ = max((row["Id"] for row in rows), default=0) + 1
    row = call.store.values.complete("Pbx.DNProperty", {**given, "Id": id_})
    return _keep(call.store, body["dnNumber"], [*rows, row])


def _update(call: Call) -> Response:
    body = call.body()
    rows, given = _of(call.store, body["dnNumber"]), body["property"]
    known = _named(rows, given.get("Name", ""))
    if known is None:
        refuse_wrong(call.store, {"property.Name": NOT_FOUND})
    changed = [{**row, **given, "Id": row["Id"]} if row is known else row for row in rows]
    return _keep(call.store, body["dnNumber"], changed)


def _delete(call: Call) -> Response:
    body = call.body()
    rows = _of(call.store, body["dnNumber"])
    left = [row for row in rows if row["Name"] != body["propertyName"]]
    if len(left) == len(rows):
        refuse_wrong(call.store, {"propertyName": NOT_FOUND})
    return _keep(call.store, body["dnNumber"], left)


def _list(call: Call) -> Response:
    return call.write_list(_of(call.store, str(call.arguments["dnNumber"])))


def _get(call: Call) -> Response:
    """Get a property. Raises Refusal (404) where the DN has no such property."""
    found = _named(_of(call.store, str(call.arguments["dnNumber"])), str(call.arguments["name"]))
    if found is None:
        raise not_found()
    return call.write_entity(found)


HANDLERS = declared(
    ASSUMED,
    {
        "dn_properties.create_dn_property": _create,
        "dn_properties.update_dn_property": _update,
        "dn_properties.delete_dn_property": _delete,
        "dn_properties.get_properties_by_dn": _list,
        "dn_properties.get_dn_property_by_name": _get,
    },
)
