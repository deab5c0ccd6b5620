"""The MCP inspector's command line, as somebody else's client: written by the people of the protocol, in TypeScript."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mcp_client import COMMAND, TOKEN, Served
from saved_fleet import SavedFleet

FOLDER = Path(__file__).parent / "inspector"
_REQUIRED = os.environ.get("TRUNKLINE_INSPECTOR_TESTS") == "required"  # read before conftest.py takes it away


@pytest.fixture(scope="module", autouse=True)
def _inspector() -> None:
    """Skip these tests where it is not installed, unless TRUNKLINE_INSPECTOR_TESTS=required."""
    if shutil.which("npx") is None or not (FOLDER / "node_modules" / "@modelcontextprotocol" / "inspector").is_dir():
        report = pytest.fail if _REQUIRED else pytest.skip
        report("The MCP inspector is not installed: make inspector")


def inspected(environment: dict[str, str], target: list[str], *arguments: str) -> Any:
    """Run the inspector once, and return what it printed."""
    command = ["npx", "--no-install", "@modelcontextprotocol/inspector", "--cli"]
    command += ["--connect-timeout", "250000", *target, *arguments]  # milliseconds; a busy machine starts slowly
    done = subprocess.run(
        command, cwd=FOLDER, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def environment(places: SavedFleet) -> dict[str, str]:
    return {**places.environment, "PATH": os.environ["PATH"], "npm_config_update_notifier": "false"}


@pytest.fixture
def stdio(places: SavedFleet) -> list[str]:
    """The command that it starts; it hands over no environment but what it is given."""
    names = ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TRUNKLINE_PROFILES")
    handed = [word for name in names for word in ("-e", f"{name}={places.environment[name]}")]
    return [*handed, *COMMAND, "--profile", "pbx-01", "--allow", "write"]


def test_tools_are_listed_and_called(environment: dict[str, str], stdio: list[str]) -> None:
    tools = inspected(environment, stdio, "--method", "tools/list")["tools"]
    assert len(tools) == 7
    call = ["--method", "tools/call", "--tool-name", "list_rows", "--tool-arg", "action=users.list", "select=Number"]
    rows = inspected(environment, stdio, *call, "limit=2")["structuredContent"]["rows"]
    assert rows == [{"Number": "100"}, {"Number": "101"}]


def test_resources_and_prompts(environment: dict[str, str], stdio: list[str]) -> None:
    (facts,) = inspected(environment, stdio, "--method", "resources/list")["resources"]
    assert facts["uri"] == "trunkline://pbx-facts"
    read = inspected(environment, stdio, "--method", "resources/read", "--uri", "trunkline://actions/fax.delete")
    assert read["contents"][0]["text"].startswith("# fax.delete")
    assert len(inspected(environment, stdio, "--method", "prompts/list")["prompts"]) == 3


def test_over_http(environment: dict[str, str], http: Served) -> None:
    target = [http.url, "--transport", "http", "--header", f"Authorization: Bearer {TOKEN}"]
    assert len(inspected(environment, target, "--method", "tools/list")["tools"]) == 7
