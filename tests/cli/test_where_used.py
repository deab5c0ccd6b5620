"""`trunkline where-used`: a table for people, one object for programs, and an exit code for what was not read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conftest import System

Run = Callable[..., Any]
SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "schemas" / "where-used.json"


def test_programs_get_one_strict_object(trunkline: Run) -> None:
    done = trunkline("where-used", "queue:800")
    (found,) = done.lines
    jsonschema.validate(found, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert (done.code, done.err) == (0, "")
    assert found["target"] == {"kind": "queue", "number": "800", "id": 61, "name": "Sales"}
    assert {each["resource"] for each in found["references"]} == {"inbound_rules", "receptionists", "website_links"}
    assert {"users", "trunks", "hotel_services"} <= set(found["read"])


def test_people_get_a_table(trunkline: Run) -> None:
    done = trunkline("where-used", "104", "-o", "table")
    assert "extension 104 Haddad, Leila on" in done.err
    assert "queue 800 Sales" in done.out
    assert "Agents[3].Number" in done.out
    none = trunkline("where-used", "177", "-o", "table")
    assert (none.code, none.out) == (0, "")
    assert "which nothing has any more: 0 references" in none.err


def test_what_was_not_read_is_named_and_ends_with_7(trunkline: Run, system: System) -> None:
    system.emulator.add_fault("403@/ScheduledReports*")
    done = trunkline("where-used", "104")
    assert done.code == 7
    assert "Not known of scheduled_reports: " in done.err
    assert list(done.lines[0]["unavailable"]) == ["scheduled_reports"]


@pytest.mark.parametrize(("argv", "code"), [(("queue:104",), 5), (("Sales",), 2), (("104", "--kind", "x"), 2), ((), 2)])
def test_what_is_not_clear_is_refused(trunkline: Run, argv: tuple[str, ...], code: int) -> None:
    done = trunkline("where-used", *argv)
    assert (done.code, done.out) == (code, "")
