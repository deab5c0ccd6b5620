"""Ending one call in progress: the one that a person saw, and never another one that has its Id by now."""

from __future__ import annotations

from ..client import AsyncPbx
from ..errors import NotFound, PreconditionFailed
from ..work.guards import Confirm, Question, check_confirmed
from .calls import Row, is_another

TIMEOUT = 15.0
"""Seconds that each of the two requests may take."""
_ACTION = "active_calls.drop_call"


async def end_call(pbx: AsyncPbx, call: Row, confirm: Confirm | bool | None, *, timeout: float = TIMEOUT) -> bool:
    """End a call for everybody on it; False if it has ended by itself. ``call`` is its row as it was seen.

    ``confirm`` asks a person, or is the answer. The calls in progress are read again before anything is sent, because a
    PBX may give an Id to another call (assumed).

    Raises NotConfirmed after a no; PreconditionFailed where the Id is another call by now. Nothing was sent then.
    """
    parties = f"{call.get('Caller')} → {call.get('Callee')}"
    check_confirmed(Question(pbx.action(_ACTION), 1, name=parties, phrase=f"End the call {parties}"), confirm)
    rows = await pbx.call("active_calls.list", timeout=timeout)
    now = next((row for row in rows if row.get("Id") == call.get("Id")), None)
    if now is None:
        return False
    if is_another(call, now):
        raise PreconditionFailed(
            f"{call.get('Id')} is another call by now, {now.get('Caller')} → {now.get('Callee')}. Nothing was done.",
            hint="Look at the calls in progress again.",
            status=412,
        )
    try:
        await pbx.call(_ACTION, Id=call["Id"], timeout=timeout)
    except NotFound:  # it ended between the two requests
        return False
    return True
