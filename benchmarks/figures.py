"""What is measured: figures of contestants that took turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypeVar

T = TypeVar("T")


class Options(NamedTuple):
    """How much to measure. The defaults keep a whole run under ten minutes."""

    runs: int = 20
    rounds: int = 3
    items: int = 1000
    one_by_one: int = 200
    users: int = 10_000
    reads: int = 5000
    calls: int = 2000
    requests: int = 2000
    pbxs: int = 200
    shared_items: int = 500
    shared_rounds: int = 1
    entities: int = 1000


class Figure(NamedTuple):
    """The samples of one contestant, and what is aimed at: a median or a ratio of medians."""

    contestant: str
    samples: list[float]
    at_most: float | None = None
    ratio_at_least: float | None = None
    ratio_at_most: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.samples)


class Subject(NamedTuple):
    """One table: ``figures[0]`` is what ratios are taken of, Trunkline's own where a peer stands beside it."""

    what: str
    unit: Literal["µs", "ms", "s", "MB", "requests"]
    figures: list[Figure]
    notes: list[str]

    def ratio(self, figure: Figure) -> float | None:
        """How many times the first median this one is; None where that is too close to nothing to tell.

        What is measured in milliseconds is the time of a process, mostly less that of another one: below one
        millisecond that is noise.
        """
        reference = self.figures[0].median
        return None if self.unit == "ms" and reference < 1 else figure.median / reference

    def met(self, figure: Figure) -> bool | None:
        """Whether the figure's aim is met; None if it has none, or if there is no telling."""
        if figure.at_most is not None:
            return figure.median <= figure.at_most
        ratio = self.ratio(figure)
        if ratio is not None and figure.ratio_at_least is not None:
            return ratio >= figure.ratio_at_least
        if ratio is not None and figure.ratio_at_most is not None:
            return ratio <= figure.ratio_at_most
        return None


def by_turns(contestants: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Run each contestant once a round, so that all meet the same disturbances; each round another one begins."""
    names = list(contestants)
    samples: dict[str, list[T]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            samples[name].append(contestants[name]())
    return samples
