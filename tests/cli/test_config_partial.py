"""`trunkline config` against a PBX that does not give all: one without a right, a broken one, an older one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline_emulator import Emulator, running

Line = Callable[..., Any]
ACME = ("--profile", "acme")


@pytest.fixture(autouse=True)
def acme(tmp_path: Path, saved: Callable[..., None], system: System, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in the current one, and the PBX saved as acme."""
    saved(acme=system.url)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUNKLINE_APPLY_DIR", str(tmp_path / "applies"))
    (tmp_path / "acme").mkdir()
    yield tmp_path / "acme"
    system.emulator.clear_faults()


@pytest.fixture
def older(saved: Callable[..., None]) -> Iterator[System]:
    """A PBX of 20.0.7, saved as older."""
    emulator = Emulator("20.0.7", CLIENT, KEY, seed="demo")
    with running(emulator) as url:
        saved(older=url)
        yield System(emulator, url)


def settings(folder: Path, **texts: str) -> None:
    (folder / "settings").mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / "settings" / f"{name}.yaml").write_text(f"{text}\n", encoding="utf-8")


def asked(system: System) -> list[str]:
    """The paths that were read, without their options."""
    paths = (entry.path.partition("?")[0] for entry in system.emulator.journal if entry.method == "GET")
    return [path.removeprefix("/xapi/v1/") for path in paths if path.startswith("/xapi/v1/")]


# ── a setting that can't be read ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("output", ["table", "json", "jsonl"])
@pytest.mark.parametrize("argv", [("plan",), ("plan", "--exit-code"), ("apply", "--yes"), ("apply", "--dry-run")])
def test_a_setting_that_a_client_may_not_read_is_named_and_ends_with_7(
    line: Line, acme: Path, system: System, argv: tuple[str, ...], output: str
) -> None:
    settings(acme, voicemail_settings="AutoDeleteDays: 90")
    system.emulator.add_fault("403@/VoicemailSettings")
    result = line("config", argv[0], "acme", *argv[1:], *ACME, "-o", output)
    assert result.code == 7
    assert "The PBX did not give settings/voicemail_settings, so 1 file is not compared: " in result.err


def test_what_can_be_read_is_applied_beside_a_setting_that_can_not(line: Line, acme: Path, system: System) -> None:
    settings(acme, voicemail_settings="AutoDeleteDays: 90", anti_hacking_settings="HackAuthRequests: 26")
    system.emulator.add_fault("403@/VoicemailSettings")
    result = line("config", "apply", "acme", "--yes", *ACME)
    assert result.code == 7
    assert [(record["key"], record["state"]) for record in result.lines] == [("anti_hacking_settings", "done")]


# ── names that can't be read ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fault", ["403@/Groups*", "garbage@/Groups*"])
def test_a_field_whose_names_are_unread_is_nobody_s_difference_and_stays_in_the_files(
    line: Line, acme: Path, system: System, fault: str
) -> None:
    assert line("config", "export", "--out", "acme", "--only", "users,groups", *ACME).code == 0
    before = {file: file.read_bytes() for file in acme.rglob("*.yaml")}
    assert any(b"PrimaryGroupId: Sales" in text for text in before.values())

    system.emulator.add_fault(fault)
    for argv in (
        ("export", "--out", "acme", "--only", "users,groups", *ACME),
        ("export", "--out", "acme", "--only", "users", *ACME),
        ("diff", "acme", "profile:acme"),
        ("drift", "acme", *ACME),
        ("plan", "acme", "--exit-code", *ACME),
    ):
        result = line("config", *argv)
        assert result.code == 7, argv
        assert result.err.count("Without the names of groups, nobody knows what these fields name: ") == 1, argv
        assert [record for record in result.lines if record.get("differences") != []] == [], argv
    assert {file: file.read_bytes() for file in acme.rglob("*.yaml")} == before


def test_a_new_user_in_a_department_that_can_not_be_looked_up_is_refused(
    line: Line, acme: Path, system: System
) -> None:
    (acme / "users").mkdir()
    (acme / "users" / "177.yaml").write_text("Number: 177\nPrimaryGroupId: Sales\n", encoding="utf-8")
    system.emulator.add_fault("403@/Groups*")
    result = line("config", "plan", "acme", *ACME)
    assert result.code == 2
    assert "names groups/Sales, and the PBX did not give the names of its groups." in result.err


# ── an older version ────────────────────────────────────────────────────────────────────────────


def test_only_the_settings_of_the_folder_are_read(line: Line, acme: Path, system: System) -> None:
    settings(acme, voicemail_settings="AutoDeleteDays: 90", anti_hacking_settings="HackAuthRequests: 26")
    for argv in (("drift", "acme", *ACME), ("diff", "acme", "profile:acme"), ("plan", "acme", *ACME)):
        before = len(asked(system))
        line("config", *argv)
        assert sorted(asked(system)[before:]) == ["AntiHackingSettings", "Defs", "VoicemailSettings"]


def test_what_an_older_version_lacks_is_a_note_and_no_failure(line: Line, acme: Path, older: System) -> None:
    settings(acme, ai_settings="CompanyName: Acme", phones_settings="AutoUpdatePhonesOnAdd: true")
    note = "3CX 20.0.7.0 has not published "
    for argv in (
        ("drift", "acme", "--profile", "older"),
        ("diff", "acme", "profile:older"),
        ("plan", "acme", "--exit-code", "--profile", "older"),
        ("apply", "acme", "--yes", "--profile", "older"),
    ):
        result = line("config", *argv)
        assert result.code == 0, argv
        assert f"{note}settings/ai_settings" in result.err
        assert f"{note}the field AutoUpdatePhonesOnAdd of settings/phones_settings" in result.err
        assert "check-version" not in result.err


def test_an_export_of_an_older_version_is_whole(line: Line, acme: Path, older: System) -> None:
    result = line("config", "export", "--out", "old", "--profile", "older")
    assert result.code == 0
    assert "3CX 20.0.7.0 has not published settings/ai_settings" in result.err
    assert line("config", "diff", "old", "profile:older").code == 0
    assert line("config", "drift", "old", "--profile", "older").code == 0
