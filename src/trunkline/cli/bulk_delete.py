"""``trunkline RESOURCE delete -``: delete what a pipe or a file names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from ..catalog import Action, Param
from ..errors import InvalidArgument
from ..node import Item, Node
from ..node.input import read_keyed
from ..node.items import as_item
from ..odata import literal
from .action_options import ActionOptions
from .files import listened
from .over_items import RunView, carry_out


def delete_rows(options: ActionOptions, rows: IO[bytes]) -> int:
    """Delete each thing that a row names; the exit code is 7 if some failed. The ETag may be a template."""
    action, view = options.action, options.view
    parameters: dict[str, Any] = {key: f'{{{{ $json["{key}"] }}}}' for key in action.keys}
    if "if_match" in options.arguments:
        parameters["If Match"] = options.arguments["if_match"]
        parameters["If Match Anyway"] = options.arguments.get("if_match_anyway")
    node = Node(action.id, parameters, on_error="continue", unchanged=options.unchanged)
    items = keyed_items(action, rows)
    how = RunView(
        options.dry_run,
        options.yes,
        view.output,
        outcomes=options.outcomes,
        show_secrets=view.show_secrets,
        name_failures=True,
    )
    if options.connection.is_several:
        from .fleet_items import carry_out_several

        return carry_out_several(node, items, how, options.connection.fleet())
    return carry_out(node, items, how, options.connection.client)


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
        items.append(item)
    return items


def _wrong(key: Param, row: Mapping[str, Any]) -> str:
    """Return what is wrong with a row's key; "" if nothing is."""
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
