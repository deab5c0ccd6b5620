"""A company as its telephones see it: who can call, who can be called, and how a caller gets there.

The history is told of this description and not of the store, as what happened stays so when a user is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from .records import Kind, Party


@dataclass(frozen=True, slots=True)
class Team:
    """A queue or a ring group with the extensions in it."""

    number: str
    name: str
    members: Sequence[int]


@dataclass(frozen=True, slots=True)
class Trunk:
    """A trunk, the outbound rule that leads to it, what a minute costs, and who is reached: a number for each count."""

    number: str
    name: str
    rule: str
    minute: Decimal
    contacts: Sequence[int]
    contact: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Line:
    """A number dialled from outside: the inbound rule, and where it leads, a queue's place or None for the menu."""

    did: str
    rule: str
    trunk: int
    queue: int | None


@dataclass(frozen=True, slots=True)
class Company:
    """People, teams and lines, of which some lead to a queue and some to the menu.

    ``recorded`` are the extensions whose calls are recorded at times.

    ``menu`` answers the head office and ``night_menu`` everybody while the office is closed; ``reception`` is the place
    of the ring group that a menu leads to, and ``on_call`` of that which takes urgent calls by night.
    """

    extensions: Sequence[int]
    name_of: Callable[[int], str]
    operator: int
    recorded: Sequence[int]
    queues: tuple[Team, ...]
    ring_groups: tuple[Team, ...]
    reception: int
    on_call: int
    menu: tuple[str, str]
    night_menu: tuple[str, str]
    trunks: tuple[Trunk, ...]
    lines: tuple[Line, ...]
    links: tuple[tuple[str, int], ...]
    opens: time = time(9)
    closes: time = time(17, 30)
    lines_to_queues: tuple[Line, ...] = field(init=False)
    lines_to_menu: tuple[Line, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the lines once, as every call from outside comes over one."""
        object.__setattr__(self, "lines_to_queues", tuple(line for line in self.lines if line.queue is not None))
        object.__setattr__(self, "lines_to_menu", tuple(line for line in self.lines if line.queue is None))

    def person(self, number: int) -> Party:
        return Party(Kind.EXTENSION, str(number), str(number), self.name_of(number))

    def voicemail(self, number: int) -> Party:
        return Party(Kind.VOICEMAIL, str(number), str(number), self.name_of(number))

    def offset(self, day: date) -> timedelta:
        """How far London's clocks are ahead of UTC: an hour from the last Sunday of March to that of October."""
        summer = _last_sunday(day.year, 3) <= day < _last_sunday(day.year, 10)
        return timedelta(hours=1 if summer else 0)

    def midnight(self, day: date) -> datetime:
        """When a day begins, in UTC."""
        return datetime.combine(day, time(), UTC) - self.offset(day)

    def works_on(self, day: date) -> bool:
        return day.weekday() < 5

    @property
    def office_hours(self) -> tuple[timedelta, timedelta]:
        """When the office opens and closes, since midnight."""
        return _since_midnight(self.opens), _since_midnight(self.closes)


def team_party(kind: Kind, team: Team) -> Party:
    return Party(kind, team.number, team.number, team.name)


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute)


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)
