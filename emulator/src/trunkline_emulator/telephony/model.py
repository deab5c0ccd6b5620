"""The calls of a company over a span of days, made when they are asked for.

A call is a function of the seed and its number alone, so a history of any length takes no memory, and any part of it
is made without what came before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from .blocks import Blocks
from .chats import ChatModel
from .company import Company
from .days import Days
from .dice import draws
from .made import UnderWay
from .records import AgentShift, Chat, Leg, PhoneCall
from .rota import Rota
from .scene import Scene
from .scripts import KINDS, RECORDED

LAST_DAY = date(2026, 6, 15)
SEEDED_AT = datetime(2026, 6, 15, 9, tzinfo=UTC)
DAYS = 90
_CALLS, _ORDER = 1, 3
_KEPT_CALLS = 8192
"""Calls kept by all models of a process, some 25 MB: the demo's 90 days, so that a second report makes none again."""


class CallModel:
    """A company's history up to ``last_day``.

    There are about ``calls_per_day`` calls and ``chats_per_day`` chats on a working day, and a handful of recordings in
    64 calls, or with ``record_every`` n in each n-th 64. Calls count from 1, in the order in which they began.
    ``under_way`` are the calls in progress, Ids from 1, as they are at SEEDED_AT: a store moves them to the time at
    which it was opened.
    """

    def __init__(
        self,
        company: Company,
        *,
        seed: int = 1,
        last_day: date = LAST_DAY,
        days: int = DAYS,
        calls_per_day: float = 75,
        chats_per_day: float = 9,
        record_every: int = 1,
        under_way: tuple[UnderWay, ...] = (),
    ) -> None:
        self.company = company
        self.under_way = under_way
        self._seed = seed
        self._rota = Rota(company, seed)
        self._opens, self._closes = company.office_hours
        self._days = Days(company, seed, _CALLS, last_day, days, calls_per_day)
        self._blocks = Blocks(seed, _ORDER, [act.legs for act in KINDS])
        self._record_every = record_every
        self.chat_model = ChatModel(company, self._rota, seed, last_day, days, chats_per_day)

    @property
    def count(self) -> int:
        """How many calls there are."""
        return len(self._days)

    @property
    def legs(self) -> int:
        """How many legs all calls have together."""
        return self._blocks.rows_before(self.count)

    def call(self, number: int) -> PhoneCall:
        """Return the call of a number from 1 to ``count``. IndexError for any other."""
        if not 1 <= number <= self.count:
            raise IndexError(f"There are calls 1 to {self.count}, not {number}")
        return self._call(number - 1)

    @lru_cache(maxsize=_KEPT_CALLS)  # noqa: B019 - it holds few models, and no more calls than that
    def _call(self, place: int) -> PhoneCall:
        drawn = draws(self._seed, _CALLS, place)
        roll = iter(drawn).__next__
        day = self._days.day_of(place)
        started = self._days.moment(place, day, roll())
        since_midnight = started - self._days.midnights[day]
        open_now = self._days.works[day] and self._opens <= since_midnight < self._closes
        kind = self._blocks.kind(place)
        scene = Scene(
            self.company,
            self._rota,
            roll,
            number=place + 1,
            first_leg=self._blocks.rows_before(place) + 1,
            started=started,
            day=self._days.days[day],
            since_midnight=since_midnight,
            open_now=open_now,
            recording=self._recording(place, kind),
        )
        act = KINDS[kind]
        (act.day if open_now else act.night)(scene)
        return scene.call()

    def _recording(self, place: int, kind: int) -> int | None:
        """Return the Id of the recording that is made of a call, if one is."""
        block = place // self._blocks.length
        if not KINDS[kind].recorded or block % self._record_every:
            return None
        return block // self._record_every * len(RECORDED) + RECORDED.index(kind) + 1

    def calls(self, start: datetime, end: datetime) -> Iterator[PhoneCall]:
        """Yield calls started from ``start`` until before ``end``, by start."""
        for place in range(self._days.first_since(start), self._days.first_since(end)):
            yield self._call(place)

    def numbers(self, start: datetime, end: datetime) -> range:
        """Return the numbers of the calls started in a period."""
        return range(self._days.first_since(start) + 1, self._days.first_since(end) + 1)

    def legs_before(self, number: int) -> int:
        """How many legs the calls before a number have together."""
        return self._blocks.rows_before(number - 1)

    def call_of_leg(self, leg: int) -> int:
        """Return the number of the call that a leg belongs to, by the leg's Id."""
        return self._blocks.number_at(leg - 1) + 1

    def recordings(self) -> Iterator[tuple[PhoneCall, Leg]]:
        """Every recorded leg with its call, by the Id of the recording."""
        for recording in range(
            1, self.count // (self._blocks.length * self._record_every) * len(RECORDED) + len(RECORDED) + 1
        ):
            found = self.recording(recording)
            if found:
                yield found

    def recording(self, recording: int) -> tuple[PhoneCall, Leg] | None:
        """Return the leg that a recording is of, or None: not every Id is taken."""
        block, slot = divmod(recording - 1, len(RECORDED))
        block *= self._record_every
        if recording < 1 or block * self._blocks.length >= self.count:
            return None
        place = self._blocks.place_of(block, RECORDED[slot])
        if place >= self.count:
            return None
        call = self._call(place)
        return next(((call, leg) for leg in call.legs if leg.recording == recording), None)

    def chats(self, start: datetime, end: datetime) -> Iterator[Chat]:
        """Chats opened in a period, by start."""
        return self.chat_model.chats(start, end)

    def shifts(self, start: datetime, end: datetime) -> Iterator[AgentShift]:
        """Shifts that began in a period, by login."""
        for day in self._days.days:
            midnight = self.company.midnight(day)
            if start < midnight + timedelta(days=1) and midnight < end:
                yield from (shift for shift in self._rota.shifts(day) if start <= shift.logged_in < end)


def silent() -> CallModel:
    """Return the history of a PBX on which nobody has called."""
    nobody = Company((), str, 0, (), (), (), 0, 0, ("", ""), ("", ""), (), (), ())
    return CallModel(nobody, days=0)
