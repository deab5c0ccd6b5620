"""Deletes on many PBXs by several processes that share a ledger on Postgres: beside the same deletes without a ledger.

200 emulated PBXs in another process, 20 ms away; four requests at once to each, and eight PBXs at once in each of two
processes, for every contestant. What stands beside the lanes is a plain loop over `AsyncPbx`: no ledger, no lease, no
templates. It shares the processors with the same emulator, so it is what four at once and this machine allow.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger

from .figures import Figure, Options, Subject, by_turns
from .server import Server, started

PROCESSES = 2
AT_ONCE = 8  # PBXs of a process
DISTANCE = 0.02  # seconds of round trip
SHOWN = 1000  # every time is given for that many items
PLAIN_AIM, TASKS_AIM = 0.8, 50.0
MEMORY_AIM = 200.0
TASK_ITEMS = 320
PLANNED, PLAN_AIM = 1_000, 30.0

LANES = f"{PROCESSES} lanes"
PLAIN = f"{PROCESSES} loops without a ledger"
TASKS = "one Prefect task an item"
HOW_TO_INSTALL = "Left out: there is no Postgres here (Debian: apt install postgresql)."

# Each waits for a line before it begins, so that nobody's imports are measured, and prints its memory at its end.
_END = """
import resource, sys
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3))
"""
_LANE = """
import asyncio, sys
from trunkline.shards.lane import run_lane
from trunkline.shards.lease import LeaseKeeper
from trunkline.shards.ledger import PostgresLedger
from trunkline.shards.run import arun_shard

async def main(job):
    with PostgresLedger.from_environment() as ledger, LeaseKeeper(ledger) as keeper:
        print("ready", flush=True)
        sys.stdin.readline()
        async def carry_out(shard):
            return await arun_shard(ledger, shard, keeper=keeper)
        await run_lane(ledger, job, carry_out, at_once=int(sys.argv[2]), keeper=keeper)

asyncio.run(main(sys.argv[1]))
"""
_PLAIN = """
import asyncio, json, sys
from pathlib import Path
from trunkline import AsyncPbx

async def main(path, number, of, at_once, items):
    waiting = iter(json.loads(Path(path).read_text())[number::of])
    print("ready", flush=True)
    sys.stdin.readline()

    async def work():
        for one in waiting:
            ids = iter(range(1, items + 1))
            async with AsyncPbx(one["url"], one["client_id"], one["api_key"], token_store=None) as pbx:
                async def delete():
                    for Id in ids:
                        await pbx.contacts.delete(Id)
                await asyncio.gather(*(delete() for _ in range(4)))

    await asyncio.gather(*(work() for _ in range(at_once)))

asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
"""

# Four at once to each of 16 PBXs, as the two lanes have; no engine that records each task gets near what those allow.
_TASKS = """
import asyncio, json, sys
from contextlib import AsyncExitStack
from pathlib import Path
from prefect import flow, task
from trunkline import AsyncPbx

async def main(path, pbxs, items):
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(AsyncPbx(each["url"], each["client_id"], each["api_key"], token_store=None))
            for each in json.loads(Path(path).read_text())[:pbxs]
        ]

        @task(persist_result=False)
        async def delete(pbx, Id):
            await pbx.contacts.delete(Id)

        @flow(persist_result=False)
        async def deletes():
            waiting = iter([(pbx, Id) for Id in range(1, 1 + items // pbxs) for pbx in clients])

            async def work():
                for pbx, Id in waiting:
                    await delete(pbx, Id)

            await asyncio.gather(*(work() for _ in range(4 * pbxs)))

        print("ready", flush=True)
        sys.stdin.readline()
        await deletes()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


class Pass(NamedTuple):
    """Seconds of a pass, and the memory of the largest process, in MB."""

    wall: float
    memory: float


def measure(options: Options) -> list[Subject]:
    try:
        from trunkline_prefect.cluster import has_postgres
    except ImportError:
        return []
    if not has_postgres():
        print(HOW_TO_INSTALL, file=sys.stderr)
        return []
    items = options.shared_items
    with ExitStack() as stack:
        environment = stack.enter_context(_environment())
        tenants = stack.enter_context(started("benchmarks.tenants", str(options.pbxs), str(items)))
        targets = _save(Path(tenants.url), Path(environment["TRUNKLINE_PROFILES"]))
        passes = by_turns(
            {
                LANES: partial(_lanes, tenants, environment, targets, items),
                PLAIN: partial(_plain, tenants, environment, items),
            },
            options.shared_rounds,
        )
        planned = _planned(environment)
        tasks = _tasks(tenants, environment)
    count = options.pbxs * items
    rates = ", ".join(f"{count / each.wall:,.0f} ({name})" for name, runs in passes.items() for each in runs)
    rates += f", {TASK_ITEMS / tasks.wall:,.0f} ({TASKS})"
    return [
        Subject(
            f"{SHOWN:,} deletes of {count:,} on {options.pbxs} PBXs, {DISTANCE * 1000:.0f} ms away",
            "s",
            [
                Figure(LANES, _per(passes[LANES], count)),
                Figure(PLAIN, _per(passes[PLAIN], count), ratio_at_least=PLAIN_AIM),
                Figure(TASKS, _per([tasks], TASK_ITEMS), ratio_at_least=TASKS_AIM),
            ],
            [f"Both to the same emulators in another process, on {os.cpu_count()} processors; items a second: {rates}"],
        ),
        Subject(
            "… memory at its peak, the larger of the processes",
            "MB",
            [
                Figure(LANES, [each.memory for each in passes[LANES]], at_most=MEMORY_AIM),
                Figure(PLAIN, [each.memory for each in passes[PLAIN]]),
                Figure(TASKS, [tasks.memory]),
            ],
            [],
        ),
        Subject(f"a job on {PLANNED:,} PBXs, planned", "s", [Figure(LANES, [planned], at_most=PLAN_AIM)], []),
    ]


def _per(passes: Sequence[Pass], count: int) -> list[float]:
    return [each.wall / count * SHOWN for each in passes]


@contextmanager
def _environment() -> Iterator[dict[str, str]]:
    """A Postgres and a file of saved connections while the block runs, named as Trunkline reads them."""
    from trunkline_prefect.cluster import Cluster

    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder:
        Path(folder).chmod(0o755)  # as root Postgres runs as a user of its own
        cluster = Cluster(Path(folder) / "postgres")
        cluster.start()
        try:
            yield {
                **os.environ,
                "TRUNKLINE_LEDGER": cluster.url(),
                "TRUNKLINE_PROFILES": str(Path(folder) / "profiles.toml"),
                "TRUNKLINE_TOKEN_DIR": str(Path(folder) / "tokens"),
            }
        finally:
            cluster.stop()


def _save(tenants: Path, profiles: Path) -> dict[str, str]:
    """Save a connection to each PBX; gives their addresses by name."""
    rows = {f"pbx-{n:03}": each for n, each in enumerate(json.loads(tenants.read_text(encoding="utf-8")), 1)}
    tables = (
        f'[{name}]\nurl = "{each["url"]}"\nclient_id = "{each["client_id"]}"\nclient_secret = "{each["api_key"]}"\n'
        for name, each in rows.items()
    )
    profiles.touch(mode=0o600)
    profiles.write_text("\n".join(tables), encoding="utf-8")
    return {name: each["url"] for name, each in rows.items()}


def _lanes(tenants: Server, environment: dict[str, str], targets: dict[str, str], items: int) -> Pass:
    tenants.set_latency(DISTANCE)
    with PostgresLedger(environment["TRUNKLINE_LEDGER"]) as ledger:
        parameters = {"Id": "{{ $json.Id }}"}
        rows = ({"Id": n} for n in range(1, items + 1))
        job = SharedJob.create(ledger, "bench", "contacts.delete", parameters, rows, targets)
        spent = _run([["-c", _LANE + _END, "bench", str(AT_ONCE)]] * PROCESSES, environment)
        counts = job.summary().counts
        ledger.remove("bench")
    if counts["done"] != len(targets) * items:
        raise RuntimeError(f"{counts} of {len(targets) * items} items")
    return spent


def _plain(tenants: Server, environment: dict[str, str], items: int) -> Pass:
    tenants.set_latency(DISTANCE)
    options = [[str(number), str(PROCESSES), str(AT_ONCE), str(items)] for number in range(PROCESSES)]
    return _run([["-c", _PLAIN + _END, tenants.url, *each] for each in options], environment)


def _tasks(tenants: Server, environment: dict[str, str]) -> Pass:
    """Some hundred deletes, each a task of a flow run on a Prefect server of its own, which has a Postgres."""
    from trunkline_prefect.fleet import fleet

    tenants.set_latency(DISTANCE)
    pbxs = min(PROCESSES * AT_ONCE, len(json.loads(Path(tenants.url).read_text(encoding="utf-8"))))
    with (
        tempfile.TemporaryDirectory(prefix="trunkline-bench-") as folder,
        socket.create_server(("127.0.0.1", 0)) as taken,
    ):
        Path(folder).chmod(0o755)
        port = taken.getsockname()[1]
        taken.close()
        running = fleet.up(folder=Path(folder) / "fleet", postgres=None, workers=1, port=port)
        try:
            quiet = {"PREFECT_LOGGING_LEVEL": "ERROR", "PREFECT_HOME": folder}
            command = ["-c", _TASKS + _END, tenants.url, str(pbxs), str(TASK_ITEMS)]
            return _run([command], {**environment, **running.environment, **quiet})
        finally:
            fleet.down(folder=Path(folder) / "fleet", remove=True)


def _run(commands: list[list[str]], environment: dict[str, str]) -> Pass:
    """Start Python with each of the arguments, and let all begin at once. RuntimeError for one that fails."""
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen([sys.executable, *each], env=environment, stdin=pipe, stdout=pipe, text=True)
        for each in commands
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    begun = time.perf_counter()
    printed = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = [process.communicate()[0] for process in processes]
    spent = time.perf_counter() - begun
    if any(process.returncode for process in processes):
        raise RuntimeError("a process failed; what it printed stands above")
    return Pass(spent, max(map(float, printed)))


def _planned(environment: dict[str, str]) -> float:
    """Seconds until a job on many PBXs, 500 items each, is in the ledger with all its shards."""
    targets = {f"pbx-{n:04}": f"https://pbx-{n}.example.com" for n in range(PLANNED)}
    with PostgresLedger(environment["TRUNKLINE_LEDGER"]) as ledger:
        begun = time.perf_counter()
        items = ({"Id": n} for n in range(500))
        job = SharedJob.create(ledger, "planned", "contacts.delete", {"Id": "{{ $json.Id }}"}, items, targets)
        shards = sum(1 for _ in job.shards())
        spent = time.perf_counter() - begun
        ledger.remove("planned")
    if shards != PLANNED:
        raise RuntimeError(f"{shards} shards of {PLANNED}")
    return spent
