"""`trunkline status`: one PBX, or many as a table, and what needs attention."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from healthy import Serve, backup, later, trunk
from nasty import closed_port
from terminal import TRUNKLINE, Terminal
from trunkline import Status

Line = Callable[..., Any]
Ask = Callable[..., Any]


@pytest.fixture
def at(line: Line) -> Ask:
    """Run `trunkline status` on a PBX."""

    def run(url: str, *argv: str, client: str = CLIENT, key: str = KEY) -> Any:
        return line("status", "--url", url, "--client-id", client, "--client-secret", key, *argv)

    return run


@pytest.fixture
def troubled(system: System) -> Iterator[System]:
    """The demo company, whose faults and variants end with the test."""
    yield system
    system.emulator.clear_faults()
    system.emulator.vary({"licence": "ok"})


# ── one PBX ─────────────────────────────────────────────────────────────────────────────────────


def test_a_pipe_gets_one_object_with_everything(at: Ask, system: System) -> None:
    shown = at(system.url)
    assert (shown.code, shown.err) == (0, "")
    (row,) = shown.lines
    assert msgspec.to_builtins(msgspec.convert(row, Status)) == row
    assert (row["url"], row["calls"]["licensed"], row["error"]) == (system.url, 16, None)


@pytest.mark.parametrize(
    ("changes", "options", "fields", "code"),
    [
        ({}, ("--check",), [], 0),
        ({"Backups": []}, (), ["backup"], 0),
        ({"Backups": []}, ("--check",), ["backup"], 1),
        ({"Backups": [backup(7.5)]}, ("--check", "--backup-days", "8"), [], 0),
        ({"Backups": [backup(6.5)]}, ("--check", "--backup-days", "6"), ["backup"], 1),
        ({}, ("--licence-days", "401"), ["licence"], 0),
    ],
)
def test_concerns_and_the_limits_they_go_by(
    at: Ask, serve: Serve, changes: dict[str, Any], options: tuple[str, ...], fields: list[str], code: int
) -> None:
    shown = at(serve(**changes).url, *options)
    assert [concern["field"] for concern in shown.lines[0]["concerns"]] == fields
    assert shown.code == code


def test_every_command_that_is_advised_works(line: Line, saved: Callable[..., None], serve: Serve) -> None:
    licence = {"LicenseKey": "X", "ExpirationDate": later(1), "MaintenanceExpiresAt": later(2), "MaxSimCalls": 1}
    users = [{"Id": 900, "Number": "100", "FirstName": "Ada", "LastName": "Quill", "IsRegistered": False}]
    disk = {"FreeDiskSpace": 0}
    system = serve(LicenseStatus=licence, Backups=[], Trunks=[trunk("10000", False)], Users=users, SystemStatus=disk)
    saved(acme=system.url)
    system.emulator.add_fault("500@/GetUpdates*")
    (row,) = line("status", "--profile", "acme").lines
    shown = line("status", "--profile", "acme", "-o", "table").out
    system.emulator.clear_faults()
    fields = {concern["field"] for concern in row["concerns"]}
    assert fields == {"licence", "trunks", "extensions", "disk", "backup", "unavailable"}
    commands = re.findall("`(trunkline .*)`", shown)
    assert len(commands) == len(row["concerns"])
    for command in commands:
        _, *argv = shlex.split(command)
        assert "--profile acme" in command
        assert line(*argv).code == 0, command


# ── a PBX that can't be read ─────────────────────────────────────────────────────────────────────


def test_a_dead_pbx_ends_with_6(at: Ask) -> None:
    shown = at(closed_port())
    assert (shown.code, shown.out) == (6, "")
    assert "can't be reached" in shown.err


def test_a_pbx_that_hangs_ends_with_6(at: Ask, troubled: System) -> None:
    troubled.emulator.add_fault("silence@/*")
    shown = at(troubled.url, "--timeout", "0.3")
    assert (shown.code, shown.out) == (6, "")
    assert troubled.url.removeprefix("http://") in shown.err
    assert "--timeout" in shown.err


def test_refused_credentials_end_with_4_after_one_try(at: Ask, system: System) -> None:
    shown = at(system.url, key="wrong")
    assert (shown.code, shown.out) == (4, "")
    assert system.sent("POST") == ["/connect/token"]


def test_a_client_without_rights_ends_with_5_and_a_command_that_says_more(at: Ask, system: System) -> None:
    shown = at(system.url, client=VIEWER, key=VIEWER_KEY)
    assert (shown.code, shown.out) == (5, "")
    assert "may see nothing of its status (403)" in shown.err
    assert shown.err.endswith(" doctor`\n")


# ── many PBXs ───────────────────────────────────────────────────────────────────────────────────


def test_of_many_each_is_a_row_and_the_worst_come_first(line: Line, saved: Callable[..., None], serve: Serve) -> None:
    well = serve()
    ill = serve(Backups=[], Trunks=[trunk("10000", False)])
    poor = serve(Backups=[])
    saved(well=well.url, ill=ill.url, poor=poor.url, dead=closed_port(), away=closed_port(), keyless=("away",))
    shown = line("status", "--all")
    assert shown.code == 7
    assert [row["pbx"] for row in shown.lines] == ["away", "dead", "ill", "poor", "well"]
    assert len({tuple(row) for row in shown.lines}) == 1, "every row has the same fields in the same order"
    away, dead, ill, *_ = shown.lines
    assert "login" in str(away["error"]["hint"])
    assert (dead["error"]["code"], dead["version"]) == ("unreachable", None)
    assert [concern["field"] for concern in ill["concerns"]] == ["trunks", "backup"]
    assert ill["concerns"][0]["hint"]["action"] == "trunks.list"
    assert shown.err == "The status of 2 of 5 PBXs could not be read.\n"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--profile", "customer-*"), ["customer-a", "customer-b"]),
        (("--profile", "customer-a", "--profile", "shop"), ["customer-a", "shop"]),
        (("--profile", "s*"), ["shop"]),
        (("--all",), ["customer-a", "customer-b", "shop"]),
    ],
)
def test_profiles_are_named_by_patterns(
    line: Line, saved: Callable[..., None], options: tuple[str, ...], names: list[str], serve: Serve
) -> None:
    system = serve()
    saved(**{"customer-a": system.url, "customer-b": system.url, "shop": system.url})
    shown = line("status", *options, "-o", "json")
    assert shown.code == 0
    assert [row["pbx"] for row in json.loads(shown.out)] == names


@pytest.mark.parametrize("place", ["before", "after"])
def test_one_profile_by_its_name_is_one_object(
    line: Line, saved: Callable[..., None], place: str, serve: Serve
) -> None:
    system = serve()
    saved(acme=system.url)
    named = ("--profile", "acme")
    argv = (*named, "status") if place == "before" else ("status", *named)
    assert json.loads(line(*argv, "-o", "json").out)["pbx"] == "acme"


@pytest.mark.parametrize(
    ("backups", "options", "code"),
    [([backup(1)], ("--check",), 0), ([], ("--check",), 1), ([], (), 0)],
)
def test_check_looks_at_all_of_them(
    line: Line, saved: Callable[..., None], backups: list[Any], options: tuple[str, ...], code: int, serve: Serve
) -> None:
    well = serve()
    other = serve(Backups=backups)
    saved(well=well.url, other=other.url)
    assert line("status", "--all", *options).code == code


@pytest.mark.parametrize(
    ("argv", "code", "shown"),
    [
        (("--all", "--profile", "a"), 2, "--all is every saved PBX"),
        (("--all", "--url", "https://pbx.example.com"), 2, "--url goes with one PBX"),
        (("--profile", "a*", "--client-id", "x"), 2, "--client-id goes with one PBX"),
        (("--profile", "z*"), 3, "No profile is called 'z*'"),
        (("--profile", "z"), 3, "No profile is called 'z'"),
        (("--backup-days", "-1"), 2, "--backup-days"),
        (("--query", "["), 2, "--query"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_sent(
    line: Line, saved: Callable[..., None], argv: tuple[str, ...], code: int, shown: str
) -> None:
    saved(a=closed_port())
    answer = line("status", *argv)
    assert (answer.code, answer.out) == (code, "")
    assert shown in answer.err


def test_nothing_saved_is_no_empty_fleet(line: Line) -> None:
    shown = line("status", "--all")
    assert shown.code == 3
    assert "trunkline login NAME" in shown.err


# ── how it is written ───────────────────────────────────────────────────────────────────────────


def test_the_shared_options_say_how_it_is_written(at: Ask, system: System) -> None:
    assert at(system.url, "--columns", "version,calls.active", "-o", "csv").out == (
        "version,calls.active\n20.0.10.0,4\n"
    )
    assert at(system.url, "--query", "services.running").out == "8\n"
    assert at(system.url, "-o", "yaml", "--columns", "version").out == "version: 20.0.10.0\n"


def test_a_table_says_why_a_part_is_not_there(at: Ask, troubled: System) -> None:
    troubled.emulator.add_fault("500@/SystemStatus*")
    out = at(troubled.url, "-o", "table").out
    assert "System     unavailable: 127.0.0.1:" in out
    assert "Services   8 of 8 running" in out
    assert "Calls      ? of 16" in out
    assert "Disk" not in out


def test_a_terminal_gets_a_table_and_what_to_type_next(environment: dict[str, str], system: System) -> None:
    terminal = Terminal([TRUNKLINE, "status"], environment)
    assert terminal.end() == 0
    assert "35 of 40 registered" in terminal.seen
    assert "20.0.10.0 (20.0.10.1 is available)" in terminal.seen
    assert "Concerns:\r\n  The last backup is " in terminal.seen
    assert """backups backup --description '{"Name":"now"}'""" in terminal.seen


def test_a_narrow_terminal_cuts_no_command(
    environment: dict[str, str], saved: Callable[..., None], file: Path, serve: Serve
) -> None:
    system = serve(Backups=[])
    saved(acme=system.url, dead=closed_port())
    own = {**environment, "COLUMNS": "60", "TRUNKLINE_PROFILES": str(file)}
    terminal = Terminal([TRUNKLINE, "status", "--all"], own, size=(24, 60))
    assert terminal.end() == 7
    assert "FAILED" in terminal.seen
    assert """--profile acme backups backup --description '{"Name":"now"}'""" in terminal.seen
    assert "dead: 127.0.0.1:" in terminal.seen
    assert "The status of 1 of 2 PBXs could not be read." in terminal.seen


def test_ctrl_c_shows_what_was_seen_so_far(
    environment: dict[str, str], saved: Callable[..., None], file: Path, serve: Serve
) -> None:
    quick = serve()
    slow = serve()
    saved(quick=quick.url, slow=slow.url)
    slow.emulator.add_fault("silence@/*")
    terminal = Terminal([TRUNKLINE, "status", "--all"], {**environment, "TRUNKLINE_PROFILES": str(file)})
    terminal.until("1/2")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "Interrupted: the status of 1 of 2 PBXs was read." in terminal.seen
    assert "quick   ok" in terminal.seen
