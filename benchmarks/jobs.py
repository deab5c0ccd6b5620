"""Items a job does in a second: beside the bare HTTP library in a loop of the same concurrency, and at a distance.

The job writes each item into its ledger before it is sent and after it was answered, and waits for the disk each time.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from pyreqwest.client import ClientBuilder

from trunkline import AsyncPbx
from trunkline.jobs import Job, JobFolder

from .deletes import new_contacts
from .figures import Figure, Options, Subject, by_turns
from .server import API_KEY, CLIENT_ID, Server, started
from .stopwatch import Spent, Stopwatch

AT_ONCE = 4
DISTANCE = 0.05  # seconds of round trip
SHOWN = 1000  # every time is given for that many items
NEAR_AIM, FAR_AIM = 0.7, 0.9

JOB = f"trunkline job, {AT_ONCE} at once"
BARE = f"pyreqwest alone, {AT_ONCE} at once"
ALLOWED = f"what {AT_ONCE} at once allow"

MANY, MEMORY_AIM = 1_000_000, 100.0

# A PBX that answers at once, so that nothing but the job is measured.
_MANY = """
import asyncio, resource, sys, tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from trunkline.jobs import Job, JobFolder

class AtOnce:
    url = "https://pbx.example.com"

    async def call(self, action, /, **arguments):
        await asyncio.sleep(0)

@asynccontextmanager
async def opened(name):
    yield AtOnce()

items = ({"Id": number, "FirstName": "Somebody", "LastName": "Else"} for number in range(int(sys.argv[1])))
with tempfile.TemporaryDirectory() as folder:
    file = JobFolder(Path(folder)).new("bench")
    with Job.create(file, "contacts.delete", {"Id": "{{ $json.Id }}"}, items, {"": AtOnce.url}) as job:
        summary = asyncio.run(job.arun(opened))
assert summary.counts["done"] == int(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3))
"""

Run = Callable[[str, Sequence[int]], Spent]


def measure(options: Options) -> list[Subject]:
    with started("benchmarks.prepared", "1") as server:
        near = by_turns(
            {
                JOB: partial(_pass, server, _job, options.items * 4),
                BARE: partial(_pass, server, _bare, options.items * 4),
            },
            options.rounds * 2,
        )
    with started() as server:
        far = by_turns({JOB: partial(_far, server, options.one_by_one)}, options.rounds)
    count = options.items * 4
    return [
        Subject(
            f"{SHOWN:,} items, 0 ms away",
            "s",
            [Figure(JOB, _per(near[JOB], count)), Figure(BARE, _per(near[BARE], count), ratio_at_least=NEAR_AIM)],
            [f"{options.rounds * 2} passes of {count:,} deletes each, to prepared answers in another process."],
        ),
        Subject(
            f"{SHOWN:,} items, {DISTANCE * 1000:.0f} ms away",
            "s",
            [
                Figure(JOB, _per(far[JOB], options.one_by_one)),
                Figure(ALLOWED, [SHOWN * DISTANCE / AT_ONCE], ratio_at_least=FAR_AIM),
            ],
            [f"{options.rounds} passes of {options.one_by_one:,} each."],
        ),
        Subject(f"… memory at its peak, {MANY:,} items", "MB", [Figure(JOB, [_peak()], at_most=MEMORY_AIM)], []),
    ]


def _peak() -> float:
    done = subprocess.run([sys.executable, "-c", _MANY, str(MANY)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def _per(passes: list[Spent], count: int) -> list[float]:
    return [spent.wall / count * SHOWN for spent in passes]


def _pass(server: Server, run: Run, count: int) -> Spent:
    return run(server.url, range(1, count + 1))


def _far(server: Server, count: int) -> Spent:
    server.set_latency(0.0)
    ids = asyncio.run(new_contacts(server.url, count))
    server.set_latency(DISTANCE)
    return _job(server.url, ids)


def _job(url: str, ids: Sequence[int]) -> Spent:
    """From an input that is in the ledger to one that is done; signing in counts for the job."""
    count = len(ids)
    with tempfile.TemporaryDirectory() as folder:
        file = JobFolder(Path(folder)).new("bench")
        with Job.create(file, "contacts.delete", {"Id": "{{ $json.Id }}"}, ({"Id": n} for n in ids), {"": url}) as job:
            watch = Stopwatch()
            summary = asyncio.run(job.arun(lambda _: AsyncPbx(url, CLIENT_ID, API_KEY, token_store=None)))
            spent = watch.read()
        if summary.counts["done"] != count:
            raise RuntimeError(f"{summary.counts} of {count} items")
    return spent


def _bare(url: str, ids: Sequence[int]) -> Spent:
    """The HTTP library under Trunkline with nothing around it: no ledger, no templates, no checks."""

    async def run() -> Spent:
        async with ClientBuilder().build() as client:
            waiting = iter(ids)

            async def work() -> None:
                for number in waiting:
                    request = client.delete(f"{url}/xapi/v1/Contacts({number})").header(
                        "Authorization", "Bearer prepared"
                    )
                    response = await request.build().send()
                    if response.status != 204:
                        raise RuntimeError(f"the server answered {response.status}")

            watch = Stopwatch()
            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            return watch.read()

    return asyncio.run(run())
