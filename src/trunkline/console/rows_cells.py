"""The value of a row's field as the text of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ..catalog import TypeSpec
from ..catalog.columns import at
from ..catalog.secret import masked
from ..printable import printable
from ..transfer.table import Table, shown
from .language import _, format_time

_LONGEST = 300  # characters of a cell; the whole value is in the row's own view


def cells(table: Table, row: Mapping[str, Any]) -> list[str]:
    """Return the texts of a row, a column each, with secrets masked."""
    hidden = masked(row)
    return [cell_text(at(hidden, column), spec) for column, spec in table.paths.items()]


def cell_text(value: Any, spec: TypeSpec | None = None) -> str:
    """Return a value as text: times in the browser's zone, lists of things by their names, other objects as JSON."""
    text = printable(_text(shown(value), spec))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _text(value: Any, spec: TypeSpec | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str):
        return format_time(value) if spec is not None and spec.name == "DateTimeOffset" else value
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return ", ".join(map(str, value))
    return msgspec.json.encode(value).decode() if isinstance(value, Mapping | list) else str(value)
