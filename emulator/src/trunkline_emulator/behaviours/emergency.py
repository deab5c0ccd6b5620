"""Where somebody is who dials an emergency number."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..rules.checks import Wrong, refuse_wrong
from ..store import Store
from ..values import Row
from ..warning_codes import DUPLICATE, REQUIRED

_SET = "EmergencyGeoLocations"


def _in_use(store: Store) -> set[str]:
    users = {user["EmergencyLocationId"] for user in store.rows("Users")}
    trunks = {place["Location"]["Id"] for trunk in store.rows("Trunks") for place in trunk["EmergencyGeoLocations"]}
    return {id_ for id_ in users | trunks if id_}


def _update(call: Call) -> Response:
    """Replace the list of locations; one without an Id is new. Raises Refusal (400) for one in use that would go."""
    store, sent = call.store, call.body()["locations"]
    known = {row["Id"] for row in store.rows(_SET)}
    last = max((int(id_) for id_ in known if id_.isdecimal()), default=0)
    wrong: Wrong = {}
    rows: list[Row] = []
    for place, location in enumerate(sent):
        if not location.get("FriendlyName"):
            wrong[f"locations[{place}].FriendlyName"] = REQUIRED
        last += not location.get("Id")
        row = {"FriendlyName": location.get("FriendlyName"), "Id": location.get("Id") or str(last)}
        if any(row["Id"] == other["Id"] for other in rows):
            wrong[f"locations[{place}].Id"] = DUPLICATE
        rows.append(row)
    if _in_use(store) & known - {row["Id"] for row in rows}:
        wrong["locations"] = "WARNINGS.CANNOT_BE_DELETED"
    refuse_wrong(store, wrong)
    store.clear(_SET)
    for row in rows:
        store.put(_SET, row)
    return Response(204)


HANDLERS = declared(ASSUMED, {"emergency_geo_locations.update": _update})
