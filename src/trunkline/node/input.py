"""What a pipe or a file brings: JSON Lines, a JSON array, one JSON object or CSV, told apart by how it begins.

JSON Lines and CSV are read as they come: a million rows need no memory. `run`, `job run` and `delete -` all read here.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import IO, Any

import msgspec

from ..catalog.secret import secrets_in
from ..errors import InvalidArgument
from ..redaction import remember_values
from .csv_text import unguarded
from .items import Item, as_item

_HINT = "Nothing was sent."
_LONGEST = 16 * 2**20  # characters of a cell; a contact's picture is longer than csv's own limit
_IN_QUOTES = re.compile('"[^"]*(?:"|$)')


def read_items(source: IO[bytes]) -> Iterator[Item]:
    """Yield the items of an input whose rows are objects or items. InvalidArgument names the line that is none.

    The name of a file counts only where its beginning can mean two things: a first line that is no JSON is the header
    of a CSV, unless the name ends in ``.json`` or ``.jsonl``. Every value of a CSV is text.
    """
    for place, row in _rows(source, ()):
        try:
            yield as_item(row)
        except InvalidArgument as problem:
            raise InvalidArgument(f"{place} of the input is no item: {problem.message}", hint=_HINT) from None


def with_secrets_kept(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the same items; what stands in their secret fields is taken out of all text that leaves (`redaction`)."""
    for item in items:
        if values := list(secrets_in(item)):
            remember_values(values)
        yield item


def read_keyed(source: IO[bytes], keys: Collection[str]) -> Iterator[tuple[str, Any]]:
    """As `read_items`, for rows that may also be nothing but a key: a number, or a text in quotes.

    Gives each row with its place in words, such as ``Line 3``.
    """
    return _rows(source, keys)


def _rows(source: IO[bytes], keys: Collection[str]) -> Iterator[tuple[str, Any]]:
    name = str(getattr(source, "name", "")).lower()
    lines = enumerate(source, 1)
    number, first = next(((n, line) for n, line in lines if line.removeprefix(codecs.BOM_UTF8).strip()), (1, b""))
    first = first.removeprefix(codecs.BOM_UTF8)
    begin = first.lstrip()[:1]
    if name.endswith(".csv"):
        return _from_csv(first, number, source)
    if begin == b"[":
        return _from_array(first + source.read())
    if begin == b"{" and not _is_json(first):
        return _from_object(first, number, source)
    bare = _is_json(first) and begin != b"{"
    header = not bare or (begin == b'"' and (not keys or first.strip().strip(b'"').decode(errors="replace") in keys))
    if first and begin != b"{" and header and not name.endswith((".json", ".jsonl")):
        return _from_csv(first, number, source)
    return _from_lines(chain([(number, first)], lines))


def _from_lines(lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[str, Any]]:
    for number, line in lines:
        if line.strip():
            try:
                yield f"Line {number}", msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
                raise InvalidArgument(f"Line {number} of the input is no JSON: {problem}.", hint=_HINT) from None


def _from_array(text: bytes) -> Iterator[tuple[str, Any]]:
    try:
        values = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidArgument(f"The input is no JSON array: {problem}.", hint=_HINT) from None
    return ((f"Row {number}", value) for number, value in enumerate(values, 1))


def _from_object(first: bytes, number: int, source: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """One object over several lines; else the first line of JSON Lines is broken."""
    try:
        return iter([(f"Line {number}", msgspec.json.decode(first + source.read()))])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidArgument(f"Line {number} of the input begins no JSON: {problem}.", hint=_HINT) from None


def _from_csv(first: bytes, begins: int, source: IO[bytes]) -> Iterator[tuple[str, Any]]:
    def decoded() -> Iterator[str]:
        for number, line in enumerate(chain([first], source), begins):
            try:
                yield line.decode()
            except UnicodeDecodeError:
                hint = f"Save it as UTF-8 and try again. {_HINT}"
                raise InvalidArgument(f"Line {number} of the input is not written in UTF-8.", hint=hint) from None

    rows = csv_records(decoded(), "The input", hint=_HINT, begins=begins)
    return ((f"Line {number}", row) for number, row in rows)


def csv_records(
    lines: Iterator[str], name: str, *, hint: str = "", begins: int = 1
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV with the number of their last line.

    InvalidArgument names the file as ``name``, and the line.

    ``begins`` is the number of the first line given.

    Comma or semicolon, whichever the first line has more of: spreadsheets write both. What we wrote with an
    apostrophe before it (`csv_text.guarded`) is read without.
    """
    first = next(lines, "")
    separators = _IN_QUOTES.sub("", first)
    delimiter = ";" if separators.count(";") > separators.count(",") else ","
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST))
    reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
    try:
        header = [unguarded(column.strip()) for column in next(reader, [])]
        if first.strip() and (len(set(header)) < len(header) or not all(header)):
            raise InvalidArgument(
                f"{name}, line {begins}: the columns need names that differ, not {header}.", hint=hint
            )
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) != len(header):
                said = f"{len(cells)} cells, but {len(header)} columns have names."
                raise InvalidArgument(f"{name}, line {reader.line_num + begins - 1}: {said}", hint=hint)
            yield reader.line_num + begins - 1, dict(zip(header, map(unguarded, cells), strict=True))
    except csv.Error as problem:
        place = f"{name}, line {reader.line_num + begins - 1}"
        raise InvalidArgument(f"{place}: this is no CSV: {problem}.", hint=hint) from None


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
