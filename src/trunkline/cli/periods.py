"""The options that say which period, for commands that take one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

import click

from ..errors import InvalidArgument
from ..transfer.period import Moment, moment, period
from .options import OptionGroup


class PeriodOptions(NamedTuple):
    """A period as the command line describes it."""

    start: str | None
    end: str | None
    named: str | None
    zone: str

    def moments(self) -> tuple[Moment, Moment]:
        """Return the first moment, and the first one after the period.

        Raises:
            click.UsageError: no period is named.
            InvalidArgument: what is named is not one.
        """
        first, last = self.bounds()
        if first is None:
            raise click.UsageError("Say with --from where to begin, such as --from yesterday or --from 2026-01-31.")
        return first, last

    def bounds(self) -> tuple[Moment | None, Moment]:
        """As `moments`, with None where nothing says where to begin."""
        now = datetime.now(UTC)
        if self.named is not None:
            if self.start is not None or self.end is not None:
                raise click.UsageError("Give --period, or --from and --to.")
            return self._named(self.named, now)
        first = None if self.start is None else self._read("--from", self.start, now)
        return first, self._read("--to", self.end or "now", now)

    def _named(self, text: str, now: datetime) -> tuple[Moment, Moment]:
        from ..node.zones import known

        try:
            return period(text, known(self.zone), now)
        except InvalidArgument as problem:
            raise InvalidArgument(f"--period: {problem.message}", hint=problem.hint) from None

    def _read(self, option: str, text: str, now: datetime) -> Moment:
        from ..node.zones import known

        try:
            return moment(text, known(self.zone), now)
        except InvalidArgument as problem:
            raise InvalidArgument(f"{option}: {problem.message}", hint=problem.hint) from None


period_options = OptionGroup(
    "period",
    PeriodOptions,
    [
        click.Option(
            ["--from", "start"],
            metavar="WHEN",
            help="2026-01-31, 2026-01-31T08:00Z, yesterday, -7d (s, m, h, d, w).",
        ),
        click.Option(["--to", "end"], metavar="WHEN", help="Until before then; now if it is left out."),
        click.Option(
            ["--period", "named"],
            metavar="PERIOD",
            help="In place of both: last-month, last-week, yesterday, 2026-06, 2026, -30d.",
        ),
        click.Option(
            ["--zone"],
            default="UTC",
            metavar="ZONE",
            show_default=True,
            help="Whose midnight a date is, such as Europe/Berlin.",
        ),
    ],
)
