"""CSV as we write it, and how a cell of it is read back as it was.

A spreadsheet runs a cell that begins like a formula, and what a PBX answers was often written by strangers: a caller's
name, a field of a provider. So an apostrophe is put before whatever begins like one (`guarded`), and taken away when we
read (`unguarded`). Where the list separator is a semicolon, Excel and others split a comma-separated line at semicolons
and don't respect quotes in the middle of it, nor do they join its lines; so what follows a semicolon, a tab or the end
of a line counts as a beginning too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from string import ascii_letters, digits
from typing import Any

import msgspec

REASON = "# why"
"""The column with the reason why a row was not done; nothing reads a column whose name begins with # as data."""
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"  # the last four are full-width ＝＋－＠, which are formulas to some
_UNSEEN = (  # spaces, control and format characters other than what separates: a spreadsheet may drop them
    "\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    "\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e0fff"
)
_SEPARATORS = ";\t\r\n"
_NUMBER = "[+-][\\d .,/()\xa0\u202f-]*\\Z"
_SIGNED = f'[{_UNSEEN}"]*[{_SIGNS}]'
_FORMULA = f"(?:[\t\r\n]|(?![{_UNSEEN}]*{_NUMBER}){_SIGNED})"
"""How a cell begins that a spreadsheet would run. A sign before a number, such as +44 20 7946 0123, is not one."""
_BEGINNING = re.compile(f"\\A(?='*{_FORMULA})|(?<=[{_SEPARATORS}])(?='*{_SIGNED})")
_GUARDED = re.compile(f"\\A'(?='*{_FORMULA})|(?<=[{_SEPARATORS}])'(?='*{_SIGNED})")
_FIRST = re.compile(f"['\"{_UNSEEN}{_SIGNS}\t\r\n]")
_QUOTED = re.compile(f'[,"{_SEPARATORS}]|\\A\ufeff')
_HARMLESS = frozenset(("", *ascii_letters, *digits))  # first characters
_SEPARATING = re.compile(f"[{_SEPARATORS}]")


def guarded(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: with an apostrophe before each beginning of one."""
    return _BEGINNING.sub("'", text) if _FIRST.match(text) or _SEPARATING.search(text) else text


def unguarded(text: str) -> str:
    """Return a text as it was before it was `guarded`."""
    return _GUARDED.sub("", text) if "'" in text else text


def csv_cell(value: Any) -> str:
    """Return a value as the text of a cell: null is empty, objects and lists are JSON, formulas are guarded."""
    return guarded(_text(value))


def csv_line(values: Sequence[Any]) -> str:
    """Values as one line of a CSV, with its end; names of columns too, as they may come from a PBX."""
    cells = []
    for value in values:  # most are null, a number or a word, which need no second look
        if value is None:
            cells.append("")
        elif isinstance(value, str):
            cells.append(value if value[:1] in _HARMLESS else guarded(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            cells.append(str(value))
        else:
            cells.append(csv_cell(value))
    line = joined_cells(cells)
    if ";" in line or "\t" in line or "\r" in line or line.find("\n") < len(line) - 1 or line[0] == "\ufeff":
        line = ",".join([_quoted(guarded(_text(value))) for value in values]) + "\n"
    return line


def joined_cells(cells: Sequence[str], delimiter: str = ",") -> str:
    """Texts as one line of a CSV, with its end, as they are: no formula is guarded."""
    line: str = csv.writer(_SINK, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return line


def _quoted(cell: str) -> str:
    """Return a cell as it stands in a line.

    In quotes too where another program may see a separator or a byte order mark.
    """
    if _QUOTED.search(cell):
        cell = cell.replace('"', '""')
        return f'"{cell}"'
    return cell


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


class _Sink:
    """A file for csv.writer, whose ``writerow`` gives what ``write`` gives: the line."""

    def write(self, line: str) -> str:
        return line


_SINK = _Sink()
