"""The worked examples, and every command that the guide shows, on the emulated PBX over real sockets."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import Flow, cli
from trunkline.flows.files import rows_of

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "flows"
GUIDE = (ROOT / "docs" / "guides" / "flows.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```text\n\$ (.*?)\n(.*?)^```$", GUIDE, re.M | re.S)
MISTAKE = """steps:
  - list: fax
  - delete: fax
    with: { Idd: 1 }
  - where:
      Status: { equals: 5 }
"""


@pytest.fixture
def folder(tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the examples, with the emulated PBX in the environment."""
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "mistake.yaml").write_text(MISTAKE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUNKLINE_URL", system.url)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", CLIENT)
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", KEY)
    return tmp_path


def test_the_guide_shows_something() -> None:
    assert len(SHOWN) == 6


@pytest.mark.parametrize(("command", "printed"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_guide_shows_what_happens(command: str, printed: str, folder: Path, system: System, capsys: Any) -> None:
    before = sorted(folder.iterdir())
    code = cli.execute(shlex.split(command)[1:])
    out, err = capsys.readouterr()
    assert re.fullmatch(re.escape(printed).replace("…", "[^\n]*"), out + err)
    assert (code == 0) is ("Error" not in printed)
    assert sorted(folder.iterdir()) == before, "a dry run writes no file"
    assert {entry.method for entry in system.emulator.journal} <= {"GET", "POST"}
    assert [path for path in system.sent("POST") if "/connect/token" not in path] == []


@pytest.mark.parametrize("shown", re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.M | re.S))
def test_a_flow_that_the_guide_shows_is_an_example(shown: str) -> None:
    assert shown in [path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.yaml")]


@pytest.mark.parametrize(
    ("file", "arguments", "gone", "record"),
    [
        ("old-faxes", [], ["/Fax(130)", "/Fax(131)", "/Fax(132)"], "removed-faxes.jsonl"),
        (
            "decommissioned-devices",
            [],
            ["/DeviceInfos(13)", "/DeviceInfos(14)", "/DeviceInfos(15)"],
            "removed-devices.csv",
        ),
        ("contacts-not-in-crm", [], ["/Contacts(57)", "/Contacts(9)"], "removed-contacts.yaml"),
        ("expired-blocks", ["--var", "as_of=2027-01-03"], ["/Blocklist(1)", "/Blocklist(2)"], None),
        ("closed-departments", [], ["/WebsiteLinks('careers')", "/WebsiteLinks('press')"], "removed-weblinks.csv"),
    ],
)
def test_an_example_deletes_what_its_dry_run_showed_and_nothing_else(
    file: str, arguments: list[str], gone: list[str], record: str | None, folder: Path, system: System, capsys: Any
) -> None:
    assert cli.execute(["flow", "run", f"{file}.yaml", "--yes", *arguments]) == 0
    out, _ = capsys.readouterr()
    assert sorted(path.removeprefix("/xapi/v1") for path in system.sent("DELETE")) == gone
    assert all(json.loads(line)["json"]["success"] for line in out.splitlines())
    assert len(out.splitlines()) == len(gone)
    if record is not None:
        rows = rows_of(folder / record)
        assert len(rows) == len(gone)
        assert all(row.get("AuthPassword") in (None, "", "••••••") for row in rows)
    capsys.readouterr()
    assert cli.execute(["flow", "run", f"{file}.yaml", "--yes", *arguments]) == 0
    assert len(system.sent("DELETE")) == len(gone), "a second run finds nothing left to do"


def test_without_a_terminal_nothing_is_deleted_unasked(folder: Path, system: System, capsys: Any) -> None:
    assert cli.execute(["flow", "run", "old-faxes.yaml"]) == 2
    assert "give --yes" in capsys.readouterr().err
    assert system.sent("DELETE") == []


def test_a_failure_is_told_with_what_had_been_done(folder: Path, system: System, capsys: Any) -> None:
    (folder / "ids.csv").write_text("Id\n121\n999\n122\n", encoding="utf-8")
    steps = "steps:\n  - read: ids.csv\n  - delete: fax\n    concurrency: 1\n"
    (folder / "ids.yaml").write_text(steps, encoding="utf-8")
    assert cli.execute(["flow", "run", "ids.yaml", "--yes"]) == 5  # the code of the error that stopped it
    out, err = capsys.readouterr()
    assert [json.loads(line)["json"] for line in out.splitlines()] == [{"success": True, "Id": 121}]
    assert 'failed: {"json":{"Id":"999"}' in err
    assert "ids.yaml, line 3: fax.delete stopped at item 1" in err
    assert "1 of 3 items done, 1 failed, 1 not started" in err
    assert system.sent("DELETE") == ["/xapi/v1/Fax(121)", "/xapi/v1/Fax(999)"]


def test_every_example_is_in_the_guide_and_checks() -> None:
    files = sorted(EXAMPLES.glob("*.yaml"))
    assert len(files) == 5
    for file in files:
        assert f"flow run {file.name}" in GUIDE
        flow = Flow.load(file)
        assert flow.description
