"""A job at work on a terminal: its PBXs, its question, its progress, and how Ctrl-C ends it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial

import click

from ..catalog import load
from ..client import AsyncPbx
from ..connections.profiles import Profile, matching
from ..connections.targets import Target
from ..errors import ConfigurationError, ItemsFailed, exit_code_of_kind
from ..jobs import Job, Summary
from ..jobs.job import Progress
from ..node import Item, Node
from ..node.run import OneItem
from ..work.guards import Confirm, Question, check_several
from .confirm import confirmed
from .connection_options import ConnectionOptions
from .fleet_shown import ask_several
from .interrupts import finishing
from .job_shown import write_summary
from .open_files import allow_many
from .over_items import show_line
from .progress import progress
from .questions import show_facts


def systems_of(profiles: tuple[str, ...], connection: ConnectionOptions) -> dict[str, AsyncPbx]:
    """Return a client for each PBX: of the profiles, else of the connection options, which have no name."""
    if not profiles and not connection.is_several:
        return {"": connection.client()}
    patterns = profiles or connection.profiles
    return _clients(connection.targets(lambda saved: matching(saved, patterns or saved)))


def same_systems(found: Job, connection: ConnectionOptions) -> dict[str, AsyncPbx]:
    """Return a client for each PBX that a job began with."""
    wanted = {target.name: target.url for target in found.ledger.targets()}
    if "" in wanted:
        systems = {"": connection.client()}
    else:
        if connection.profiles or connection.all_profiles:
            raise click.UsageError(f"The job {found.name!r} goes on on all its PBXs: leave --profile out.")
        systems = _clients(connection.targets(lambda saved: _exactly(saved, wanted)))
    return systems


def _clients(found: Iterable[Target]) -> dict[str, AsyncPbx]:
    return {each.profile: each.client(label=each.profile) for each in found}


def _exactly(saved: Mapping[str, Profile], names: Collection[str]) -> list[Profile]:
    """Return the profiles of these names, which are not patterns. Raises ConfigurationError where one is gone."""
    for name in names:
        if name not in saved:
            raise ConfigurationError(
                f"The profile {name!r} is gone, and the job is for it.",
                hint=f"There are: {', '.join(saved) or 'none'}.",
            )
    return matching(saved, names)


def sharded(items: Iterator[Item], shard: str | None) -> Iterator[Item]:
    if shard is None:
        return items
    place, _, parts = shard.partition("/")
    if not (place.isdecimal() and parts.isdecimal() and 1 <= int(place) <= int(parts)):
        raise click.UsageError(f"--shard takes K/N, such as 1/4, not {shard!r}.")
    return (item for n, item in enumerate(items) if n % int(parts) == int(place) - 1)


def show_lines(node: Node, items: Iterator[Item]) -> int:
    codes = [show_line(node, OneItem(n, item), n) for n, item in enumerate(node.checked(items))]
    return max(codes, default=0)


def asker_of(action: str, urls: Mapping[str, str], *, yes: bool) -> Confirm | None:
    """Return who answers the question about a new job, None where nobody has to.

    A change of several PBXs needs a yes, as everywhere. A terminal is asked here, except where the action itself needs
    a yes: that question comes once the items are counted.

    Raises:
        click.UsageError: several PBXs would be changed, and there is nobody to ask.
        TrunklineError: nobody agreed, or the action is not known.
    """
    if yes:
        return None
    known = load().action(action)
    if known.method != "GET" and not (known.asks and sys.stderr.isatty()):
        check_several(known.id, urls, ask_several)
    return partial(confirm_job, urls)


def confirm_job(urls: Mapping[str, str], question: Question) -> bool:
    """Ask somebody at the terminal; without a terminal nobody is asked, and a job of one PBX goes on."""
    if not sys.stderr.isatty():
        return True
    show_facts(question)
    where = next(iter(urls.values())) if len(urls) == 1 else f"each of {len(urls)} PBXs"
    return confirmed(f"{question.action.summary.removesuffix('.')}: {question.calls:,} items on {where}. Go on?")


def go(found: Job, systems: dict[str, AsyncPbx], output: str | None) -> int:
    """Run until nothing is left to do for now; Ctrl-C lets the requests in progress finish."""
    allow_many()
    try:
        summary, interrupted = asyncio.run(_drive(found, systems))
    except KeyboardInterrupt:
        lost = "it looks up the interrupted requests first."
        raise KeyboardInterrupt(f"`trunkline job resume {found.name}` goes on; {lost}") from None
    report(summary, output)
    return 130 if interrupted else exit_code(summary)


def report(summary: Summary, output: str | None, on: str | None = None) -> None:
    """Write how a job ended for now, and what to do next. ``on`` is its engine, None for a job of this machine."""
    write_summary(summary, output, on)
    for state in ("failed", "unknown"):
        if count := summary.counts[state]:
            click.echo(f"{count:,} {state}: `trunkline job show {summary.name} --state {state}` says which.", err=True)
    if not summary.finished and summary.status != "cancelled":
        click.echo(f"Not finished: `trunkline job resume {summary.name}` goes on.", err=True)


def exit_code(summary: Summary) -> int:
    """Return 7 where items were not done; where every PBX stopped for the same reason, the code of that."""
    if summary.finished and not summary.counts["failed"] and not summary.counts["unknown"]:
        return 0
    codes = {exit_code_of_kind(str(each.error["code"])) if each.error else None for each in summary.targets}
    only = codes.pop() if len(codes) == 1 else None
    return ItemsFailed.exit_code if only is None else only


async def _drive(found: Job, systems: dict[str, AsyncPbx]) -> tuple[Summary, bool]:
    """Run a job; return its summary, and whether Ctrl-C interrupted it."""

    def stop() -> bool:
        found.stop()
        return True

    with finishing(stop) as interrupts, progress("items") as bar:

        def show(now: Progress) -> None:
            bar.at(now.done + now.failed, now.total, note=f"{now.failed} failed" if now.failed else "")
            interrupts.tell()

        return await found.arun(systems.__getitem__, show), interrupts.times > 0
