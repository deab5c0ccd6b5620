"""When things happen: how many on each day, and at which time the n-th of them begins.

Numbers count from 0 over all days. The n-th begins no earlier than the one before it, and either way, from a number to
its time and from a time to a number, it is found without going through those before.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from itertools import accumulate

from .company import Company
from .dice import WHOLE, draws

# How busy each hour is. Nobody rings between 23 and 1 o'clock, so that days stay apart when the clocks change.
_WORKDAY = (0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 1, 4, 11, 13, 12, 7, 7, 11, 12, 11, 6, 2, 1, 1, 0.5, 0.2, 0)
_DAY_OFF = (0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.5, 1, 2, 2, 2, 2, 1, 1, 2, 2, 1, 1, 1, 1, 0.5, 0.2, 0)
# Against the usual day: Monday to Sunday.
_WEEK = (1.15, 1.05, 1.0, 0.97, 0.85, 0.1, 0.06)
_HOUR = 3_600_000_000


def _shares(hours: tuple[float, ...]) -> tuple[float, ...]:
    sums = tuple(accumulate(hours))
    return tuple(part / sums[-1] for part in sums)


_WORKDAY_SHARES, _DAY_OFF_SHARES = _shares(_WORKDAY), _shares(_DAY_OFF)


class Days:
    """The days up to ``last``, with about ``usual`` happenings on a working day."""

    def __init__(self, company: Company, seed: int, topic: int, last: date, days: int, usual: float) -> None:
        self._seed = seed
        self._topic = topic
        self.days = [last - timedelta(days=days - 1 - n) for n in range(days)]
        self.midnights = [company.midnight(day) for day in self.days]
        self.works = [company.works_on(day) for day in self.days]
        self._shares = [_WORKDAY_SHARES if works else _DAY_OFF_SHARES for works in self.works]
        self._counts = [self._count(day, usual) for day in self.days]
        self._firsts = [0, *accumulate(self._counts)]

    def _count(self, day: date, usual: float) -> int:
        chance = draws(self._seed, self._topic + 1, day.toordinal())[0] / WHOLE
        return round(usual * _WEEK[day.weekday()] * (0.88 + 0.24 * chance))

    def __len__(self) -> int:
        """How many things happen in all."""
        return self._firsts[-1]

    def day_of(self, number: int) -> int:
        """Return the place of a number's day."""
        return bisect_right(self._firsts, number) - 1

    def moment(self, number: int, day: int, jitter: int) -> datetime:
        """When it begins; ``day`` is the place of its day, ``jitter`` its first draw."""
        place = (number - self._firsts[day] + jitter / WHOLE) / self._counts[day]
        shares = self._shares[day]
        hour = bisect_right(shares, place)
        before = shares[hour - 1]
        within = (place - before) / (shares[hour] - before)
        return self.midnights[day] + timedelta(microseconds=int((hour + within) * _HOUR))

    def first_since(self, moment: datetime) -> int:
        """Return the first number that begins at a moment or later; ``len`` where there is none."""
        day = bisect_right(self.midnights, moment) - 1
        if day < 0:
            return 0
        numbers = range(self._firsts[day], self._firsts[day + 1])
        place = bisect_left(numbers, moment, key=lambda n: self.moment(n, day, draws(self._seed, self._topic, n)[0]))
        return numbers.start + place
