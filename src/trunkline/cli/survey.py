"""Looking at PBXs (`glance`): one, or many at once, of which each is a row, whatever became of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import click

from ..client import AsyncPbx
from ..errors import ConfigurationError, TrunklineError
from ..profiles import fitting, keyless, profiles_file, read_profiles
from ..transport.retries import Retries
from .attention import Limits, concerns
from .connect import Target, limits, taken, target, verified
from .glance import PATIENCE, UNKNOWN, Row, look, told
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
    given = taken(ctx, values)
    for name in ("url", "client_id", "client_secret"):
        if given[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} goes with one PBX, not with several.")
    saved = read_profiles(profiles_file(os.environ))
    if not saved:
        raise ConfigurationError("No connection is saved.", hint="`trunkline login NAME` saves one.")
    return [
        Target(p.url, p.client_id, p.client_secret, {"verify": verified(given, p.verify), **limits(given)}, p.name)
        for p in (saved.values() if everything else fitting(saved, patterns))
    ]


async def _seen(target: Target, bounds: Limits) -> Row:
    """The row of one PBX. Raises what keeps it from being looked at at all."""
    if not target.client_secret:
        raise keyless(target.profile)
    options = {"timeout": PATIENCE, "connect_timeout": _CONNECT, "retries": _TRIES, **target.options}
    async with AsyncPbx(target.url, target.client_id, target.client_secret, label=target.profile, **options) as pbx:
        parts = await look(pbx, options["timeout"])
        now = datetime.now(UTC)
        row = told(parts, pbx.version, now)
    attention = [concern._asdict() for concern in concerns(row, bounds, target.profile)]
    return {**_head(target, now), **row, "attention": attention, "error": None}


async def _row(target: Target, bounds: Limits) -> Row:
    """The row of one PBX among many: an error is one too."""
    try:
        return await _seen(target, bounds)
    except TrunklineError as error:
        said = {"message": error.message, "hint": error.hint, "exit_code": error.exit_code}
        return {**_head(target, datetime.now(UTC)), **UNKNOWN, "attention": [], "error": said}


def _head(target: Target, now: datetime) -> Row:
    return {"pbx": target.profile or urlsplit(target.url).netloc or target.url, "url": target.url, "time": stamp(now)}


def survey(targets: list[Target], bounds: Limits) -> tuple[list[Row], bool]:
    """The rows of many PBXs, the worst first, and whether Ctrl-C ended it before all were there."""
    rows: list[Row] = []

    async def all_of_them(bar: Bar) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(target: Target) -> None:
            async with gate:
                rows.append(await _row(target, bounds))
            bar.at(len(rows))

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
