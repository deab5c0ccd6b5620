"""Two machines with a network of their own, of which one is cut off for longer than its leases last, and comes back."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from postgres import need_postgres
from sharded import Lane, asked, check_history, named, rows_to_delete, write_systems
from trunkline.shards.job import SharedJob
from trunkline.shards.ledger import PostgresLedger
from trunkline_emulator import fleet

if TYPE_CHECKING:
    from trunkline_prefect.cluster import Cluster

HUB, SUBNET = "198.18.77.1", 24  # a network for tests (RFC 2544)
PBXS, AT_ONCE = 6, 3
LONG = pytest.mark.skipif(not os.environ.get("TRUNKLINE_LONG_TESTS"), reason="Takes minutes: TRUNKLINE_LONG_TESTS=1.")


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class Machine(NamedTuple):
    """A network namespace. ``link`` is this end of its only cable."""

    namespace: str
    link: str

    @property
    def inside(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.namespace)

    def cut_off(self) -> None:
        ip("link", "set", self.link, "down")

    def connect(self) -> None:
        ip("link", "set", self.link, "up")


@pytest.fixture
def machines() -> Iterator[list[Machine]]:
    """Two machines on a switch, at which this one is the third."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("Network namespaces need root and iproute2.")
    switch = f"tlsw{os.getpid()}"
    made = [Machine(f"tl{number}-{os.getpid()}", f"tl{number}x{os.getpid()}") for number in (1, 2)]
    try:
        ip("link", "add", switch, "type", "bridge")
    except subprocess.CalledProcessError:
        pytest.skip("This machine makes no network bridges.")
    try:
        ip("address", "add", f"{HUB}/{SUBNET}", "dev", switch)
        ip("link", "set", switch, "up")
        for number, machine in enumerate(made, 2):
            ip("netns", "add", machine.namespace)
            ip("link", "add", machine.link, "type", "veth", "peer", "name", "eth0", "netns", machine.namespace)
            ip("link", "set", machine.link, "master", switch, "up")
            ip("-n", machine.namespace, "address", "add", f"198.18.77.{number}/{SUBNET}", "dev", "eth0")
            ip("-n", machine.namespace, "link", "set", "eth0", "up")
            ip("-n", machine.namespace, "link", "set", "lo", "up")
        yield made
    finally:
        for machine in made:
            subprocess.run(["ip", "netns", "delete", machine.namespace], check=False, capture_output=True)
        ip("link", "delete", switch)


@pytest.fixture
def hub_url(machines: list[Machine]) -> Iterator[str]:
    """A Postgres that both machines reach."""
    need_postgres()
    from trunkline_prefect.cluster import Cluster

    folder = Path(tempfile.mkdtemp(prefix="trunkline-postgres-"))
    cluster: Cluster = Cluster(folder, address=HUB)
    try:
        cluster.start()
        yield cluster.url()
    finally:
        cluster.stop(immediate=True)
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("ttl", "cut", "items"),
    [(12, 20, 300), pytest.param(30, 60, 600, marks=LONG), pytest.param(90, 60, 600, marks=LONG)],
    ids=["short", "long", "shorter than a lease"],
)
def test_a_machine_that_is_cut_off_and_comes_back(
    machines: list[Machine], hub_url: str, tmp_path: Path, ttl: float, cut: float, items: int
) -> None:
    pbxs = fleet(PBXS, host=HUB, seed={"Fax": rows_to_delete(items)}, api_key="k", latency=0.1)
    with pbxs as tenants, PostgresLedger(hub_url) as ledger:
        systems = named(tenants)
        job = SharedJob.create(
            ledger,
            "night",
            "fax.delete",
            {"Id": "{{ $json.Id }}"},
            ({"Id": row["Id"]} for row in rows_to_delete(items)),
            {name: str(tenant.url) for name, tenant in systems.items()},
            shard_size=100,
        )
        file = write_systems(tmp_path / "systems.json", systems)
        lanes = [Lane(hub_url, file, "night", ttl=ttl, at_once=AT_ONCE, inside=machine.inside) for machine in machines]
        try:
            while not all(asked(tenant.emulator.journal) for tenant in tenants):  # so both work on their share
                assert not any(lane.process.poll() for lane in lanes), lanes[0].process.communicate()
                time.sleep(0.05)
            machines[0].cut_off()
            before = [len(tenant.emulator.journal) for tenant in tenants]
            time.sleep(cut)
            after = [len(tenant.emulator.journal) for tenant in tenants]
            machines[0].connect()
            for lane in lanes:
                assert lane.counts() == {"waiting": 0, "running": 0, "paused": 0, "done": PBXS * items // 100}
        finally:
            for lane in lanes:
                lane.kill()
        check_history(job, systems, items)
        assert sum(after) > sum(before), "the other machine went on"
        if cut > ttl:
            assert all(new > old for new, old in zip(after, before, strict=True)), "also where the first had been"
        assert job.summary().status == "finished"
