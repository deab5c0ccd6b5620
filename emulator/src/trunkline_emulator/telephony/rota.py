"""Who of a queue or ring group is at work: days away and lunch, by turns, so that somebody is always there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from .company import Company, Team, team_party
from .dice import WHOLE, draws, evenly
from .records import AgentShift, Kind, Party

_SHIFTS = 11
_AWAY = WHOLE // 16
# Two turns of an hour each; agents log out a little after a turn begins and are back a little before it ends.
_LUNCHES = (timedelta(hours=12), timedelta(hours=13))
_LUNCH = timedelta(hours=1)


class Rota:
    """The agents of a company, day by day."""

    def __init__(self, company: Company, seed: int) -> None:
        self._company = company
        self._seed = seed
        self._people = lru_cache(maxsize=20_000)(company.person)
        self.present = lru_cache(maxsize=4096)(self._present)

    def person(self, number: int) -> Party:
        return self._people(number)

    def on_duty(self, team: Team, day: date, since_midnight: timedelta) -> tuple[Party, ...]:
        """Who can be rung at a time of day."""
        turn = (since_midnight - _LUNCHES[0]) // _LUNCH
        return self.present(team, day, turn if 0 <= turn < len(_LUNCHES) else None)

    def _present(self, team: Team, day: date, turn: int | None) -> tuple[Party, ...]:
        return tuple(
            self.person(number)
            for place, number in enumerate(team.members)
            if self._stays(team, place, day) or not (self._away(number, day) or place % len(_LUNCHES) == turn)
        )

    def _stays(self, team: Team, place: int, day: date) -> bool:
        """Each day another one of the team is neither away nor at lunch."""
        return day.toordinal() % len(team.members) == place

    def _away(self, number: int, day: date) -> bool:
        return draws(self._seed, _SHIFTS, number * 1_000_000 + day.toordinal())[0] < _AWAY

    def shifts(self, day: date) -> list[AgentShift]:
        """Return the shifts of a day, by login."""
        if not self._company.works_on(day):
            return []
        found = [
            shift
            for team in self._company.queues
            for place, number in enumerate(team.members)
            if self._stays(team, place, day) or not self._away(number, day)
            for shift in self._shifts_of(team, place, number, day)
        ]
        return sorted(found, key=lambda shift: shift.logged_in)

    def _shifts_of(self, team: Team, place: int, number: int, day: date) -> Iterator[AgentShift]:
        drawn = draws(self._seed, _SHIFTS, number * 1_000_000 + day.toordinal())
        midnight = self._company.midnight(day)
        queue, agent = team_party(Kind.QUEUE, team), self.person(number)
        opens, closes = self._company.office_hours
        logged_in = midnight + opens - evenly(drawn[1], 60, 1500)
        logged_out = midnight + closes + evenly(drawn[2], 600, 1500)
        if self._stays(team, place, day):
            yield AgentShift(queue, agent, logged_in, logged_out)
            return
        lunch = midnight + _LUNCHES[place % len(_LUNCHES)]
        yield AgentShift(queue, agent, logged_in, lunch + evenly(drawn[3], 300, 600))
        yield AgentShift(queue, agent, lunch + _LUNCH - evenly(drawn[4], 0, 300), logged_out)
