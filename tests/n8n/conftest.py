"""What the tests of the n8n package share: its code, compiled."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from n8n_package import PACKAGE, missing, node

REQUIRED = os.environ.get("TRUNKLINE_N8N_TESTS") == "required"  # in .ci/run, where a skip would hide a broken install


@pytest.fixture(scope="session")
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
