"""AI: the models there are to choose from, and stores of documents, which the PBX's own store keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..refusals import bad_field, not_found
from ..store import Store
from ..values import Row
from ..warning_codes import FILE_NOT_FOUND, NOT_FOUND, OUT_OF_THE_RANGE, REQUIRED, refuse

_STORES = "settings vector stores"
_FILES = "settings vector store files"
_SERIAL = "settings vector serial"
MOST_LISTED = 100
PROVIDERS = ("OpenAI", "Grok")
# Made-up names: a PBX asks its provider, and the emulator asks nobody.
_MODELS = (("standard", "Standard"), ("fast", "Fast"))
_VOICES = (("alto", "Female"), ("tenor", "Male"))
_TEMPLATES = (
    (
        "receptionist",
        "Receptionist",
        "Hello, how can I help you?",
        "You answer calls for a company and put them through.",
    ),
    ("booking", "Bookings", "Hello, would you like to book?", "You take bookings and repeat them to the caller."),
)


def _resources(call: Call) -> Response:
    """Return what a provider has. Raises Refusal (400) for one that 3CX doesn't know."""
    return _resources_of(call, str(call.arguments["provider"] or ""))


def _current_resources(call: Call) -> Response:
    """Return what the provider in the settings has; without one there is nothing but the templates."""
    return _resources_of(call, call.store.singletons["AISettings"]["Provider"] or "")


def _resources_of(call: Call, provider: str) -> Response:
    store = call.store
    known = {name.lower(): name for name in PROVIDERS}
    if provider and provider.lower() not in known:
        raise refuse(store, NOT_FOUND, "provider", fact=ASSUMED)
    name = known.get(provider.lower(), "")
    models = [{"Id": f"{name.lower()}-{id_}", "Name": f"{name} {label}"} for id_, label in _MODELS if name]
    resources = {
        "Models": models,
        "RealtimeModels": [{"Id": f"{m['Id']}-realtime", "Name": f"{m['Name']} Realtime"} for m in models],
        "Voices": [{"Id": id_, "Gender": gender, "Description": f"{gender} voice"} for id_, gender in _VOICES if name],
        "Templates": [
            {"Id": id_, "Name": label, "FirstMessage": first, "Description": label}
            for id_, label, first, _ in _TEMPLATES
        ],
    }
    return call.write_entity(store.values.complete("Pbx.AIResources", resources))


def _template(call: Call) -> Response:
    """Return the text of a template. Raises Refusal (404)."""
    for id_, *_, text in _TEMPLATES:
        if id_ == call.arguments["id"]:
            return call.write_value(text)
    raise not_found()


def _need_key(store: Store) -> None:
    """Documents are the provider's to keep: without its key there is no store. Raises Refusal (400)."""
    settings = store.singletons["AISettings"]
    if not any((settings.get(name) or {}).get("Value") for name in ("APIKey", "ManagementAPIKey")):
        raise refuse(store, "WARNINGS.XAPI.OPENAI_KEY_IS_MISSING", fact=ASSUMED)


def _serial(store: Store, prefix: str) -> str:
    number = store.kept.get(_SERIAL, 0) + 1
    store.keep(_SERIAL, number)
    return f"{prefix}_{number:08}"


def _stores(store: Store) -> dict[str, Row]:
    known: dict[str, Row] = store.kept.get(_STORES, {})
    return known


def _files(store: Store) -> dict[str, list[Row]]:
    known: dict[str, list[Row]] = store.kept.get(_FILES, {})
    return known


def _known(store: Store, vector: str | None) -> Row:
    """Find the row. Raises Refusal (404)."""
    found = _stores(store).get(vector or "")
    if found is None:
        raise not_found()
    return found


def _create(call: Call) -> Response:
    _need_key(call.store)
    asked = call.body()["model"]
    if not asked.get("Name"):
        raise bad_field("Name", REQUIRED, fact=ASSUMED)
    made = {
        "Name": asked["Name"],
        "Description": asked.get("Description"),
        "Expiration": asked.get("Expiration"),
        "Id": _serial(call.store, "vs"),
        "CreatedAt": event_log.stamp(call.store.now()),
        "Status": "completed",
        "Bytes": 0,
        "FilesTotal": 0,
        "FilesCompleted": 0,
    }
    row = call.store.values.complete("Pbx.VectorStore", made)
    call.store.keep(_STORES, {**_stores(call.store), row["Id"]: row})
    return call.write_entity(row)


def _update(call: Call) -> Response:
    """Name, description and expiry can be changed. Raises Refusal (404)."""
    asked = call.body()["model"]
    row = _known(call.store, asked.get("Id"))
    fields = {name: asked[name] for name in ("Name", "Description", "Expiration") if asked.get(name) is not None}
    changed = call.store.values.complete("Pbx.VectorStore", {**row, **fields})
    call.store.keep(_STORES, {**_stores(call.store), row["Id"]: changed})
    return call.write_entity(changed)


def _delete(call: Call) -> Response:
    row = _known(call.store, call.body().get("id"))
    call.store.keep(_STORES, {key: other for key, other in _stores(call.store).items() if key != row["Id"]})
    call.store.keep(_FILES, {key: files for key, files in _files(call.store).items() if key != row["Id"]})
    return Response(204)


def _page(call: Call, rows: list[Row], type_name: str) -> Response:
    """``limit`` rows behind the one whose Id is ``after``; an Id that is none's begins at the start."""
    limit = int(str(call.arguments["limit"]))
    if not 1 <= limit <= MOST_LISTED:
        raise refuse(call.store, OUT_OF_THE_RANGE, "limit", fact=ASSUMED)
    ids = [row["Id"] for row in rows]
    start = ids.index(call.arguments["after"]) + 1 if call.arguments["after"] in ids else 0
    page = rows[start : start + limit]
    found = {
        "Items": page,
        "FirstId": page[0]["Id"] if page else None,
        "LastId": page[-1]["Id"] if page else None,
        "HasMore": start + limit < len(rows),
    }
    return call.write_entity(call.store.values.complete(type_name, found))


def _list_files(call: Call) -> Response:
    row = _known(call.store, str(call.arguments["id"]))
    return _page(call, _files(call.store).get(row["Id"], []), "Pbx.VectorStoreFiles")


def _set_files(store: Store, vector: str, files: list[Row]) -> None:
    """Bring the store's own figures in line with its files."""
    row = {**_known(store, vector), "FilesTotal": len(files), "FilesCompleted": len(files)}
    store.keep(_FILES, {**_files(store), vector: files})
    store.keep(_STORES, {**_stores(store), vector: row})


def _add_files(call: Call) -> Response:
    """Put files into a store by their ids; one that is there already stays once. Raises Refusal (404)."""
    asked = call.body()["model"]
    row = _known(call.store, asked.get("VectorId"))
    files = _files(call.store).get(row["Id"], [])
    for file_id in dict.fromkeys(asked.get("FileIds") or []):
        if file_id not in {known["Id"] for known in files}:
            made = {"Id": file_id, "Name": file_id, "VectorStoreId": row["Id"], "Status": "completed", "Size": 0}
            made["CreatedAt"] = event_log.stamp(call.store.now())
            files = [*files, call.store.values.complete("Pbx.VectorStoreFile", made)]
    _set_files(call.store, row["Id"], files)
    return Response(204)


def _batch_delete(call: Call) -> Response:
    """Take files out of a store; the answer tells of each whether it was in it."""
    asked = call.body()["model"]
    row = _known(call.store, asked.get("VectorId"))
    known = _files(call.store).get(row["Id"], [])
    names = {file["Id"]: file["Name"] for file in known}
    ids = list(dict.fromkeys(asked.get("FileIds") or []))
    _set_files(call.store, row["Id"], [file for file in known if file["Id"] not in ids])
    results: list[dict[str, Any]] = [
        {
            "FileName": names.get(file_id, file_id),
            "ExternalFileId": file_id,
            "Status": "deleted" if file_id in names else "failed",
            "Error": None if file_id in names else FILE_NOT_FOUND,
        }
        for file_id in ids
    ]
    return call.write_list([call.store.values.complete("Pbx.VectorFileResult", result) for result in results])


def _without(store: Store, vector: str, gone: Callable[[Row], bool]) -> None:
    _set_files(store, vector, [file for file in _files(store).get(vector, []) if not gone(file)])


def _delete_file(call: Call) -> Response:
    """Take one file out of one store. Raises Refusal: 404 for the store, 400 for the file."""
    body = call.body()
    row, file_id = _known(call.store, body.get("vectorid")), body.get("fileid")
    if file_id not in {file["Id"] for file in _files(call.store).get(row["Id"], [])}:
        raise refuse(call.store, FILE_NOT_FOUND, "fileid", fact=ASSUMED)
    _without(call.store, row["Id"], lambda file: file["Id"] == file_id)
    return Response(204)


def _delete_everywhere(call: Call) -> Response:
    """Delete a file at the provider: no store has it any more."""
    file_id = call.body().get("fileid")
    for vector in list(_stores(call.store)):
        _without(call.store, vector, lambda file: file["Id"] == file_id)
    return Response(204)


HANDLERS = declared(
    ASSUMED,
    {
        "ai_settings.get_ai_resources": _resources,
        "ai_settings.get_current_ai_resources": _current_resources,
        "ai_settings.get_ai_template_contents": _template,
        "ai_settings.create_vector_store": _create,
        "ai_settings.update_vector_store": _update,
        "ai_settings.delete_vector_store": _delete,
        "ai_settings.get_vector_store": lambda call: call.write_entity(_known(call.store, str(call.arguments["id"]))),
        "ai_settings.get_vector_stores": lambda call: _page(
            call, list(_stores(call.store).values()), "Pbx.VectorStores"
        ),
        "ai_settings.get_vector_store_files": _list_files,
        "ai_settings.add_vector_store_files": _add_files,
        "ai_settings.batch_delete_files": _batch_delete,
        "ai_settings.delete_vector_store_file": _delete_file,
        "ai_settings.delete_open_ai_file": _delete_everywhere,
    },
)
