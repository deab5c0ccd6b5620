"""``trunkline flow run`` on a terminal of its own: it shows what it is about to delete, and asks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conftest import System
from terminal import TRUNKLINE, Terminal

EXAMPLE = Path(__file__).parents[2] / "examples" / "flows" / "old-faxes.yaml"


@pytest.mark.parametrize(("answer", "code", "deleted"), [("n\n", 130, 0), ("y\n", 0, 3)])
def test_a_step_that_deletes_is_shown_and_asked_for(
    environment: dict[str, str], system: System, tmp_path: Path, answer: str, code: int, deleted: int
) -> None:
    flow = shutil.copy(EXAMPLE, tmp_path)
    terminal = Terminal([TRUNKLINE, "flow", "run", str(flow)], {**environment, "COLUMNS": "200"})
    terminal.until("Go on? [y/N]: ")
    terminal.type(answer)
    assert terminal.end() == code
    assert "will send DELETE /Fax(130)" in terminal.seen
    assert "3 times on" in terminal.seen
    assert len(system.sent("DELETE")) == deleted
    if not deleted:
        assert "it sent nothing" in terminal.seen
