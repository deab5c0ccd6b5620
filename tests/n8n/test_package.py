"""The tests of the n8n package, which node runs: one test here for each file of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

PACKAGE = Path(__file__).parents[2] / "integrations" / "n8n"
FILES = sorted(path.name for path in (PACKAGE / "test").glob("*.test.ts"))
REQUIRED = os.environ.get("TRUNKLINE_N8N_TESTS") == "required"  # in .ci/run, where a skip would hide a broken install
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


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """The folder of the compiled tests. One process compiles them for all processes of this run."""
    reason = missing()
    if reason is not None and REQUIRED:
        pytest.fail(reason, pytrace=False)
    if reason is not None:
        pytest.skip(reason)
    mark = tmp_path_factory.getbasetemp().parent / f"n8n-{testrun_uid}"
    with FileLock(f"{mark}.lock"):
        if not mark.exists():
            shutil.rmtree(PACKAGE / ".test", ignore_errors=True)  # a test that is no longer there must not run
            node("node_modules/typescript/bin/tsc", "--project", "test")
            mark.touch()
    return PACKAGE / ".test" / "test"


@pytest.mark.parametrize("file", FILES)
def test_in_n8n(file: str, compiled: Path) -> None:
    options = ("--enable-source-maps", "--test", "--test-reporter=spec", "--test-force-exit")
    node(*options, str(compiled / file.replace(".ts", ".js")))
