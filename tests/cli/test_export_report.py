"""``trunkline export report``, as an administrator has it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from conftest import System

JUNE = ("--from", "2026-06-01", "--to", "2026-06-08")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_list_names_parameters_and_their_defaults(trunkline: Any) -> None:
    kinds = {row["name"]: row for row in trunkline("export", "report", "--list").lines}
    assert kinds["queue-performance-totals"]["parameters"] == {"queueDns": "", "waitInterval": "0:00:0"}
    assert not kinds["audit-log"]["has_period"]


def test_a_report_goes_into_a_file_or_a_pipe(trunkline: Any) -> None:
    said = trunkline("export", "report", "queue-performance-totals", *JUNE, "--out", "queues.csv")
    assert said.code == 0
    rows = list(csv.DictReader(Path("queues.csv").read_text().splitlines()))
    assert said.err == f"{len(rows)} rows of queue-performance-totals: queues.csv\n"
    piped = trunkline("export", "report", "queue-performance-totals", "--period", "2026-06", "--set", "queueDns=800")
    assert [row["QueueDn"] for row in piped.lines] == ["800"]
    assert trunkline("export", "report", "audit-log").code == 0


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ((), "Name a report; --list shows all."),
        (("queue-totals", *JUNE), "There is no report 'queue-totals'."),
        (("call-log", *JUNE), "The call log has an export of its own."),
        (("user-activity",), "Say with --from where to begin"),
        (("user-activity", *JUNE, "--period", "2026"), "Give --period, or --from and --to."),
        (("user-activity", "--period", "soon"), "--period: 'soon' is not a period."),
        (("user-activity", *JUNE, "--set", "callArea"), "--set takes NAME=VALUE"),
        (("user-activity", *JUNE, "--set", "area=1"), "has no parameter 'area'"),
        (("user-activity", *JUNE, "--out", "a.xlsx"), "Nothing is written as .xlsx"),
        (("user-activity", *JUNE, "--out", "no/a.csv"), "there is no folder no"),
        (("user-activity", *JUNE, "-o", "parquet"), "Name a file with --out"),
        (("user-activity", *JUNE, "--columns", "Dan"), "has no field 'Dan'"),
    ],
)
def test_what_cannot_be_is_refused_unsent(trunkline: Any, system: System, argv: tuple[str, ...], told: str) -> None:
    said = trunkline("export", "report", *argv)
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert not system.sent("GET")
