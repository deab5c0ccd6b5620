"""Rows in files: CSV, JSON Lines, JSON and YAML, as the file's extension says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ..errors import InvalidArgument
from ..local.atomic import replace_file
from ..local.contained import open_regular, open_within, reason, replace_within, spelled
from ..local.csv_rows import CsvRows
from ..local.csv_text import csv_line
from .document import LONGEST_ROWS
from .document import read as read_yaml

_UNPRINTABLE = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")  # what YAML wants escaped
ENDINGS = (".csv", ".jsonl", ".json", ".yaml", ".yml")


def rows_of(path: Path, folder: Path | None = None) -> list[dict[str, Any]]:
    """Return the rows of a file, each an object; values of a CSV are text. InvalidArgument names file and line.

    With a ``folder``, that is where a `resolved` path must still lead when it is opened.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InvalidArgument(f"{path.name} ends in none of {', '.join(ENDINGS)}, so it can't be read as rows.")
    try:
        with open_regular(path) if folder is None else open_within(folder, path) as file:
            content = file.read()
    except (OSError, ValueError) as problem:
        raise InvalidArgument(f"{spelled(path)} can't be read: {reason(problem)}.") from None
    if ending == ".csv":
        return [row for _, row in CsvRows([content], path.name, hint="No row was read.").records()]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise InvalidArgument(
            f"{path.name}, line {line}: this is not written in UTF-8.", hint="Save it as UTF-8 and try again."
        ) from None
    match ending:
        case ".jsonl":
            return [
                _row(_json(line, path.name, number), path.name, number)
                for number, line in enumerate(text.split("\n"), 1)
                if line.strip()
            ]
        case ".json":
            rows = _json(text, path.name, None)
        case _:
            rows = read_yaml(text, path.name, longest=LONGEST_ROWS).plain()
    if not isinstance(rows, list):
        raise InvalidArgument(f"{path.name} must hold a list of rows.")
    return [_row(row, path.name, number) for number, row in enumerate(rows, 1)]


def _json(text: str, name: str, line: int | None) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as problem:
        at = f", line {line}" if line else ""
        raise InvalidArgument(f"{name}{at} is not JSON: {problem}.") from None


def _row(value: Any, name: str, number: int) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidArgument(f"{name}: row {number} is not an object but {str(value)[:200]!r}.")
    return value


def write(path: Path, rows: Sequence[Mapping[str, Any]], folder: Path | None = None) -> None:
    """Write rows to a file whole, or leave it as it was; only its owner can read it.

    With a ``folder``, that is where a `resolved` path must still lead. InvalidArgument if it can't be written.
    """
    try:
        content = _text(path.suffix.lower(), rows).encode()
        if folder is not None:
            with replace_within(folder, path) as file:
                file.write(content)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(path) as file:
            file.write(content)
    except UnicodeEncodeError:
        raise InvalidArgument(
            f"{spelled(path)} can't be written: a text in the items ends in half a character."
        ) from None
    except (OSError, ValueError, TypeError, RecursionError) as problem:
        raise InvalidArgument(f"{spelled(path)} can't be written: {reason(problem)}.") from None


def _text(ending: str, rows: Sequence[Mapping[str, Any]]) -> str:
    match ending:
        case ".csv":
            return _as_csv(rows)
        case ".jsonl":
            return "".join(f"{msgspec.json.encode(row).decode()}\n" for row in rows)
        case ".json":
            return msgspec.json.format(msgspec.json.encode(list(rows)), indent=2).decode() + "\n"
        case _:
            # JSON is YAML of every version, and no word of it is taken for something else.
            lines = (f"- {msgspec.json.encode(row).decode()}\n" for row in rows)
            return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", "".join(lines)) or "[]\n"


def _as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Columns in the order they first come; objects and lists as JSON. Null and what a row lacks are empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return "".join([csv_line(columns), *(csv_line([row.get(name) for name in columns]) for row in rows)])
