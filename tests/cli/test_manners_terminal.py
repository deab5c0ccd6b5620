"""Tables and pagers on a terminal: as wide as it is, in its colours, and paged where they are longer than it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rich.cells import cell_len

from terminal import TRUNKLINE, Terminal
from trunkline import Pbx

Env = dict[str, str]
WIDE = "株式会社サンプル通信機器製造販売"  # invented: each sign takes two columns


def on_a_terminal(environment: Env, *argv: str, columns: int = 120, **variables: str) -> tuple[int, str]:
    found = {**environment, "COLUMNS": str(columns), **variables}
    terminal = Terminal([TRUNKLINE, *argv], found, size=(40, columns))
    return terminal.end(), terminal.seen.replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_table_fits_the_terminal(environment: Env, pbx: Pbx, columns: int) -> None:
    pbx.contacts.create({"FirstName": "A" * 50, "LastName": WIDE * 3, "PhoneNumber": "+442079460222"})
    code, seen = on_a_terminal(environment, "contacts", "list", "--no-pager", columns=columns)
    lines = seen.splitlines()
    assert code == 0
    assert max(map(cell_len, lines)) <= columns
    assert any("株式" in line and "…" in line for line in lines)
    assert len(lines) == 2 + 61  # a row is a line, however wide its values are


def test_columns_asked_for_all_stay(environment: Env) -> None:
    argv = ("contacts", "list", "--top", "1", "--columns", "Id,FirstName,LastName,CompanyName,PhoneNumber,Email")
    code, seen = on_a_terminal(environment, *argv, columns=60)
    assert code == 0
    lines = seen.splitlines()
    assert len(lines[0].split()) == 6
    assert max(map(cell_len, lines)) <= 60


def test_colours_are_left_out_where_nobody_wants_them(environment: Env) -> None:
    coloured = {name: value for name, value in environment.items() if name != "NO_COLOR"}
    assert "\x1b[1m" in on_a_terminal(coloured, "fax", "list", "--top", "2")[1]
    assert "\x1b" not in on_a_terminal(coloured, "fax", "list", "--top", "2", TERM="dumb")[1]
    assert "\x1b" not in on_a_terminal(environment, "fax", "list", "--top", "2")[1]  # NO_COLOR


# ── pagers ──────────────────────────────────────────────────────────────────────────────────────


LESS = pytest.param("less -FRX", marks=pytest.mark.skipif(not shutil.which("less"), reason="less is not here"))


@pytest.mark.parametrize("pager", ["cat", LESS])
def test_a_long_list_goes_through_the_pager(environment: Env, pager: str) -> None:
    terminal = Terminal([TRUNKLINE, "contacts", "list"], {**environment, "PAGER": pager, "LESS": ""})
    if pager != "cat":
        terminal.until(":")  # the prompt of less, below its first screen
        assert terminal.seen.count("@example") < 60
        terminal.type("q")
    assert terminal.end() == 0
    assert "Error" not in terminal.seen


def test_ctrl_c_in_a_pager_is_the_pagers(environment: Env, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    waits = "until [ $caught ]; do sleep 0.1; done"  # a shell misses a signal in the moment before it begins to read
    pager.write_text(
        f"#!/bin/sh\ntrap 'caught=1' INT\ncat > /dev/null\necho ready\n{waits}\necho caught\nread -r line < /dev/tty\n"
    )
    pager.chmod(0o755)
    terminal = Terminal([TRUNKLINE, "contacts", "list"], {**environment, "PAGER": str(pager)})
    terminal.until("ready")
    terminal.interrupt()
    terminal.until("caught")
    terminal.type("\n")
    assert terminal.end() == 0
    assert "Interrupted" not in terminal.seen


def test_a_pager_that_reads_nothing_is_no_error(environment: Env) -> None:
    code, seen = on_a_terminal(environment, "contacts", "list", PAGER="true")
    assert (code, seen) == (0, "")


@pytest.mark.parametrize(
    ("argv", "variables", "said"),
    [
        (("--no-pager",), {"PAGER": "false"}, ""),
        ((), {"PAGER": ""}, ""),
        ((), {"PAGER": "no-such-pager-anywhere"}, ""),
        ((), {"PAGER": "less 'unclosed"}, "PAGER is not a command line (No closing quotation).\n"),
        (("--top", "3"), {"PAGER": "false"}, ""),
    ],
    ids=["--no-pager", "an empty PAGER", "a PAGER that is not there", "a PAGER that is not a command", "a short list"],
)
def test_where_there_is_no_pager_the_table_is_simply_there(
    environment: Env, argv: tuple[str, ...], variables: Env, said: str
) -> None:
    code, seen = on_a_terminal(environment, "contacts", "list", *argv, **variables)  # type: ignore[arg-type]
    assert code == 0
    assert seen.startswith(f"{said}Id ")
    assert len(seen.rstrip().splitlines()) == (5 if argv == ("--top", "3") else 62 + bool(said))


def test_a_pager_that_can_not_be_run_is_told(environment: Env, tmp_path: Path) -> None:
    broken = tmp_path / "pager"
    broken.write_bytes(b"\0\0\0\0")
    broken.chmod(0o755)
    code, seen = on_a_terminal(environment, "contacts", "list", PAGER=str(broken))
    assert code == 0
    assert "PAGER can't be run" in seen
    assert "FirstName" in seen


# ── items from the keyboard ─────────────────────────────────────────────────────────────────────


def test_who_is_expected_to_type_items_is_told(environment: Env) -> None:
    terminal = Terminal([TRUNKLINE, "run", "contacts.get", "--set", "Id={{ $json.Id }}"], environment)
    terminal.until("Ctrl-D ends them")
    terminal.type('{"Id": 7}\n\x04')
    assert terminal.end() == 0
    assert "1 done, 0 failed, 0 not started." in terminal.seen


def test_who_is_expected_to_type_a_body_is_told(environment: Env) -> None:
    terminal = Terminal([TRUNKLINE, "contacts", "create", "--body", "-", "--dry-run"], environment)
    terminal.until("Ctrl-D ends it")
    terminal.type('{"FirstName": "Ada"}\n\x04')
    assert terminal.end() == 0
    assert '"FirstName": "Ada"' in terminal.seen
