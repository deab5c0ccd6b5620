"""Each command and snippet of the guide on many machines works as printed: a real fleet, two emulated PBXs."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from postgres import need_postgres
from test_docs import MACHINES, check_console_blocks, check_python_blocks
from trunkline_emulator import fleet

pytest.importorskip("trunkline_prefect.deployments", reason="Prefect is not installed.")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """What `trunkline fleet up` prints, and saved connections to two PBXs, which its workers find as well."""
    need_postgres()
    from trunkline_prefect.fleet import fleet as machines

    folder = Path(tempfile.mkdtemp(prefix="trunkline-guide-"))  # pytest's own folders are closed to Postgres' user
    folder.chmod(0o755)
    profiles = folder / "profiles.toml"
    with fleet(2, seed="demo") as tenants, pytest.MonkeyPatch.context() as patch:
        profiles.touch(mode=0o600)
        profiles.write_text(
            "".join(
                f'[customer-{name}]\nurl = "{each.url}"\nclient_id = "{each.client_id}"\n'
                f'client_secret = "{each.api_key}"\n'
                for name, each in zip("ab", tenants, strict=True)
            ),
            encoding="utf-8",
        )
        patch.setenv("TRUNKLINE_PROFILES", str(profiles))
        try:
            running = machines.up(folder=folder / "fleet", workers=1, port=free_port())
            yield {
                **os.environ,
                **running.environment,
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "TRUNKLINE_JOB_DIR": str(folder / "jobs"),
                "PREFECT_HOME": str(folder / "prefect"),
                "PYTHONIOENCODING": "utf-8",
            }
        finally:
            machines.down(folder=folder / "fleet")
            shutil.rmtree(folder)


def test_snippets_run(environment: dict[str, str], tmp_path: Path) -> None:
    check_python_blocks(MACHINES, environment, tmp_path)


def test_commands_work_as_printed(environment: dict[str, str], tmp_path: Path) -> None:
    check_console_blocks(MACHINES, environment, tmp_path)
