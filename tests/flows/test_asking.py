"""``trunkline flow run`` on a terminal of its own: it shows what it is about to delete, and asks."""

from __future__ import annotations

import os
import pty
import select
import shutil
import sys
import time
from pathlib import Path

import pytest

from conftest import CLIENT, KEY, System

EXAMPLE = Path(__file__).parents[2] / "examples" / "flows" / "old-faxes.yaml"


def asked(argv: list[str], environment: dict[str, str], answer: bytes) -> tuple[int, str]:
    """Run a command, answer its question; exit code and all that was on the screen."""
    pid, screen = pty.fork()
    if pid == 0:  # the child
        os.execvpe(argv[0], argv, environment)
    seen, answered, end = "", False, time.monotonic() + 30
    while True:
        assert select.select([screen], [], [], max(0.0, end - time.monotonic()))[0], seen
        try:
            more = os.read(screen, 65536)
        except OSError:  # Linux: the other end is closed
            break
        seen += more.decode(errors="replace")
        if "Go on?" in seen and not answered:
            os.write(screen, answer)
            answered = True
        if not more:
            break
    _, status = os.waitpid(pid, 0)
    os.close(screen)
    assert answered, seen
    return os.waitstatus_to_exitcode(status), seen


@pytest.mark.parametrize(("answer", "code", "deleted"), [(b"n\n", 130, 0), (b"y\n", 0, 3)])
def test_a_step_that_deletes_is_shown_and_asked_for(
    system: System, tmp_path: Path, answer: bytes, code: int, deleted: int
) -> None:
    flow = shutil.copy(EXAMPLE, tmp_path)
    environment = {
        **os.environ,
        "TRUNKLINE_URL": system.url,
        "TRUNKLINE_CLIENT_ID": CLIENT,
        "TRUNKLINE_CLIENT_SECRET": KEY,
        "COLUMNS": "200",
    }
    ended, seen = asked([sys.executable, "-m", "trunkline", "flow", "run", flow], environment, answer)
    assert "will send DELETE /Fax(130)" in seen
    assert "3 times on" in seen
    assert len(system.sent("DELETE")) == deleted
    assert ended == code
    if not deleted:
        assert "it sent nothing" in seen
