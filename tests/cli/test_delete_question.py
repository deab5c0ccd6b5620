"""Deleting what others refer to: on a terminal the question says who does; pipes and --yes go on as before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conftest import System
from terminal import TRUNKLINE, Terminal

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("argv", "name", "fact"),
    [
        (("users", "delete", "15"), "extension 104 Haddad, Leila", "queue 800 Sales (agent)"),
        (("queues", "delete", "61"), "queue 800 Sales", "digital receptionist 820 Main menu (forward 1)"),
        (("custom-prompts", "delete", "welcome.wav"), "file welcome.wav", "Main menu (prompt filename)"),
    ],
)
def test_the_question_says_who_refers_to_it(
    environment: dict[str, str], system: System, argv: tuple[str, ...], name: str, fact: str
) -> None:
    terminal = Terminal([TRUNKLINE, *argv], {**environment, "COLUMNS": "400"})
    seen = terminal.until("[y/N]")
    terminal.type("n\n")
    assert terminal.end() != 0
    assert f"Delete {name} on {system.url}?" in seen
    assert fact in seen
    assert not system.sent("DELETE")


def test_what_can_not_be_read_is_named_and_a_yes_deletes(environment: dict[str, str], system: System) -> None:
    system.emulator.add_fault("403@/Queues*")
    terminal = Terminal([TRUNKLINE, "users", "delete", "15"], environment)
    seen = terminal.until("[y/N]")
    terminal.type("y\n")
    assert terminal.end() == 0
    assert "What could not be read, and may use it too: queues." in seen
    assert system.sent("DELETE") == ["/xapi/v1/Users(15)"]


@pytest.mark.parametrize(
    ("argv", "asked"),
    [
        (("holidays", "delete", "1"), "Delete the holiday New Year on"),
        (("users", "reboot-phone", "--mac", "805EC0000001"), "Reboot phone 805EC0000001 of 101 Lindqvist, Tomás on"),
    ],
)
def test_the_question_names_what_is_at_stake(
    environment: dict[str, str], system: System, argv: tuple[str, ...], asked: str
) -> None:
    terminal = Terminal([TRUNKLINE, *argv], {**environment, "COLUMNS": "400"})
    seen = terminal.until("[y/N]")
    terminal.type("n\n")
    assert terminal.end() == 130
    assert f"{asked} {system.url}?" in seen
    assert not system.sent("DELETE")
    assert not [path for path in system.sent("POST") if "Pbx." in path]


def test_a_fax_is_deleted_without_a_question(environment: dict[str, str], system: System) -> None:
    terminal = Terminal([TRUNKLINE, "fax", "delete", "121"], environment)
    assert terminal.end() == 0
    assert system.sent("DELETE") == ["/xapi/v1/Fax(121)"]


def test_a_pipe_sends_nothing_more(trunkline: Run, system: System) -> None:
    assert trunkline("users", "delete", "15").code == 0
    assert system.sent("DELETE") == ["/xapi/v1/Users(15)"]
    assert len(system.sent("GET")) <= 1  # the version


def test_yes_asks_nothing(environment: dict[str, str], system: System) -> None:
    terminal = Terminal([TRUNKLINE, "users", "delete", "15", "--yes"], environment)
    assert terminal.end() == 0
    assert "[y/N]" not in terminal.seen
    assert len(system.sent("GET")) <= 1
