"""``trunkline RESOURCE delete -``: delete what a pipe or a file names."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any

import msgspec

from ..catalog import Action
from ..client import AsyncPbx
from ..errors import InvalidArgument
from ..node import Item, Node
from ..node.items import as_items
from .run import Told, carry_out


def delete_several(
    action: Action, source: IO[bytes], if_match: str | None, told: Told, connect: Callable[[], AsyncPbx]
) -> int:
    """Delete each item read; the exit code is 7 if some failed. ``if_match`` may be a template."""
    parameters = {key: f'{{{{ $json["{key}"] }}}}' for key in action.keys}
    if if_match is not None:
        parameters["If Match"] = if_match
    node = Node(action.id, parameters, on_error="continue")
    return carry_out(node, keyed_items(action, source.read()), told, connect)


def keyed_items(action: Action, content: bytes) -> list[Item]:
    """Items with the action's keys from JSON, JSON Lines or CSV, told apart by how they begin.

    A row may be an object, an item, or the key alone. InvalidArgument says which row is none of them; then nothing
    is deleted at all.
    """
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise InvalidArgument("The input is not written in UTF-8.", hint="Nothing was deleted.") from None
    rows = [_with_key(action, row) for row in _rows(action, text)]
    items = as_items(rows)
    for number, item in enumerate(items, 1):
        for key in action.keys:
            if item["json"].get(key) in (None, ""):
                has = f"it has {', '.join(item['json']) or 'nothing'}"
                raise InvalidArgument(f"Row {number} of the input has no {key}; {has}.", hint="Nothing was deleted.")
    return items


def _rows(action: Action, text: str) -> list[Any]:
    if not text:
        return []
    first = text.splitlines()[0].strip()
    if first.startswith("["):
        return list(_decoded(text, "The input"))
    if first.startswith("{") and first != "{" and _is_json(first):
        return _lines(text)
    if first.startswith("{"):
        return [_decoded(text, "The input")]  # one object over several lines
    if _is_json(first) and first.strip('"') not in action.keys:
        return _lines(text)
    from ..flows.files import csv_rows

    return list(csv_rows(text, "the input"))


def _lines(text: str) -> list[Any]:
    lines = enumerate(text.split("\n"), 1)
    return [_decoded(line, f"Line {number} of the input") for number, line in lines if line.strip()]


def _decoded(text: str, what: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as problem:
        raise InvalidArgument(f"{what} is no JSON: {problem}.", hint="Nothing was deleted.") from None


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True


def _with_key(action: Action, row: Any) -> Any:
    return {action.keys[0]: row} if isinstance(row, str | int) and len(action.keys) == 1 else row
