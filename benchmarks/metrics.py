"""The metrics of 50 PBXs of the demo company, emulated in another process: a first scrape and those that follow."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import NamedTuple

from trunkline.connections.targets import Target

from .figures import Figure, Options, Subject
from .server import started
from .stopwatch import Spent, Stopwatch

PBXS = 50
TIME_AIM = 5.0
REQUESTS_AIM = 7.0  # 5, and once a minute 2 more
_PATIENCE = 120.0  # seconds for a reading: the emulator makes each PBX at its first request

OURS = "trunkline"


class Scrape(NamedTuple):
    """A scrape: what it cost, how many requests a PBX got, how many series it has, and their text in bytes."""

    spent: Spent
    requests: float
    series: int
    size: int


def measure(options: Options) -> list[Subject]:
    with started("benchmarks.tenants", str(PBXS), "demo") as tenants:
        rows = json.loads(Path(tenants.url).read_text(encoding="utf-8"))
        targets = [
            Target(row["url"], row["client_id"], row["api_key"], {"token_store": None}, f"pbx-{place:02}")
            for place, row in enumerate(rows)
        ]
        first, *later = asyncio.run(_scrapes(targets, options.rounds))
    size = f"{first.series:,} series and {first.size / 1e3:.0f} kB of text"
    note = f"{size}; the first scrape, at which the emulator makes each PBX, took {first.spent.wall:.1f} s."
    return [
        Subject(
            f"metrics of {PBXS} PBXs: a scrape",
            "s",
            [Figure(OURS, [each.spent.wall for each in later], at_most=TIME_AIM)],
            [note],
        ),
        Subject("… our own processor time", "s", [Figure(OURS, [each.spent.own for each in later])], []),
        Subject(
            "… requests to each PBX",
            "requests",
            [Figure(OURS, [each.requests for each in later], at_most=REQUESTS_AIM)],
            [f"The first scrape sends {first.requests:.0f}, one of them a sign-in."],
        ),
    ]


async def _scrapes(targets: list[Target], rounds: int) -> list[Scrape]:
    """Scrape once, and then so many times."""
    from trunkline.metrics.exposition import exposition
    from trunkline.monitor.measures_source import Sources

    scrapes = []
    async with Sources(targets, min_interval=0) as sources:
        for _ in range(1 + rounds):
            watch = Stopwatch()
            measured = await sources.measure(_PATIENCE)
            text, _content_type = exposition(measured)
            spent = watch.read()
            if failed := [each.pbx for each in measured if each.error]:
                raise RuntimeError(f"{failed} could not be read")
            series = sum(not line.startswith(b"#") for line in text.splitlines())
            requests = sum(each.requests for each in measured) / len(targets)
            scrapes.append(Scrape(spent, requests, series, len(text)))
    return scrapes
