"""What a pipe or a file brings: JSON Lines, a JSON array, one JSON object or CSV, recognised by how it begins.

JSON Lines and CSV are read as they come: a million rows need no memory. `run`, `job run` and `delete -` all read here.
"""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import IO, Any

import msgspec

from ..catalog.secret import secrets_in
from ..errors import InvalidArgument
from ..local.csv_rows import CsvRows, chunks_of
from ..redaction import remember_values
from .items import Item, as_item

_HINT = "Nothing was sent."
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_items(source: IO[bytes]) -> Iterator[Item]:
    """Yield the items of an input whose rows are objects or items. InvalidArgument names the line that is none.

    The name of a file counts only where its beginning can mean two things: a first line that is not JSON is the header
    of a CSV, unless the name ends in ``.json`` or ``.jsonl``. Every value of a CSV is text.
    """
    for place, row in _rows(source, ()):
        try:
            yield as_item(row)
        except InvalidArgument as problem:
            raise InvalidArgument(f"{place} of the input is not an item: {problem.message}", hint=_HINT) from None


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
    begins: list[bytes] = []
    for line in source:
        begins.append(line)
        if line.removeprefix(codecs.BOM_UTF8).strip():
            break
    number, first = len(begins), begins[-1].removeprefix(codecs.BOM_UTF8) if begins else b""
    begin = first.lstrip()[:1]
    if first.startswith(_UTF_16) and first.decode("utf-16", errors="ignore").lstrip().startswith(("{", "[")):
        raise InvalidArgument(f"Line {number} of the input is not written in UTF-8.", hint=f"Save it so. {_HINT}")
    if name.endswith(".csv") or first.startswith(_UTF_16):
        return _from_csv(begins, source)
    if begin == b"[":
        return _from_array(first + source.read())
    if begin == b"{" and not _is_json(first):
        return _from_object(first, number, source)
    bare = _is_json(first) and begin != b"{"
    title = first.strip().strip(b'"').decode(errors="replace")
    header = not bare or (begin == b'"' and (not keys or title in keys or title.lower().startswith("sep=")))
    if first and begin != b"{" and header and not name.endswith((".json", ".jsonl")):
        return _from_csv(begins, source)
    return _from_lines(chain([(number, first)], enumerate(source, number + 1)))


def _from_lines(lines: Iterable[tuple[int, bytes]]) -> Iterator[tuple[str, Any]]:
    for number, line in lines:
        if line.strip():
            try:
                yield f"Line {number}", msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
                raise InvalidArgument(f"Line {number} of the input is not JSON: {problem}.", hint=_HINT) from None


def _from_array(text: bytes) -> Iterator[tuple[str, Any]]:
    try:
        values = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidArgument(f"The input is not a JSON array: {problem}.", hint=_HINT) from None
    return ((f"Row {number}", value) for number, value in enumerate(values, 1))


def _from_object(first: bytes, number: int, source: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """One object over several lines; else the first line of JSON Lines is broken."""
    try:
        return iter([(f"Line {number}", msgspec.json.decode(first + source.read()))])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidArgument(f"Line {number} of the input begins no JSON: {problem}.", hint=_HINT) from None


def _from_csv(begins: Iterable[bytes], source: IO[bytes]) -> Iterator[tuple[str, Any]]:
    rows = CsvRows(chain(begins, chunks_of(source)), "The input", hint=_HINT)
    return ((f"Line {number}", row) for number, row in rows.records())


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
