"""Plans that were made and not applied yet: each for one PBX and one session, for a quarter of an hour, once."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..catalog import Action
from ..errors import TrunklineError
from ..work.planned import Planned

LIFETIME = 900.0  # seconds
MOST = 100
"""Plans that are kept; the oldest go first."""
MOST_ITEMS = 100
"""Changes in one plan: as many as somebody can look through."""


class PlanGone(TrunklineError):
    """There is no such plan, or it has expired or was applied. Nothing was sent."""

    code = "plan_gone"
    exit_code = 2


class Plan(NamedTuple):
    """Changes that were looked at: what would be sent, and what was read of what they change.

    ``phrase`` and ``facts``: those of the question before the one call that removes something or cuts somebody off.
    """

    session: str
    pbx: str
    action: Action
    steps: Sequence[Planned]
    phrase: str = ""
    facts: tuple[str, ...] = ()
    id: str = ""
    expires: float = 0.0


class Plans:
    """The plans of all sessions of one server. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[str, Plan] = {}
        self._ended: dict[str, tuple[str, str]] = {}

    def add(self, plan: Plan) -> Plan:
        """Keep a plan, and return it with its id, which can't be guessed."""
        self._drop_old()
        while len(self._waiting) >= MOST:
            self._end(next(iter(self._waiting.values())), "was forgotten, since many others were made after it")
        plan = plan._replace(id=secrets.token_urlsafe(16), expires=self._clock() + LIFETIME)
        self._waiting[plan.id] = plan
        return plan

    def look(self, id: str, session: str) -> Plan:
        """Return a plan of this session. Raises PlanGone."""
        self._drop_old()
        plan = self._waiting.get(id)
        if plan is not None and plan.session == session:
            return plan
        owner, why = self._ended.get(id, ("", ""))
        if why and owner == session:
            hint = "Look at what is there before you plan again." if "applied" in why else "Make a new plan."
            raise PlanGone(f"The plan {why}. Nothing was sent.", hint=hint)
        raise PlanGone(
            f"There is no plan {id[:40]!r} in this session. Nothing was sent.",
            hint="A plan is applied in the session that made it, within 15 minutes. Make a new plan.",
        )

    def take(self, id: str, session: str) -> Plan:
        """Return a plan and forget it, so that nobody applies it twice. Raises PlanGone."""
        plan = self.look(id, session)
        self._end(plan, "was applied already")
        return plan

    def decline(self, id: str, session: str) -> None:
        """Forget a plan that somebody declined."""
        self._end(self.look(id, session), "was declined")

    def applied(self, plan: Plan, why: str) -> None:
        """Keep how the applying of a plan ended, for a client that did not get the answer."""
        self._end(plan, why)

    def _end(self, plan: Plan, why: str) -> None:
        self._waiting.pop(plan.id, None)
        self._ended[plan.id] = (plan.session, why)
        while len(self._ended) > 10 * MOST:
            del self._ended[next(iter(self._ended))]

    def _drop_old(self) -> None:
        now = self._clock()
        for plan in [plan for plan in self._waiting.values() if plan.expires <= now]:
            self._end(plan, "has expired")
