"""The sound files of call flow apps."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..warning_codes import FILE_NOT_FOUND, refuse

_FILES = "files of call flow apps"


def _kept(call: Call) -> list[str]:
    found: list[str] = call.store.kept.get(_FILES, {}).get(str(call.entity()["Id"]), [])
    return found


def _list(call: Call) -> Response:
    return call.write_list(_kept(call))


def _delete(call: Call) -> Response:
    """Delete a file of the app. Raises Refusal (400, FILE_NOT_FOUND) for a file that it doesn't have."""
    name, files = call.body()["filename"], _kept(call)
    if name not in files:
        raise refuse(call.store, FILE_NOT_FOUND, "filename", fact=ASSUMED)
    left = [file for file in files if file != name]
    call.store.keep(_FILES, {**call.store.kept[_FILES], str(call.entity()["Id"]): left})
    return Response(204)


HANDLERS = declared(
    ASSUMED,
    {
        "call_flow_apps.get_files": _list,
        "call_flow_apps.delete_file": _delete,
        "call_flow_apps.get_audio_files": _list,
        "call_flow_apps.delete_audio_file": _delete,
    },
)
