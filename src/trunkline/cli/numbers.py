"""Numbers that options take."""

from __future__ import annotations

from typing import Any

import click

LARGEST = 31_536_000.0
"""What a range without an end goes up to: the seconds of a year, since clocks and timers end not far beyond."""


class Finite(click.FloatRange):
    """A number of a range. Not nan, which click finds in every range, nor one that clocks can't count."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not abs(number) <= LARGEST:  # nan is neither
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)
        return number
