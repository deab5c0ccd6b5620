"""Reading 5,000 users one by one, 16 at once: an event loop and threads, beside the peer's client in threads."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from trunkline import AsyncPbx, Pbx

from . import peer
from .figures import Figure, Options, Subject, by_turns
from .server import API_KEY, CLIENT_ID, FIRST_USER, Server, started
from .stopwatch import Spent, Stopwatch

AT_ONCE = 16
USERS = 1000  # they are read over and over

TASKS = f"trunkline: AsyncPbx, {AT_ONCE} tasks"
THREADS = f"trunkline: Pbx, {AT_ONCE} threads"
PEER = f"peer: {AT_ONCE} threads (it has no async client)"


def measure(options: Options) -> list[Subject]:
    contestants = {TASKS: _tasks, THREADS: _threads}
    if peer.installed():
        contestants[PEER] = _peer_threads
    with started("benchmarks.prepared", str(USERS)) as server:
        for contestant in contestants.values():
            contestant(server.url, AT_ONCE)  # imports what it needs
        turns = {name: partial(_pass, server, contestant, options.reads) for name, contestant in contestants.items()}
        found = by_turns(turns, options.rounds)
    busy = (f"{statistics.median(spent.busy for spent in passes):.0%} ({name})" for name, passes in found.items())
    note = (
        f"{options.rounds} passes of {options.reads:,} each over HTTP on one machine, 0 ms away, to a server of "
        f"prepared answers in another process. That was busy for {', '.join(busy)} of the time."
    )
    wall = [Figure(name, [spent.wall for spent in passes]) for name, passes in found.items()]
    own = [Figure(name, [spent.own for spent in passes]) for name, passes in found.items()]
    return [
        Subject(f"{options.reads:,} reads, {AT_ONCE} at once", "s", wall, [note]),
        Subject("… processor time of the client", "s", own, []),
    ]


def _pass(server: Server, contestant: Callable[[str, int], Spent], count: int) -> Spent:
    before = server.used()
    spent = contestant(server.url, count)
    return spent._replace(server=server.used() - before)


def _ids(count: int) -> list[int]:
    return [FIRST_USER + place % USERS for place in range(count)]


def _tasks(url: str, count: int) -> Spent:
    async def run() -> Spent:
        async with AsyncPbx(url, CLIENT_ID, API_KEY, token_store=None) as pbx:
            waiting = iter(_ids(count))

            async def work() -> None:
                for number in waiting:
                    await pbx.users.get(number)

            await pbx.users.get(FIRST_USER)
            watch = Stopwatch()
            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            return watch.read()

    return asyncio.run(run())


def _threads(url: str, count: int) -> Spent:
    with Pbx(url, CLIENT_ID, API_KEY, token_store=None) as pbx:
        return _in_threads(pbx, count)


def _peer_threads(url: str, count: int) -> Spent:
    with peer.client(url, CLIENT_ID, API_KEY) as client:
        return _in_threads(client, count)


def _in_threads(client: Any, count: int) -> Spent:
    client.users.get(FIRST_USER)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        watch = Stopwatch()
        for _ in pool.map(client.users.get, _ids(count)):
            pass
        return watch.read()
