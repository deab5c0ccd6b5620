"""A PBX as files: requests and time of an export, our own time of a plan, an apply of many changes, drift of many PBXs.

The PBX is emulated in another process, 20 ms away, and has 1,000 users, 60 queues and 500 contacts; for drift there
are 200 of them with the demo company.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterable
from functools import partial
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from trunkline import AsyncPbx

from .figures import Figure, Options, Subject, by_turns
from .server import API_KEY, CLIENT_ID, Server, started
from .stopwatch import Spent, Stopwatch

if TYPE_CHECKING:
    from trunkline.config.model import Configuration
    from trunkline.config.reading import Reading

QUEUES, CONTACTS = 60, 500
PAGE_SIZE = 100
AT_ONCE = 4
DISTANCE = 0.02  # seconds of round trip
REQUESTS_AIM = 1 / 1.3  # pages needed over requests sent
PLAN_AIM = 2.0
APPLY_AIM = 0.9
MEMORY_AIM = 300.0

OURS = "trunkline"
ALLOWED = f"what {AT_ONCE} at once allow"
LOOP = f"a loop of the same requests, {AT_ONCE} at once"
WRITES = "the PATCH requests alone"

_DRIFT = """
import asyncio, json, resource, sys
from pathlib import Path
from trunkline.config.drift import adrift
from trunkline.config.folder.loading import load
from trunkline.connections.targets import Target

async def main(folder):
    differing = 0
    async for drift in adrift(Target.saved("*"), load(Path(folder))):
        if drift.error is not None:
            raise drift.error
        differing += bool(drift.total)
    return differing

differing = asyncio.run(main(sys.argv[1]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([differing, peak / (1e6 if sys.platform == "darwin" else 1e3)]))
"""


class Planned(NamedTuple):
    """Seconds of our own processor time of what `trunkline config plan` does."""

    load: float
    read: float
    plan: float


def measure(options: Options) -> list[Subject]:
    with started("benchmarks.company", str(options.entities), str(QUEUES), str(CONTACTS)) as server:
        return [*_export(server, options), *_apply(server, options), *_drift(options)]


def _pbx(server: Server) -> AsyncPbx:
    return AsyncPbx(server.url, CLIENT_ID, API_KEY, token_store=None)


async def _read(server: Server) -> tuple[Reading, Spent]:
    from trunkline.config.reading import aread

    async with _pbx(server) as pbx:
        await pbx.call("defs.get", select="Id")  # signed in
        watch = Stopwatch()
        reading = await aread(pbx)
        return reading, watch.read()


def _export(server: Server, options: Options) -> list[Subject]:
    server.set_latency(DISTANCE)
    asyncio.run(_read(server))  # imports what it needs
    first = len(_journal(server))
    reading, _ = asyncio.run(_read(server))
    asked = _journal(server)[first:]
    needed = _needed(asked, reading)
    spent = [asyncio.run(_read(server))[1].wall for _ in range(options.rounds)]
    own = by_turns({OURS: partial(_plan, server, reading)}, options.rounds)[OURS]
    allowed = needed * DISTANCE / AT_ONCE
    about = f"{options.entities:,} users, {QUEUES} queues, {CONTACTS} contacts, {DISTANCE * 1000:.0f} ms away"
    parts = ", ".join(
        f"{name} {sorted(getattr(each, name) for each in own)[len(own) // 2]:.2f} s" for name in Planned._fields
    )
    return [
        Subject(
            f"export: {about}",
            "requests",
            [
                Figure(OURS, [float(len(asked))]),
                Figure("pages needed", [float(needed)], ratio_at_least=REQUESTS_AIM),
            ],
            [
                f"A page for each {PAGE_SIZE} rows of a set, at least one, and one for each singleton; sets of prompts "
                "and sound files are sets too."
            ],
        ),
        Subject("… its time", "s", [Figure(OURS, spent), Figure(ALLOWED, [allowed])], []),
        Subject(
            "plan of it: our own processor time",
            "s",
            [Figure(OURS, [sum(each) for each in own], at_most=PLAN_AIM)],
            [f"Every user has another mobile number. {parts}; requests are waited for besides."],
        ),
    ]


def _needed(asked: list[dict[str, Any]], reading: Reading) -> int:
    """How many pages hold what was read: of each set that was asked for as many as its rows fill."""
    rows = Counter(id.kind for id in reading.configuration.entities)
    sizes = {"Users": rows["users"], "Queues": rows["queues"], "Contacts": rows["contacts"]}
    sets = {urlsplit(entry["path"]).path.rpartition("/")[2] for entry in asked}
    return sum(ceil(sizes.get(name, 1) / PAGE_SIZE) for name in sets)


def _journal(server: Server) -> list[dict[str, Any]]:
    request = urllib.request.Request(f"{server.url}/_emulator/journal", headers={"X-Trunkline-Emulator": "1"})
    with urllib.request.urlopen(request) as answer:
        entries: list[dict[str, Any]] = json.load(answer)["entries"]
    return [entry for entry in entries if entry["path"].startswith("/xapi/")]


def _plan(server: Server, reading: Reading) -> Planned:
    """What ``plan DIR`` does, with each user of the folder changed."""
    from trunkline.config.folder.loading import load
    from trunkline.config.folder.writing import write
    from trunkline.config.planning.plan import plan

    with tempfile.TemporaryDirectory() as folder:
        write(changed(reading.configuration, "+12025550142"), Path(folder))
        watch = Stopwatch()
        wanted = load(Path(folder))
        loaded = watch.read().own
    fresh, spent = asyncio.run(_read(server))
    watch = Stopwatch()
    made = plan(wanted, fresh)
    planned = watch.read().own
    users = sum(id.kind == "users" for id in wanted.entities)
    if len(made.steps) != users:
        raise RuntimeError(f"{len(made.steps)} steps for {users} users")
    return Planned(loaded, spent.own, planned)


def changed(configuration: Configuration, mobile: str) -> Configuration:
    """The configuration with another mobile number for each user."""
    for entity in configuration.of_kind("users"):
        entity.fields["Mobile"] = mobile
    return configuration


def _apply(server: Server, options: Options) -> list[Subject]:
    numbers = iter(range(100, 200))
    passes = by_turns(
        {OURS: lambda: _applied(server, next(numbers)), LOOP: lambda: _looped(server, next(numbers))}, options.rounds
    )
    writes = options.entities
    ours = passes[OURS]
    busy = sorted(spent.busy for spent in ours)[len(ours) // 2]
    return [
        Subject(
            f"apply: {options.entities:,} changed users, {AT_ONCE} at once, {DISTANCE * 1000:.0f} ms away",
            "s",
            [
                Figure(OURS, [spent.wall for spent in ours]),
                Figure(LOOP, [spent.wall for spent in passes[LOOP]], ratio_at_least=APPLY_AIM),
                Figure(f"{ALLOWED}: a GET and a PATCH each", [2 * writes * DISTANCE / AT_ONCE]),
                Figure(f"{ALLOWED}: {WRITES}", [writes * DISTANCE / AT_ONCE]),
            ],
            [
                "Each change reads the row again, compares it with what the plan saw, and sends what changes; each is "
                "in a ledger on disk before it is sent and after. The loop is a client without plan, comparison or "
                f"ledger. The emulator, on the same processors, was busy for {busy:.0%} of the time."
            ],
        )
    ]


def _applied(server: Server, number: int) -> Spent:
    from trunkline.config.applying.apply import Apply
    from trunkline.config.applying.secrets import SecretSource
    from trunkline.config.planning.plan import plan

    async def run(folder: str) -> Spent:
        reading, _ = await _read(server)
        fresh, _ = await _read(server)
        made = plan(changed(reading.configuration, f"+12025550{number}"), fresh)
        apply = Apply(made, Path(folder) / "bench.apply", SecretSource(), concurrency=AT_ONCE)
        async with _pbx(server) as pbx:
            await pbx.call("defs.get", select="Id")
            before = server.used()
            server.set_latency(DISTANCE)
            watch = Stopwatch()
            await apply.aon(pbx)
            spent = watch.read()._replace(server=server.used() - before)
        if apply.summary.done != len(made.steps):
            raise RuntimeError(f"{apply.summary} of {len(made.steps)} steps")
        apply.close()
        return spent

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(folder))


def _looped(server: Server, number: int) -> Spent:
    """The same requests by a plain loop over the client."""

    async def run() -> Spent:
        async with _pbx(server) as pbx:
            ids = [row["Id"] async for row in pbx.call("users.list", select=["Id"])]
            before = server.used()
            server.set_latency(DISTANCE)
            watch = Stopwatch()
            waiting = iter(ids)
            await asyncio.gather(*(_work(pbx, waiting, f"+12025550{number}") for _ in range(AT_ONCE)))
            return watch.read()._replace(server=server.used() - before)

    return asyncio.run(run())


async def _work(pbx: AsyncPbx, ids: Iterable[int], mobile: str) -> None:
    from trunkline.catalog import load
    from trunkline.config.kinds import kinds

    expand = list(kinds(load())["users"].expand)
    for number in ids:
        await pbx.call("users.get", Id=number, expand=expand)
        await pbx.call("users.update", Id=number, Mobile=mobile)


def _drift(options: Options) -> list[Subject]:
    """Each process compares all PBXs with a folder, and says what it had in memory at its peak."""
    from trunkline.config.folder.writing import write

    with (
        tempfile.TemporaryDirectory() as folder,
        started("benchmarks.tenants", str(options.pbxs), "demo") as tenants,
    ):
        profiles = Path(folder) / "profiles.toml"
        rows = json.loads(Path(tenants.url).read_text(encoding="utf-8"))
        profiles.touch(mode=0o600)
        profiles.write_text("\n".join(_profile(place, row) for place, row in enumerate(rows)), encoding="utf-8")
        write(changed(asyncio.run(_one(rows[0])), "+12025550142"), Path(folder) / "export")
        environment = {**os.environ, "TRUNKLINE_PROFILES": str(profiles), "TRUNKLINE_TOKEN_DIR": folder}
        watch = Stopwatch()
        command = [sys.executable, "-c", _DRIFT, str(Path(folder) / "export")]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
        spent = watch.read().wall
        differing, memory = json.loads(done.stdout)
    if differing != options.pbxs:
        raise RuntimeError(f"{differing} of {options.pbxs} PBXs differ")
    what = f"drift of {options.pbxs} PBXs"
    return [
        Subject(f"{what}: memory at its peak", "MB", [Figure(OURS, [memory], at_most=MEMORY_AIM)], []),
        Subject(
            "… its time", "s", [Figure(OURS, [spent])], ["Every PBX has the demo company; 40 users of each differ."]
        ),
    ]


def _profile(place: int, row: dict[str, str]) -> str:
    secrets = f'client_id = "{row["client_id"]}"\nclient_secret = "{row["api_key"]}"\n'
    return f'[pbx-{place:03}]\nurl = "{row["url"]}"\n{secrets}'


async def _one(row: dict[str, str]) -> Configuration:
    from trunkline.config.reading import aread

    async with AsyncPbx(row["url"], row["client_id"], row["api_key"], token_store=None) as pbx:
        return (await aread(pbx)).configuration
