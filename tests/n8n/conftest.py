"""What the tests of the n8n package share: its code, compiled."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from n8n_package import PACKAGE, missing, node
from once import Once

REQUIRED = os.environ.get("TRUNKLINE_N8N_TESTS") == "required"  # in .ci/run, where a skip would hide a broken install


@pytest.fixture(scope="session")
def compiled(once: Once) -> Path:
    """The folder of the compiled tests."""
    reason = missing()
    if reason is not None and REQUIRED:
        pytest.fail(reason, pytrace=False)
    if reason is not None:
        pytest.skip(reason)

    def compile_tests(_: Path) -> None:
        shutil.rmtree(PACKAGE / ".test", ignore_errors=True)  # a test that is no longer there must not run
        node("node_modules/typescript/bin/tsc", "--project", "test")

    once("n8n", compile_tests)
    return PACKAGE / ".test" / "test"
