"""Recordings of calls."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler
from ..messages import Response
from ..refusals import Refusal
from ..shapes import silence

FILE_NOT_FOUND = "WARNINGS.XAPI.FILE_NOT_FOUND"


def _download(call: Call) -> Response:
    """The sound of a recording, a WAV file with its name (PBX.md, Files); 400 where there is none (PBX.md, Answers)."""
    found = [row for row in call.store.rows("Recordings") if row["Id"] == call.arguments["recId"]]
    if not found:
        raise Refusal(400, FILE_NOT_FOUND, details={"": FILE_NOT_FOUND})
    row = found[0]
    name = f"[{row['FromDisplayName']}]_{row['FromDn']}-{row['ToDn']}_{row['Id']}.wav"
    return Response.file(silence(), "audio/x-wav", name)


def _bulk_delete(call: Call) -> Response:
    call.store.remove("Recordings", call.body()["ids"])
    return Response(204)


def _purge(call: Call) -> Response:
    call.store.clear("Recordings")
    return Response(204)


HANDLERS: dict[str, Handler] = {
    "recordings.download_recording": _download,
    "recordings.bulk_recordings_delete": _bulk_delete,
    "recordings.purge_local": _purge,
}
