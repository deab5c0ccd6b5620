"""Reading a CSV as people have it, and writing what is left of it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from trunkline.errors import InvalidArgument
from trunkline.local.csv_rows import Line
from trunkline.transfer.sheet import read_sheet, write_rest


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("Number,First Name\n100,Zoë\n", "utf-8"),
        ("Number;First Name\r\n100;Zoë\r\n", "utf-8"),
        ("Number\tFirst Name\n100\tZoë\n", "utf-8-sig"),
        ("Number\tFirst Name\r\n100\tZoë\r\n", "utf-16"),
        ("Number;First Name\n100;Zoë", "cp1252"),
        ("Number;First Name\r100;Zoë\r", "utf-8"),
        ('"Number","First Name"\n"100","Zoë"\n', "utf-8"),
        (" Number , First Name \n100,Zoë,,\n", "utf-8"),
        ("Number,First Name,,\n100,Zoë,,\n", "utf-8"),
    ],
)
def test_delimiter_and_encoding_are_as_spreadsheets_write_them(content: str, encoding: str) -> None:
    told = encoding if encoding == "cp1252" else None
    sheet = read_sheet(content.encode(encoding), "x.csv", told)
    assert (sheet.header, sheet.lines) == (["Number", "First Name"], [Line(2, ["100", "Zoë"])])


def test_a_line_is_where_the_row_begins() -> None:
    sheet = read_sheet(b'Number,Note\n\n1,"two\nlines"\n,\n2,b\n', "x.csv")
    assert sheet.lines == [Line(3, ["1", "two\nlines"]), Line(6, ["2", "b"])]


def test_the_line_that_tells_excel_the_delimiter_is_no_header() -> None:
    sheet = read_sheet(b"sep=;\r\nNumber;Note\r\n1;a,b\r\n", "x.csv")
    assert (sheet.header, sheet.lines) == (["Number", "Note"], [Line(3, ["1", "a,b"])])


def test_a_quote_parts_no_cells() -> None:
    assert read_sheet(b'sep="\n1\n', "x.csv").header == ['sep="']


def test_a_cell_may_hold_a_picture() -> None:
    picture = "x" * 400_000
    assert read_sheet(f"Number,ContactImage\n1,{picture}\n".encode(), "x.csv").lines[0].cells[1] == picture


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "x.csv is empty."),
        (b"\n \n", "x.csv is empty."),
        (b"A,B\n1,2,3\n", "x.csv, line 2: 3 cells, but 2 columns."),
        (b"A,B\n1\n", "x.csv, line 2: 1 cells, but 2 columns."),
        (b"A,a\n", "x.csv, line 1: the columns need names that differ"),
        (b"A,,B\n", "x.csv, line 1: the columns need names that differ"),
        (b'A,B\n1,"two\n', "x.csv, line 2: this is not a CSV"),
        (b"A" * 17_000_000, "x.csv, line 1: this is not a CSV"),
        (b'A,B\n1,"a"b\n', "x.csv, line 2: this is not a CSV"),
        ("A,B\n1,2\n".encode("utf-16-le"), "x.csv, line 1: there is a NUL"),
        (b"A,B\n1,\x00\n", "x.csv, line 2: there is a NUL"),
        (b"PK\x03\x04\x14\x00\x06\x00xl/workbook.xml", "x.csv is not a CSV: it is a spreadsheet program's own file"),
        (b"A,B\n1,2\n3,Jos\xe9\n", "x.csv, line 3: this is not written in UTF-8."),
    ],
)
def test_what_is_no_table_is_refused_by_line(content: bytes, said: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_sheet(content, "x.csv")
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04\x14\x00", "a spreadsheet program's own file (.xlsx, .ods)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a spreadsheet program's own file (.xls)"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x1f\x8b\x08\x00", "compressed with gzip"),
        (b"{\\rtf1\\ansi", "a text document"),
        (b"<html><table><tr><td>Number", "a web page"),
        (b"\xef\xbb\xbf\r\n <!DOCTYPE HTML>", "a web page"),
        ("<meta http-equiv=Content-Type>".encode("utf-16"), "a web page"),
        (b'<?xml version="1.0"?><Workbook>', "XML"),
        (b"BEGIN:VCARD\nVERSION:3.0\nFN:Ada Byron\n", "a vCard"),
        (b"begin:vcalendar\n", "a vCard or a calendar"),
        (b"dn: cn=Ada Byron,dc=example,dc=com\nobjectClass: person\n", "LDIF"),
        (b"version: 1\n\n# export\ndn:: cn=Zm9v\n", "LDIF"),
        (b'{"Number": "100"}\n', "JSON"),
        (b'[\n  {"Number": "100"}]', "JSON"),
        (b"[]", "JSON"),
    ],
)
def test_a_file_of_another_format_is_named(content: bytes, kind: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        read_sheet(content, "x.csv")
    assert caught.value.message.startswith(f"x.csv is not a CSV: it is {kind}")
    assert caught.value.hint.text == "Save it as CSV UTF-8, and import that."


@pytest.mark.parametrize(
    "first",
    ["Ada,Byron,+442079460911", "Ada,Byron,ada@example.com", "Ada;020 7946 0911", "100,Ada,\u200b+44 (20) 7946"],
)
def test_a_first_line_that_is_a_row_names_no_columns(first: str) -> None:
    with pytest.raises(InvalidArgument, match=r"x\.csv, line 1: .* is a value, not the name of a column"):
        read_sheet(f"{first}\n".encode(), "x.csv")


@pytest.mark.parametrize(
    ("content", "encoding", "line"),
    [
        (b"A,B\r1,2\r3,Jos\xe9\r", None, 3),
        (b"A,B\r\n1,2\r\n3,Jos\xe9\r\n", None, 3),
        (b'A,B\n1,"two\nlines"\n3,\xff\n', None, 4),
        ("A,B\n1,2\n".encode("utf-16") + b"\x00\xd8\x0a\x00", None, 3),
        ("A,B\n1,2\n3".encode("utf-16") + b"\x00", None, 3),
        (b"A,B\n1,\x81\n", "cp1252", 2),
    ],
)
def test_what_can_not_be_decoded_is_named_by_line(content: bytes, encoding: str | None, line: int) -> None:
    with pytest.raises(InvalidArgument, match=f"x.csv, line {line}: this is not written in"):
        read_sheet(content, "x.csv", encoding)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"\n\nA;B\n1;2\n", [Line(4, ["1", "2"])]),
        (b"sep=;\rA;B\r1;2\r", [Line(3, ["1", "2"])]),
        (b"\xef\xbb\xbfsep=;\r\nA;B\r\n1;2", [Line(3, ["1", "2"])]),
        (b'"sep=|"\nA|B\n1|2\n', [Line(3, ["1", "2"])]),
        ("sep=\t\nA\tB\n1\t2".encode("utf-16"), [Line(3, ["1", "2"])]),
        ("A,B\n\u200b,\u00a0\n1,2\n".encode(), [Line(3, ["1", "2"])]),
        ("\u200bA\u200b,B\n1,2,\u00a0,\n".encode(), [Line(2, ["1", "2"])]),
        (b'A,B\r\n"1\r\n1",2\r\n3,4', [Line(2, ["1\r\n1", "2"]), Line(4, ["3", "4"])]),
        ("A,B\n1,x\u2028y\x85z\x0b\n2,3\n".encode(), [Line(2, ["1", "x\u2028y\x85z\x0b"]), Line(3, ["2", "3"])]),
    ],
)
def test_lines_end_and_cells_part_as_programs_write_them(content: bytes, lines: list[Line]) -> None:
    sheet = read_sheet(content, "x.csv")
    assert (sheet.header, sheet.lines) == (["A", "B"], lines)


def test_files_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunkline.transfer.sheet.MOST_ROWS", 2)
    assert len(read_sheet(b"A\n1\n\n2\n", "x.csv").lines) == 2
    with pytest.raises(InvalidArgument, match=r"x\.csv, line 5: more than 2 rows"):
        read_sheet(b"A\n1\n\n2\n3\n", "x.csv")
    monkeypatch.setattr("trunkline.transfer.sheet.LARGEST", 3)
    with pytest.raises(InvalidArgument, match=r"x\.csv has more than"):
        read_sheet(b"A\n1\n", "x.csv")


@pytest.mark.parametrize("encoding", ["klingon", "hex", "undefined"])
def test_an_encoding_that_no_file_has(encoding: str) -> None:
    with pytest.raises(InvalidArgument, match=f"no encoding '{encoding}'"):
        read_sheet(b"A\n", "x.csv", encoding)


def test_the_rest_is_written_as_the_file_was_with_the_reason(tmp_path: Path) -> None:
    sheet = read_sheet("Name;Note\nZoë;'=1\n2;b\n3;c\n".encode("cp1252"), "x.csv", "cp1252")
    write_rest(tmp_path / "rest.csv", sheet, {2: "no such number", 4: "not started"})
    again = read_sheet((tmp_path / "rest.csv").read_bytes(), "rest.csv", "cp1252")
    assert again.header == ["Name", "Note", "# why"]
    assert again.lines == [Line(2, ["Zoë", "'=1", "no such number"]), Line(3, ["3", "c", "not started"])]
    assert stat.S_IMODE((tmp_path / "rest.csv").stat().st_mode) == 0o600
    write_rest(tmp_path / "rest.csv", again, {2: "still"})
    assert read_sheet((tmp_path / "rest.csv").read_bytes(), "x", "cp1252").header == again.header


def test_a_rest_can_be_read_again_whatever_parts_its_cells(tmp_path: Path) -> None:
    sheet = read_sheet(b"sep=|\nName|Note\na,b;c|1\n", "x.csv")
    write_rest(tmp_path / "rest.csv", sheet, {3: "no such number"})
    again = read_sheet((tmp_path / "rest.csv").read_bytes(), "rest.csv")
    assert again.lines == [Line(3, ["a,b;c", "1", "no such number"])]


def test_a_rest_is_private_whatever_is_there_and_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / ".rest.csv.part").write_text("left behind")
    (tmp_path / ".rest.csv.part").chmod(0o644)
    (tmp_path / "link.csv").symlink_to("rest.csv")
    write_rest(tmp_path / "link.csv", read_sheet(b"A\n1\n", "x.csv"), {2: "why"})
    assert (tmp_path / "link.csv").is_symlink()
    assert stat.S_IMODE((tmp_path / "rest.csv").stat().st_mode) == 0o600


def test_a_full_disk_keeps_no_half_of_a_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidArgument, match="No space"):
        write_rest(tmp_path / "rest.csv", read_sheet(b"A\n1\n", "x.csv"), {2: "why"})
    assert list(tmp_path.iterdir()) == []


def test_a_rest_that_can_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="can't be written"):
        write_rest(tmp_path / "nowhere" / "rest.csv", read_sheet(b"A\n1\n", "x.csv"), {})


@pytest.mark.parametrize("name", ["a\0b.csv", "half\ud800.csv", "x" * 300])
def test_a_name_that_no_file_can_have_is_an_error_of_ours(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="can't be written"):
        write_rest(tmp_path / name, read_sheet(b"A\n1\n", "x.csv"), {2: "why"})


def test_a_reason_that_a_pbx_gave_runs_in_no_spreadsheet(tmp_path: Path) -> None:
    write_rest(tmp_path / "rest.csv", read_sheet(b"A\n1\n", "x.csv"), {2: "=HYPERLINK(1)"})
    assert (tmp_path / "rest.csv").read_text(encoding="utf-8") == "A,# why\n1,'=HYPERLINK(1)\n"
