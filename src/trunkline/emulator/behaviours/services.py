"""The services that a PBX runs."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler
from ..messages import Response


def _set_status(status: str) -> Handler:
    """Start or stop services by name; a name that is none's is passed over."""

    def handler(call: Call) -> Response:
        names = call.body()["options"].get("ServiceNames", [])
        for row in call.store.rows("Services"):
            if row["Name"] in names:
                call.store.change("Services", row, Status=status)
        return Response(204)

    return handler


HANDLERS: dict[str, Handler] = {
    "services.start": _set_status("Running"),
    "services.enable": _set_status("Running"),
    "services.restart": _set_status("Running"),
    "services.stop": _set_status("Stopped"),
    "services.disable": _set_status("Stopped"),
}
