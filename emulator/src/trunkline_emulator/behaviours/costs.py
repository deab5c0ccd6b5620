"""What calls cost: a rate for each prefix."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..csv_files import rows_file
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import bad_field
from ..values import Row
from ..warning_codes import FORBIDDEN_CHANGE, OUT_OF_THE_RANGE, REQUIRED, refuse

_COLUMNS = ("Prefix", "CountryName", "Rate")


def _update(call: Call) -> Response:
    """Set rates: of a row by its Id, or by its prefix where the Id is 0; a new prefix makes a new row.

    Raises Refusal (400), and nothing was stored: no prefix, a rate below zero, a row that may not be changed.
    """
    costs = call.body()["costs"]
    for cost in costs:
        _check(call, cost)
    for cost in costs:
        row = _found(call, cost)
        if row is None:
            call.store.create("CallCostSettings", {**cost, "Id": 0})
        else:
            call.store.change("CallCostSettings", row, **{n: v for n, v in cost.items() if n not in ("Id", "ReadOnly")})
    return Response(204)


def _check(call: Call, cost: Row) -> None:
    row = _found(call, cost)
    if not cost.get("Prefix") and row is None:
        raise bad_field("Prefix", REQUIRED, fact=ASSUMED)
    if (cost.get("Rate") or 0) < 0:
        raise refuse(call.store, OUT_OF_THE_RANGE, "Rate", fact=ASSUMED)
    if row is not None and row["ReadOnly"]:
        raise refuse(call.store, FORBIDDEN_CHANGE, "Prefix", fact=ASSUMED)


def _found(call: Call, cost: Row) -> Row | None:
    rows = call.store.rows("CallCostSettings")
    by_id = next((row for row in rows if row["Id"] == cost.get("Id", 0)), None)
    return by_id or next((row for row in rows if row["Prefix"] == cost.get("Prefix")), None)


def _export(call: Call) -> Response:
    return rows_file(_COLUMNS, call.store.rows("CallCostSettings"), "CallCosts.csv")


HANDLERS = declared(
    ASSUMED,
    {
        "call_cost_settings.update_cost": _update,
        "call_cost_settings.export_call_costs": _export,
    },
)
