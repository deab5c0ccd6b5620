"""Items in n8n's form (docs/node-semantics.md, rules I):

``{"json": {...}, "binary": {...}, "pairedItem": {"item": 0}, "error": {...}}``
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict, cast

from ..catalog import Action
from ..errors import InvalidArgument, TrunklineError
from ..odata.literals import INTEGER_RANGES
from ..request import Call
from ..result import File, Saved
from ..work.outcome import ErrorRecord, Outcome
from ..work.state import State
from .binary import PROPERTY, contained, described


class PairedItem(TypedDict):
    """``item`` is the index of the input item that an output item came from, ``input`` the input it came in by."""

    item: int
    input: NotRequired[int]


class ItemError(ErrorRecord):
    """Why an item failed, with the class of the error; ``unknown``: it may have been carried out all the same."""

    type: NotRequired[str]
    unknown: NotRequired[bool]
    note: NotRequired[str]


class _ItemBase(TypedDict):
    json: dict[str, Any]


class Item(_ItemBase, total=False):
    """What flows between steps. ``binary`` maps a property to a file (binary.py); only a failed item has ``error``.

    ``pairedItem`` is written as an object; items that come in may also have an index or a list there. The last three
    are n8n's own and only kept.
    """

    binary: dict[str, Any]
    pairedItem: PairedItem
    error: ItemError
    index: Any
    metadata: Any
    evaluationData: Any


_KEYS = Item.__required_keys__ | Item.__optional_keys__


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


def outputs(call: Call, value: Any, index: int, *, missing: bool = False) -> list[Item]:
    """Return the items that a call's answer becomes: one a row for a list, a binary one for a file, else one.

    An action without a body in its answer says what was done: ``{"success": true, "Id": 42}``; with ``missing`` also
    that there was nothing left to do.
    """
    if call.action.answer_kind == "list":
        return [item_of(row, index) for row in value]
    if value is None:
        said = {"success": True, **keys_of(call.action, call.values)}
        return [item_of({**said, "missing": True} if missing else said, index)]
    return [item_of(value, index)]


def answer_of(action: Action, items: Sequence[Item]) -> Any:
    """Return what is kept of an answer, from the items that it became: of a file, the content too."""
    answers = [{"json": i["json"], "binary": i["binary"]} if "binary" in i else i["json"] for i in items]
    return answers if action.answer_kind == "list" else answers[0]


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
    return {**item, "pairedItem": {"item": outcome.n}, "error": cast("ItemError", record)}


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


def keys_of(action: Action, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an action's keys and parameters out of what they are given by 3CX's names, numbers as numbers."""
    keys = {}
    for name, spec in action.parameters:
        value = values.get(name)
        if spec.name in INTEGER_RANGES and isinstance(value, str | float):
            value = int(value)
        keys[name] = value
    return keys


def shared_out(items: Sequence[Item], pbxs: Sequence[str]) -> dict[str, list[int]]:
    """Return the places of the items that each PBX gets: those whose field ``pbx`` names it, or all where none does.

    So rows that were listed on several PBXs go back to the PBX that each is from: key 4 is another entity on each.

    Raises:
        InvalidArgument: an item names a PBX that is not among these, or some items name one and others don't.
    """
    named = [item["json"].get("pbx") for item in items]
    if all(name is None for name in named):
        return {pbx: list(range(len(items))) for pbx in pbxs}
    shares: dict[str, list[int]] = {pbx: [] for pbx in pbxs}
    for n, name in enumerate(named):
        if name not in shares:
            known = f"is of the PBX {name!r}, which is not among those chosen" if name else "names no PBX, as others do"
            raise InvalidArgument(f"Item {n} {known}.", hint="Nothing was sent. Choose all PBXs of the items.")
        shares[name].append(n)
    return shares


def without_pbx(item: Item) -> Item:
    """Return an item without the field that says which PBX it is from; the PBX itself has no such field."""
    return {**item, "json": {name: value for name, value in item["json"].items() if name != "pbx"}}
