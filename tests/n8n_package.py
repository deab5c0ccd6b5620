"""The n8n package of this repository, for the tests that run its code with node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "integrations" / "n8n"
OLDEST_NODE = 20


def missing() -> str | None:
    """Say what these tests need and this machine lacks."""
    node = shutil.which("node")
    if node is None:
        return f"the tests of the n8n package need node {OLDEST_NODE} or newer"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        return f"the tests of the n8n package need node {OLDEST_NODE} or newer, and this is {version}"
    if not (PACKAGE / "node_modules" / "n8n-core").is_dir():
        return "the packages that the tests of the n8n package need are not installed: make n8n"
    return None


def node(*arguments: str) -> None:
    """Run node in the package, and show what it printed where it fails."""
    done = subprocess.run(
        [shutil.which("node") or "node", *arguments],
        cwd=PACKAGE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=280,  # pytest ends the whole run where one test takes 300 s
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"node {' '.join(arguments)}\n{done.stdout}", pytrace=False)
