"""Items, as n8n has them: ``{"json": {...}, "binary": {...}, "pairedItem": {"item": 0}, "error": {...}}``."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, TypedDict

from ..catalog import Action
from ..catalog.names import folded
from ..errors import InvalidArgument, PbxError, TrunklineError
from ..odata.literals import INTEGER_RANGES
from ..result import File


class PairedItem(TypedDict):
    """``item`` is the index of the input item that an output item came from."""

    item: int


class _ItemBase(TypedDict):
    json: dict[str, Any]


class Item(_ItemBase, total=False):
    """What flows between steps. ``binary`` maps a property to a file with base64 ``data``; only a failed item has
    ``error``."""

    binary: dict[str, Any]
    pairedItem: PairedItem
    error: dict[str, Any]


def as_item(value: object) -> Item:
    """An item from an item, or from a plain object, which becomes its ``json``; InvalidArgument for anything else."""
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"An item must be an object, not {value!r}.")
    if isinstance(value.get("json"), Mapping) and value.keys() <= Item.__annotations__.keys() | {"json"}:
        return value  # type: ignore[return-value]
    return {"json": dict(value)}


def outputs(action: Action, arguments: Mapping[str, Any], value: Any, index: int) -> list[Item]:
    """The items that an action's answer becomes: one a row for a list, a binary one for a file, else one.

    An action without a body in its answer says what was done: ``{"success": true, "Id": 42}``.
    """
    paired: PairedItem = {"item": index}
    if action.answer_kind == "list":
        return [{"json": row if isinstance(row, dict) else {"value": row}, "pairedItem": paired} for row in value]
    if isinstance(value, File):
        about: dict[str, Any] = {"fileName": value.name, "mimeType": value.content_type, "fileSize": len(value.content)}
        data = {**about, "data": base64.b64encode(value.content).decode("ascii")}
        return [{"json": about, "binary": {"data": data}, "pairedItem": paired}]
    if value is None:
        return [{"json": {"success": True, **keys_of(action, arguments)}, "pairedItem": paired}]
    return [{"json": value if isinstance(value, dict) else {"value": value}, "pairedItem": paired}]


def failure(item: Item, error: TrunklineError, index: int) -> Item:
    """The input item with what went wrong."""
    said: dict[str, Any] = {
        "status": error.status,
        "type": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
    }
    if isinstance(error, PbxError) and error.codes:
        said["codes"] = error.codes
    return {**item, "pairedItem": {"item": index}, "error": said}


def keys_of(action: Action, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """An action's keys and parameters out of the arguments, by 3CX's names, numbers as numbers."""
    given = {folded(name): value for name, value in arguments.items()}
    found = {}
    for parameter in action.parameters:
        value = given.get(folded(parameter.name))
        if parameter.type.name in INTEGER_RANGES and isinstance(value, str | float):
            value = int(value)
        found[parameter.name] = value
    return found
