"""One run of ``trunkline calls watch``: its connection, what shows the calls, its time, and how it ends."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from typing import NamedTuple, Protocol

import click

from ..connections.targets import Target
from ..errors import Hint, TimedOut
from ..monitor.call_watch import TIMEOUT, Outage, Snapshot, watch_calls
from ..monitor.calls import CallEvent, CallFilter
from .call_lines import Lines


class Display(Protocol):
    """What shows the calls."""

    def show(self, snapshot: Snapshot) -> None: ...
    def show_outage(self, outage: Outage) -> None: ...

    @property
    def gone(self) -> bool:
        """Whether nobody reads any more."""


class WatchOptions(NamedTuple):
    """How to watch: ``limit`` in seconds, ``max_events`` in events; both None for until Ctrl-C."""

    filter: CallFilter
    interval: float
    limit: float | None
    max_events: int | None
    live: bool


def watch_until(target: Target, options: WatchOptions) -> int:
    """Watch until the limit, the count, Ctrl-C, or nobody reads any more; give the exit code."""
    counts, began, interrupted = Counter[str](), time.monotonic(), False
    try:
        with _display(target.profile or target.url, options) as display:
            asyncio.run(_watch(target, options, display, counts))
            if display.gone:
                return 0
    except KeyboardInterrupt:
        interrupted = True
    happened = ", ".join(f"{counts[event]} {event}" for event in ("started", "changed", "ended"))
    click.echo(f"Watched for {time.monotonic() - began:.0f} s: {happened}.", err=True)
    return 130 if interrupted else 0


async def _watch(target: Target, options: WatchOptions, display: Display, counts: Counter[str]) -> None:
    timeout, looked = target.options.get("timeout", TIMEOUT), False
    async with target.client(label=target.profile, timeout=timeout) as pbx:
        try:
            async with (
                asyncio.timeout(options.limit) as clock,
                aclosing(watch_calls(pbx, options.filter, interval=options.interval, timeout=timeout)) as looks,
            ):
                async for look in looks:
                    if isinstance(look, Outage):
                        display.show_outage(look)
                    else:
                        looked = True
                        left = None if options.max_events is None else options.max_events - _count(counts)
                        events = _first(look.events, left)
                        counts.update(event.event for event in events)
                        display.show(look._replace(events=events))
                        if options.max_events is not None and _count(counts) >= options.max_events:
                            return
                    if display.gone:
                        return
        except TimeoutError:
            if not clock.expired():
                raise
            if not looked:
                hint = Hint("A longer time may be enough", "", {"for": "SECONDS"})
                raise TimedOut(f"{pbx.url} did not answer within {options.limit:g} s.", hint=hint) from None


def _count(counts: Counter[str]) -> int:
    """How many events there were; calls that were there at the start don't count."""
    return counts.total() - counts["present"]


def _first(events: Sequence[CallEvent], most: int | None) -> list[CallEvent]:
    """Take the first events, as long as at most ``most`` of them count."""
    shown: list[CallEvent] = []
    for event in events:
        if event.event != "present" and most is not None:
            if not most:
                break
            most -= 1
        shown.append(event)
    return shown


def _display(name: str, options: WatchOptions) -> AbstractContextManager[Display]:
    if options.live:
        from .call_table import LiveTable

        return LiveTable(name, options.interval)
    return nullcontext(Lines(name))
