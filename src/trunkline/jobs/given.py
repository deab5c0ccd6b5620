"""The items of a job as a person gives them, and those that failed as a file that can be given again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any

from ..catalog import Action
from ..catalog.secret import masked
from ..errors import InvalidArgument
from ..local.csv_text import REASON, csv_line
from ..node.input import read_keyed, with_secrets_kept
from ..node.items import Item, as_item
from .summary import JobRecord


def given_items(source: IO[bytes], action: Action) -> Iterator[Item]:
    """Yield the items of a CSV, of JSON, of JSON Lines, or of a list with one key a line, as they are asked for.

    A bare key becomes an item with the key of the action, where that has one. The reasons of `rest_csv` are left out.
    Raises InvalidArgument that names the line.
    """
    return with_secrets_kept(_items(source, action))


def _items(source: IO[bytes], action: Action) -> Iterator[Item]:
    for place, row in read_keyed(source, action.keys):
        is_key = isinstance(row, str | int) and not isinstance(row, bool) and len(action.keys) == 1
        try:
            item = as_item({action.keys[0]: row} if is_key else row)
        except InvalidArgument as problem:
            message = f"{place} of the input is not an item: {problem.message}"
            raise InvalidArgument(message, hint="Nothing was sent.") from None
        item["json"].pop(REASON, None)
        yield item


def rest_csv(records: Iterable[JobRecord]) -> Iterator[str]:
    """Yield the lines of a CSV with the input of each record, and in the last column why it was not done.

    The columns are those of all inputs, so all records are held. Secrets are masked: a row that has one is refused
    when it is given again, until somebody writes the secret into it.
    """
    rows = [(masked(record["input"]["json"]), reason_of(record)) for record in records]
    columns = [*dict.fromkeys(name for row, _ in rows for name in row)]
    yield csv_line([*columns, REASON])
    for row, reason in rows:
        yield csv_line([*(row.get(name) for name in columns), reason])


def reason_of(record: Mapping[str, Any]) -> str:
    """Say in one line why an item was not done; "" for one without an error."""
    error: Mapping[str, Any] = record.get("error") or {}
    return " ".join(filter(None, (error.get("message"), record.get("note"))))
