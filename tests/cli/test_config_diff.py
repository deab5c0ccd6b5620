"""`trunkline config diff` and `drift`: folders, saved PBXs, addresses and commits beside each other."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest import CLIENT, KEY, System
from nasty import closed_port
from terminal import TRUNKLINE, Terminal
from trunkline import Pbx
from trunkline_emulator import Emulator, running

Line = Callable[..., Any]
Saved = Callable[..., None]


@pytest.fixture
def acme(tmp_path: Path, pbx: Pbx, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the names of the PBX's queues, in the current folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "acme"
    for row in pbx.call("queues.list"):
        queue(folder, row["Number"], row["Name"])
    return folder


def queue(folder: Path, number: str, name: str) -> None:
    path = folder / "queues" / f"{number}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"Number: {number}\nName: {name}\n", encoding="utf-8")


@pytest.fixture
def here(acme: Path, saved: Saved, system: System) -> Path:
    """The same, and the PBX saved as acme."""
    saved(acme=system.url)
    return acme


def test_a_folder_and_its_pbx_are_the_same(line: Line, here: Path) -> None:
    result = line("config", "diff", "acme", "profile:acme")
    assert (result.code, result.out, result.err) == (0, "", "folder acme → profile acme: no difference.\n")


def test_what_differs_ends_with_8_and_stands_in_a_table_with_signs(line: Line, here: Path) -> None:
    queue(here, "800", "Renamed")
    queue(here, "859", "New")
    result = line("config", "diff", "profile:acme", "acme", "-o", "table")
    assert result.code == 8
    assert result.out == "~ queues/800\n    Name: Sales → Renamed\n+ queues/859  Number: 859, Name: New\n"
    assert result.err == "profile acme → folder acme: 1 added, 1 changed.\n"


def test_of_what_was_added_all_fields_can_be_shown(line: Line, here: Path) -> None:
    queue(here, "859", "New")
    result = line("config", "diff", "profile:acme", "acme", "-o", "table", "--full")
    assert result.out == "+ queues/859\n    Number: 859\n    Name: New\n"


def test_programs_get_json(line: Line, here: Path) -> None:
    queue(here, "800", "Renamed")
    record = {
        "kind": "queues",
        "key": "800",
        "change": "changed",
        "fields": [{"field": "Name", "old": "Sales", "new": "Renamed"}],
    }
    assert line("config", "diff", "profile:acme", "acme").lines == [record]
    assert json.loads(line("config", "diff", "profile:acme", "acme", "-o", "json").out) == [record]


def test_a_merge_request_gets_markdown(line: Line, here: Path) -> None:
    queue(here, "800", "Renamed | by @hand")
    result = line("config", "diff", "profile:acme", "acme", "-o", "markdown")
    assert result.out.startswith("### `profile acme` → `folder acme`: 1 changed\n")
    assert "| ✏️ | `800` | `Name` | `Sales` | `Renamed \\| by @hand` |\n" in result.out


def test_only_some_kinds_are_compared_and_read(line: Line, here: Path, system: System) -> None:
    queue(here, "800", "Renamed")
    (here / "holidays").mkdir()
    (here / "holidays" / "New.yaml").write_text("Name: New\n", encoding="utf-8")
    result = line("config", "diff", "acme", "profile:acme", "--only", "holidays")
    assert ("removed", "New") in {(record["change"], record["key"]) for record in result.lines}
    assert {record["kind"] for record in result.lines} == {"holidays"}
    assert not any(path.startswith("/Queues") for path in system.sent("GET"))
    assert line("config", "diff", "acme", "profile:acme", "--only", "queue").err.startswith(
        "Error: There is no kind 'queue'. Did you mean queues?"
    )


def test_an_address_is_a_pbx(line: Line, here: Path, system: System) -> None:
    result = line("config", "diff", "acme", system.url, "--client-id", CLIENT, "--client-secret", KEY)
    assert (result.code, result.err) == (0, f"folder acme → {system.url}: no difference.\n")


def test_a_folder_comes_before_a_saved_pbx_of_its_name(line: Line, here: Path) -> None:
    queue(here, "800", "Renamed")
    result = line("config", "diff", "acme", "acme")
    assert result.code == 0
    assert result.err.startswith("Both sides are folder acme; a saved PBX of that name is profile:NAME.\n")


def test_the_name_of_a_saved_pbx_is_enough_where_no_folder_has_it(
    line: Line, here: Path, saved: Saved, system: System
) -> None:
    saved(customer=system.url)
    assert line("config", "diff", "acme", "customer").err == "folder acme → profile customer: no difference.\n"


def test_a_folder_is_compared_with_what_it_was_in_a_commit(line: Line, here: Path) -> None:
    git = ["git", "-c", "user.name=T", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "acme"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *command], check=True)
    queue(here, "800", "Renamed")
    result = line("config", "diff", "HEAD:acme", "acme", "-o", "table")
    assert (result.code, result.out) == (8, "~ queues/800\n    Name: Sales → Renamed\n")
    assert result.err == "HEAD:acme → folder acme: 1 changed.\n"


@pytest.mark.parametrize(
    ("side", "code", "message"),
    [
        ("unknown", 2, "There is no folder 'unknown', and no saved PBX of that name. Saved PBXs: acme."),
        ("profile:unknown", 3, "unknown"),
        ("HEAD:acme", 2, "is not in a repository of git"),
        ("", 2, "A side is an empty text."),
        ("acme/queues/800.yaml", 2, "acme/queues/800.yaml is a file, and a configuration is a folder."),
    ],
)
def test_a_side_that_names_nothing_is_refused(line: Line, here: Path, side: str, code: int, message: str) -> None:
    result = line("config", "diff", "acme", side)
    assert (result.code, result.out) == (code, "")
    assert message in result.err


def test_a_wrong_file_is_named_with_its_line(line: Line, here: Path) -> None:
    (here / "queues" / "800.yaml").write_text("Number: 800\nNaem: Sales\n", encoding="utf-8")
    result = line("config", "diff", "acme", "profile:acme")
    assert result.code == 2
    assert "queues/800.yaml:2" in result.err


def test_what_a_client_may_not_read_is_named_and_ends_with_7(line: Line, here: Path, system: System) -> None:
    queue(here, "800", "Renamed")
    (here / "holidays").mkdir()
    (here / "holidays" / "New.yaml").write_text("Name: New\n", encoding="utf-8")
    system.emulator.add_fault("403@/Queues*")
    result = line("config", "diff", "acme", "profile:acme", "-o", "jsonl")
    assert result.code == 7
    assert {record["kind"] for record in result.lines} == {"holidays"}
    assert "Not compared: queues. " in result.err
    assert line("config", "drift", "acme", "--profile", "acme").lines[0]["unread"].keys() == {"queues"}


def test_fields_that_a_pbx_does_not_give_differ_nowhere_and_stay_in_the_files(
    line: Line, here: Path, system: System
) -> None:
    """A 3CX that can't expand a list at the moment has not lost the agents of its queues."""
    assert line("config", "export", "--out", "acme", "--only", "queues", "--profile", "acme").code == 0
    before = (here / "queues" / "800.yaml").read_bytes()
    assert b"Agents:\n" in before
    warning = "The PBX does not give Groups, Agents, Managers of its queues: "
    for argv, whose in (
        (("diff", "acme", "profile:acme"), "profile acme: "),
        (("drift", "acme", "--profile", "acme"), "acme: "),
        (("export", "--out", "acme", "--only", "queues", "--profile", "acme"), ""),
        (("plan", "acme", "--profile", "acme", "--exit-code"), ""),
    ):
        system.emulator.clear_faults()
        system.emulator.add_fault("500:times=1@/Queues*")
        result = line("config", *argv)
        assert f"{whose}{warning}" in result.err
        assert result.code == 7
        assert [record for record in result.lines if "compared" not in record] == []
    assert (here / "queues" / "800.yaml").read_bytes() == before


def test_phones_are_not_gone_where_a_pbx_does_not_give_them(line: Line, here: Path, system: System) -> None:
    assert line("config", "export", "--out", "acme", "--only", "phones", "--profile", "acme").code == 0
    system.emulator.add_fault("500:times=1@/Users*")
    result = line("config", "export", "--out", "acme", "--only", "phones", "--profile", "acme")
    assert (result.code, result.out) == (7, "")
    assert "Not exported: phones." in result.err


def test_only_must_name_a_kind(line: Line, here: Path) -> None:
    result = line("config", "diff", "acme", "profile:acme", "--only", " ,")
    assert result.code == 2
    assert "name one kind or several, such as queues,hours." in result.err


# ── drift ───────────────────────────────────────────────────────────────────────────────────────


def test_drift_names_the_pbxs_that_differ(line: Line, here: Path, saved: Saved, system: System) -> None:
    saved(one=system.url, two=system.url)
    assert line("config", "drift", "acme", "--all-profiles").code == 0
    queue(here, "800", "Renamed")
    queue(here, "859", "New")
    result = line("config", "drift", "acme", "--all-profiles", "-o", "table")
    assert result.code == 8
    assert [row.split()[:3] for row in result.out.splitlines()[2:]] == [["one", "2", "differ"], ["two", "2", "differ"]]
    assert result.err == "2 of 2 PBXs differ.\n"


def test_drift_of_each_pbx_against_its_own_folder(line: Line, here: Path, saved: Saved, system: System) -> None:
    saved(acme=system.url, other=system.url)
    result = line("config", "drift", ".", "--each", "--all-profiles")
    acme, other = result.lines
    assert result.code == 7
    assert (acme["pbx"], acme["counts"], acme["compared"], acme["error"]) == ("acme", {}, 3, None)
    assert (other["pbx"], other["error"]["code"]) == ("other", "invalid_argument")
    assert "There is no folder other" in result.err
    queue(here.parent / "other", "800", "Renamed")
    result = line("config", "drift", ".", "--each", "--all-profiles", "-o", "json")
    (acme, other) = json.loads(result.out)
    assert result.code == 8
    assert other["counts"] == {"queues": {"added": 2, "removed": 0, "changed": 1}}
    assert [(each["change"], each["key"]) for each in other["differences"]] == [
        ("changed", "800"),
        ("added", "801"),
        ("added", "802"),
    ]


def test_a_pbx_that_is_away_is_a_row_of_its_own(line: Line, here: Path, saved: Saved, system: System) -> None:
    queue(here, "800", "Renamed")
    saved(acme=system.url, away=closed_port())
    result = line("config", "drift", "acme", "--all-profiles", "-o", "prometheus")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(result.out)
        for sample in family.samples
    }
    assert result.code == 7
    assert samples["trunkline_config_drift", "acme"] == 1
    assert samples["trunkline_config_drift_entities", "acme", "queues", "changed"] == 1
    assert [samples["trunkline_config_drift_up", name] for name in ("acme", "away")] == [1, 0]
    assert "away: " in result.err


def test_one_pbx_is_enough_and_no_folder_for_any_of_them_is_an_error(line: Line, here: Path) -> None:
    assert line("config", "drift", "acme", "--profile", "acme").err == "acme: same.\n"
    result = line("config", "drift", "acme", "--each", "--profile", "acme")
    assert (result.code, "acme has no folder for any of the PBXs, such as acme." in result.err) == (2, True)


# ── on a terminal ───────────────────────────────────────────────────────────────────────────────


def test_a_terminal_gets_colours_unless_it_wants_none(acme: Path, environment: dict[str, str], system: System) -> None:
    queue(acme, "800", "Renamed")
    queue(acme, "859", "New")
    argv = [TRUNKLINE, "config", "diff", system.url, "acme"]
    plain = Terminal(argv, environment, folder=acme.parent)
    assert plain.end() == 8
    assert "\x1b[" not in plain.seen
    coloured = Terminal(argv, {**environment, "NO_COLOR": ""}, folder=acme.parent)
    assert coloured.end() == 8
    assert "\x1b[33m~ queues/800\x1b[0m" in coloured.seen
    assert "\x1b[32m+ queues/859" in coloured.seen


def test_ctrl_c_ends_a_drift_with_what_was_compared(
    here: Path, environment: dict[str, str], saved: Saved, system: System, file: Path
) -> None:
    silent = Emulator(client_id=CLIENT, api_key=KEY, seed="demo")
    silent.add_fault("silence@*")
    with running(silent) as url:
        saved(acme=system.url, silent=url)
        argv = [TRUNKLINE, "config", "drift", "acme", "--all-profiles"]
        terminal = Terminal(argv, {**environment, "TRUNKLINE_PROFILES": str(file)}, folder=here.parent)
        terminal.until("1/2 PBXs")
        terminal.type("\x03")
        assert terminal.end() == 130
    assert "acme  same" in re.sub(" +", "  ", terminal.seen)
    assert "Interrupted: 1 of 2 PBXs were compared." in terminal.seen
