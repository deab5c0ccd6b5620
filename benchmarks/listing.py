"""Listing every user of a large PBX: how long it takes and how much memory, beside the peer's paginator.

Each sample is a process of its own, because a process never forgets its peak:

    python -m benchmarks.listing CONTESTANT URL
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from . import peer
from .figures import Figure, Options, Subject, by_turns
from .server import API_KEY, CLIENT_ID, FIRST_USER, started
from .stopwatch import Stopwatch

TIMES_FASTER = 4.0
TIMES_SMALLER = 2.0
ROUNDS = 2  # a pass is short, so there are that many times as many of them

KEPT = "trunkline: list(pbx.users.list())"
TYPED = "trunkline: list(pbx.users.list().typed(User)), every field"
KEPT_ASYNC = "trunkline: async for, all kept"
PEER_KEPT = "peer: list(client.users.iterate())"
PASSING = "trunkline: for user in pbx.users.list()"
PEER_PASSING = "peer: for user in client.users.iterate()"

_STATUS = Path("/proc/self/status")


class Listed(NamedTuple):
    """``megabytes`` that the peak stood above what it was after the import; None where the system doesn't tell."""

    seconds: float
    megabytes: float | None


def measure(options: Options) -> list[Subject]:
    names = [name for name in CONTESTANTS if peer.installed() or not name.startswith("peer")]
    with started("benchmarks.prepared", str(options.users)) as server:
        turns = {name: partial(_in_new_process, name, server.url, options.users) for name in names}
        by_turns(turns, 1)  # writes bytecode
        before = server.used()
        found = by_turns(turns, options.rounds * ROUNDS)
        used = server.used() - before
    share = used / sum(listed.seconds for samples in found.values() for listed in samples)
    about = (
        f"{options.rounds * ROUNDS} fresh processes each, over HTTP on one machine, to a server of prepared pages in "
        f"another process, which was busy for {share:.0%} of the time. Signing in and a first read are not timed."
    )
    measured = "peak resident memory (VmHWM) at the end, less the same process's peak after its imports."
    seconds = {name: [listed.seconds for listed in samples] for name, samples in found.items()}
    megabytes = {
        name: [listed.megabytes for listed in samples if listed.megabytes is not None]
        for name, samples in found.items()
    }
    kept, passing = [KEPT, TYPED, KEPT_ASYNC, PEER_KEPT], [PASSING, PEER_PASSING]
    smallest_first = [TYPED, KEPT, KEPT_ASYNC, PEER_KEPT]
    subjects = [
        Subject(f"list {options.users:,} users", "s", _figures(seconds, kept, TIMES_FASTER), [about]),
        Subject("… memory for it", "MB", _figures(megabytes, smallest_first, TIMES_SMALLER), [measured]),
        Subject("… none kept", "s", _figures(seconds, passing), []),
        Subject("… memory for it, none kept", "MB", _figures(megabytes, passing), []),
    ]
    return [subject for subject in subjects if subject.figures]


def _figures(samples: dict[str, list[float]], names: Sequence[str], aim: float | None = None) -> list[Figure]:
    return [
        Figure(name, samples[name], ratio_at_least=aim if name.startswith("peer") else None)
        for name in names
        if samples.get(name)
    ]


def _in_new_process(name: str, url: str, expected: int) -> Listed:
    command = [sys.executable, "-m", "benchmarks.listing", name, url]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=Path(__file__).parent.parent)
    count, seconds, megabytes = json.loads(done.stdout)
    if count != expected:
        raise RuntimeError(f"{name} gave {count} users of {expected}")
    return Listed(seconds, megabytes)


def main(name: str, url: str) -> None:
    modules, contestant = CONTESTANTS[name]
    for module in modules:
        import_module(module)
    before = _peak()
    count, seconds = contestant(url)
    after = _peak()
    print(json.dumps([count, seconds, None if before is None or after is None else after - before]))


def _peak() -> float | None:
    """The most megabytes that this process has had resident; None where the system doesn't tell.

    Not ``ru_maxrss``: on Linux a new process starts with that of the one that made it.
    """
    if not _STATUS.exists():
        return None
    (line,) = (line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _kept(url: str) -> tuple[int, float]:
    from trunkline import Pbx

    with Pbx(url, CLIENT_ID, API_KEY, token_store=None) as pbx:
        pbx.users.get(FIRST_USER)
        watch = Stopwatch()
        users = list(pbx.users.list())
        return len(users), watch.read().wall


def _typed(url: str) -> tuple[int, float]:
    from trunkline import Pbx

    user = _struct("Pbx.User")
    with Pbx(url, CLIENT_ID, API_KEY, token_store=None) as pbx:
        pbx.users.get(FIRST_USER)
        watch = Stopwatch()
        users = list(pbx.users.list().typed(user))
        return len(users), watch.read().wall


@cache
def _struct(type_name: str) -> Any:
    """A class with every field that the catalog's type has, those of the types within included; no navigation."""
    from msgspec import defstruct

    from trunkline.catalog import load

    fields = {name: spec for name, spec in load().fields(type_name).items() if not spec.navigation}
    kinds = {name: _struct(spec.name) if spec.name in load().types else Any for name, spec in fields.items()}
    kinds |= {name: list[kinds[name]] for name, spec in fields.items() if spec.collection}  # type: ignore[valid-type]
    return defstruct(type_name.replace(".", "_"), [(name, kind | None, None) for name, kind in kinds.items()])


def _kept_async(url: str) -> tuple[int, float]:
    from trunkline import AsyncPbx

    async def run() -> tuple[int, float]:
        async with AsyncPbx(url, CLIENT_ID, API_KEY, token_store=None) as pbx:
            await pbx.users.get(FIRST_USER)
            watch = Stopwatch()
            users = [user async for user in pbx.users.list()]
            return len(users), watch.read().wall

    return asyncio.run(run())


def _passing(url: str) -> tuple[int, float]:
    from trunkline import Pbx

    with Pbx(url, CLIENT_ID, API_KEY, token_store=None) as pbx:
        pbx.users.get(FIRST_USER)
        watch = Stopwatch()
        count = sum(1 for _ in pbx.users.list())
        return count, watch.read().wall


def _peer_kept(url: str) -> tuple[int, float]:
    with peer.client(url, CLIENT_ID, API_KEY) as client:
        client.users.get(FIRST_USER)
        watch = Stopwatch()
        users = list(client.users.iterate())
        return len(users), watch.read().wall


def _peer_passing(url: str) -> tuple[int, float]:
    with peer.client(url, CLIENT_ID, API_KEY) as client:
        client.users.get(FIRST_USER)
        watch = Stopwatch()
        count = sum(1 for _ in client.users.iterate())
        return count, watch.read().wall


OURS = ("trunkline.client", "trunkline.transport.pyreqwest_adapter")  # the second would come with the first client
CONTESTANTS: dict[str, tuple[tuple[str, ...], Callable[[str], tuple[int, float]]]] = {
    KEPT: (OURS, _kept),
    TYPED: (OURS, _typed),
    KEPT_ASYNC: (OURS, _kept_async),
    PEER_KEPT: ((peer.MODULE,), _peer_kept),
    PASSING: (OURS, _passing),
    PEER_PASSING: ((peer.MODULE,), _peer_passing),
}

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
