"""The items of a job, from JSON Lines, a JSON array or CSV, one at a time: a million of them need no memory."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from typing import IO, Any

import msgspec

from ..errors import InvalidArgument
from ..node.items import as_item


def read_input(source: IO[bytes], *, as_csv: bool = False) -> Iterator[dict[str, Any]]:
    """The items of a file. InvalidArgument names the line that is none.

    CSV has the names of fields in its first line; every value is text. A JSON array is read whole.
    """
    if as_csv:
        return _from_csv(source)
    first = source.readline().removeprefix(codecs.BOM_UTF8)
    while first and not first.strip():
        first = source.readline()
    if first.lstrip().startswith(b"["):
        return _from_array(first + source.read())
    return _from_lines(first, source)


def _from_lines(first: bytes, source: IO[bytes]) -> Iterator[dict[str, Any]]:
    line, number = first, 1
    while line:
        if line.strip():
            try:
                yield dict(as_item(msgspec.json.decode(line)))
            except (msgspec.DecodeError, InvalidArgument) as problem:
                raise InvalidArgument(f"Line {number} of the input is no JSON object: {problem}") from None
        line, number = source.readline(), number + 1


def _from_array(text: bytes) -> Iterator[dict[str, Any]]:
    try:
        values = msgspec.json.decode(text)
    except msgspec.DecodeError as problem:
        raise InvalidArgument(f"The input is no JSON array: {problem}.") from None
    for value in values:
        yield dict(as_item(value))


def _from_csv(source: IO[bytes]) -> Iterator[dict[str, Any]]:
    lines = (line.decode("utf-8-sig" if n == 0 else "utf-8") for n, line in enumerate(source))
    reader = csv.DictReader(lines, strict=True)
    try:
        names = list(reader.fieldnames or ())
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InvalidArgument(f"The first line of the input names {', '.join(map(repr, twice))} twice.")
        for row in reader:
            if None in row or None in row.values():
                raise InvalidArgument(f"Line {reader.line_num} of the input has more or fewer fields than the first.")
            yield {"json": dict(row)}
    except (csv.Error, UnicodeDecodeError) as problem:
        raise InvalidArgument(f"Line {reader.line_num} of the input is no CSV: {problem}.") from None
