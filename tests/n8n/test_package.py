"""The tests of the n8n package, which node runs: one test here for each file of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from n8n_package import PACKAGE, node

FILES = sorted(path.name for path in (PACKAGE / "test").glob("*.test.ts"))


@pytest.mark.parametrize("file", FILES)
def test_in_n8n(file: str, compiled: Path) -> None:
    options = ("--enable-source-maps", "--test", "--test-reporter=spec", "--test-force-exit")
    node(*options, str(compiled / file.replace(".ts", ".js")))
