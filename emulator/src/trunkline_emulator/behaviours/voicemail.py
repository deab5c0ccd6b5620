"""Voicemail: all boxes emptied, and the servers that turn speech into text (converters)."""

from __future__ import annotations

from datetime import timedelta
from uuid import NAMESPACE_DNS, uuid5

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..store import Store
from ..values import Row
from ..warning_codes import refuse

_ROWS = "settings converters"
_COUNT = "settings converters made"
_REQUEST = "converter request"
LASTS = timedelta(minutes=5)
MOST_CONVERTERS = 5
LANGUAGES = (
    ("de-DE", "German"),
    ("en-GB", "English (United Kingdom)"),
    ("en-US", "English (United States)"),
    ("es-ES", "Spanish"),
    ("fr-FR", "French"),
    ("it-IT", "Italian"),
    ("nl-NL", "Dutch"),
    ("pl-PL", "Polish"),
    ("pt-PT", "Portuguese"),
)


def _delete_all(call: Call) -> Response:
    settings = call.store.singletons["VoicemailSettings"]
    call.store.change("VoicemailSettings", settings, UsedSpace=0)
    return Response(204)


def _note(store: Store, operation: str, guid: str) -> None:
    """Note that a converter is ready, or gone, when its request is answered."""
    expires = event_log.stamp(store.now() + LASTS)
    kept = {"Operation": operation, "McuId": guid, "State": "Success", "RequestExpiration": expires}
    store.keep(_REQUEST, kept)


def _create(call: Call) -> Response:
    """Another converter. Raises Refusal (400) where there are enough."""
    store = call.store
    rows = store.kept.get(_ROWS, [])
    if len(rows) >= MOST_CONVERTERS:
        raise refuse(store, "WARNINGS.CONVERTER_LIMIT_REACHED", fact=ASSUMED)
    number = store.kept.get(_COUNT, 0) + 1
    host, now = f"converter{number}.example.com", event_log.stamp(store.now())
    row = {
        "Guid": str(uuid5(NAMESPACE_DNS, host)),
        "Host": host,
        "Ip": f"203.0.113.{number % 250}",
        "Port": 443,
        "Enabled": True,
        "TsCreated": now,
        "TsActivated": now,
    }
    store.keep(_COUNT, number)
    store.keep(_ROWS, [*rows, store.values.complete("Pbx.OnBoardConverterRow", row)])
    _note(store, "Create", str(row["Guid"]))
    return Response(204)


def _delete(call: Call) -> Response:
    """Delete a voicemail. Raises Refusal (400) for one that isn't there."""
    store, wanted = call.store, call.body()["id"]
    rows = store.kept.get(_ROWS, [])
    if wanted not in {row["Guid"] for row in rows}:
        raise refuse(store, "WARNINGS.CONVERTER_REQUEST_NOT_FOUND", "id", fact=ASSUMED)
    store.keep(_ROWS, [row for row in rows if row["Guid"] != wanted])
    _note(store, "Delete", wanted)
    return Response(204)


def _configured(call: Call) -> Response:
    rows = call.store.kept.get(_ROWS, [])
    if call.action.answer_kind == "list":  # before 20.0.10
        return call.write_list(rows)
    answer: Row = {"ConfiguredServers": rows, "ReleaseChannel": "Release"}
    return call.write_entity(call.store.values.complete("Pbx.ConfiguredAiServers", answer))


def _connected(call: Call) -> Response:
    """No converter ever connects to the emulator, and nothing waits for one."""
    if call.action.answer_kind == "list":  # before 20.0.10
        return call.write_list([])
    answer: Row = {"ConnectedServers": [], "TranscriptionQueue": 0}
    return call.write_entity(call.store.values.complete("Pbx.ConnectedAiServers", answer))


def _request(call: Call) -> Response:
    """Return the last request. With ``strict`` there must have been one: Refusal (400) otherwise."""
    kept = call.store.kept.get(_REQUEST)
    if kept is None and call.arguments["strict"]:
        raise refuse(call.store, "WARNINGS.CONVERTER_REQUEST_NOT_FOUND", fact=ASSUMED)
    return call.write_entity(call.store.values.complete("Pbx.OnBoardUICommand", kept or {}))


HANDLERS = declared(
    ASSUMED,
    {
        "voicemail_settings.delete_all_user_voicemails": _delete_all,
        "voicemail_settings.create_converter_configuration": _create,
        "voicemail_settings.delete_converter_configuration": _delete,
        "voicemail_settings.get_configured_converters": _configured,
        "voicemail_settings.get_connected_converters_data": _connected,
        "voicemail_settings.get_converter_request_status": _request,
        "voicemail_settings.get_transcribe_languages": lambda call: call.write_list(
            [{"Code": code, "Name": name} for code, name in LANGUAGES]
        ),
    },
)
