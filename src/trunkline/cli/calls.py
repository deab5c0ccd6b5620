"""``trunkline calls``: the calls in progress, as they come and go."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

import click

from ..client import AsyncPbx
from ..errors import TimedOut, TrunklineError
from ..transport.retries import Retries
from .call_events import Calls, Choice, Row
from .call_watch import LEAST, PATIENCE, Audience
from .call_watch import watch as watch_calls
from .connect import target
from .output import json_line
from .root import connection_options

_NUMBER = re.compile(r"\+?[0-9*#]+")


@click.group()
def calls() -> None:
    """Watch the calls in progress. `trunkline active-calls` lists them once, and ends one."""


@calls.command()
@click.option(
    "--interval",
    type=click.FloatRange(LEAST, 3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two looks.",
)
@click.option("--number", "numbers", multiple=True, metavar="NUMBER", help="Only calls of this number, whole.")
@click.option("--text", default="", metavar="TEXT", help="Only calls with this in caller, callee or status.")
@click.option(
    "--for", "limit", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="End after so many seconds."
)
@click.option(
    "--count", type=click.IntRange(1), metavar="N", help="End after N events, calls there at the start not counted."
)
@click.option("-o", "--output", type=click.Choice(["table", "jsonl"]), help="Default: table on a terminal, else jsonl.")
@connection_options
@click.pass_context
def watch(
    ctx: click.Context,
    /,
    interval: float,
    numbers: tuple[str, ...],
    text: str,
    limit: float | None,
    count: int | None,
    output: str | None,
    **values: Any,
) -> int:
    """Show the calls in progress, and go on showing them, until Ctrl-C.

    \b
    trunkline calls watch
    trunkline calls watch --number 100 -o jsonl | jq .call.Caller

    On a terminal a table, drawn anew each time; in a pipe one JSON object for each call that is present at the start,
    started, changed or ended. A PBX that goes away is waited for.
    """
    for number in numbers:
        if not _NUMBER.fullmatch(number):
            raise click.UsageError(f"--number takes a number such as 100 or +442079460123, not {number!r}.")
    live = _live(output)
    found = target(ctx, values)
    patience = found.options.get("timeout", PATIENCE)
    options = {**found.options, "timeout": patience, "retries": Retries(attempts=1)}
    pbx = AsyncPbx(found.url, found.client_id, found.client_secret, label=found.profile, **options)
    seen, counts, began = Calls(Choice(numbers, text)), Counter[str](), time.monotonic()

    async def run(audience: Audience) -> None:
        async with pbx:
            try:
                async with asyncio.timeout(limit) as clock:
                    await watch_calls(pbx, seen, audience, interval=interval, patience=patience, count=count)
            except TimeoutError:
                if not clock.expired():
                    raise
                if not seen.begun:
                    raise TimedOut(
                        f"{pbx.url} did not answer within {limit:g} s.", hint="Allow it more time."
                    ) from None

    interrupted = False
    try:
        with _audience(live, found.profile or pbx.url, interval, counts) as audience:
            asyncio.run(run(audience))
            if audience.gone:
                return 0
    except KeyboardInterrupt:
        interrupted = True
    happened = ", ".join(f"{counts[event]} {event}" for event in ("started", "changed", "ended"))
    click.echo(f"Watched for {time.monotonic() - began:.0f} s: {happened}.", err=True)
    return 130 if interrupted else 0


def _live(output: str | None) -> bool:
    able = sys.stdout.isatty() and os.environ.get("TERM") not in (None, "", "dumb", "unknown")
    if output == "table" and not able:
        raise click.UsageError("A table that is drawn anew needs a terminal; -o jsonl writes events.")
    return able and output != "jsonl"


def _audience(live: bool, name: str, interval: float, counts: Counter[str]) -> AbstractContextManager[Audience]:
    if live:
        from .call_table import LiveTable

        return LiveTable(name, interval, counts)
    return nullcontext(Lines(name, counts))


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
            click.echo(f"{error.message} Trying again, first in {wait:.0f} s.", err=True)
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
