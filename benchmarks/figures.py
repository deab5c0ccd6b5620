"""What is measured: figures of contestants that took turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypeVar

T = TypeVar("T")


class Options(NamedTuple):
    """How much to measure. The defaults keep a whole run well under four minutes."""

    runs: int = 20
    rounds: int = 3
    items: int = 1000
    one_by_one: int = 200


class Figure(NamedTuple):
    """The samples of one contestant, and what is aimed at: a median or a ratio of medians."""

    contestant: str
    samples: list[float]
    at_most: float | None = None
    ratio_at_least: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.samples)


class Subject(NamedTuple):
    """One table: ``figures[0]`` is Trunkline's own, the one that ratios are taken of."""

    what: str
    unit: Literal["ms", "s"]
    figures: list[Figure]
    notes: list[str]

    def ratio(self, figure: Figure) -> float:
        """How many times Trunkline's median this one is: above 1, Trunkline is faster."""
        return figure.median / self.figures[0].median

    def met(self, figure: Figure) -> bool | None:
        """Whether the figure's aim is met; None if it has none."""
        if figure.at_most is not None:
            return figure.median <= figure.at_most
        if figure.ratio_at_least is not None:
            return self.ratio(figure) >= figure.ratio_at_least
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
