"""``trunkline calls``: the calls in progress, as they come and go."""

from __future__ import annotations

import os
import re
import sys
from typing import NamedTuple

import click

from ..monitor.calls import MIN_INTERVAL, CallFilter
from .connection_options import ConnectionOptions, connection_options
from .numbers import Finite
from .options import parsed_into

_NUMBER = re.compile(r"\+?[0-9*#]+")


@click.group()
def calls() -> None:
    """Watch the calls in progress. `trunkline active-calls list` shows them once, `drop-call` ends one."""


class WatchCommand(NamedTuple):
    """What is watched and for how long, as the command line says it."""

    interval: float
    numbers: tuple[str, ...]
    text: str
    limit: float | None
    most: int | None
    output: str | None
    connection: ConnectionOptions


@calls.command()
@click.option(
    "--interval",
    type=Finite(MIN_INTERVAL, 3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two looks.",
)
@click.option("--number", "numbers", multiple=True, metavar="NUMBER", help="Only calls of this number, whole.")
@click.option("--text", default="", metavar="TEXT", help="Only calls with this in caller, callee or status.")
@click.option(
    "--for", "limit", type=Finite(0, min_open=True), metavar="SECONDS", help="End after this number of seconds."
)
@click.option(
    "--count",
    "most",
    type=click.IntRange(1),
    metavar="N",
    help="End after N events, calls there at the start not counted.",
)
@click.option("-o", "--output", type=click.Choice(["table", "jsonl"]), help="Default: table on a terminal, else jsonl.")
@connection_options
@parsed_into(WatchCommand)
def watch(command: WatchCommand) -> int:
    """Show the calls in progress, and go on showing them, until Ctrl-C.

    \b
    trunkline calls watch
    trunkline calls watch --number 100 -o jsonl | jq .call.Caller

    On a terminal a table, refreshed each time; in a pipe one JSON object for each call that is present at the start,
    started, changed or ended. A PBX that goes away is waited for.
    """
    for number in command.numbers:
        if not _NUMBER.fullmatch(number):
            raise click.UsageError(f"--number takes a number such as 100 or +442079460123, not {number!r}.")
    live = _live(command.output)
    from .call_watch import WatchOptions, watch_until  # brings a client and an event loop, which --help doesn't need

    wanted = CallFilter(command.numbers, command.text)
    options = WatchOptions(wanted, command.interval, command.limit, command.most, live)
    return watch_until(command.connection.target(), options)


def _live(output: str | None) -> bool:
    able = sys.stdout.isatty() and os.environ.get("TERM") not in (None, "", "dumb", "unknown")
    if output == "table" and not able:
        raise click.UsageError("A live table needs a terminal; -o jsonl writes events.")
    return able and output != "jsonl"
