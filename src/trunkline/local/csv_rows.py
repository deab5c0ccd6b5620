"""Read a CSV as programs and people write it: comma, semicolon, tab or ``sep=``, UTF-8 or UTF-16, row by row.

`run`, jobs, `delete -`, flows and imports all read here.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO, Any, NamedTuple

from ..errors import Hint, InvalidArgument
from .characters import trimmed
from .csv_text import unguarded

DELIMITERS = (",", ";", "\t")
_BOMS = {
    codecs.BOM_UTF8: ("utf-8", "utf-8-sig"),
    codecs.BOM_UTF16_LE: ("utf-16-le", "utf-16"),
    codecs.BOM_UTF16_BE: ("utf-16-be", "utf-16"),
}
"""The encoding to read what begins so, and the one to write it again."""
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
_BEGIN = 4096  # bytes that tell a format
_LONGEST = 16 * 2**20  # characters of a cell; a contact's picture is longer than csv's own limit
_QUOTED = re.compile(r'"[^"]*"?')  # a delimiter in quotes separates nothing
_LINE_END = re.compile(r"\r\n|\r|\n")


class Line(NamedTuple):
    """One row: the number of the line that it begins at, the first of the file being 1, and its cells."""

    number: int
    cells: list[str]

    def __repr__(self) -> str:
        return f"Line({self.number}, {len(self.cells)} cells)"  # some may be passwords


class CsvRows:
    """The rows of a CSV, after its ``header``: iterate over it once. ``begins`` is the line of the header.

    ``delimiter`` and ``encoding`` are those of the file. Empty rows are left out; a row that ends in empty cells may
    have more than there are columns.

    Raises:
        InvalidArgument: a row with more or fewer cells than there are columns, columns without a name or with the same
            one, another format, or what `text_lines` raises; each message names the file as ``name``, and the line.
    """

    def __init__(self, chunks: Iterable[bytes], name: str, encoding: str | None = None, *, hint: str = "") -> None:
        self._name, self._hint = name, hint
        lines, self.encoding = text_lines(_refusing_other_formats(chunks, name, hint), name, encoding, hint=hint)
        self.delimiter, lines, self._skipped = _with_delimiter(lines)
        self._rows = self._read(lines)
        self.begins, cells = next((line for line in self._rows if "".join(line.cells).strip()), Line(1, []))
        self.header = [title.strip() for title in cells]
        while self.header and not self.header[-1]:
            self.header.pop()
        if cells and (not self.header or not all(self.header) or len(set(self.header)) < len(self.header)):
            raise self.unnamed()

    def unnamed(self) -> InvalidArgument:
        """Return the error of a header whose names don't differ."""
        titles = ", ".join(map(repr, self.header))
        return self._error(self.begins, f"the columns need names that differ, not {titles}.")

    def __iter__(self) -> Iterator[Line]:
        width = len(self.header)
        for line in self._rows:
            cells = line.cells
            if len(cells) != width and not _has_text(cells):
                continue
            while len(cells) > width and not trimmed(cells[-1]):
                cells.pop()
            if len(cells) != width:
                what = f"{len(cells)} cells, but {width} columns."
                raise self._error(line.number, what, "A cell with the delimiter in it stands in quotes.")
            yield line

    def records(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Each row as an object, with its number; what we wrote with an apostrophe before it is read without."""
        names = [unguarded(title) for title in self.header]
        for number, cells in self:
            yield number, dict(zip(names, map(unguarded, cells), strict=True))

    def _read(self, lines: Iterator[str]) -> Iterator[Line]:
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        start = 1 + self._skipped
        try:
            for cells in reader:
                if any(cells):
                    yield Line(start, cells)
                start = reader.line_num + 1 + self._skipped
        except csv.Error as problem:
            raise self._error(start, f"this is not a CSV: {problem}.", "A quote within a cell is doubled.") from None

    def _error(self, number: int, what: str, hint: str = "") -> InvalidArgument:
        return InvalidArgument(f"{self._name}, line {number}: {what}", hint=f"{hint} {self._hint}".strip())


def _has_text(cells: list[str]) -> bool:
    return any(map(trimmed, cells))


def chunks_of(source: IO[bytes]) -> Iterator[bytes]:
    """Read what a file or a pipe brings, as it comes."""
    read = getattr(source, "read1", source.read)
    return iter(lambda: read(65536), b"")


def text_lines(
    chunks: Iterable[bytes], name: str, encoding: str | None = None, *, hint: str = ""
) -> tuple[Iterator[str], str]:
    """Return the lines of a text, and its encoding: the one given, else what a BOM says, else UTF-8.

    Raises:
        InvalidArgument: the encoding is unknown, or, as lines are read, one is not written in it.
    """
    chunks = iter(chunks)
    first = b""
    while len(first) < 3 and (chunk := next(chunks, b"")):
        first += chunk
    read_as, encoding = next(
        (both for bom, both in _BOMS.items() if encoding is None and first.startswith(bom)), (encoding or "utf-8",) * 2
    )
    try:
        text = io.TextIOWrapper(io.BufferedReader(_Stream(chain([first], chunks))), read_as, newline="")
    except (LookupError, ValueError):  # Python has some that are for no files, and takes no NUL in their names
        raise _unknown(encoding) from None
    return _checked(text, name, read_as, encoding, hint), encoding


class _Stream(io.RawIOBase):
    """Chunks of bytes as an open file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _checked(text: io.TextIOWrapper, name: str, read_as: str, encoding: str, hint: str) -> Iterator[str]:
    number = 0
    try:
        for number, line in enumerate(text, 1):
            yield line.removeprefix("\ufeff") if number == 1 else line
    except UnicodeDecodeError as problem:
        read = problem.object[: problem.start]  # of what was not given out yet
        try:
            number += len(_LINE_END.findall(read.decode(read_as, errors="replace"))) + 1
        except ValueError:  # an encoding of names, such as idna
            number += read.count(b"\n") + 1
        what = f"{name}, line {number}: this is not written in {encoding.upper()}."
        # Only what reads a file by name takes the name of its encoding, and says nothing more.
        other = Hint("Save it as CSV UTF-8, or name its encoding.", arguments={"encoding": "cp1252"})
        raise InvalidArgument(what, hint=f"Save it as CSV UTF-8 and try again. {hint}" if hint else other) from None
    except UnicodeError:
        raise _unknown(encoding) from None


def _unknown(encoding: str) -> InvalidArgument:
    return InvalidArgument(f"There is no encoding {encoding!r}.", hint="utf-8, utf-16 and cp1252 are usual.")


def refuse_other_formats(begin: bytes, name: str, *, json: bool = False, hint: str = "") -> None:
    """Raise InvalidArgument for a file that begins as another format does; ``json``: JSON is not another one."""
    kind = next((what for start, what in _BINARY.items() if begin.startswith(start)), None)
    if kind is None:
        wide = begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = trimmed(begin[:_BEGIN].decode("utf-16" if wide else "utf-8", errors="ignore"))
        kind = next((what for pattern, what in _WRITTEN if pattern.match(text)), None)
        if kind is None and not json and _JSON.match(text):
            kind = "JSON"
    if kind is not None:
        what = f"{name} is not a CSV: it is {kind}."
        raise InvalidArgument(what, hint=f"Save it as CSV UTF-8, and import that. {hint}".strip())


def _refusing_other_formats(chunks: Iterable[bytes], name: str, hint: str) -> Iterator[bytes]:
    chunks = iter(chunks)
    first = next(chunks, b"")
    refuse_other_formats(first, name, hint=hint)
    return chain([first], chunks)


def _with_delimiter(lines: Iterator[str]) -> tuple[str, Iterator[str], int]:
    """Find the delimiter; return the lines left, and how many were taken: Excel writes and obeys ``sep=;``."""
    head = [next(lines, "")]
    first = _LINE_END.sub("", head[0]).lower()
    bare = first if "\t" in first else first.strip().strip('"')
    if bare.startswith("sep=") and len(bare) == 5 and bare[4] != '"':
        return bare[4], lines, 1
    while not head[-1].strip() and (line := next(lines, "")):
        head.append(line)
    titles = head[-1][:_LONGEST]
    bare = _QUOTED.sub("", titles)
    return max(DELIMITERS, key=lambda one: (bare.count(one), _columns(titles, one))), chain(head, lines), 0


def _columns(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:  # reported when the rows are read
        return 0
