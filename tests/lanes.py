"""A tiny engine for tests: each lane is a process on this machine, and nothing schedules, retries or shows it.

`install` makes it one of the installed engines, as a distribution with an entry point does. Without Prefect it shows
that what moves shards can be small.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_LANE = """
import asyncio, sys
from trunkline.shards.lane import run_lane
from trunkline.shards.lease import LeaseKeeper
from trunkline.shards.ledger import PostgresLedger
from trunkline.shards.run import arun_shard

async def main(job):
    with PostgresLedger.from_environment() as ledger, LeaseKeeper(ledger) as keeper:
        async def carry_out(shard):
            return await arun_shard(ledger, shard, keeper=keeper)
        await run_lane(ledger, job, carry_out, keeper=keeper)

asyncio.run(main(sys.argv[1]))
"""


class Lanes:
    """The engine. It keeps its processes, so that a test can wait for them."""

    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []
        self.cancelled: list[str] = []

    def hand_over(self, job: str, *, lanes: int | None) -> str:
        for _ in range(lanes or 1):
            self.processes.append(subprocess.Popen([sys.executable, "-W", "error", "-c", _LANE, job], env=os.environ))
        return "http://127.0.0.1:4200/lanes"

    def cancel(self, job: str) -> None:
        self.cancelled.append(job)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes.clear()
        self.cancelled.clear()


class Idle:
    """An engine without a worker."""

    def hand_over(self, job: str, *, lanes: int | None) -> str:
        return "http://127.0.0.1:4200/idle"

    def cancel(self, job: str) -> None:
        pass


engine, idle = Lanes(), Idle()


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the engines known as ``lanes`` and ``idle`` to this process, and to those that it starts."""
    metadata = folder / "lanes-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: lanes\nVersion: 1\n", encoding="utf-8")
    engines = "[trunkline.engines]\nlanes = lanes:engine\nidle = lanes:idle\n"
    (metadata / "entry_points.txt").write_text(engines, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{Path(__file__).parent}")
