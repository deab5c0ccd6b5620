"""``trunkline RESOURCE delete -``: delete what a pipe or a file names."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO

import click

from ..catalog import Action
from ..client import AsyncPbx
from ..errors import InvalidArgument
from ..node import Item, Node
from ..node.input import read_keyed
from ..node.items import as_item
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

    A row may be an object, an item, or the key alone. InvalidArgument says which row is none of them; then nothing
    is deleted at all.
    """
    items = []
    for place, row in read_keyed(listened(source), action.keys):
        alone = isinstance(row, str | int) and len(action.keys) == 1
        try:
            item = as_item({action.keys[0]: row} if alone else row)
        except InvalidArgument as problem:
            raise InvalidArgument(f"{place} of the input: {problem.message}", hint="Nothing was deleted.") from None
        for key in action.keys:
            if item["json"].get(key) in (None, ""):
                has = f"it has {', '.join(item['json']) or 'nothing'}"
                raise InvalidArgument(f"{place} of the input has no {key}; {has}.", hint="Nothing was deleted.")
        items.append(item)
    return items
