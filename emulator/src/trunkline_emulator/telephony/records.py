"""What happened: calls with their legs, visits to queues, chats, and the shifts of agents.

Tuples, as a long history makes a million of them. Moments are UTC; lengths of time are timedeltas, which add up
exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

NONE = timedelta()
FREE = Decimal(0)


class Kind(StrEnum):
    """What is at one end of a leg."""

    EXTENSION = "Extension"
    QUEUE = "Queue"
    RING_GROUP = "RingGroup"
    IVR = "IVR"
    VOICEMAIL = "VoiceMail"
    EXTERNAL = "External"


# The classes of DNs in 3CX's call data records.
DN_CLASSES = {
    Kind.EXTENSION: 0,
    Kind.EXTERNAL: 1,
    Kind.RING_GROUP: 2,
    Kind.QUEUE: 4,
    Kind.VOICEMAIL: 5,
    Kind.IVR: 6,
}


class Direction(StrEnum):
    INBOUND = "Inbound"
    OUTBOUND = "Outbound"
    INTERNAL = "Internal"


class Outcome(StrEnum):
    """Somebody or something took the leg, nobody did, or the caller waited in a queue."""

    ANSWERED = "Answered"
    UNANSWERED = "Unanswered"
    WAITING = "Waiting"


class Callback(StrEnum):
    """What became of a caller's wish to be called back by the queue."""

    NOT_ASKED = "NotAsked"
    MADE = "Made"
    FAILED = "Failed"


class Party(NamedTuple):
    """One end of a leg.

    ``dn`` is the number inside the PBX; of somebody outside it is the trunk (10000 up) and ``number`` is theirs, in
    E.164. ``name`` is ``Last, First`` of a person, the name of a queue or menu, and of a party outside the trunk's.
    """

    kind: Kind
    dn: str
    number: str
    name: str


class Leg(NamedTuple):
    """One row of a call: somebody tried to reach somebody.

    ``ringing`` is the time until it was taken or given up; of a leg into a queue (outcome waiting) it is the time spent
    waiting there. ``sent_by`` is the queue, ring group or menu that sent the call here. ``recording`` is the Id of the
    recording.
    """

    id: int
    source: Party
    destination: Party
    started: datetime
    ringing: timedelta
    talking: timedelta
    outcome: Outcome
    sent_by: Party | None = None
    recording: int | None = None
    cost: Decimal = FREE
    reason: str = ""

    @property
    def answered(self) -> bool:
        return self.outcome is Outcome.ANSWERED

    @property
    def ended(self) -> datetime:
        return self.started + self.ringing + self.talking


class QueueVisit(NamedTuple):
    """A call's stay in a queue.

    ``agent`` took it, or is None where the caller gave up; ``polled`` are the agents who were rung, each as often as
    tried, the one who took it last. A caller who is called back counts as answered by the agent of the callback.
    """

    call: int
    queue: Party
    caller: Party
    entered: datetime
    waited: timedelta
    agent: Party | None
    talking: timedelta
    polled: tuple[Party, ...]
    callback: Callback = Callback.NOT_ASKED

    @property
    def answered(self) -> bool:
        return self.agent is not None


class PhoneCall(NamedTuple):
    """A call with everything that became of it.

    ``number`` counts from 1; ``external`` is who called or was called from outside, ``did`` the number they dialled and
    ``rule`` the name of the inbound or outbound rule; all three are empty within the house.
    """

    number: int
    started: datetime
    direction: Direction
    external: Party | None
    did: str
    rule: str
    legs: tuple[Leg, ...]
    visits: tuple[QueueVisit, ...] = ()

    @property
    def id(self) -> str:
        """The call history id, shared by all legs."""
        return f"00000000-01db-4000-9000-{self.number:012x}"

    @property
    def ended(self) -> datetime:
        return max(leg.ended for leg in self.legs)

    @property
    def talking(self) -> timedelta:
        """How long people talked, in all legs together."""
        return sum((leg.talking for leg in self.legs), NONE)

    @property
    def answered(self) -> bool:
        """Whether a person took it."""
        return any(leg.answered and leg.destination.kind in _PEOPLE for leg in self.legs)

    def recorded(self) -> Iterator[Leg]:
        return (leg for leg in self.legs if leg.recording is not None)


_PEOPLE = frozenset({Kind.EXTENSION, Kind.EXTERNAL})


class ChatMessage(NamedTuple):
    """A message of a chat; ``agent`` wrote it, or the visitor where that is None."""

    id: int
    sent: datetime
    agent: Party | None
    text: str


class Chat(NamedTuple):
    """A visitor's conversation with a queue, opened from a website link.

    ``agent`` took it after ``waited``, or is None where it was abandoned for ``abandoned_because``; ``dealt_with`` says
    that the agent closed it.
    """

    number: int
    started: datetime
    link: str
    queue: Party
    visitor: str
    email: str
    phone: str
    address: str
    waited: timedelta
    agent: Party | None
    dealt_with: bool
    abandoned_because: str
    messages: tuple[ChatMessage, ...]


class AgentShift(NamedTuple):
    """An agent logged in to a queue."""

    queue: Party
    agent: Party
    logged_in: datetime
    logged_out: datetime
