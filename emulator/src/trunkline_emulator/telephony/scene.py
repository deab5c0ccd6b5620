"""A call in the making: the legs so far, the moment it has come to, and chance to draw from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from .company import Company, Line, Team, Trunk, team_party
from .dice import Roll, evenly, mostly_short
from .records import (
    FREE,
    NONE,
    Callback,
    Direction,
    Kind,
    Leg,
    Outcome,
    Party,
    PhoneCall,
    QueueVisit,
)
from .rota import Rota

# Seconds; how long a queue or ring group rings somebody is the seed's RingTimeout.
RING = (2.0, 15.0)
TALK = 170.0
LONGEST_WAIT = 240.0
RING_TIME = timedelta(seconds=20)

SOURCE_ENDED, DESTINATION_ENDED, NO_ANSWER = "Ended by caller", "Ended by callee", "No answer"


class Scene:
    """One call of a company. What happens in it is written by a script."""

    def __init__(
        self,
        company: Company,
        rota: Rota,
        roll: Roll,
        *,
        number: int,
        first_leg: int,
        started: datetime,
        day: date,
        since_midnight: timedelta,
        open_now: bool,
        recording: int | None,
    ) -> None:
        self.company = company
        self.roll = roll
        self.recording = recording
        self.legs: list[Leg] = []
        self.caller: Party
        self._rota = rota
        self._number = number
        self._first_leg = first_leg
        self._started = self._now = started
        self._day = day
        self._since_midnight = since_midnight
        self._open = open_now
        self._direction = Direction.INTERNAL
        self._outside: Party | None = None
        self._did = self._rule = ""
        self._sent_by: Party | None = None
        self._line: Line | None = None
        self._visits: list[QueueVisit] = []

    def call(self) -> PhoneCall:
        return PhoneCall(
            self._number,
            self._started,
            self._direction,
            self._outside,
            self._did,
            self._rule,
            tuple(self.legs),
            tuple(self._visits),
        )

    def _pick(self, choices: Sequence[int]) -> int:
        return choices[self.roll() % len(choices)]

    def anybody(self) -> Party:
        return self._rota.person(self._pick(self.company.extensions))

    def recorded_person(self) -> Party:
        return self._rota.person(self._pick(self.company.recorded))

    def somebody_else(self, than: Party) -> Party:
        extensions = self.company.extensions
        place = self.roll() % len(extensions)
        if str(extensions[place]) == than.dn:
            place = (place + 1) % len(extensions)
        return self._rota.person(extensions[place])

    def two_colleagues(self) -> tuple[Party, Party]:
        self.caller = self.anybody()
        return self.caller, self.somebody_else(self.caller)

    def dial_out(self) -> tuple[Trunk, Party]:
        """Towards a customer, over the trunk that the outbound rule takes."""
        trunk = self.company.trunks[0 if self.roll() % 4 else -1]
        self._direction, self._rule = Direction.OUTBOUND, trunk.rule
        self._outside = _contact(trunk, self.roll(), trunk)
        return trunk, self._outside

    def call_in(self, *, to_queue: bool) -> None:
        """From a customer, over the line that leads to a queue or to the menu; by night any line leads to the menu."""
        company = self.company
        by_day = company.lines_to_queues if to_queue else company.lines_to_menu
        lines = by_day if self._open else company.lines
        self._line = lines[self.roll() % len(lines)]
        through = self.company.trunks[self._line.trunk]
        lives = self.company.trunks[0 if self.roll() % 4 else -1]
        self._direction, self._did, self._rule = Direction.INBOUND, self._line.did, self._line.rule
        self.caller = self._outside = _contact(lives, self.roll(), through)

    def hangs_up(self) -> str:
        return SOURCE_ENDED if self.roll() % 2 else DESTINATION_ENDED

    def leg(
        self,
        source: Party,
        destination: Party,
        ringing: timedelta,
        talking: timedelta,
        *,
        outcome: Outcome = Outcome.ANSWERED,
        recorded: bool = False,
        cost: Decimal = FREE,
        reason: str = DESTINATION_ENDED,
    ) -> None:
        """Add a leg that starts now; afterwards it is the moment in which it ended."""
        kept = self.recording if recorded else None
        leg_id = self._first_leg + len(self.legs)
        self.legs.append(
            Leg(leg_id, source, destination, self._now, ringing, talking, outcome, self._sent_by, kept, cost, reason)
        )
        self._now += ringing + talking

    def missed(self, source: Party, destination: Party, ringing: timedelta) -> None:
        self.leg(source, destination, ringing, NONE, outcome=Outcome.UNANSWERED, reason=NO_ANSWER)

    def voicemail(self, source: Party, number: int) -> None:
        self.leg(source, self.company.voicemail(number), NONE, mostly_short(self.roll(), 30, 180), reason=SOURCE_ENDED)

    def menu(self) -> None:
        number, name = self.company.menu if self._open else self.company.night_menu
        menu = Party(Kind.IVR, number, number, name)
        self.leg(self.caller, menu, NONE, evenly(self.roll(), 4, 25))
        self._sent_by = menu

    def _queue_team(self) -> Team:
        place = self._line.queue if self._line else None
        return self.company.queues[self.roll() % len(self.company.queues) if place is None else place]

    def queue(self, *, wait: timedelta, misses: int, taken: bool) -> None:
        """Into a queue: ``wait`` until an agent is rung, who misses it, until one takes it or the caller gives up."""
        team = self._queue_team()
        queue = team_party(Kind.QUEUE, team)
        agents = self._agents(team, misses + taken)
        answering = evenly(self.roll(), *RING)
        waited = wait + RING_TIME * misses + (answering if taken else NONE)
        talking = mostly_short(self.roll(), TALK, 3600) if taken else NONE
        entered = self._now
        reason = DESTINATION_ENDED if taken else SOURCE_ENDED
        self.leg(self.caller, queue, waited, NONE, outcome=Outcome.WAITING, reason=reason)
        self._now, self._sent_by = entered + wait, queue
        for agent in agents[:misses]:
            self.missed(self.caller, agent, RING_TIME)
        if taken:
            kept = int(agents[-1].dn) in self.company.recorded
            self.leg(self.caller, agents[-1], answering, talking, recorded=kept, reason=self.hangs_up())
        visit = QueueVisit(
            self._number, queue, self.caller, entered, waited, agents[-1] if taken else None, talking, agents
        )
        self._visits.append(visit)

    def callback(self, *, wait: timedelta, became: Callback) -> None:
        """Play a caller who asks the queue to be called back: it rings an agent, and then the caller."""
        team = self._queue_team()
        queue = team_party(Kind.QUEUE, team)
        agents = self._agents(team, 1)
        dialling, talking = evenly(self.roll(), 5, 25), mostly_short(self.roll(), TALK, 3600)
        entered, made = self._now, became is Callback.MADE
        talking = talking if made else NONE
        self.leg(self.caller, queue, wait, NONE, outcome=Outcome.WAITING, reason=SOURCE_ENDED)
        self._sent_by = queue
        self.leg(queue, agents[0], evenly(self.roll(), *RING), dialling + talking)
        self._now = self.legs[-1].started + self.legs[-1].ringing
        if made:
            self.leg(agents[0], self.caller, dialling, talking, reason=self.hangs_up())
        else:
            self.missed(agents[0], self.caller, dialling)
        agent = agents[0] if made else None
        visit = QueueVisit(self._number, queue, self.caller, entered, wait, agent, talking, agents, became)
        self._visits.append(visit)

    def _agents(self, team: Team, wanted: int) -> tuple[Party, ...]:
        """Who is rung, one after the other; the same again where nobody else is there."""
        on_duty = self._rota.on_duty(team, self._day, self._since_midnight)
        first = self.roll()
        return tuple(on_duty[(first + n) % len(on_duty)] for n in range(wanted))

    def ring_group(self, place: int, *, taken: bool) -> None:
        """Everybody in the group rings; one takes it, or it goes on to the operator, who isn't there either."""
        team = self.company.ring_groups[place]
        group = team_party(Kind.RING_GROUP, team)
        answering = evenly(self.roll(), *RING)
        began = self._now
        if not taken:
            self.leg(self.caller, group, RING_TIME, NONE, outcome=Outcome.UNANSWERED, reason=NO_ANSWER)
            self._sent_by = group
            self.missed(self.caller, self._rota.person(self.company.operator), RING_TIME)
            return
        self.leg(self.caller, group, answering, NONE, outcome=Outcome.WAITING)
        self._now, self._sent_by = began, group
        member = self._rota.person(self._pick(team.members))
        self.leg(self.caller, member, answering, mostly_short(self.roll(), TALK, 3600), reason=self.hangs_up())


def _contact(trunk: Trunk, draw: int, through: Trunk) -> Party:
    number = trunk.contact(trunk.contacts[draw % len(trunk.contacts)])
    return Party(Kind.EXTERNAL, through.number, number, through.name)
