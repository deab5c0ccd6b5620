"""`trunkline offboard`: the plan, the question, what was done as records, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema

from conftest import System
from terminal import TRUNKLINE, Terminal

Run = Callable[..., Any]
SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "schemas" / "offboard.json"
LEAVE = ("offboard", "104", "--replace-with", "106", "--then", "delete")


def test_a_plan_sends_nothing_and_apply_does_it(trunkline: Run, system: System) -> None:
    plan = trunkline(*LEAVE)
    assert (plan.code, [record["state"] for record in plan.lines]) == (0, ["not_started", "not_started"])
    assert not system.sent("PATCH")
    assert not system.sent("DELETE")
    done = trunkline(*LEAVE, "--apply", "--yes")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for record in [*plan.lines, *done.lines]:
        jsonschema.validate(record, schema)
    assert (done.code, [record["state"] for record in done.lines]) == (0, ["done", "done"])
    assert (done.lines[0]["action"], done.lines[0]["key"]) == ("queues.update", {"Id": 61})
    assert system.sent("DELETE") == ["/xapi/v1/Users(15)"]
    again = trunkline(*LEAVE, "--apply", "--yes")
    assert (again.code, again.out) == (0, "")
    assert "nothing to do" in again.err


def test_a_removal_without_a_yes_is_refused_in_a_pipe(trunkline: Run, system: System) -> None:
    done = trunkline(*LEAVE, "--apply")
    assert done.code == 2
    assert not system.sent("PATCH")


def test_a_failure_keeps_the_extension(trunkline: Run, system: System) -> None:
    system.emulator.add_fault({"match": {"method": "PATCH"}, "do": {"status": 400}})
    done = trunkline(*LEAVE, "--apply", "--yes")
    assert (done.code, [record["state"] for record in done.lines]) == (7, ["failed", "not_started"])
    assert "The same command, run again, does what is left." in done.err
    assert not system.sent("DELETE")


def test_a_person_sees_the_plan_and_is_asked(environment: dict[str, str], system: System) -> None:
    terminal = Terminal([TRUNKLINE, *LEAVE, "--apply"], {**environment, "COLUMNS": "200"})
    seen = terminal.until("[y/N]")
    terminal.type("n\n")
    assert terminal.end() != 0
    assert "queue 800 Sales" in seen
    assert "Take extension 104 Haddad, Leila out of http://" in seen
    assert not system.sent("PATCH")
