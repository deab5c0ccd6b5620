"""``trunkline forwarding``: shown, tried, set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conftest import System

Run = Callable[..., Any]
SET = ("forwarding", "set", "104", "--status", "Available", "--no-answer", "105")


def test_forwarding_is_tried_set_and_shown(trunkline: Run, system: System) -> None:
    tried = trunkline(*SET, "--calls", "external", "--dry-run")
    assert tried.out.endswith("\n  Available, no-answer, external calls: none → extension 105\n")
    assert system.sent("PATCH") == []
    (done,) = trunkline(*SET, "--ring-for", "15").lines
    assert (done["changed"], [each["after"] for each in done["changes"]]) == (
        True,
        ["extension 105", "extension 105", "15 s"],
    )
    shown = trunkline("forwarding", "show", "104").lines
    assert [each["profile"] for each in shown] == ["Available", "Away", "Out of office", "Custom 1", "Custom 2"]
    assert (shown[0]["no_answer"], shown[0]["timeout"]) == (["extension 105", "extension 105"], 15)


def test_nothing_to_change_is_a_slip(trunkline: Run, system: System) -> None:
    assert trunkline("forwarding", "set", "104").code == 2
    assert trunkline("forwarding", "set", "199", "--switch-to", "Away").code == 5
    assert system.sent("PATCH") == []
