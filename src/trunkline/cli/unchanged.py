"""``--if-unchanged FILE``: act only on what is still as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import click
import msgspec

from ..catalog import Action, load
from ..client.unchanged import Unchanged
from ..errors import InvalidArgument
from ..node.items import as_item
from ..request import bind, build
from ..work.guards import comparable, hidden_fields
from .preview import show_request

_HINT = "Nothing was sent."


def read_expected(action: Action, source: IO[bytes], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a file that an action depends on. Raises InvalidArgument for another key, or no row."""
    name = getattr(source, "name", "<stdin>")
    name = "The standard input" if name == "<stdin>" else name
    try:
        value = msgspec.json.decode(source.read().decode("utf-8-sig"))
        row = dict(as_item(value)["json"])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise InvalidArgument(
            f"{name} is not one JSON object: {problem}.", hint=f"{_reader(action)} writes one. {_HINT}"
        ) from None
    except InvalidArgument:
        hint = f"{_reader(action)} writes one. {_HINT}"
        raise InvalidArgument(f"{name} has {type(value).__name__}, not one JSON object.", hint=hint) from None
    for key in action.keys:
        if key in row and str(row[key]) != str(arguments[key]):
            raise InvalidArgument(f"{name} has the {action.noun} {row[key]}, not {arguments[key]}.", hint=_HINT)
    expected = comparable(row, name)
    if hidden := ", ".join(hidden_fields([row])):
        click.echo(f"Not compared, because masked in {name}: {hidden}. --show-secrets writes them out.", err=True)
    return expected


def _reader(action: Action) -> str:
    return f"`trunkline {action.resource.replace('_', '-')} get`"


def show_both(url: str, action: Action, arguments: Mapping[str, Any], *, show_secrets: bool) -> None:
    """Print what would be sent: the reading, which a PBX known to send ETags is spared, then the action."""
    own = {name: value for name, value in arguments.items() if name != "if_unchanged"}
    check = Unchanged(load(), bind(load(), action, (), own), arguments["if_unchanged"])
    show_request(url, build(bind(load(), check.reader, (), check.reading)), show_secrets=show_secrets)
    click.echo(
        f"\nand then, if {', '.join(check.expected)} {'are' if len(check.expected) > 1 else 'is'} as expected:\n"
    )
    show_request(url, build(check.tagged or check.call), show_secrets=show_secrets)
