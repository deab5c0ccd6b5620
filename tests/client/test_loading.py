"""What importing the client loads: scripts start often, and most of what a call needs takes longer than Python."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("code", "left_out"),
    [
        ("from trunkline import Pbx", "msgspec pathlib typing logging asyncio pyreqwest trunkline.catalog"),
        ("from trunkline import AsyncPbx", "msgspec pathlib typing logging asyncio pyreqwest trunkline.catalog"),
        ("from trunkline import Pbx; Pbx('https://pbx.example.com', 'id', 'key')", "asyncio click rich httpx2 yaml"),
    ],
)
def test_importing_loads_only_what_is_needed(code: str, left_out: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}\n{code}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert not set(left_out.split()) & set(shown.stdout.split())
