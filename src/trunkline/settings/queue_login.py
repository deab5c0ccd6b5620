"""Whether an extension takes calls from queues.

3CX has one state for all queues of an extension, ``QueueStatus``; the API has none for a single queue.
"""

from __future__ import annotations

from ..catalog import load
from ..work.drivers import AsyncCaller, Caller, adrive, drive
from ..work.entity_change import EntityChange, Shown, change_sent, fields_read
from ..work.guards import Confirm
from ..work.step import Asks
from .who import checked_name, extension

_FIELD = "QueueStatus"
_STATES = {True: "LoggedIn", False: "LoggedOut"}
_WORDS = {"LoggedIn": "logged in", "LoggedOut": "logged out"}


class QueueLogin:
    """The state of an extension in its queues.

        login = QueueLogin("110")
        change = login.plan(pbx, is_in=False)
        login.apply(pbx, change)

    `plan` and `apply` take a `Pbx`; `aplan` and `aapply` an `AsyncPbx`.
    """

    def __init__(self, number: str) -> None:
        self.number = checked_name(number, "An extension")

    def plan(self, pbx: Caller, *, is_in: bool) -> EntityChange:
        """Read the state, and return what it becomes; nothing is changed. Raises NotFound for an unknown extension."""
        change: EntityChange = drive(self._planned(is_in), pbx)
        return change

    async def aplan(self, pbx: AsyncCaller, *, is_in: bool) -> EntityChange:
        """Plan as `plan` does."""
        change: EntityChange = await adrive(self._planned(is_in), pbx)
        return change

    def apply(self, pbx: Caller, change: EntityChange, *, confirm: Confirm | bool | None = None) -> bool:
        """Send a plan; False if it is so already, and nothing was sent.

        ``confirm`` asks a person before, or is the answer. Raises PreconditionFailed, and changes nothing, if the state
        is not as it was read by now; NotConfirmed after a no.
        """
        return bool(drive(change_sent(change, confirm), pbx))

    async def aapply(self, pbx: AsyncCaller, change: EntityChange, *, confirm: Confirm | bool | None = None) -> bool:
        """Send as `apply` does."""
        return bool(await adrive(change_sent(change, confirm), pbx))

    def _planned(self, is_in: bool) -> Asks[EntityChange]:
        person = yield from extension(self.number)
        action, key = load().action("users.update"), {"Id": person["Id"]}
        before = yield from fields_read(action, key, [_FIELD])
        after = {_FIELD: _STATES[is_in]}
        was = before[_FIELD]
        shown = Shown("queues", _WORDS.get(was, str(was or "unknown")), _WORDS[after[_FIELD]])
        name = " ".join(filter(None, ("extension", self.number, person.get("DisplayName"))))
        return EntityChange(action, key, name, before, after, [shown])
