"""``trunkline hours``: shown, tried, set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conftest import System

Run = Callable[..., Any]


def test_hours_are_shown_tried_and_set(trunkline: Run, system: System) -> None:
    (shown,) = trunkline("hours", "show", "--group", "Sales").lines
    assert shown == {
        "of": "department Sales",
        "hours": "Mon-Fri 09:00-17:30",
        "breaks": "none",
        "time_zone": "Europe/London",
    }
    argv = ("hours", "set", "--group", "Sales", "Mon-Fri 08:00-16:00")
    tried = trunkline(*argv, "--dry-run")
    assert (tried.code, tried.out) == (0, "department Sales\n  hours: Mon-Fri 09:00-17:30 → Mon-Fri 08:00-16:00\n")
    assert system.sent("PATCH") == []
    (done,) = trunkline(*argv).lines
    assert done == {
        "success": True,
        "changed": True,
        "of": "department Sales",
        "changes": [{"what": "hours", "before": "Mon-Fri 09:00-17:30", "after": "Mon-Fri 08:00-16:00"}],
    }
    again = trunkline(*argv)
    assert (again.code, again.lines[0]["changed"]) == (0, False)
    assert again.err == "department Sales has this already; nothing was sent.\n"


def test_what_is_wrong_is_said_before_anything_is_sent(trunkline: Run, system: System) -> None:
    wrong = trunkline("hours", "set", "Mon 17:00-09:00")
    assert (wrong.code, system.sent("PATCH")) == (2, [])
    assert "Fri 22:00-24:00, Sat 00:00-02:00" in wrong.err
    nowhere = trunkline("hours", "show", "--group", "Nowhere")
    assert nowhere.code == 5
    assert "Departments: DEFAULT, Sales, Support" in nowhere.err
