"""Numbers that options take."""

from __future__ import annotations

import math
from typing import Any

import click

LARGEST = 31_536_000.0
"""What a range without an end goes up to: the seconds of a year, since clocks and timers end not far beyond."""


class Finite(click.FloatRange):
    """A number of a range. Not nan, which click finds in every range, nor one that clocks can't count."""

    def __init__(self, min: float = -LARGEST, max: float = LARGEST, *, min_open: bool = False) -> None:
        super().__init__(min, max, min_open=min_open)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)
        return found
