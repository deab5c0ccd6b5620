"""`trunkline config clone`: from one saved PBX to another, with a map; the plan first, and what stays behind."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from terminal import Terminal
from trunkline import Pbx
from trunkline_emulator import Emulator, running

Line = Callable[..., Any]
CLONE = ("config", "clone", "--from", "acme", "--to", "berlin")
TRUNKLINE = str(Path(sys.executable).with_name("trunkline"))
QUEUES = ("--only", "groups,users,queues")


@pytest.fixture
def berlin() -> Iterator[System]:
    """A PBX that nobody has set up yet."""
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="empty")
    with running(emulator) as url:
        yield System(emulator, url)


@pytest.fixture(autouse=True)
def folder(
    tmp_path: Path, saved: Callable[..., None], system: System, berlin: System, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A current folder with a map of numbers, and both PBXs saved."""
    saved(acme=system.url, berlin=berlin.url)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUNKLINE_APPLY_DIR", str(tmp_path / "applies"))
    (tmp_path / "numbers.csv").write_text("old,new,kind\n1xx,21xx,\n8xx,88xx,\nSales,Vertrieb,groups\n")
    return tmp_path


def numbers(url: str, action: str) -> list[str]:
    with Pbx(url, CLIENT, KEY) as pbx:
        return sorted(row["Number"] for row in pbx.call(action))


def test_a_dry_run_shows_the_plan_and_sends_nothing(line: Line, berlin: System) -> None:
    result = line(*CLONE, *QUEUES, "--map", "numbers.csv", "--dry-run", "-o", "table")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0] == "Wave 1"
    assert "+ groups/Vertrieb  Name: Vertrieb, Language: EN, PromptSet: English Prompts Set and 5 more" in lines
    assert any(each.startswith("+ queues/8800 ") and "after users/2101" in each for each in lines)
    assert result.err.splitlines()[-2:] == [
        f"48 to add, 0 to change, 0 to remove, in 3 waves; {berlin.url}.",
        "Nothing was sent.",
    ]
    assert not berlin.sent("POST")[1:]  # the sign-in


def test_numbers_and_names_are_other_ones_and_a_second_clone_changes_nothing(line: Line, berlin: System) -> None:
    first = line(*CLONE, *QUEUES, "--map", "numbers.csv", "--yes")
    assert first.code == 0
    assert first.err.splitlines()[-1] == f"{berlin.url}: 48 done, 0 failed, 0 unknown, 0 left."
    assert {record["state"] for record in first.lines} == {"done"}
    assert numbers(berlin.url, "queues.list") == ["8800", "8801", "8802"]
    assert numbers(berlin.url, "users.list") == [f"2{number}" for number in range(100, 140)]
    second = line(*CLONE, *QUEUES, "--map", "numbers.csv", "--yes")
    assert (second.code, second.out) == (0, "")
    assert second.err.splitlines()[-1] == f"Nothing to do on {berlin.url}."


def test_records_have_the_fields_that_are_sent_and_what_comes_first(line: Line) -> None:
    result = line(*CLONE, *QUEUES, "--map", "numbers.csv", "--dry-run", "-o", "jsonl")
    (queue,) = [record for record in result.lines if (record["kind"], record["key"]) == ("queues", "8800")]
    fields = {each["field"]: each["new"] for each in queue["fields"]}
    assert fields["Managers"] == ["2101"]
    assert "users/2101" in queue["needs"]
    (user,) = [record for record in result.lines if (record["kind"], record["key"]) == ("users", "2101")]
    assert {"field": "AuthPassword", "old": None, "new": {"!secret": "users/2101/AuthPassword"}} in user["fields"]


def test_secrets_that_are_given_are_sent_and_the_others_named(line: Line, folder: Path, berlin: System) -> None:
    (folder / "secrets.yaml").write_text("users/2101/AuthPassword: not-a-real-password-9\n")
    (folder / "secrets.yaml").chmod(0o600)
    given = ("--secrets", "secrets.yaml")
    result = line(*CLONE, "--only", "groups,users", "--map", "numbers.csv", "--yes", *given)
    assert result.code == 0
    assert "secrets are not given, and left out: users/2100/AccessPassword" in result.err
    assert "not-a-real-password" not in result.out + result.err
    with Pbx(berlin.url, CLIENT, KEY) as pbx:
        held = {row["Number"]: row.get("AuthPassword") for row in pbx.call("users.list")}
    assert held["2101"] == "not-a-real-password-9"
    assert held["2102"] != "not-a-real-password"


def test_what_can_not_be_done_is_refused_with_the_reason_before_anything_is_sent(line: Line, berlin: System) -> None:
    result = line(*CLONE, "--only", "queues", "--yes")
    assert result.code == 2
    assert "queues/800" in result.err
    assert "which is neither in what is brought nor on the PBX" in result.err
    assert not berlin.sent("POST")[1:]


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (("--from", "acme", "--to", "acme"), 2, "Source and target are the same PBX"),
        (("--from", "acme", "--to", "nowhere"), 3, "nowhere"),
        (("--from", "acme", "--to", "berlin", "--only", "queue"), 2, "Did you mean queues"),
        (("--from", "acme", "--to", "berlin", "--map", "none.csv"), 2, "none.csv can't be read"),
        (("--from", "acme",), 2, "Missing option '--to'"),
    ],
)  # fmt: skip
def test_slips_are_reported(line: Line, argv: tuple[str, ...], code: int, words: str) -> None:
    result = line("config", "clone", *argv)
    assert (result.code, words in result.err) == (code, True), result


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 130)])
def test_a_terminal_is_asked_once_the_plan_is_there(
    environment: dict[str, str], folder: Path, berlin: System, answer: str, code: int
) -> None:
    own = {name: value for name, value in environment.items() if not name.startswith("TRUNKLINE_")}
    own["TRUNKLINE_PROFILES"] = str(folder / "own" / "profiles.toml")
    own["TRUNKLINE_APPLY_DIR"] = str(folder / "applies")
    terminal = Terminal([TRUNKLINE, *CLONE, "--only", "holidays"], own)
    assert "+ holidays/Christmas" in terminal.until("Send 3 additions and changes")
    terminal.type(f"{answer}\n")
    assert terminal.end() == code
    assert len(berlin.sent("POST")) - 1 == (3 if answer == "y" else 0)


def test_what_a_refusal_says_to_bring_too_is_enough(line: Line) -> None:
    only = "queues"
    for needed in ("queues,users", "queues,users,groups"):  # agents, and then their departments
        refused = line(*CLONE, "--only", only, "--dry-run")
        assert refused.code == 2
        assert "files" not in refused.err
        (only,) = re.findall(r"too: `--only (\S+)`", refused.err)
        assert only == needed
    assert line(*CLONE, "--only", only, "--dry-run").code == 0


def test_a_clone_that_stopped_goes_on_by_what_it_says(line: Line, berlin: System) -> None:
    fault = berlin.emulator.add_fault({"match": {"operation": "CreateUser"}, "do": {"status": 403}})
    stopped = line(*CLONE, *QUEUES, "--yes")
    assert stopped.code != 0
    (command,) = re.findall(r"`trunkline (.*)` goes on", stopped.err)
    assert command.endswith(" --profile berlin")
    berlin.emulator.remove_fault(fault)
    assert line(*shlex.split(command)).code == 0
    assert len(numbers(berlin.url, "users.list")) == 40
