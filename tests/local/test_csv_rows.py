"""A CSV is the same rows whoever reads it: `run` and jobs, `delete -`, flows, imports."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trunkline.errors import InvalidArgument
from trunkline.flows.files import rows_of
from trunkline.local.csv_rows import CsvRows
from trunkline.node.input import read_items, read_keyed
from trunkline.transfer.sheet import read_sheet

Rows = list[dict[str, str]]
Reader = Callable[[bytes, Path], Rows]


def by_run(content: bytes, _: Path) -> Rows:
    return [item["json"] for item in read_items(io.BytesIO(content))]


def by_delete(content: bytes, _: Path) -> Rows:
    return [row for _, row in read_keyed(io.BytesIO(content), ["Number"])]


def by_flow(content: bytes, folder: Path) -> Rows:
    path = folder / "rows.csv"
    path.write_bytes(content)
    return rows_of(path)


def by_import(content: bytes, _: Path) -> Rows:
    sheet = read_sheet(content, "rows.csv")
    return [dict(zip(sheet.header, line.cells, strict=True)) for line in sheet.lines]


readers = pytest.mark.parametrize("read", [by_run, by_delete, by_flow, by_import])
ZOE = [{"Number": "100", "First Name": "Zoë"}]


@readers
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_encodings_and_line_ends(
    read: Reader, delimiter: str, end: str, encoding: str, tmp_path: Path
) -> None:
    named = f"sep=|{end}" if delimiter == "|" else ""
    text = f"{named}Number{delimiter}First Name{end}100{delimiter}Zoë{end}"
    assert read(text.encode(encoding), tmp_path) == ZOE


@readers
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("\n\nNumber;First Name\n100;Zoë", ZOE),
        (" Number , First Name \n100,Zoë,,\n,\n", ZOE),
        ("Number,First Name,,\n100,Zoë,,\n", ZOE),
        ("\n \u00a0\nNumber,First Name\n \n100,Zoë\n", ZOE),
        ('"sep=;"\nNumber;First Name\n100;Zoë\n', ZOE),
        ("sep=;\nNumber;Note\n1;a,b\n", [{"Number": "1", "Note": "a,b"}]),
        ('Number;Note\n1;"a;b\n""c"""\n', [{"Number": "1", "Note": 'a;b\n"c"'}]),
        ("Number\tNote\n1\ta;b,c\n", [{"Number": "1", "Note": "a;b,c"}]),
        ("Number,Note\n1,x\u2028y\x85z\n", [{"Number": "1", "Note": "x\u2028y\x85z"}]),
        (f"Number,Note\n1,{'x' * 400_000}\n", [{"Number": "1", "Note": "x" * 400_000}]),
        ("Number,First Name\n", []),
    ],
)
def test_what_programs_and_people_write(read: Reader, text: str, rows: Rows, tmp_path: Path) -> None:
    assert read(text.encode(), tmp_path) == rows


@readers
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"Number,Note\n1,2,3\n", "line 2: 3 cells, but 2 columns."),
        (b"Number,Note\n\n1\n", "line 3: 1 cells, but 2 columns."),
        (b"Number,Number\n1,2\n", "line 1: the columns need names that differ"),
        (b'Number,Note\n1,"two\n', "line 2: this is not a CSV"),
        (b'Number,Note\n1,"two\nlines"\n3,\xff\n', "line 4: this is not written in UTF-8."),
        ("Number,Note\n1,2\n".encode("utf-16") + b"\x00\xd8\x0a\x00", "line 3: this is not written in UTF-16."),
        (b"PK\x03\x04\x14\x00\x06\x00xl/workbook.xml", "is not a CSV: it is a spreadsheet program's own file"),
        (b"\xef\xbb\xbf<html><table><tr><td>Number", "is not a CSV: it is a web page"),
    ],
)
def test_what_is_not_a_table_is_refused_by_line(read: Reader, content: bytes, problem: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read(content, tmp_path)
    assert problem in caught.value.message


@readers
def test_no_row_is_lost_where_a_file_is_long(read: Reader, tmp_path: Path) -> None:
    text = "Number;Note\r\n" + "".join(f'{n};"Zoë\r\n{n}"\r\n' for n in range(5_000))
    rows = read(text.encode("utf-16"), tmp_path)
    assert rows == [{"Number": str(n), "Note": f"Zoë\r\n{n}"} for n in range(5_000)]


def test_rows_are_read_as_they_come() -> None:
    def chunks() -> Any:
        yield b"Number\n1"
        yield b"00\n"
        while True:
            yield b"200\n" * 4096

    rows = CsvRows(chunks(), "x.csv").records()
    assert [next(rows) for _ in range(2)] == [(2, {"Number": "100"}), (3, {"Number": "200"})]
