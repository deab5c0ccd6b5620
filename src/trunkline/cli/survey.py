"""Looking at PBXs (`glance`): one, or many at once, of which each is a row, whatever became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import click

from ..errors import ConfigurationError
from ..profiles import Profile, fitting, keyless
from ..transport.retries import Retries
from ..work.outcome import Listener, as_error, kept
from .attention import Limits, concerns
from .connect import Target, target, targets
from .glance import PATIENCE, UNKNOWN, Row, look, told
from .hints import spelled
from .moments import stamp
from .progress import Bar, progress

AT_ONCE = 16
"""PBXs looked at at once: each has a few connections, and a laptop's 256 open files are to do."""
_CONNECT = 5.0  # seconds: a PBX that takes longer to accept a connection is down for a glance
_TRIES = Retries(attempts=2)


def one(ctx: click.Context, profile: str | None, values: dict[str, Any], bounds: Limits) -> Row:
    """The row of the PBX that options, environment and profiles name. Raises what keeps it from being looked at."""
    return asyncio.run(_seen(target(ctx, {**values, "profile": profile}), bounds))


def fleet(ctx: click.Context, patterns: Sequence[str], everything: bool, values: dict[str, Any]) -> list[Target]:
    """The saved connections that are meant; those without an API key too, which are rows with that error."""
    if everything and patterns:
        raise click.UsageError("--all is every saved PBX: leave --profile out.")

    def meant(saved: Mapping[str, Profile]) -> Iterable[Profile]:
        if not saved:
            raise ConfigurationError("No connection is saved.", hint="`trunkline login NAME` saves one.")
        return saved.values() if everything else fitting(saved, patterns)

    return targets(ctx, values, meant)


async def _seen(target: Target, bounds: Limits) -> Row:
    """The row of one PBX. Raises what keeps it from being looked at at all."""
    if not target.client_secret:
        raise keyless(target.profile)
    patience = target.options.get("timeout", PATIENCE)
    async with target.client(label=target.profile, timeout=patience, connect_timeout=_CONNECT, retries=_TRIES) as pbx:
        parts = await look(pbx, patience)
        now = datetime.now(UTC)
        row = told(parts, pbx.version, now)
    attention = [concern._asdict() for concern in concerns(row, bounds, target.profile)]
    return {**_head(target, now), **row, "attention": attention, "error": None}


async def _row(target: Target, bounds: Limits) -> Row:
    """The row of one PBX among many: an error is one too."""
    try:
        return await _seen(target, bounds)
    except BaseException as problem:
        error = as_error(problem)
        said = {"message": kept(error.message), "hint": kept(spelled(error.hint)), "exit_code": error.exit_code}
        return {**_head(target, datetime.now(UTC)), **UNKNOWN, "attention": [], "error": said}


def _head(target: Target, now: datetime) -> Row:
    return {"pbx": target.profile or urlsplit(target.url).netloc or target.url, "url": target.url, "time": stamp(now)}


def survey(targets: list[Target], bounds: Limits) -> tuple[list[Row], bool]:
    """The rows of many PBXs, the worst first, and whether Ctrl-C ended it before all were there."""
    rows: list[Row] = []

    async def all_of_them(bar: Bar) -> None:
        gate = asyncio.Semaphore(AT_ONCE)
        drawn = Listener(bar.at)

        async def one(target: Target) -> None:
            async with gate:
                rows.append(await _row(target, bounds))
            drawn(len(rows))

        await asyncio.gather(*map(one, targets))

    interrupted = False
    with progress("PBXs", len(targets)) as bar:
        try:
            asyncio.run(all_of_them(bar))
        except KeyboardInterrupt:
            interrupted = True
    if interrupted:
        click.echo(f"Interrupted: {len(rows)} of {len(targets)} PBXs were looked at.", err=True)
    return sorted(rows, key=_badness), interrupted


def _badness(row: Row) -> tuple[bool, int, str]:
    return row["error"] is None, -len(row["attention"]), row["pbx"]
