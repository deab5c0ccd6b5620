"""A CSV that is to be imported: all its rows in memory, and what is left of it written again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..catalog.secret import masked
from ..errors import Hint, InvalidArgument
from ..local.atomic import replace_file
from ..local.characters import trimmed
from ..local.contained import reason, spelled
from ..local.csv_rows import DELIMITERS, CsvRows, Line, refuse_other_formats, text_lines
from ..local.csv_text import REASON, csv_cell, guarded, joined_cells

LARGEST = 256 * 2**20
"""Bytes of a file; rows are held in memory until all are compared."""
MOST_ROWS = 1_000_000
_VALUE = re.compile(r"[+\d(][\d\s()./+\-]{5,}|[^@\s]+@[^@\s]+[.][^@\s]+")
NOTHING_SENT = "Nothing was sent."
_SPLIT = "Split it into several files, each with the first line."
_SHOWN = 20  # mistakes of a file that are listed at once


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
    """Read a CSV as `CsvRows` does; characters that nobody sees make neither a name nor a row.

    Raises:
        InvalidArgument: as there; a first line that names no columns, or two that differ in case only; or a file with
            more than `LARGEST` bytes or `MOST_ROWS` rows.
    """
    check_content(content, name, encoding)
    rows = CsvRows([content], name, encoding)
    header = [trimmed(title) for title in rows.header]
    if not header:
        raise InvalidArgument(f"{name} is empty.", hint="Its first line must name the columns.")
    if value := next((title for title in header if _VALUE.fullmatch(title)), None):
        raise InvalidArgument(
            f"{name}, line {rows.begins}: {value!r} is a value, not the name of a column.",
            hint="The first line must name the columns, such as FirstName,LastName,PhoneNumber; add one.",
        )
    if not all(header) or len({title.casefold() for title in header}) < len(header):
        raise rows.unnamed()
    lines: list[Line] = []
    for line in rows:
        if not any(map(trimmed, line.cells)):
            continue
        if len(lines) == MOST_ROWS:
            raise InvalidArgument(f"{name}, line {line.number}: more than {MOST_ROWS:,} rows.", hint=_SPLIT)
        lines.append(line)
    return Sheet(name, header, lines, rows.delimiter, rows.encoding)


def sheet_of(rows: Iterable[Mapping[str, Any]], name: str = "rows") -> Sheet:
    """Return dictionaries as a sheet, one line each, counted from 1; None is an empty cell, and so is a missing one.

    Objects and lists become JSON, as in a cell. Raises InvalidArgument for what is not a dictionary with names as its
    keys, and for more than `MOST_ROWS` rows.
    """
    taken: list[Mapping[str, Any]] = []
    header: dict[str, int] = {}
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping) or not all(isinstance(field, str) and trimmed(field) for field in row):
            raise InvalidArgument(f"{name}, line {number}: a row is a dictionary whose keys are names of fields.")
        if number > MOST_ROWS:
            raise InvalidArgument(f"{name}: more than {MOST_ROWS:,} rows.")
        taken.append(row)
        for field in row:
            if "@odata." not in field:
                header.setdefault(field, len(header))
    if len({field.casefold() for field in header}) < len(header):
        raise InvalidArgument(f"{name}: two of the keys differ in case only: {', '.join(header)}.")
    lines = [Line(number, [csv_cell(row.get(field)) for field in header]) for number, row in enumerate(taken, 1)]
    return Sheet(name, [trimmed(field) for field in header], [line for line in lines if any(map(trimmed, line.cells))])


def check_content(content: bytes, name: str, encoding: str | None, *, json: bool = False) -> None:
    """Raise InvalidArgument for a file of more than `LARGEST` bytes, of another format, or with a NUL in its text."""
    if len(content) > LARGEST:
        raise InvalidArgument(f"{name} has more than {LARGEST // 2**20} MB.", hint=_SPLIT)
    refuse_other_formats(content, name, json=json)
    if b"\0" in content:
        lines, _ = text_lines([content], name, encoding)
        if (number := next((n for n, line in enumerate(lines, 1) if "\0" in line), 0)) > 0:
            raise InvalidArgument(
                f"{name}, line {number}: there is a NUL, which no text has.",
                hint=Hint("Save it as CSV UTF-8, or name its encoding.", arguments={"encoding": "utf-16"}),
            )


def refuse(name: str, wrong: Sequence[str], hint: Hint | str = NOTHING_SENT) -> None:
    """Raise InvalidArgument with the mistakes of a file, if there are any; ``name`` is the file's."""
    if wrong:
        more = [f"… and {len(wrong) - _SHOWN} more."] if len(wrong) > _SHOWN else []
        lines = "\n  ".join([*wrong[:_SHOWN], *more])
        raise InvalidArgument(f"{name} can't be imported as it is:\n  {lines}", hint=hint)


def rest_of(sheet: Sheet, reasons: Mapping[int, str], *, is_masked: bool = False) -> str:
    """Return the lines of a sheet that have a reason, by their number, as they were, with the reason in a last column.

    The text has the sheet's own delimiter. With ``is_masked`` secrets are masked: an import of it leaves those fields
    as they are, until somebody writes the secrets into it.
    """
    places = [place for place, title in enumerate(sheet.header) if title != REASON]
    titles = [sheet.header[place] for place in places]
    # A delimiter of somebody's own is named, else nobody could read it again.
    lines = [] if sheet.delimiter in DELIMITERS else [f"sep={sheet.delimiter}\n"]
    lines.append(joined_cells([*titles, REASON], sheet.delimiter))
    for line in sheet.lines:
        if line.number in reasons:
            cells = [line.cells[place] for place in places]
            if is_masked:
                cells = list(masked(dict(zip(titles, cells, strict=True))).values())
            lines.append(joined_cells([*cells, guarded(reasons[line.number])], sheet.delimiter))
    return "".join(lines)


def write_rest(path: Path, sheet: Sheet, reasons: Mapping[int, str]) -> None:
    """Write what `rest_of` returns, in the sheet's own encoding.

    The file is readable for its owner only, as rows may hold passwords, and replaced atomically. A link stays a link.
    InvalidArgument if it can't be.
    """
    text = rest_of(sheet, reasons)
    try:
        real = Path(os.path.realpath(path))
        with replace_file(real, real.with_name(f".{real.name}.part")) as file:
            file.write(text.encode(sheet.encoding, errors="replace"))
    except (OSError, ValueError) as problem:
        raise InvalidArgument(f"{spelled(path)} can't be written: {reason(problem)}.") from None
