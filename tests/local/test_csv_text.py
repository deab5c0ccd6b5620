"""CSV as we write it: no spreadsheet runs anything of it, whatever it splits at, and it is read back as it was."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trunkline.cli.output import View, write_rows
from trunkline.flows.files import rows_of, write
from trunkline.local.csv_text import csv_cell, csv_line, guarded, unguarded
from trunkline.node.input import read_items
from trunkline.transfer.cells import as_written
from trunkline.transfer.writing import writer

SIGNS = "=+-@＝＋－＠"
NUMBER = re.compile(r"[+-][\d .,/()\u00a0-]*")


def runs(cell: str) -> bool:
    """Whether a spreadsheet may run a cell: a sign comes first, apart from what it may drop, and it is not a number."""
    seen = cell.partition(",")[0]  # the columns after a number in the first one are not part of it
    while seen and (seen[0].isspace() or unicodedata.category(seen[0]) in ("Cc", "Cf")):
        seen = seen[1:]
    return seen[:1] in tuple(SIGNS) and NUMBER.fullmatch(seen) is None


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+HYPERLINK(1)", "'+HYPERLINK(1)"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("\n=1", "'\n'=1"),
        ("\r=1", "'\r'=1"),
        ("\ttext", "'\ttext"),
        ("\ntext", "'\ntext"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠A1", "'＠A1"),
        (" =1", "' =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("\u200b=1", "'\u200b=1"),
        ("\ufeff=1", "'\ufeff=1"),
        ("\u202e\u2066@A1", "'\u202e\u2066@A1"),
        ("\u00ad-x", "'\u00ad-x"),
        ("\u3000＝1", "'\u3000＝1"),
        ("\x00=1", "'\x00=1"),
        ("x;=1", "x;'=1"),
        ("x; =1", "x;' =1"),
        ('x;"=1"', 'x;\'"=1"'),
        ("x\n=1", "x\n'=1"),
        ("x\t@A1", "x\t'@A1"),
        ("+44 20 7946 0123;+44 20 7946 0124", "'+44 20 7946 0123;'+44 20 7946 0124"),
        ("'=1", "''=1"),
        ("''+x", "'''+x"),
    ],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str, written: str) -> None:
    assert (guarded(text), unguarded(written)) == (written, text)


@pytest.mark.parametrize(
    "text",
    [
        "+44 20 7946 0123",
        " +44 (0)20 7946-0123",
        "-5",
        "-0.5",
        "-",
        "Ada",
        "'tis",
        "'",
        "O'Brien",
        "a = b",
        "ada@example.com",
        "x;y",
        "2026-06-01T05:00:13Z",
        "",
    ],
)
def test_numbers_and_plain_words_stay_as_they_are(text: str) -> None:
    assert guarded(text) == unguarded(text) == text


def test_a_cell_with_a_separator_of_another_spreadsheet_is_in_quotes() -> None:
    assert csv_line(["a", "x;y", "p\tq", 1]) == 'a,"x;y","p\tq",1\n'
    assert csv_line(["a", 'x;=HYPERLINK("h")', 1]) == 'a,"x;\'=HYPERLINK(""h"")",1\n'
    assert csv_line([{"Name": ";=1"}]) == '"{""Name"":"";\'=1""}"\n'


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NASTY = st.text(
    st.sampled_from([*SIGNS, *"'\"; \t\r\n,x1(/.", "\u200b", "\ufeff", "\u00a0", "\u2028", "\x00"]), max_size=12
)
TEXTS = ANY | NASTY


@given(TEXTS)
def test_what_is_guarded_is_read_as_it_was(text: str) -> None:
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(st.lists(TEXTS, min_size=1, max_size=4))
@example(["a", "x;=1;y"])
@example(["x;", "=1"])
@example(['x;"', '"=1'])
@example(['a";', "\n+x"])
def test_no_reader_finds_a_formula_whatever_it_splits_at(delimiter: str, cells: list[str]) -> None:
    for row in csv.reader(io.StringIO(csv_line(cells), newline=""), delimiter=delimiter):
        assert [cell for cell in row if runs(cell)] == []


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_another_reader_of_csv_finds_the_cells_as_they_were_written(cells: list[str]) -> None:
    assert list(csv.reader(io.StringIO(csv_line(cells), newline=""))) == [[csv_cell(cell) for cell in cells]]


NAMES = TEXTS.map(str.strip).filter(bool)


@given(st.lists(NAMES, min_size=1, max_size=3, unique=True), st.data())
@example(["b;c;d"], None)
@example(["a", ";;"], None)
@example(["a,|", ";;0"], None)
@example(["\ufeffName", "=cmd|x"], None)
def test_rows_are_read_back_as_they_were_with_names_that_a_server_made(names: list[str], data: Any) -> None:
    row = {name: data.draw(TEXTS) if data else ";=1" for name in names}
    lines = csv_line(names) + csv_line([row[name] for name in names])
    expected = [row] if any(row.values()) else []
    source = io.BytesIO(lines.encode())
    source.name = "rows.csv"
    assert [item["json"] for item in read_items(source)] == expected


HOSTILE = {"=cmd|' /C calc'!A0": "x;=1;y", "Name": "\n=1", "＠Tags": ["a;=1"], "Number": "+44 20 7946 0123"}


def _saved_by_a_flow(tmp_path: Path) -> str:
    write(tmp_path / "rows.csv", [HOSTILE])
    return (tmp_path / "rows.csv").read_text(encoding="utf-8")


def _written_by_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    write_rows([HOSTILE], View("csv"))
    return capsys.readouterr().out


@pytest.fixture(params=["flow", "command"])
def written(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    return _saved_by_a_flow(tmp_path) if request.param == "flow" else _written_by_a_command(tmp_path, capsys)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_door_writes_cells_and_names_that_nothing_runs(written: str, delimiter: str) -> None:
    for row in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter):
        assert [cell for cell in row if runs(cell)] == []


def test_every_door_is_read_back(written: str, tmp_path: Path) -> None:
    (tmp_path / "back.csv").write_text(written, encoding="utf-8", newline="")
    assert rows_of(tmp_path / "back.csv") == [{**HOSTILE, "＠Tags": '["a;=1"]'}]


def test_the_call_log_is_written_in_the_same_way() -> None:
    file = io.BytesIO()
    out = writer("csv", ("SourceDisplayName", "DestinationDisplayName"), file)
    out.write([json.dumps({"SourceDisplayName": "x;=1;y", "DestinationDisplayName": "\u200b=1"}).encode()])
    assert file.getvalue().decode() == "SourceDisplayName,DestinationDisplayName\n\"x;'=1;y\",'\u200b=1\n"


def test_an_import_compares_with_what_is_written() -> None:
    assert as_written("Name", "x;=1") == "x;'=1"


def test_a_long_cell_is_read_back(tmp_path: Path) -> None:
    rows = [{"Picture": "A" * 300_000}]
    write(tmp_path / "rows.csv", rows)
    assert rows_of(tmp_path / "rows.csv") == rows
