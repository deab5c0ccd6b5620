"""Properties: named texts that an administrator hangs on a DN."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import not_found
from ..rules.dns import PROPERTIES
from ..store import Store
from ..values import Row


def _of(store: Store, number: object) -> list[Row]:
    rows: list[Row] = store.kept.get(PROPERTIES, {}).get(number, [])
    return rows


def _put(call: Call) -> Response:
    """Hang a property on a DN, in the place of one with the same name."""
    store, body = call.store, call.body()
    number, given = body.get("dnNumber", ""), body.get("property") or {}
    rows = _of(store, number)
    old = next((row for row in rows if row["Name"] == given.get("Name")), None)
    id_ = old["Id"] if old else max((row["Id"] for row in rows), default=0) + 1
    row = store.values.complete("Pbx.DNProperty", {**(old or {}), **given, "Id": id_})
    return _keep(store, number, [*(other for other in rows if other is not old), row])


def _delete(call: Call) -> Response:
    body = call.body()
    rows = _of(call.store, body.get("dnNumber"))
    left = [row for row in rows if row["Name"] != body.get("propertyName")]
    return _keep(call.store, body.get("dnNumber", ""), left)


def _keep(store: Store, number: str, rows: list[Row]) -> Response:
    store.keep(PROPERTIES, {**store.kept.get(PROPERTIES, {}), number: rows})
    return Response(204)


def _get(call: Call) -> Response:
    """Get a property. Raises Refusal (404) where the DN has no such property."""
    for row in _of(call.store, call.arguments["dnNumber"]):
        if row["Name"] == call.arguments["name"]:
            return call.write_entity(row)
    raise not_found()


HANDLERS = declared(
    ASSUMED,
    {
        "dn_properties.create_dn_property": _put,
        "dn_properties.update_dn_property": _put,
        "dn_properties.delete_dn_property": _delete,
        "dn_properties.get_properties_by_dn": lambda call: call.write_list(_of(call.store, call.arguments["dnNumber"])),
        "dn_properties.get_dn_property_by_name": _get,
    },
)
