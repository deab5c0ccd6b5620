"""`trunkline config plan` and `apply`: a folder against a PBX, a plan that is kept, and an apply that goes on."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from terminal import Terminal
from trunkline import Pbx
from trunkline_emulator import Emulator, running

Line = Callable[..., Any]
ACME = ("--profile", "acme")
TRUNKLINE = str(Path(sys.executable).with_name("trunkline"))


@pytest.fixture(autouse=True)
def acme(tmp_path: Path, saved: Callable[..., None], system: System, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the current one, and the PBX saved as acme."""
    saved(acme=system.url)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUNKLINE_APPLY_DIR", str(tmp_path / "applies"))
    write("queues/800", "Name: Renamed")
    return tmp_path / "acme"


def write(name: str, *lines: str) -> None:
    kind, _, key = name.partition("/")
    named = {"users": "Number", "queues": "Number", "holidays": "Name"}.get(kind)
    file = Path("acme", kind, f"{key}.yaml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([*([f"{named}: {key}"] if named else []), *lines, ""]), encoding="utf-8")


def changed(system: System) -> list[str]:
    """What was sent that is not a reading."""
    return [
        f"{entry.method} {entry.path}"
        for entry in system.emulator.journal
        if entry.method != "GET" and "/xapi/" in entry.path
    ]


def going_on(text: str) -> list[str]:
    """Return the words of the one command that a text says goes on."""
    (command,) = re.findall(r"`(trunkline .*)` goes on", text)
    return shlex.split(command)


class TestPlan:
    def test_it_shows_what_would_change_and_sends_nothing(self, line: Line, system: System) -> None:
        result = line("config", "plan", "acme", *ACME, "-o", "table")
        assert (result.code, result.out) == (0, "~ queues/800\n    Name: Sales → Renamed\n")
        assert result.err.splitlines()[-1] == f"0 to add, 1 to change, 0 to remove, in 1 wave; {system.url}."
        assert changed(system) == []

    def test_it_shows_waves_and_what_waits_for_what(self, line: Line) -> None:
        write("queues/877", "Name: New", 'Agents: ["177"]')
        write("users/177", "FirstName: Ada")
        result = line("config", "plan", "acme", *ACME, "-o", "table")
        assert result.out.splitlines() == [
            "Wave 1",
            "+ users/177  Number: 177, FirstName: Ada",
            "~ queues/800",
            "    Name: Sales → Renamed",
            "Wave 2",
            "+ queues/877  Number: 877, Name: New  after users/177",
        ]

    def test_programs_get_json(self, line: Line) -> None:
        (record,) = json.loads(line("config", "plan", "acme", *ACME, "-o", "json").out)
        assert record == {
            "n": 0,
            "wave": 1,
            "change": "change",
            "kind": "queues",
            "key": "800",
            "fields": [{"field": "Name", "old": "Sales", "new": "Renamed"}],
            "needs": [],
        }
        assert line("config", "plan", "acme", *ACME).lines == [record]

    def test_the_exit_code_says_whether_there_is_something_to_do_where_that_is_asked(self, line: Line) -> None:
        assert line("config", "plan", "acme", *ACME, "--exit-code").code == 8
        write("queues/800", "Name: Sales")
        result = line("config", "plan", "acme", *ACME, "--exit-code")
        assert (result.code, result.out) == (0, "")
        assert result.err.splitlines()[-1].startswith("Nothing to do on http")

    def test_all_that_is_refused_is_named_with_its_place(self, line: Line, system: System) -> None:
        write("queues/877", 'Agents: ["199"]')
        write("queues/878", 'Agents: ["198"]')
        result = line("config", "plan", "acme", *ACME)
        assert result.code == 2
        for number, agent in (("877", "199"), ("878", "198")):
            assert (
                f"queues/{number}.yaml:2: queues/{number}: Agents[0] names the number {agent}, "
                "which is neither in the files nor on the PBX." in result.err
            )

    def test_removals_are_said_and_shown_when_they_are_asked_for(self, line: Line) -> None:
        write("holidays/Christmas", "Day: 25")
        kept = line("config", "plan", "acme", *ACME, "--only", "holidays", "-o", "table")
        assert "The PBX has 2 entities that the files lack: holidays/" in kept.err
        assert "- holidays" not in kept.out
        removed = line("config", "plan", "acme", *ACME, "--only", "holidays", "--remove", "-o", "table")
        assert removed.out.count("- holidays/") == 2
        assert "apply would refuse this: 2 of 3 holidays would be removed; at most 10% may be." in removed.err

    def test_what_the_pbx_still_names_is_not_removed(self, line: Line, system: System) -> None:
        """The folder has no queues, and queue 800 of the demo company has 101 as an agent and as its manager."""
        write("users/100", "FirstName: Alice")
        Path("acme", "trunkline.yaml").write_text('manage: {users: ["101"]}\n', encoding="utf-8")
        Path("acme", "queues", "800.yaml").unlink()
        result = line("config", "plan", "acme", *ACME, "--remove")
        assert (result.code, result.out) == (2, "")
        for field in ("Agents[0]", "ForwardNoAnswer.Number", "Managers[0]"):
            assert f"queues/800: {field} names users/101, which would be removed." in result.err
        assert "as an offboarding does" in result.err

    def test_several_pbxs_have_a_plan_each(self, line: Line, saved: Callable[..., None], system: System) -> None:
        emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo")
        with running(emulator) as url:
            saved(acme=system.url, berlin=url)
            result = line("config", "plan", "acme", "--all-profiles")
        assert [(record["pbx"], record["key"]) for record in result.lines] == [("acme", "800"), ("berlin", "800")]

    def test_the_plan_of_several_can_not_be_saved(self, line: Line, saved: Callable[..., None], system: System) -> None:
        saved(acme=system.url, berlin="https://pbx.example.com")
        result = line("config", "plan", "acme", "--all-profiles", "--save", "x.plan")
        assert (result.code, "--save keeps the plan of one PBX" in result.err) == (2, True)


class TestApply:
    def test_a_folder_is_applied_and_then_there_is_nothing_to_do(self, line: Line, system: System) -> None:
        result = line("config", "apply", "acme", *ACME, "-o", "table")
        assert (result.code, result.out) == (0, "~ queues/800\n    Name: Sales → Renamed\n")
        assert result.err.endswith(f"{system.url}: 1 done, 0 failed, 0 unknown, 0 left.\n")
        assert len(changed(system)) == 1
        again = line("config", "apply", "acme", *ACME)
        assert (again.code, again.out) == (0, "")
        assert again.err.endswith(f"Nothing to do on {system.url}.\n")
        assert len(changed(system)) == 1

    def test_programs_get_the_outcome_of_each_step(self, line: Line) -> None:
        (record,) = line("config", "apply", "acme", *ACME).lines
        assert (record["key"], record["state"]) == ("800", "done")

    def test_a_dry_run_sends_nothing(self, line: Line, system: System) -> None:
        result = line("config", "apply", "acme", *ACME, "--dry-run", "-o", "table")
        assert (result.code, result.out) == (0, "~ queues/800\n    Name: Sales → Renamed\n")
        assert result.err.endswith("Nothing was sent.\n")
        assert changed(system) == []

    def test_a_saved_plan_is_applied_once(self, line: Line, system: System) -> None:
        assert line("config", "plan", "acme", *ACME, "--save", "acme.plan").code == 0
        assert line("config", "apply", "acme.plan", *ACME).code == 0
        again = line("config", "apply", "acme.plan", *ACME)
        assert again.code == 0
        assert "is finished, and nothing is sent again." in again.err
        assert len(changed(system)) == 1

    def test_a_saved_plan_is_refused_after_a_change(self, line: Line, system: System, pbx: Pbx) -> None:
        line("config", "plan", "acme", *ACME, "--save", "acme.plan")
        (row,) = pbx.call("queues.list", filter="Number eq '800'")
        pbx.call("queues.update", Id=row["Id"], body={"RingTimeout": 33})
        result = line("config", "apply", "acme.plan", *ACME)
        assert result.code == 2
        assert "queues/800 changed since the plan was made." in result.err
        assert len(changed(system)) == 1

    def test_a_plan_that_was_made_with_secrets_needs_them(self, line: Line, system: System, tmp_path: Path) -> None:
        write("users/177", "FirstName: Ada", "AuthPassword: !secret users/177/AuthPassword")
        secrets = tmp_path / "secrets.yaml"
        secrets.touch(0o600)
        secrets.write_text("users/177/AuthPassword: Zebra-77-Quagga\n")
        line("config", "plan", "acme", *ACME, "--save", "acme.plan", "--secrets", str(secrets))
        result = line("config", "apply", "acme.plan", *ACME)
        assert (result.code, changed(system)) == (2, [])
        assert "made with 1 secret that nothing gives now: users/177/AuthPassword." in result.err
        assert "--secrets" in result.err
        system.emulator.add_fault({"match": {"operation": "CreateUser"}, "do": {"status": 403}})
        assert "1 left" in line("config", "apply", "acme.plan", *ACME, "--secrets", str(secrets)).err
        system.emulator.clear_faults()
        again = line("config", "apply", "acme.plan", *ACME)  # one that goes on needs what is left
        assert again.code == 2
        assert "that nothing gives now: users/177/AuthPassword." in again.err
        assert line("config", "apply", "acme.plan", *ACME, "--secrets", str(secrets)).code == 0
        assert line("config", "apply", "acme.plan", *ACME).code == 0  # nothing is left

    def test_what_failed_is_named_and_ends_with_7(self, line: Line, system: System) -> None:
        write("users/177", "FirstName: Ada")
        write("queues/877", "Name: New", 'Agents: ["177"]')
        system.emulator.add_fault({"match": {"operation": "CreateUser"}, "do": {"status": 400}})
        result = line("config", "apply", "acme", *ACME)
        assert result.code == 7
        assert "add users/177: " in result.err
        assert "add queues/877: It needs users/177, which could not be added." in result.err
        assert "1 done, 2 failed, 0 unknown, 0 left." in result.err
        assert [record["state"] for record in result.lines] == ["failed", "done", "failed"]

    def test_one_that_stopped_goes_on_by_its_name(self, line: Line, system: System, tmp_path: Path) -> None:
        write("users/177", "FirstName: Ada")
        fault = system.emulator.add_fault({"match": {"operation": "CreateUser"}, "do": {"status": 403}})
        result = line("config", "apply", "acme", *ACME)
        assert result.code != 0
        command = going_on(result.err)
        assert command[4:] == [*ACME]
        system.emulator.remove_fault(fault)
        again = line(*command[1:])
        assert again.code == 0
        assert "2 done, 0 failed, 0 unknown, 0 left." in again.err

    def test_what_goes_on_can_be_pasted_with_its_address_and_its_secrets(self, line: Line, system: System) -> None:
        write("users/177", "FirstName: Ada", "AuthPassword: !secret users/177/AuthPassword")
        secrets = Path("my secrets.yaml")
        secrets.write_text("users/177/AuthPassword: Zebra-77-Quagga\n")
        secrets.chmod(0o600)
        fault = system.emulator.add_fault({"match": {"operation": "CreateUser"}, "do": {"status": 403}})
        given = ("--url", system.url, "--client-id", CLIENT)
        result = line("config", "apply", "acme", *given, "--api-key", KEY, "--secrets", str(secrets))
        command = going_on(result.err)
        assert command[4:] == [*given, "--secrets", "my secrets.yaml"]
        assert KEY not in result.err
        system.emulator.remove_fault(fault)
        assert line(*command[1:], "--api-key", KEY).code == 0

    def test_removals_need_a_yes(self, line: Line, system: System) -> None:
        write("holidays/Christmas", "Day: 25")
        options = ("--only", "holidays", "--remove", "--max-removals", "2")
        refused = line("config", "apply", "acme", *ACME, *options)
        assert refused.code == 2
        assert "The plan would remove 2 of 3 holidays, and nobody has confirmed that." in refused.err
        assert changed(system) == []
        assert line("config", "apply", "acme", *ACME, *options, "--yes").code == 0
        assert sorted(path[:24] for path in changed(system)) == ["DELETE /xapi/v1/Holidays"] * 2

    @pytest.mark.parametrize(("answer", "code", "sent"), [("y\n", 0, 1), ("n\n", 130, 0)])
    def test_a_person_is_asked(
        self, environment: dict[str, str], tmp_path: Path, system: System, answer: str, code: int, sent: int
    ) -> None:
        own = environment | {"TRUNKLINE_APPLY_DIR": str(tmp_path / "applies")}
        terminal = Terminal([TRUNKLINE, "config", "apply", str(tmp_path / "acme")], own)
        assert "Name: Sales → Renamed" in terminal.until("Send 1 addition or change")
        terminal.type(answer)
        assert terminal.end() == code
        assert len(changed(system)) == sent

    def test_options_of_a_folder_are_refused_for_a_plan(self, line: Line) -> None:
        line("config", "plan", "acme", *ACME, "--save", "acme.plan")
        result = line("config", "apply", "acme.plan", *ACME, "--remove")
        assert result.code == 2
        assert "--remove goes with a folder" in result.err

    @pytest.mark.parametrize("command", ["plan", "apply", "drift"])
    def test_an_empty_text_is_not_the_current_folder(self, line: Line, system: System, command: str) -> None:
        result = line("config", command, "", *ACME)
        assert (result.code, result.out) == (2, "")
        assert "it is empty; the current folder is a dot." in result.err
        assert system.sent("GET") == []

    def test_what_is_not_there_is_named(self, line: Line) -> None:
        result = line("config", "apply", "nothing", *ACME)
        assert result.code == 3
        assert "There is no folder, no saved plan and no apply 'nothing'." in result.err

    def test_a_secret_is_sent_and_shown_nowhere(self, line: Line, system: System, tmp_path: Path, pbx: Pbx) -> None:
        write("users/177", "FirstName: Ada", "AuthPassword: !secret users/177/AuthPassword")
        secrets = tmp_path / "secrets.yaml"
        secrets.write_text("users/177/AuthPassword: Zebra-77-Quagga\n")
        secrets.chmod(0o600)
        line("config", "plan", "acme", *ACME, "--secrets", str(secrets), "--save", "acme.plan")  # its ledger is kept
        result = line("config", "apply", "acme.plan", *ACME, "--secrets", str(secrets), "-o", "json")
        assert result.code == 0
        (row,) = pbx.call("users.list", filter="Number eq '177'", select=["AuthPassword"])
        assert row["AuthPassword"] == "Zebra-77-Quagga"
        kept = b"".join(file.read_bytes() for file in (tmp_path / "applies").iterdir())
        assert "Zebra-77" not in result.out + result.err
        assert b"Zebra-77" not in kept


def test_several_pbxs_are_changed_after_one_yes(line: Line, saved: Callable[..., None], system: System) -> None:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo")
    with running(emulator) as url:
        saved(acme=system.url, berlin=url)
        refused = line("config", "apply", "acme", "--all-profiles")
        assert refused.code == 2
        assert "--yes" in refused.err
        result = line("config", "apply", "acme", "--all-profiles", "--yes")
        assert result.code == 0
        assert [(record["pbx"], record["state"]) for record in result.lines] == [("acme", "done"), ("berlin", "done")]
        assert line("config", "plan", "acme", "--all-profiles", "--exit-code").code == 0


def test_of_several_pbxs_what_goes_on_names_the_one(line: Line, saved: Callable[..., None], system: System) -> None:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo")
    with running(emulator) as url:
        saved(acme=system.url, berlin=url)
        fault = emulator.add_fault({"match": {"operation": "UpdateQueue"}, "do": {"status": 403}})
        result = line("config", "apply", "acme", "--all-profiles", "--yes")
        command = going_on(result.err)
        assert command[4:] == ["--profile", "berlin"]
        emulator.remove_fault(fault)
        assert line(*command[1:]).code == 0
