"""One session of ``trunkline calls watch``: its connection, its audience, its time, and how it ends."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import click

from ..errors import TimedOut
from ..transport.retries import Retries
from .call_events import Calls, Choice
from .call_lines import Lines
from .call_watch import PATIENCE, Audience, watch
from .connect import target


def run(
    ctx: click.Context,
    values: dict[str, Any],
    choice: Choice,
    *,
    live: bool,
    interval: float,
    limit: float | None,
    count: int | None,
) -> int:
    """Watch until the limit (in seconds), the count, Ctrl-C, or nobody reads any more; the exit code."""
    found = target(ctx, values)
    patience = found.options.get("timeout", PATIENCE)
    # One try a look: the next look is the retry.
    pbx = found.client(label=found.profile, timeout=patience, retries=Retries(attempts=1))
    calls, counts, began = Calls(choice), Counter[str](), time.monotonic()

    async def session(audience: Audience) -> None:
        async with pbx:
            try:
                async with asyncio.timeout(limit) as clock:
                    await watch(pbx, calls, audience, interval=interval, patience=patience, count=count)
            except TimeoutError:
                if not clock.expired():
                    raise
                if not calls.begun:
                    said = f"{pbx.url} did not answer within {limit:g} s."
                    raise TimedOut(said, hint="Allow it more time: --for.") from None

    interrupted = False
    try:
        with _audience(found.profile or pbx.url, interval, counts, live=live) as audience:
            asyncio.run(session(audience))
            if audience.gone:
                return 0
    except KeyboardInterrupt:
        interrupted = True
    happened = ", ".join(f"{counts[event]} {event}" for event in ("started", "changed", "ended"))
    click.echo(f"Watched for {time.monotonic() - began:.0f} s: {happened}.", err=True)
    return 130 if interrupted else 0


def _audience(name: str, interval: float, counts: Counter[str], *, live: bool) -> AbstractContextManager[Audience]:
    if live:
        from .call_table import LiveTable

        return LiveTable(name, interval, counts)
    return nullcontext(Lines(name, counts))
