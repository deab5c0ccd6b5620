"""``queues agents add``: single changes of lists; and updates that drop elements of one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conftest import System
from terminal import TRUNKLINE, Terminal
from trunkline import Pbx


def agents(pbx: Pbx) -> list[str]:
    return [str(agent["Number"]) for agent in pbx.queues.get(61, expand="Agents")["Agents"]]


def test_an_agent_is_added_and_the_others_stay(trunkline: Any, pbx: Pbx, system: System) -> None:
    before = agents(pbx)
    shown = trunkline("queues", "agents", "add", "61", "110", "--dry-run")
    assert shown.code == 0
    assert shown.out.startswith("Agents: 5 → 6\n  before: 101 ")
    assert agents(pbx) == before
    added = trunkline("queues", "agents", "add", "61", "110", "101")
    assert (added.code, added.err) == (0, "101 is in Agents already.\n")
    assert json.loads(added.out) == {"success": True, "added": ["110"], "removed": [], "count": 6}
    assert agents(pbx) == [*before, "110"]
    sent = len(system.sent("PATCH"))
    again = trunkline("queues", "agents", "add", "61", "110")
    assert json.loads(again.out)["added"] == []
    assert len(system.sent("PATCH")) == sent
    listed = trunkline("queues", "agents", "list", "61", "-o", "jsonl")
    assert [row["Number"] for row in listed.lines] == [*before, "110"]
    assert trunkline("queues", "agents", "remove", "61", "110").code == 0
    assert agents(pbx) == before


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("queues", "agents", "add", "61", "999"), 5, "There is no extension 999"),
        (("queues", "agents", "add", "9999", "110"), 5, "9999"),
        (("queues", "agents", "add", "61"), 2, "NUMBER"),
        (("queues", "agent", "list", "61"), 2, "Did you mean agents or"),
        (("fax", "agents", "list", "61"), 2, "has no action"),
        (("queues", "agents", "add", "61", "110", "--set", "Skill"), 2, "NAME=VALUE"),
    ],
)
def test_what_can_not_be_changed(trunkline: Any, system: System, argv: tuple[str, ...], code: int, said: str) -> None:
    result = trunkline(*argv)
    assert result.code == code
    assert said in result.err
    assert system.sent("PATCH") == []


def test_an_update_that_drops_agents_shows_them_and_asks(
    trunkline: Any, pbx: Pbx, environment: dict[str, str], system: System
) -> None:
    argv = ("queues", "update", "61", "--agents", '[{"Number": "101"}]')
    shown = trunkline(*argv, "--dry-run")
    assert "PATCH " in shown.out
    assert "Agents: 5 → 1\n  before: 101 " in shown.err
    assert len(agents(pbx)) == 5
    for answer, code, left in (("n", 130, 5), ("y", 0, 1)):
        terminal = Terminal([TRUNKLINE, *argv], environment)
        assert "Agents: 5 → 1" in terminal.until("[y/N]: ")
        assert "Remove 4 of 5 from the queue 61 on " in terminal.seen
        terminal.type(f"{answer}\n")
        assert terminal.end() == code
        assert len(agents(pbx)) == left


def test_in_a_pipe_it_goes_on(trunkline: Any, pbx: Pbx) -> None:
    assert trunkline("queues", "update", "61", "--agents", '[{"Number": "101"}]').code == 0
    assert agents(pbx) == ["101"]


def test_a_dry_run_over_items_says_that_the_list_is_replaced(trunkline: Any, system: System) -> None:
    result = trunkline(
        "run", "queues.update", "--set", "Id=61", "--set", 'Agents=[{"Number": "101"}]', "--dry-run", stdin="{}"
    )
    assert result.out.rstrip().endswith("(replaces the whole list Agents)")
    assert system.emulator.journal == []
