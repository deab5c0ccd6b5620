"""Answers of the declared shape, made up: for the functions and actions whose doing isn't played.

Arguments and bodies are checked as everywhere; what comes back is valid, the same each time, and means nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from ..catalog import TypeSpec
from .answers import Call
from .messages import Response
from .odata.query import apply
from .store import Store
from .values import Row

ROWS = 2


def answer(call: Call) -> Response:
    """The made-up answer of an action. Raises Refusal for a body that doesn't fit, or an entity that isn't there."""
    if call.route.bound:
        call.entity()
    if call.action.method == "POST" and call.action.body is not None:
        call.body()
    match call.action.answer_kind:
        case "list":
            return call.write_list(sample_rows(call))
        case "entity" if _spec(call).name in call.store.catalog.types:
            return call.write_entity(call.store.values.complete(_spec(call).name, {}))
        # A member of an enumeration is declared as an entity, and written as a value.
        case "entity" | "value":
            return call.write_value(sample(call.store, _spec(call), "Value", 1))
        case "file":
            return _file(call)
        case _:
            return Response(204)


def _spec(call: Call) -> TypeSpec:
    spec = call.action.answer_type
    if spec is None:
        raise ValueError(f"{call.action.id} answers with nothing that has a type")
    return spec


def sample_rows(call: Call) -> list[Any]:
    """A couple of rows, from the store where the type is that of the set, else invented."""
    spec = _spec(call)
    if call.route.resource in call.store.tables and call.store.tables[call.route.resource].type_name == spec.name:
        stored = call.store.rows(call.route.resource)
        if stored:
            return list(stored[:ROWS])
    return [sample(call.store, spec._replace(nullable=False), "Value", number) for number in range(1, ROWS + 1)]


def sample(store: Store, spec: TypeSpec, name: str, number: int) -> Any:
    """An invented value: texts and numbers count up, everything else is the type's default."""
    if spec.name in store.catalog.types:
        fields = store.catalog.fields(spec.name)
        row = {
            field: sample(store, inner, field, number)
            for field, inner in fields.items()
            if not inner.collection and inner.name in ("String", "Int32", "Int64")
        }
        return store.values.complete(spec.name, row)
    if spec.name == "String":
        return f"{name} {number}"[: spec.max_length]
    if spec.name in ("Int32", "Int64"):
        return number
    return store.values.default(spec._replace(nullable=False))


def _file(call: Call) -> Response:
    name = call.action.operation_id
    if call.action.answer_type is None:
        return Response.file(b"Id,Name\r\n1,Name 1\r\n", "text/csv; charset=utf-8", f"{name}.csv")
    rows, _ = apply(call.query, sample_rows(call))
    fields = call.store.catalog.fields(_spec(call).name)
    columns = call.query.select or tuple(field for field, spec in fields.items() if not spec.navigation)
    return Response.file(as_csv(columns, rows), "text/csv; charset=utf-8", f"{name}.csv")


def as_csv(columns: Iterable[str], rows: Iterable[Row]) -> bytes:
    """A table as CSV with a line of column names."""
    out = io.StringIO()
    writer = csv.writer(out)
    names = list(columns)
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)
