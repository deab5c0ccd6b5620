"""Recordings of calls: their sound, and their archive."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler, declared
from ..evidence import ASSUMED, refusal, seen
from ..messages import Response
from ..telephony.recordings import sound
from ..values import Row
from ..warning_codes import FILE_NOT_FOUND, refuse

NO_RECORDING = refusal("A recording that is missing answers 400.", seen("answers"))
_ARCHIVE = "https://archive.example.com/recordings"


def _download(call: Call) -> Response:
    """Return the sound of a recording, a WAV file with its name (docs/pbx.md, Files). Raises Refusal (400).

    It is asked for by its Id; in older versions also by the path in ``RecordingUrl``, or by its file's name.
    """
    wanted = call.arguments.get("recName")
    rows = call.store.tables["Recordings"].rows
    if wanted is None:
        row = rows.get(int(str(call.arguments["recId"])))
    else:
        row = next((row for row in rows.values() if wanted in (row["RecordingUrl"], _name(row))), None)
    if row is None:
        raise refuse(call.store, FILE_NOT_FOUND, fact=NO_RECORDING)
    return Response.file(sound(row["Id"]), "audio/x-wav", _name(row))


def _name(row: Row) -> str:
    return str(row["RecordingUrl"]).rpartition("/")[2]


def _archive(call: Call) -> Response:
    """Move recordings to the archive, those of ``ids`` or all; those that are there stay."""
    chosen = None if call.action.body is None else call.body().get("ids") or []
    for row in call.store.rows("Recordings"):
        if not row["IsArchived"] and (chosen is None or row["Id"] in chosen):
            call.store.change("Recordings", row, IsArchived=True, ArchivedUrl=f"{_ARCHIVE}/{row['Id']}.wav")
    return Response(204)


def _purge(*, archived: bool) -> Handler:
    """Return a handler that deletes what is in the archive, or what is not."""

    def handler(call: Call) -> Response:
        rows = call.store.rows("Recordings")
        call.store.remove("Recordings", [row["Id"] for row in rows if bool(row["IsArchived"]) == archived])
        return Response(204)

    return handler


HANDLERS = declared(
    seen("files"),
    {"recordings.download_recording": _download, "recordings.download_recording_by_name": _download},
) | declared(
    ASSUMED,
    {
        "recordings.archive": _archive,
        "recordings.bulk_recordings_archive": _archive,
        "recordings.purge_local": _purge(archived=False),
        "recordings.purge_archive": _purge(archived=True),
    },
)
