"""Answers of the declared shape, made up: for the functions and actions whose doing isn't played.

Arguments and bodies are checked as everywhere; what comes back is valid, the same each time, and means nothing.
"""

from __future__ import annotations

from typing import Any

from trunkline.catalog import TypeSpec

from .answers import Call
from .csv_files import csv_file, export
from .messages import Response
from .store import Store

ROWS = 2
# Downloads that are no tables (docs/pbx.md, Files), by operation.
MEDIA_TYPES = {
    "DownloadRecording": "audio/x-wav",
    "DownloadRecordingByName": "audio/x-wav",
    "DownloadGreeting": "audio/x-wav",
    "DownloadPlaylistFile": "audio/x-wav",
    "GenerateIamPolicyFile": "application/json",
    "GetDialPlanScript": "text/plain",
    "GetMapUsersScript": "text/plain",
    "ExportTrunk": "application/xml",
}
_EMPTY = {"application/json": b"{}", "application/xml": b"<doc/>", "text/plain": b"\r\n"}


def answer(call: Call) -> Response:
    """Return the made-up answer of an action.

    Raises Refusal for a body that doesn't fit, or an entity that isn't there.
    """
    if call.route.bound:
        call.entity()
    if call.action.method == "POST" and call.action.body is not None:
        call.body()
    match call.action.answer_kind:
        case "list":
            return call.write_list(_sample_rows(call))
        case "entity" if call.answer_type.name in call.store.catalog.types:
            return call.write_entity(call.store.values.complete(call.answer_type.name, {}))
        # A member of an enumeration is declared as an entity, and written as a value.
        case "entity" | "value":
            return call.write_value(_sample(call.store, call.answer_type, "Value", 1))
        case "file":
            return _file(call)
        case _:
            return Response(204)


def _sample_rows(call: Call) -> list[Any]:
    """Return a couple of rows, from the store where the type is that of the set, else invented."""
    spec = call.answer_type
    if call.route.resource in call.store.tables and call.store.tables[call.route.resource].type_name == spec.name:
        stored = call.store.rows(call.route.resource)
        if stored:
            return list(stored[:ROWS])
    return [_sample(call.store, spec._replace(nullable=False), "Value", number) for number in range(1, ROWS + 1)]


def _sample(store: Store, spec: TypeSpec, name: str, number: int) -> Any:
    """Return an invented value: texts and numbers count up, everything else is the type's default."""
    if spec.name in store.catalog.types:
        fields = store.catalog.fields(spec.name)
        row = {
            field: _sample(store, inner, field, number)
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
    if media_type := MEDIA_TYPES.get(name):
        return Response.file(_EMPTY[media_type], media_type, name)
    if call.action.answer_type is None:
        return csv_file(("Id", "Name"), [("1", "Name 1")], f"{name}.csv")
    return export(call, _sample_rows(call), call.answer_type.name, f"{name}.csv")
