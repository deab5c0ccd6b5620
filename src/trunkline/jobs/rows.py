"""An item and its outcome as the rows of a ledger keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ..errors import InvalidArgument
from ..work.ledger import Entry
from ..work.outcome import Outcome, as_error
from ..work.state import State


def entry_of(row: tuple[int, bytes, int, int, bytes | None]) -> Entry:
    """Make an entry of place, item, state, attempts and record. Raises ValueError for what is not as it was written."""
    n, item, state, attempts, record = row
    return Entry(n, msgspec.json.decode(item), State(state), attempts, msgspec.json.decode(record) if record else {})


def item_encoded(n: int, item: Mapping[str, Any]) -> bytes:
    """Return an item as JSON. Raises InvalidArgument."""
    try:
        return msgspec.json.encode(item)
    except (TypeError, ValueError, RecursionError) as problem:
        raise InvalidArgument(f"Item {n} can't be kept as JSON: {problem}.", hint="Nothing was sent.") from None


def outcome_encoded(outcome: Outcome) -> bytes | None:
    """Return what is kept of an outcome; one that can't be written as JSON doesn't prevent recording the others."""
    record = outcome.record
    if record is None:
        return None
    try:
        return msgspec.json.encode(record)
    except Exception as problem:
        note = f"Its answer can't be kept: {as_error(problem).message}"
        return msgspec.json.encode({"note": note})
