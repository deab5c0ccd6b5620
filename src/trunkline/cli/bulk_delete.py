"""``trunkline RESOURCE delete -``: delete what a pipe or a file names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import IO, Any

import click

from ..catalog import Action, Catalog, Param, load
from ..errors import InvalidArgument
from ..node import Item, Node
from ..node.input import read_keyed
from ..node.items import as_item
from ..odata import literal
from .action_options import ActionOptions
from .files import listened
from .over_items import Told, carry_out

_STRANGE = 2  # fields that a row's resource never had


def delete_rows(options: ActionOptions, rows: IO[bytes]) -> int:
    """Delete each thing that a row names; the exit code is 7 if some failed. The ETag may be a template."""
    action, view = options.action, options.view
    parameters = {key: f'{{{{ $json["{key}"] }}}}' for key in action.keys}
    if "if_match" in options.arguments:
        parameters["If Match"] = options.arguments["if_match"]
    node = Node(action.id, parameters, on_error="continue")
    items = keyed_items(action, rows)
    run = Told(options.dry_run, options.yes, view.output, show_secrets=view.show_secrets, name_failures=True)
    if not options.unchanged:
        return carry_out(node, items, run, options.connection.client)
    from .unchanged import AsListed

    if options.dry_run:
        click.echo("Each would be read first, and deleted only if it is as its row says.", err=True)
    return carry_out(node, items, run, options.connection.client, AsListed(action, items).on)


def keyed_items(action: Action, source: IO[bytes]) -> list[Item]:
    """Items with the action's keys from JSON, JSON Lines or CSV (`node.input`).

    A row may be an object, an item, or only the key. InvalidArgument says which row is none of them, or has a key
    that can't be one; then nothing is deleted.
    """
    items = []
    for place, row in read_keyed(listened(source), action.keys):
        is_key = isinstance(row, str | int) and len(action.keys) == 1
        try:
            item = as_item({action.keys[0]: row} if is_key else row)
        except InvalidArgument as problem:
            raise InvalidArgument(f"{place} of the input: {problem.message}", hint="Nothing was deleted.") from None
        for parameter in action.parameters:
            if wrong := _wrong(parameter, item["json"]):
                as_known = "" if parameter.name in item["json"] else " JSON, JSON Lines, CSV or bare keys are read."
                raise InvalidArgument(f"{place} of the input {wrong}.", hint=f"Nothing was deleted.{as_known}")
        if other := _belongs_to(action.resource, frozenset(item["json"]) - {*action.keys}):
            raise InvalidArgument(
                f"{place} of the input is a row of {other}, not of {action.resource}.",
                hint=f"Nothing was deleted. To delete by its {action.keys[0]}, pipe nothing else: --columns "
                f"{','.join(action.keys)}.",
            )
        items.append(item)
    return items


@lru_cache(maxsize=64)
def _belongs_to(resource: str, names: frozenset[str]) -> str:
    """The other resource that a row with these fields was listed from; "" if it may well be of this one.

    Two fields that this one never had, and another has all of them: then somebody mixed up two lists, whose keys are
    the same small numbers. A column or two of somebody's own are none.
    """
    catalog = load()
    fields = {name.partition(".")[0] for name in names if "@odata." not in name}
    own = _listed_fields(catalog, resource)
    if not own or len(fields - own) < _STRANGE:
        return ""
    others = (other for other in catalog.resources if fields <= _listed_fields(catalog, other))
    return min(others, key=lambda other: len(_listed_fields(catalog, other)), default="")


def _listed_fields(catalog: Catalog, resource: str) -> frozenset[str]:
    """What a row of the resource's list may have; nothing where it has no list."""
    listing = catalog.resources[resource].get("list")
    spec = listing.answer_type if listing else None
    return frozenset(catalog.fields(spec.name)) if spec and spec.name in catalog.types else frozenset()


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
        return f"can't be used: {key.name} {problem.message}"
    return ""
