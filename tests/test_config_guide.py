"""Each command and snippet of the guide on configuration works as printed, between two emulated PBXs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from test_docs import CLIENT, CONFIG, KEY, check_console_blocks, check_python_blocks
from trunkline_emulator import Emulator, running


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """What a reader has set: a PBX with the demo company, an empty one, and an identity for git."""
    acme, berlin = (Emulator(client_id=CLIENT, api_key=KEY, seed=seed, etags=True) for seed in ("demo", "empty"))
    with running(acme) as url, running(berlin) as other:
        yield {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "TRUNKLINE_URL": url,
            "TRUNKLINE_CLIENT_ID": CLIENT,
            "TRUNKLINE_CLIENT_SECRET": KEY,
            "TRUNKLINE_PROFILES": str(tmp_path / "own" / "profiles.toml"),
            "TRUNKLINE_APPLY_DIR": str(tmp_path / "own" / "applies"),
            "BERLIN": other,
            "GIT_AUTHOR_NAME": "demo",
            "GIT_AUTHOR_EMAIL": "demo@example.com",
            "GIT_COMMITTER_NAME": "demo",
            "GIT_COMMITTER_EMAIL": "demo@example.com",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "PYTHONIOENCODING": "utf-8",
        }


def test_console_blocks_work_as_printed(environment: dict[str, str], tmp_path: Path) -> None:
    check_console_blocks(CONFIG, environment, tmp_path)


def test_python_blocks_run(environment: dict[str, str], tmp_path: Path) -> None:
    check_python_blocks(CONFIG, environment, tmp_path)
