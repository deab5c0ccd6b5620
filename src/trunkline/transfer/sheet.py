"""A CSV as people have it: comma, semicolon or tab, with or without BOM, each row with the line it begins at."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import InvalidArgument
from ..local.atomic import replace_file
from ..local.contained import reason, spelled
from ..node.csv_text import guarded
from .characters import trimmed

DELIMITERS = (",", ";", "\t")
LARGEST = 256 * 2**20
"""Bytes of a file; rows are held in memory until all are compared."""
MOST_ROWS = 1_000_000
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_BINARY = {
    b"PK\x03\x04": "a spreadsheet program's own file (.xlsx, .ods) or another archive",
    b"\xd0\xcf\x11\xe0": "a spreadsheet program's own file (.xls)",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "compressed with gzip",
    b"{\\rtf": "a text document (RTF)",
}
_WRITTEN = (
    (re.compile(r"<(!doctype html|html|head|body|table|meta|div)\b", re.I), "a web page (some programs name it .xls)"),
    (re.compile(r"<\?xml|<workbook\b", re.I), "XML"),
    (re.compile(r"BEGIN:V(CARD|CALENDAR)\b", re.I), "a vCard or a calendar"),
    (re.compile(r"(version:\s*1\s*[\r\n]+\s*)?(#[^\r\n]*[\r\n]+\s*)*dn::?\s*\w+=", re.I), "LDIF"),
)
_JSON = re.compile(r"\{\s*[\"}]|\[\s*[{\[\"\]]")
_LONGEST = 16 * 2**20  # characters of a cell; a contact's picture is longer than csv's own limit
_LINE_END = re.compile(r"\r\n|\r|\n")
_VALUE = re.compile(r"[+\d(][\d\s()./+\-]{5,}|[^@\s]+@[^@\s]+[.][^@\s]+")
NOTHING_SENT = "Nothing was sent."
_SHOWN = 20  # mistakes of a file that are listed at once


class Line(NamedTuple):
    """One row: the number of the line that it begins at, the first of the file being 1, and its cells."""

    number: int
    cells: list[str]

    def __repr__(self) -> str:
        return f"Line({self.number}, {len(self.cells)} cells)"  # some may be passwords


class Sheet(NamedTuple):
    """A CSV that was read. ``name`` is what messages call it; encoding and delimiter are as they were found.

    ``adds_only``: what the PBX holds is left as it is; the rows only name what should be there, maybe twice.
    """

    name: str
    header: list[str]
    lines: list[Line]
    delimiter: str = ","
    encoding: str = "utf-8"
    adds_only: bool = False


def read_sheet(content: bytes, name: str, encoding: str | None = None) -> Sheet:
    """Read a CSV; ``encoding`` is UTF-8 unless a BOM says UTF-16. Lines without any text are left out.

    Raises InvalidArgument that names the line: another format, a row with more or fewer cells than there are columns,
    columns without a name or with the same one, a first line that names no columns, a file in another encoding, or
    with more than `LARGEST` bytes or `MOST_ROWS` rows.
    """
    refuse_other_formats(content, name)
    text, encoding = decoded(content, name, encoding)
    delimiter, text, skipped = _delimiter(text)
    rows = _rows(text, delimiter, name, skipped)
    first = next(rows, None)
    if first is None:
        raise InvalidArgument(f"{name} is empty.", hint="Its first line must name the columns.")
    header = [trimmed(title) for title in first.cells]
    while header and not header[-1]:
        header.pop()
    if value := next((title for title in header if _VALUE.fullmatch(title)), None):
        raise InvalidArgument(
            f"{name}, line {first.number}: {value!r} is a value, not the name of a column.",
            hint="The first line must name the columns, such as FirstName,LastName,PhoneNumber; add one.",
        )
    if not header or not all(header) or len({title.casefold() for title in header}) < len(header):
        raise InvalidArgument(
            f"{name}, line {first.number}: the columns need names that differ, not {', '.join(map(repr, header))}."
        )
    return Sheet(name, header, list(_fitted(rows, header, name)), delimiter, encoding)


def refuse_other_formats(content: bytes, name: str, *, json: bool = False) -> None:
    """Raise InvalidArgument for a file that is too large or of another format; ``json``: JSON is not another one."""
    if len(content) > LARGEST:
        raise InvalidArgument(
            f"{name} has more than {LARGEST // 2**20} MB.",
            hint="Split it into several files, each with the first line.",
        )
    kind = next((what for begin, what in _BINARY.items() if content.startswith(begin)), None)
    if kind is None:
        begin = content[:4096]
        wide = begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = trimmed(begin.decode("utf-16" if wide else "utf-8", errors="ignore"))
        kind = next((what for pattern, what in _WRITTEN if pattern.match(text)), None)
        if kind is None and not json and _JSON.match(text):
            kind = "JSON"
    if kind is not None:
        raise InvalidArgument(f"{name} is not a CSV: it is {kind}.", hint="Save it as CSV UTF-8, and import that.")


def decoded(content: bytes, name: str, encoding: str | None) -> tuple[str, str]:
    """Return the text of a file, and its encoding: the one given, else what a BOM says, else UTF-8.

    Raises InvalidArgument that names the line which is not written so, or has a NUL, or an encoding that is unknown.
    """
    found = encoding or next((known for bom, known in _BOMS.items() if content.startswith(bom)), "utf-8")
    try:
        text = content.decode(found)
    except UnicodeDecodeError as problem:
        try:
            line = _line_at(content[: problem.start].decode(found, errors="replace"))
        except ValueError:  # an encoding of names, such as idna
            line = content.count(b"\n", 0, problem.start) + 1
        raise InvalidArgument(
            f"{name}, line {line}: this is not written in {found.upper()}.",
            hint="A file of Excel's own CSV takes --encoding cp1252; or save it as CSV UTF-8.",
        ) from None
    except (LookupError, ValueError):  # Python has some that are for no files, and takes no NUL in their names
        raise InvalidArgument(f"There is no encoding {found!r}.", hint="utf-8, utf-16 and cp1252 are usual.") from None
    if "\0" in text:
        raise InvalidArgument(
            f"{name}, line {_line_at(text[: text.index(chr(0))])}: there is a NUL, which no text has.",
            hint="--encoding utf-16 reads a file of two bytes for each character; or save it as CSV UTF-8.",
        )
    return text.removeprefix("\ufeff"), found


def _line_at(before: str) -> int:
    """Return the number of the line that begins or goes on after a text."""
    return len(_LINE_END.findall(before)) + 1


def refuse(name: str, wrong: Sequence[str], hint: str = NOTHING_SENT) -> None:
    """Raise InvalidArgument with the mistakes of a file, if there are any; ``name`` is the file's."""
    if wrong:
        more = [f"… and {len(wrong) - _SHOWN} more."] if len(wrong) > _SHOWN else []
        lines = "\n  ".join([*wrong[:_SHOWN], *more])
        raise InvalidArgument(f"{name} can't be imported as it is:\n  {lines}", hint=hint)


def _delimiter(text: str) -> tuple[str, str, int]:
    """Return the delimiter, the text that is left, and how many lines were taken: Excel writes and obeys ``sep=;``."""
    end = _LINE_END.search(text)
    first, rest = (text[: end.start()], text[end.end() :]) if end else (text, "")
    bare = first.strip().strip('"').lower() if "\t" not in first else first.lower()
    if bare.startswith("sep=") and len(bare) == 5 and bare[4] != '"':
        return bare[4], rest, 1
    titles = next((line for line in _LINE_END.split(text[:_LONGEST]) if trimmed(line)), "")
    return max(DELIMITERS, key=lambda one: _columns(titles, one)), text, 0


def _columns(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:  # said when the rows are read
        return 0


def _rows(text: str, delimiter: str, name: str, skipped: int) -> Iterator[Line]:
    before = csv.field_size_limit(_LONGEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for cells in reader:
            if any(map(trimmed, cells)):
                yield Line(start + skipped, cells)
            start = reader.line_num + 1
    except csv.Error as problem:
        raise InvalidArgument(
            f"{name}, line {start + skipped}: this is not a CSV: {problem}.", hint="A quote within a cell is doubled."
        ) from None
    finally:
        csv.field_size_limit(before)


def _fitted(lines: Iterator[Line], header: Sequence[str], name: str) -> Iterator[Line]:
    """Yield the rows with as many cells as there are columns."""
    for count, line in enumerate(lines, 1):
        cells = line.cells
        while len(cells) > len(header) and not trimmed(cells[-1]):
            cells.pop()
        if len(cells) != len(header):
            raise InvalidArgument(
                f"{name}, line {line.number}: {len(cells)} cells, but {len(header)} columns.",
                hint="A cell with the delimiter in it stands in quotes.",
            )
        if count > MOST_ROWS:
            raise InvalidArgument(
                f"{name}, line {line.number}: more than {MOST_ROWS:,} rows.",
                hint="Split it into several files, each with the first line.",
            )
        yield line


REASON = "# why"
"""The column that `write_rest` adds; a column whose name begins with # is a remark, and no import reads it."""


def write_rest(path: Path, sheet: Sheet, reasons: dict[int, str]) -> None:
    """Write the lines of a sheet that have a reason, by their number, as they were, with the reason in a last column.

    The file is in the sheet's own encoding and delimiter, readable for its owner only, as rows may hold passwords, and
    written whole or not at all. A link stays a link. InvalidArgument if it can't be.
    """
    places = [place for place, title in enumerate(sheet.header) if title != REASON]
    written = io.StringIO()
    if sheet.delimiter not in DELIMITERS:
        written.write(f"sep={sheet.delimiter}\n")  # else nobody could read it again
    writer = csv.writer(written, delimiter=sheet.delimiter, lineterminator="\n")
    writer.writerow([*(sheet.header[place] for place in places), REASON])
    for line in sheet.lines:
        if line.number in reasons:
            writer.writerow([*(line.cells[place] for place in places), guarded(reasons[line.number])])
    try:
        real = Path(os.path.realpath(path))
        with replace_file(real) as file:
            file.write(written.getvalue().encode(sheet.encoding, errors="replace"))
    except (OSError, ValueError) as problem:
        raise InvalidArgument(f"{spelled(path)} can't be written: {reason(problem)}.") from None
