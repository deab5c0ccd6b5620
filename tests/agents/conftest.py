"""What the tests of ``trunkline mcp`` share: a few PBXs with saved connections, and agents that are connected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_client import MODES, TOKEN, Agent, Served, over_http, over_stdio, served
from saved_fleet import KEY, SavedFleet, saved_fleet
from trunkline import Pbx
from trunkline_emulator import Emulator


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SavedFleet]:
    """Three PBXs with the demo company, and one that is dead: pbx-01 to pbx-04."""
    with saved_fleet(tmp_path_factory.mktemp("agents"), 3, dead=1, seed="demo") as fleet:
        yield fleet


@pytest.fixture(autouse=True)
def _fresh(places: SavedFleet) -> None:
    for tenant in places.tenants:
        if tenant.emulator.seed != "demo":
            tenant.emulator.load_seed("demo")
        tenant.emulator.reset()
        tenant.emulator.clear_faults()


@pytest.fixture
def emulator(places: SavedFleet) -> Emulator:
    """The PBX that agents with rights to change may reach."""
    return places.tenants[0].emulator


@pytest.fixture
def pbx(places: SavedFleet) -> Iterator[Pbx]:
    """Somebody else's client of that PBX."""
    tenant = places.tenants[0]
    tenant.emulator.add_client("somebody-else", KEY, roles=("system_owners",))
    with Pbx(tenant.url, "somebody-else", KEY, token_store=None) as client:
        yield client


@pytest.fixture(scope="session")
def folder(places: SavedFleet) -> Path:
    """The home of all these processes."""
    return Path(places.environment["HOME"])


@pytest.fixture(scope="session")
def reader(places: SavedFleet) -> Iterator[Agent]:
    """An agent that may only read, on all PBXs."""
    with over_stdio(places.environment, ["--all-profiles"]) as agent:
        yield agent


@pytest.fixture(scope="session")
def writer(places: SavedFleet, folder: Path) -> Iterator[Agent]:
    """An agent that may do everything on pbx-01, at a client that asks nobody; its log is audit.jsonl."""
    options = ["--profile", "pbx-01", "--allow", "delete", "--audit-log", str(folder / "audit.jsonl")]
    with over_stdio(places.environment, options) as agent:
        yield agent


@pytest.fixture(scope="session")
def http(places: SavedFleet) -> Iterator[Served]:
    """A server of HTTP with a token, that may do everything on pbx-01."""
    environment = {**places.environment, "TRUNKLINE_MCP_TOKEN": TOKEN}
    with served(environment, ["--profile", "pbx-01", "--allow", "delete"]) as server:
        yield server


@pytest.fixture(scope="session", params=["stdio legacy", "stdio auto", "http legacy", "http auto"])
def agent(request: pytest.FixtureRequest, places: SavedFleet, http: Served) -> Iterator[Agent]:
    """An agent that may do everything on pbx-01, over each transport and by each version of the protocol."""
    transport, mode = request.param.split()
    assert mode in MODES
    if transport == "http":
        with over_http(http.url, mode=mode) as each:
            yield each
    else:
        with over_stdio(places.environment, ["--profile", "pbx-01", "--allow", "delete"], mode) as each:
            yield each


@pytest.fixture(scope="session")
def flowing(places: SavedFleet, folder: Path) -> Iterator[Agent]:
    """An agent with the flows of a folder: two, a hidden one, and a link that leads out of it."""
    flows = folder / "flows"
    flows.mkdir()
    (flows / "night.yaml").write_text("name: night\nsteps: []\n")
    (flows / "day.yml").write_text("name: day\nsteps: []\n")
    (flows / ".hidden.yaml").write_text("name: hidden\n")
    (flows / "notes.txt").write_text("no flow\n")
    (flows / "link.yaml").symlink_to(folder / "profiles.toml")
    with over_stdio(places.environment, ["--profile", "pbx-01", "--flows", str(flows)]) as agent:
        yield agent
