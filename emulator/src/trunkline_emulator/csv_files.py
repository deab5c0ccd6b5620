"""Tables as CSV, with a line of column names: what the exports and the reports of a PBX download as."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from .answers import Call
from .messages import Response
from .odata.query import apply
from .values import Row


def csv_file(columns: Iterable[str], rows: Iterable[Iterable[str]], name: str) -> Response:
    """Return a download of rows whose cells are texts already."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    return Response.file(out.getvalue().encode(), "text/csv; charset=utf-8", name)


def export(call: Call, rows: Sequence[Row], type_name: str, name: str) -> Response:
    """Return what the query leaves of the rows: the fields it selects, else all that are the type's own.

    A list's items stand in one cell.
    """
    left, _ = apply(call.query, rows)
    fields = call.store.catalog.fields(type_name)
    columns = call.query.select or tuple(field for field, spec in fields.items() if not spec.navigation)
    return csv_file(columns, ([_cell(row.get(column)) for column in columns] for row in left), name)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)
