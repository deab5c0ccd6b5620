"""The event log and the activity log."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler
from ..messages import Response


def _purge(name: str) -> Handler:
    def handler(call: Call) -> Response:
        call.store.clear(name)
        return Response(204)

    return handler


HANDLERS: dict[str, Handler] = {
    "event_logs.purge_event_log": _purge("EventLogs"),
    "activity_log.purge_logs": _purge("ActivityLog"),
}
