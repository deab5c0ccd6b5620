"""The bar: drawn on a terminal's stderr while work is long, mixed into nothing, and gone after it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from terminal import Terminal

# A bar whose work is held up until a line is typed, so that a test need not be quick.
WORK = """
import sys, click
from trunkline.cli import progress as module
from trunkline.cli.progress import progress
module.DELAY = float(sys.argv[1])
with progress(sys.argv[2], total=int(sys.argv[3]) or None, writing=sys.argv[4] == "writing") as bar:
    bar.at(1234, note="2 failed")
    sys.stdin.readline()
    click.echo("Warning: look out", err=True)
    sys.stdin.readline()
print("end")
"""


def work(environment: dict[str, str], *argv: str, **kwargs: object) -> Terminal:
    return Terminal([sys.executable, "-c", WORK, *argv], environment, **kwargs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("unit", "total", "said"),
    [("items", "2000", "1,234/2,000 items"), ("rows", "0", "1,234 rows"), ("bytes", "2000", "1.2 kB of 2.0 kB")],
)
def test_a_bar_says_how_far_it_is_and_is_wiped(environment: dict[str, str], unit: str, total: str, said: str) -> None:
    terminal = work(environment, "0", unit, total, "")
    terminal.until(said)
    terminal.until("2 failed")
    terminal.type("\n")
    terminal.until("look out\r\n")
    terminal.type("\n")
    assert terminal.end() == 0
    # Wiped before the warning, and before the end: what is printed stands at the beginning of a line of its own.
    assert "\x1b[2KWarning: look out\r\n" in terminal.seen
    assert terminal.seen.endswith("\x1b[2Kend\r\n")
    assert terminal.seen.count("\x1b[?25h") == terminal.seen.count("\x1b[?25l")  # the cursor is back


@pytest.mark.parametrize(
    ("delay", "writing", "variables"),
    [
        ("3600", "", {}),
        ("0", "", {"TERM": "dumb"}),
        ("0", "writing", {}),
    ],
    ids=["short work", "a dumb terminal", "rows are written to the same terminal"],
)
def test_where_nothing_is_drawn(
    environment: dict[str, str], delay: str, writing: str, variables: dict[str, str]
) -> None:
    terminal = work({**environment, **variables}, delay, "items", "2000", writing)
    terminal.type("\n\n")
    assert terminal.end() == 0
    assert terminal.seen.replace("\r\n\r\n", "") == "Warning: look out\r\nend\r\n"


def test_no_color_leaves_colours_out(environment: dict[str, str]) -> None:
    coloured = {name: value for name, value in environment.items() if name != "NO_COLOR"}
    for variables, colours in ((environment, False), (coloured, True)):
        terminal = work(variables, "0", "items", "2000", "")
        terminal.until("1,234/2,000 items")
        terminal.type("\n\n")
        assert terminal.end() == 0
        assert ("\x1b[9" in terminal.seen or "\x1b[3" in terminal.seen) == colours


def test_a_piped_stderr_gets_none(environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WORK, "0", "items", "2000", ""],
        env=environment, input="\n\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("end\n", "Warning: look out\n")
