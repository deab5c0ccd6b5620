"""``--if-unchanged FILE`` and ``delete - --unchanged``: act only on what is still as it was listed."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import IO, Any

import click
import msgspec

from ..catalog import Action, load
from ..catalog.secret import has_mask
from ..client import AsyncPbx
from ..client.unchanged import Unchanged
from ..errors import InvalidArgument
from ..node import Item
from ..node.items import as_item, keys_of
from ..request import bind, build
from .preview import show_request

_HINT = "Nothing was sent."


def read_expected(action: Action, source: IO[bytes], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a file that an action depends on. InvalidArgument if it is none, or is of another key."""
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
    expected, hidden = comparable(row, name)
    _tell(hidden, name)
    return expected


def _reader(action: Action) -> str:
    return f"`trunkline {action.resource.replace('_', '-')} get`"


def comparable(row: Mapping[str, Any], name: str) -> tuple[dict[str, Any], list[str]]:
    """The fields of a row that can be compared, and the names of those that can't: their secrets are masked in it."""
    dotted = [field for field in row if "." in field and "@odata." not in field]
    if dotted:
        raise InvalidArgument(
            f"{name} has {', '.join(dotted)}, a part of a field, which can't be compared.",
            hint=f"Write it without --columns. {_HINT}",
        )
    hidden = [field for field, value in row.items() if has_mask(value)]
    return {field: value for field, value in row.items() if field not in hidden}, hidden


def _tell(hidden: Iterable[str], name: str) -> None:
    if fields := ", ".join(dict.fromkeys(hidden)):
        click.echo(f"Not compared, because masked in {name}: {fields}. --show-secrets writes them out.", err=True)


def show_both(url: str, action: Action, arguments: Mapping[str, Any], *, show_secrets: bool) -> None:
    """What would be sent: the reading and, after it, the action; only the latter where the row has an ETag to send."""
    own = {name: value for name, value in arguments.items() if name != "if_unchanged"}
    check = Unchanged(load(), bind(load(), action, (), own), arguments["if_unchanged"])
    if check.settled is not None:
        show_request(url, build(check.settled), show_secrets=show_secrets)
        return
    show_request(url, build(bind(load(), check.reader, (), check.reading)), show_secrets=show_secrets)
    click.echo(
        f"\nand then, if {', '.join(check.expected)} {'are' if len(check.expected) > 1 else 'is'} as expected:\n"
    )
    show_request(url, build(check.call), show_secrets=show_secrets)


class AsListed:
    """A PBX on which items are deleted only if each is still as its row says."""

    def __init__(self, action: Action, items: Sequence[Item]) -> None:
        """InvalidArgument for a row that has nothing to compare, and for one that comes twice."""
        self._action = action
        self._rows: dict[tuple[str, ...], dict[str, Any]] = {}
        hidden: list[str] = []
        for number, item in enumerate(items, 1):
            row, masked = comparable(item["json"], f"Row {number}")
            hidden += masked
            key = self._key(row)
            if key in self._rows:
                raise InvalidArgument(f"Row {number} of the input has the same key as another.", hint=_HINT)
            call = bind(load(), action, (), {name: row[name] for name in action.keys})
            try:
                Unchanged(load(), call, row)
            except InvalidArgument:
                hint = f"Bare keys can't be told from others; pipe whole rows in. {_HINT}"
                raise InvalidArgument(f"Row {number} of the input has nothing to compare.", hint=hint) from None
            if any(isinstance(value, str) != isinstance(row[name], str) for name, value in self._typed(row).items()):
                hint = f"JSON Lines keep numbers numbers, as -o jsonl writes them. {_HINT}"
                raise InvalidArgument(f"Row {number} of the input is all text, so it can't be compared.", hint=hint)
            self._rows[key] = row
        _tell(hidden, "the input")
        self._pbx: AsyncPbx | None = None

    def on(self, pbx: AsyncPbx) -> AsListed:
        self._pbx = pbx
        return self

    def call(self, action: str, /, **arguments: Any) -> Awaitable[Any]:
        assert self._pbx is not None  # noqa: S101 - a run has a PBX
        if action != self._action.id:  # a run that looks up what became of an item
            return self._pbx.call(action, **arguments)  # type: ignore[no-any-return]
        answer: Awaitable[Any] = self._pbx.call(action, **arguments, if_unchanged=self._rows[self._key(arguments)])
        return answer

    def _key(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(str(values[name]) for name in self._action.keys)

    def _typed(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in keys_of(self._action, row).items() if name in self._action.keys}
