"""Lists of phone numbers whose calls a PBX refuses: one a line with comments, or CSV."""

from __future__ import annotations

import re

from ..errors import InvalidArgument
from ..local.characters import cleaned
from ..local.csv_rows import Line, text_lines
from .address_list import COMMENT, cells_of, commented_sheet
from .cells import key_part, number_text
from .sheet import Sheet, check_content

_APART = re.compile(r"[\s()./\-]")
# Which characters stand for any digit is unknown (docs/pbx.md, Creating and changing); they are sent as they are.
_NUMBER = re.compile(r"\+?[0-9*#?xX]{1,64}")
_TRAILING = re.compile(r"(?:\s+#|\s*;|\s+//)\s*(.*)\Z")
_TRUNK_ZERO = re.compile(r"\+.*\(0\)")
_SHORTEST = 5  # digits of a second number in a line; fewer are a remark
HEADER = ["CallerId", "Description"]


def read_numbers(content: bytes, name: str, encoding: str | None = None) -> Sheet:
    """Read a list of numbers as a sheet with the columns of `HEADER`, or a CSV with its own.

    A comment behind a number becomes its description; a # counts as one behind a space only, for a number may have
    it. What the PBX holds already is left as it is (`Sheet.adds_only`), unless a CSV says how it should be.

    Raises InvalidArgument for what `check_content` refuses, and for a CSV that can't be read.
    """
    check_content(content, name, encoding)
    read, found = text_lines([content], name, encoding)
    lines = re.split(r"\r\n|\r|\n", "".join(read))
    if _is_csv(lines):
        return commented_sheet(lines, name, found)
    rows = [Line(number, row) for number, line in enumerate(lines, 1) for row in _rows(line)]
    return Sheet(name, HEADER, rows, encoding=found, adds_only=True)


def numbers_of(text: str) -> list[str]:
    """Return the number that a cell holds, without what groups it.

    Raises InvalidArgument, whose message ends a sentence.
    """
    plain = number_text(text)
    if _TRUNK_ZERO.match(plain):
        raise InvalidArgument(f"{plain[:60]!r} has a (0) that nobody dials after a country code; leave it out")
    number = _APART.sub("", plain)
    if not _NUMBER.fullmatch(number) or not any(character.isdigit() for character in number):
        raise InvalidArgument(f"{plain[:60]!r} is not a phone number, such as +442079460123")
    return [number]


def number_form(text: str) -> str:
    """How a number is compared: as `numbers_of` writes it, or as a key where it is none."""
    try:
        return numbers_of(text)[0].casefold()
    except InvalidArgument:
        return key_part(text)


def _is_csv(lines: list[str]) -> bool:
    """Whether the first line that is not a comment has words and no number: then it names columns."""
    for line in lines:
        if cells := _cells(line)[0]:
            has_words = any(character.isalpha() for cell in cells for character in cell)
            return has_words and not any(_digits(cell) for cell in cells)
    return False


def _rows(line: str) -> list[list[str]]:
    """Return a row for each number in a line."""
    cells, description = _cells(line)
    if cells and all(_digits(cell) >= _SHORTEST for cell in cells):
        return [[cell, description] for cell in cells]
    rest = ", ".join(cell for cell in cells[1:] if cell)
    return [[cells[0], description or rest]] if cells else []


def _cells(line: str) -> tuple[list[str], str]:
    """Return the cells of a line and its comment; no cells where it has nothing else."""
    text = cleaned(line)
    if not text or COMMENT.fullmatch(text):
        return [], ""
    description = ""
    if comment := _TRAILING.search(text):
        text, description = text[: comment.start()], comment[1].strip()
    return [cell.strip() for cell in cells_of(text)] or [text], description


def _digits(text: str) -> int:
    """Return how many digits a number has; 0 for what is not one."""
    try:
        return sum(character.isdigit() for character in numbers_of(text)[0])
    except InvalidArgument:
        return 0
