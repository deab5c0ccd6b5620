"""``trunkline export recordings`` and ``recordings delete``, as an administrator has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import VIEWER, VIEWER_KEY, System
from terminal import TRUNKLINE, Terminal

PERIOD = ("--from", "2026-06-11", "--to", "2026-06-12")


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "rec"


def test_it_fetches_then_finds_all_there(trunkline: Any, out: Path) -> None:
    said = trunkline("export", "recordings", *PERIOD, "--out", "rec")
    assert said.code == 0
    (summary,) = said.lines
    assert summary["fetched"] == len(list(out.rglob("*.wav"))) > 0
    assert f"{summary['fetched']} to fetch." in said.err
    again = trunkline("export", "recordings", *PERIOD, "--out", "rec")
    assert again.lines[0]["already_there"] == summary["fetched"]
    assert again.lines[0]["fetched"] == 0


def test_a_dry_run_names_the_files_and_writes_none(trunkline: Any, out: Path) -> None:
    said = trunkline("export", "recordings", *PERIOD, "--out", "rec", "--then", "delete", "--dry-run")
    assert said.code == 0
    assert all(line["file"].endswith(f"-{line['id']}.wav") for line in said.lines)
    assert "would be deleted on the PBX" in said.err
    assert not out.exists()


def test_then_delete_needs_a_yes(trunkline: Any, out: Path, system: System) -> None:
    refused = trunkline("export", "recordings", *PERIOD, "--out", "rec", "--then", "delete")
    assert refused.code == 2
    assert "nobody has confirmed" in refused.err
    assert not out.exists()
    assert trunkline("export", "recordings", *PERIOD, "--out", "rec", "--then", "archive").code == 2
    said = trunkline("export", "recordings", *PERIOD, "--out", "rec", "--then", "delete", "--yes")
    assert said.code == 0
    fetched = said.lines[0]["fetched"]
    assert f"{fetched} deleted on the PBX, 0 left there." in said.err
    assert said.lines[0]["removed"] == {"done": fetched, "left": [], "unknown": [], "error": None}


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 130)])
def test_it_asks_at_a_terminal(environment: dict[str, str], out: Path, answer: str, code: int) -> None:
    command = [TRUNKLINE, "export", "recordings", *PERIOD, "--out", str(out), "--then", "delete"]
    terminal = Terminal(command, environment)
    terminal.until("for good?")
    terminal.type(f"{answer}\n")
    assert terminal.end() == code
    assert out.exists() == (answer == "y")


def test_one_that_fails_is_named(trunkline: Any, out: Path, system: System) -> None:
    number = trunkline("export", "recordings", *PERIOD, "--out", "rec", "--dry-run").lines[0]["id"]
    system.emulator.add_fault({"match": {"path": f"*recId={number})*"}, "do": {"status": 404}})
    said = trunkline("export", "recordings", *PERIOD, "--out", "rec")
    assert said.code == 7
    assert f"recording {number}: " in said.err
    assert "The same command does what is left." in said.err


def test_without_the_role_it_says_which(trunkline: Any, out: Path) -> None:
    who = ("--client-id", VIEWER, "--client-secret", VIEWER_KEY)
    said = trunkline("export", "recordings", *PERIOD, "--out", "rec", *who)
    assert said.code == 5
    assert "System Owner" in said.err


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("export", "recordings", "--out", "rec"), "Say with --from where to begin"),
        (("export", "recordings", "--from", "soon", "--out", "rec"), "--from: 'soon' is not a date or time."),
        (("export", "recordings", *PERIOD, "--out", "rec", "--name", "../{id}"), "leads out of the folder"),
        (("export", "recordings", "--from", "-1d", "--to", "-2d", "--out", "rec"), "ends before it begins"),
        (("recordings", "delete", "--older-than", "long"), "--older-than: 'long' is not a length of time."),
        (("recordings", "delete"), "Missing option '--older-than'"),
        (("recordings", "delete", "--older-than", "99999w"), "--older-than"),
    ],
)
def test_what_cannot_be_is_refused_unsent(
    trunkline: Any, out: Path, system: System, argv: tuple[str, ...], told: str
) -> None:
    said = trunkline(*argv)
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert not system.sent("GET")


def test_old_recordings_are_counted_asked_for_and_deleted(trunkline: Any, system: System) -> None:
    dry = trunkline("recordings", "delete", "--older-than", "7d", "--dry-run")
    assert dry.code == 0
    assert "Nothing was deleted." in dry.err
    assert trunkline("recordings", "delete", "--older-than", "7d", "--yes").code == 2
    assert trunkline("recordings", "delete", "--older-than", "7d", "--most", "100%").code == 2
    assert not system.sent("POST")[1:]
    said = trunkline("recordings", "delete", "--older-than", "7d", "--most", "100%", "--yes")
    assert said.code == 0
    assert said.lines[0]["done"] > 0
    left = json.loads(trunkline("recordings", "delete", "--older-than", "7d", "--most", "100%", "--yes").out)
    assert left == {"done": 0, "left": [], "unknown": [], "error": None}
