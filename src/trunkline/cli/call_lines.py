"""The calls in progress as events, a JSON object a line."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import datetime

import click

from ..errors import TrunklineError
from .call_events import Calls, Row
from .output import json_line


class Lines:
    """Events as JSON Lines on stdout, each flushed at once; outages on stderr."""

    def __init__(self, name: str, counts: Counter[str]) -> None:
        self._name = name
        self._counts = counts
        self._lost = False

    def seen(self, events: list[Row], calls: Calls, at: datetime) -> None:
        for event in events:
            click.echo(json_line(event))
            self._counts[event["event"]] += 1

    def lost(self, error: TrunklineError, wait: float, at: datetime) -> None:
        if not self._lost:
            click.echo(f"{error.message} Trying again, first in {wait:g} s.", err=True)
        self._lost = True

    def back(self, away: float) -> None:
        self._lost = False
        click.echo(f"{self._name} answers again, after {away:.0f} s.", err=True)

    @property
    def gone(self) -> bool:
        """Whether whoever read our pipe has gone: without an event to write nobody would notice."""
        import select

        try:
            poll = select.poll()
            poll.register(sys.stdout.fileno(), 0)
        except (AttributeError, OSError, ValueError):  # Windows has no poll; a test's stdout may have no file
            return False
        return any(flags & (select.POLLERR | select.POLLHUP) for _, flags in poll.poll(0))
