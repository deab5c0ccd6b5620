"""``trunkline RESOURCE delete -``: delete what a pipe or a file names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import IO, Any

import click

from ..catalog import Action, Param
from ..client import AsyncPbx
from ..errors import InvalidArgument
from ..node import Item, Node
from ..node.input import read_keyed
from ..node.items import as_item
from ..odata import literal
from .files import listened
from .over_items import Told, carry_out


def delete_several(
    action: Action,
    source: IO[bytes],
    if_match: str | None,
    told: Told,
    connect: Callable[[], AsyncPbx],
    *,
    unchanged: bool = False,
) -> int:
    """Delete each item read; the exit code is 7 if some failed. ``if_match`` may be a template.

    ``unchanged``: delete only what is still as its row says.
    """
    parameters = {key: f'{{{{ $json["{key}"] }}}}' for key in action.keys}
    if if_match is not None:
        parameters["If Match"] = if_match
    node = Node(action.id, parameters, on_error="continue")
    items = keyed_items(action, source)
    if not unchanged:
        return carry_out(node, items, told, connect)
    from .unchanged import AsListed

    if told.dry_run:
        click.echo("Each would be read first, and deleted only if it is as its row says.", err=True)
    return carry_out(node, items, told, connect, AsListed(action, items).on)


def keyed_items(action: Action, source: IO[bytes]) -> list[Item]:
    """Items with the action's keys from JSON, JSON Lines or CSV (`node.input`).

    A row may be an object, an item, or the key alone. InvalidArgument says which row is none of them, or has a key
    that can't be one; then nothing is deleted at all.
    """
    items = []
    for place, row in read_keyed(listened(source), action.keys):
        alone = isinstance(row, str | int) and len(action.keys) == 1
        try:
            item = as_item({action.keys[0]: row} if alone else row)
        except InvalidArgument as problem:
            raise InvalidArgument(f"{place} of the input: {problem.message}", hint="Nothing was deleted.") from None
        for parameter in action.parameters:
            if wrong := _wrong(parameter, item["json"]):
                raise InvalidArgument(f"{place} of the input {wrong}.", hint="Nothing was deleted.")
        items.append(item)
    return items


def _wrong(key: Param, row: Mapping[str, Any]) -> str:
    """What is wrong with a row's key; "" if nothing is."""
    value = row.get(key.name)
    if key.name not in row:
        return f"has no {key.name}; it has {', '.join(row) or 'nothing'}"
    if value in (None, ""):
        return f"has nothing as its {key.name}"
    if key.type.name == "String":  # a number will do as well
        return ""
    try:
        literal(value, key.type)
    except InvalidArgument as problem:
        return f"can't be meant: {key.name} {problem.message}"
    return ""
