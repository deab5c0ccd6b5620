"""The calls in progress as events, a JSON object a line."""

from __future__ import annotations

import sys

import click
import msgspec

from ..catalog.secret import masked
from ..monitor.call_watch import Outage, Snapshot
from .output import json_line


class Lines:
    """Events as JSON Lines on stdout, each flushed at once; outages on stderr."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._away = False

    def show(self, snapshot: Snapshot) -> None:
        if snapshot.outage:
            click.echo(f"{self._name} answers again, after {snapshot.outage:.0f} s.", err=True)
        self._away = False
        for event in snapshot.events:
            click.echo(json_line(masked(msgspec.to_builtins(event))))

    def show_outage(self, outage: Outage) -> None:
        if not self._away:
            click.echo(f"{outage.error.message} Trying again, first in {outage.retry_in:g} s.", err=True)
        self._away = True

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
