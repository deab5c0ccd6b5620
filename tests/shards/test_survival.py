"""Machines that are killed again and again, and a database that is killed too, lose nothing and do nothing twice."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sharded import Lane, asked, check_history, named, rows_to_delete, write_systems
from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger
from trunkline_emulator import fleet
from trunkline_emulator.tenants import Tenant

if TYPE_CHECKING:
    from trunkline_prefect.cluster import Cluster

TTL = 8.0
LANES = 3
LONG = pytest.mark.skipif(not os.environ.get("TRUNKLINE_LONG_TESTS"), reason="Takes minutes: TRUNKLINE_LONG_TESTS=1.")
FAULTS = ["reset-before:0.02@/Fax(*", "reset-after:0.02@/Fax(*"]


def requests(systems: Mapping[str, Tenant]) -> int:
    return sum(len(tenant.emulator.journal) for tenant in systems.values())


def wait_for_more(systems: Mapping[str, Tenant], count: int) -> None:
    """Wait until the PBXs were asked a number of times more."""
    before, end = requests(systems), time.monotonic() + 120
    while requests(systems) < before + count:
        assert time.monotonic() < end, "the PBXs were not asked"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("pbxs", "items", "shard", "kills"),
    [(5, 100, 50, 3), pytest.param(20, 500, 250, 10, marks=LONG)],
    ids=["small", "large"],
)
def test_killed_again_and_again(
    cluster: Cluster, database_url: str, tmp_path: Path, pbxs: int, items: int, shard: int, kills: int
) -> None:
    dice = random.Random(20260615)
    pbxs_with_faults = fleet(
        pbxs, seed={"Fax": rows_to_delete(items)}, api_key="k", latency=0.01, faults=FAULTS, fault_seed=15
    )
    with pbxs_with_faults as tenants, PostgresLedger(database_url) as ledger:
        systems = named(tenants)
        job = SharedJob.create(
            ledger,
            "night",
            "fax.delete",
            {"Id": "{{ $json.Id }}"},
            ({"Id": row["Id"]} for row in rows_to_delete(items)),
            {name: str(tenant.url) for name, tenant in systems.items()},
            shard_size=shard,
        )
        file = write_systems(tmp_path / "systems.json", systems)

        def start() -> Lane:
            return Lane(database_url, file, "night", ttl=TTL)

        lanes = [start() for _ in range(LANES)]
        share = pbxs * items // (2 * kills)  # so that half of the work is left for after the last
        try:
            for kill in range(kills):
                wait_for_more(systems, dice.randrange(share // 2, share))
                if kill == kills // 2:
                    cluster.stop(immediate=True)
                    cluster.start()
                victim = lanes.pop(dice.randrange(LANES))
                assert victim.process.poll() is None, victim.process.communicate()[1]
                victim.kill()
                lanes.append(start())
            for lane in lanes:
                assert lane.counts() == {"waiting": 0, "running": 0, "paused": 0, "done": pbxs * -(-items // shard)}
        finally:
            for lane in lanes:
                lane.kill()
        check_history(job, systems, items)
        histories = [asked(tenant.emulator.journal) for tenant in systems.values()]
        assert job.summary().status == "finished"
    doubtful = sum(len(each) > 1 for history in histories for each in history.values())
    assert doubtful > pbxs * items // 50, "too little went wrong to show anything"
    assert any(each.effect and not each.status for history in histories for some in history.values() for each in some)
