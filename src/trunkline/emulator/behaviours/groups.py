"""Departments, which older versions call companies."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler
from ..messages import Response


def _delete_by_id(call: Call) -> Response:
    call.store.delete("Groups", {"Id": call.body()["id"]})
    return Response(204)


def _delete_by_number(call: Call) -> Response:
    found = call.store.get("Groups", {"Number": call.body()["number"]})
    call.store.delete("Groups", {"Id": found["Id"]})
    return Response(204)


HANDLERS: dict[str, Handler] = {
    "groups.delete_company_by_id": _delete_by_id,
    "groups.delete_company_by_number": _delete_by_number,
}
