"""``trunkline audit``: rows by person, over one PBX and several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conftest import System
from nasty import closed_port

Run = Callable[..., Any]


def test_rows_name_people_and_reasons(trunkline: Run) -> None:
    done = trunkline("audit", "weak-pins", "--check")
    assert done.code == 1
    assert done.lines[0]["reasons"] == ["repeated"]
    assert done.lines[0].keys() == {"pbx", "id", "number", "name", "reasons"}
    assert "40 of 40 users." in done.err
    assert "0000" not in done.out


def test_several_pbxs_and_one_that_is_down(line: Run, saved: Callable[..., None], system: System) -> None:
    saved(acme=system.url, down=closed_port())
    done = line("audit", "no-2fa", "--all-profiles", "-o", "jsonl")
    assert done.code == 7
    assert {row["pbx"] for row in done.lines} == {"acme"}
    assert "1 of 2 PBXs failed." in done.err
