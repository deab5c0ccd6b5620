"""The audit log: a line for each call, before and after a change, and nothing without it."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from mcp_client import COMMAND, Agent, lines_of, over_stdio
from saved_fleet import SavedFleet
from trunkline import Pbx
from trunkline.mcp.audit_log import AuditFailed, AuditLog


def test_each_call_has_a_line(writer: Agent, folder: Path, pbx: Pbx) -> None:
    log = folder / "audit.jsonl"
    begun = len(lines_of(log))
    writer.call("find_actions", query="fax")
    writer.call("list_rows", action="users.list", filter="Number eq '100'")
    plan = writer.answer(
        "plan_change",
        action="users.update",
        parameters={"Id": 29, "FirstName": "Ada", "AuthPassword": "top-secret-012345"},
    )["plan"]
    writer.call("apply_plan", plan=plan)
    writer.call("apply_plan", plan=plan)
    writer.call("no_such_tool")
    lines = lines_of(log)[begun:]
    assert [(line["tool"], line["outcome"]) for line in lines] == [
        ("find_actions", "done"),
        ("list_rows", "done"),
        ("plan_change", "done"),
        ("apply_plan", "sending"),
        ("apply_plan", "done"),
        ("apply_plan", "plan_gone"),
        ("no_such_tool", "invalid_argument"),
    ]
    assert len({line["session"] for line in lines}) == 1
    assert (
        lines[2].items()
        >= {
            "pbx": "pbx-01",
            "action": "users.update",
            "keys": [{"Id": 29}],
            "fields": ["AuthPassword", "FirstName"],
            "plan": plan,
        }.items()
    )
    assert (lines[4]["done"], lines[4]["of"]) == (1, 1)
    text = log.read_text()
    assert "top-secret" not in text
    assert "Ada" not in text
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_line_that_would_be_long_is_shortened(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.write({"tool": "plan_change", "keys": [{"Id": n} for n in range(10_000)]})
    (line,) = lines_of(log.path)
    assert (line["tool"], line["shortened"]) == ("plan_change", True)
    assert "keys" not in line


def test_the_file_may_be_rotated(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.write({"tool": "status"})
    log.path.rename(tmp_path / "audit.jsonl.1")
    log.write({"tool": "list_rows"})
    assert [line["tool"] for line in lines_of(log.path)] == ["list_rows"]


def test_a_link_or_a_folder_is_not_written_to(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.path.unlink()
    log.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AuditFailed):
        log.write({"tool": "status"})
    assert not (tmp_path / "elsewhere").exists()


def test_nothing_is_sent_that_can_not_be_noted(places: SavedFleet, tmp_path: Path, pbx: Pbx) -> None:
    log = tmp_path / "audit.jsonl"
    options = ["--profile", "pbx-01", "--allow", "write", "--audit-log", str(log)]
    before = pbx.call("users.get", 29)["FirstName"]
    with over_stdio(places.environment, options) as agent:
        plan = agent.answer("plan_change", action="users.update", parameters={"Id": 29, "FirstName": "Ada"})["plan"]
        log.unlink()
        log.mkdir()
        assert agent.error("apply_plan", plan=plan)["code"] == "audit_failed"
        assert agent.error("call_action", action="users.get", parameters={"Id": 29})["code"] == "audit_failed"
    assert pbx.call("users.get", 29)["FirstName"] == before


def test_a_log_that_can_not_be_written_is_named_at_once(places: SavedFleet, tmp_path: Path) -> None:
    command = [*COMMAND, "--profile", "pbx-01", "--audit-log", str(tmp_path)]
    done = subprocess.run(
        command, env=dict(places.environment), capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    home = tmp_path / "file"
    home.touch()
    command = [*COMMAND, "--profile", "pbx-01", "--audit-log", str(home / "below" / "audit.jsonl")]
    done = subprocess.run(
        command, env=dict(places.environment), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 3
    assert "can't be written" in done.stderr


def test_it_is_kept_in_the_folder_of_state_by_default(reader: Agent, places: SavedFleet) -> None:
    reader.call("find_actions", query="fax")
    log = Path(places.environment["XDG_STATE_HOME"]) / "trunkline" / "mcp-audit.jsonl"
    assert lines_of(log)[-1]["tool"]
    assert os.access(log, os.R_OK)
