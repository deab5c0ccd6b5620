"""A CSV as people have it: comma, semicolon or tab, with or without BOM, each row with the line it begins at."""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import InvalidArgument
from ..node.csv_text import guarded
from ..transport.contained import reason, spelled
from ..transport.whole import whole

DELIMITERS = (",", ";", "\t")
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # how .xlsx and .ods begin, and .xls
_LONGEST = 16 * 2**20  # characters of a cell; a contact's picture is longer than csv's own limit


class Line(NamedTuple):
    """One row: the number of the line that it begins at, the first of the file being 1, and its cells."""

    number: int
    cells: list[str]

    def __repr__(self) -> str:
        return f"Line({self.number}, {len(self.cells)} cells)"  # some may be passwords


class Sheet(NamedTuple):
    """A CSV that was read. ``name`` is what messages call it; encoding and delimiter are as they were found."""

    name: str
    header: list[str]
    lines: list[Line]
    delimiter: str = ","
    encoding: str = "utf-8"


def read_sheet(content: bytes, name: str, encoding: str | None = None) -> Sheet:
    """Read a CSV; ``encoding`` is UTF-8 unless a BOM says UTF-16. Lines without any text are left out.

    Raises InvalidArgument that names the line: no CSV, a row with more or fewer cells than there are columns, columns
    without a name or with the same one, a file in another encoding.
    """
    text, encoding = _decoded(content, name, encoding)
    delimiter, text, skipped = _delimiter(text)
    rows = _rows(text, delimiter, name, skipped)
    first = next(rows, None)
    if first is None:
        raise InvalidArgument(f"{name} is empty.", hint="Its first line must name the columns.")
    header = [title.strip() for title in first.cells]
    while header and not header[-1]:
        header.pop()
    if not header or not all(header) or len({title.casefold() for title in header}) < len(header):
        raise InvalidArgument(
            f"{name}, line {first.number}: the columns need names that differ, not {', '.join(map(repr, header))}."
        )
    return Sheet(name, header, [_fitted(line, header, name) for line in rows], delimiter, encoding)


def _decoded(content: bytes, name: str, encoding: str | None) -> tuple[str, str]:
    if content.startswith(_WORKBOOKS):
        raise InvalidArgument(
            f"{name} is a spreadsheet program's own file, no CSV.", hint="Save it as CSV UTF-8 there, and import that."
        )
    found = encoding or next((known for bom, known in _BOMS.items() if content.startswith(bom)), "utf-8")
    try:
        text = content.decode(found)
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise InvalidArgument(
            f"{name}, line {line}: this is not written in {found.upper()}.",
            hint="A file of Excel's own CSV takes --encoding cp1252; or save it as CSV UTF-8.",
        ) from None
    except (LookupError, UnicodeError):  # Python has some that are for no files
        raise InvalidArgument(f"There is no encoding {found!r}.", hint="utf-8, utf-16 and cp1252 are usual.") from None
    if "\0" in text:
        raise InvalidArgument(
            f"{name}, line {text.count(chr(10), 0, text.index(chr(0))) + 1}: there is a NUL, which no text has.",
            hint="--encoding utf-16 reads a file of two bytes for each character; or save it as CSV UTF-8.",
        )
    return text.removeprefix("\ufeff"), found


def _delimiter(text: str) -> tuple[str, str, int]:
    """The delimiter, the text that is left, and how many lines were taken: Excel writes and obeys ``sep=;``."""
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip("\r")) == 5 and first[4] != '"':
        return first[4], rest, 1
    if first.strip("\r").lower() == "sep=\t":
        return "\t", rest, 1
    first = first.partition("\r")[0]  # a Mac of old ends lines so
    return max(DELIMITERS, key=lambda one: _columns(first, one)), text, 0


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
            if any(cell.strip() for cell in cells):
                yield Line(start + skipped, cells)
            start = reader.line_num + 1
    except csv.Error as problem:
        raise InvalidArgument(
            f"{name}, line {start + skipped}: this is no CSV: {problem}.", hint="A quote within a cell is doubled."
        ) from None
    finally:
        csv.field_size_limit(before)


def _fitted(line: Line, header: Sequence[str], name: str) -> Line:
    cells = line.cells[:]
    while len(cells) > len(header) and not cells[-1].strip():
        cells.pop()
    if len(cells) != len(header):
        raise InvalidArgument(
            f"{name}, line {line.number}: {len(cells)} cells, but {len(header)} columns.",
            hint="A cell with the delimiter in it stands in quotes.",
        )
    return Line(line.number, cells)


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
        with whole(real, real.with_name(f".{real.name}.part")) as file:
            file.write(written.getvalue().encode(sheet.encoding, errors="replace"))
    except (OSError, ValueError) as problem:
        raise InvalidArgument(f"{spelled(path)} can't be written: {reason(problem)}.") from None
