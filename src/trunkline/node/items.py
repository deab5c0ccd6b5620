"""Items in n8n's form (docs/node-semantics.md, rules I):

``{"json": {...}, "binary": {...}, "pairedItem": {"item": 0}, "error": {...}}``
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NotRequired, TypedDict

from ..catalog import Action
from ..catalog.names import folded
from ..errors import InvalidArgument, TrunklineError
from ..odata.literals import INTEGER_RANGES
from ..result import File, Saved
from ..work.outcome import Outcome
from ..work.state import State
from .binary import PROPERTY, contained, described


class PairedItem(TypedDict):
    """``item`` is the index of the input item that an output item came from, ``input`` the input it came in by."""

    item: int
    input: NotRequired[int]


class _ItemBase(TypedDict):
    json: dict[str, Any]


class Item(_ItemBase, total=False):
    """What flows between steps. ``binary`` maps a property to a file (binary.py); only a failed item has ``error``.

    ``pairedItem`` is written as an object; items that come in may also have an index or a list there.
    """

    binary: dict[str, Any]
    pairedItem: PairedItem
    error: Any


_KEYS = frozenset(["json", "binary", "pairedItem", "error", "index", "metadata", "evaluationData"])


def as_item(value: object) -> Item:
    """Return an item from an item, or from a plain object, which becomes its ``json``.

    InvalidArgument for anything else, and for an item whose ``binary`` or ``pairedItem`` is none.
    """
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"An item must be an object, not {value!r}.")
    if not (isinstance(value.get("json"), Mapping) and value.keys() <= _KEYS):
        return {"json": dict(value)}
    files = value.get("binary")
    if files is not None and not (isinstance(files, Mapping) and all(isinstance(f, Mapping) for f in files.values())):
        raise InvalidArgument(f"The binary data of an item must be an object of files, not {files!r}.")
    if "pairedItem" in value and not _pairs(value["pairedItem"]):
        raise InvalidArgument(
            f"pairedItem must be an index, an object such as {{'item': 0}} or a list, not {value['pairedItem']!r}."
        )
    return value  # type: ignore[return-value]


def _pairs(value: object) -> bool:
    if isinstance(value, list):
        return all(_pairs(one) and not isinstance(one, list) for one in value)
    if isinstance(value, Mapping):
        return _pairs(value.get("item")) and value.keys() <= {"item", "input", "sourceOverwrite"}
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def outputs(
    action: Action, arguments: Mapping[str, Any], value: Any, index: int, *, missing: bool = False
) -> list[Item]:
    """Return the items that an action's answer becomes: one a row for a list, a binary one for a file, else one.

    An action without a body in its answer says what was done: ``{"success": true, "Id": 42}``; with ``missing`` also
    that there was nothing left to do.
    """
    if action.answer_kind == "list":
        return [item_of(row, index) for row in value]
    if value is None:
        said = {"success": True, **keys_of(action, arguments)}
        return [item_of({**said, "missing": True} if missing else said, index)]
    return [item_of(value, index)]


def item_of(value: Any, index: int) -> Item:
    """One value as an item that came from an input item: a file as binary data, anything but an object as ``value``."""
    if isinstance(value, File | Saved):
        return {"json": described(value), "binary": {PROPERTY: contained(value)}, "pairedItem": {"item": index}}
    return {"json": value if isinstance(value, dict) else {"value": value}, "pairedItem": {"item": index}}


def failure(item: Item, outcome: Outcome) -> Item:
    """Return the input item with what went wrong; ``unknown``: it may have been carried out all the same."""
    record = outcome.described_error
    if isinstance(outcome.error, TrunklineError):
        record["type"] = type(outcome.error).__name__
    if outcome.state is State.UNKNOWN:
        record["unknown"] = True
    return {**item, "pairedItem": {"item": outcome.n}, "error": record}


def as_items(values: Iterable[object]) -> list[Item]:
    """Items from items or plain objects; InvalidArgument names the first that is neither."""
    return list(each_item(values))


def each_item(values: Iterable[object]) -> Iterator[Item]:
    """As `as_items`, one after the other."""
    for index, value in enumerate(values):
        try:
            yield as_item(value)
        except InvalidArgument as problem:
            raise InvalidArgument(f"Item {index}: {problem.message}", hint="Nothing was sent.") from None


def keys_of(action: Action, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return an action's keys and parameters out of the arguments, by 3CX's names, numbers as numbers."""
    given = {folded(name): value for name, value in arguments.items()}
    found = {}
    for parameter in action.parameters:
        value = given.get(folded(parameter.name))
        if parameter.type.name in INTEGER_RANGES and isinstance(value, str | float):
            value = int(value)
        found[parameter.name] = value
    return found
