"""Queues."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response

STATISTICS_SINCE = "queue statistics since"


def _reset_statistics(call: Call) -> Response:
    """Count anew from now on; the moment is kept by the queue's number."""
    queue, moment = call.entity(), call.store.now().isoformat()
    call.store.keep(STATISTICS_SINCE, {**call.store.kept.get(STATISTICS_SINCE, {}), queue["Number"]: moment})
    return Response(204)


HANDLERS = declared(ASSUMED, {"queues.reset_queue_statistics": _reset_statistics})
