"""Playlists: lists of sound files that callers hear in turn."""

from __future__ import annotations

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..messages import Response
from ..sounds import silence
from ..values import Row
from ..warning_codes import FILE_NOT_FOUND, refuse


def _file_of(call: Call, key: str, name: str) -> Row:
    """Return the playlist that has a file. Raises Refusal: 404 for the playlist, 400 for the file."""
    row = call.store.get("Playlists", {"Name": key})
    if name not in (row["Files"] or []):
        raise refuse(call.store, FILE_NOT_FOUND, "fileName", fact=ASSUMED)
    return row


def _delete_file(call: Call) -> Response:
    body = call.body()
    row = _file_of(call, body["playlistKey"], body["fileName"])
    call.store.change("Playlists", row, Files=[name for name in row["Files"] if name != body["fileName"]])
    return Response(204)


def _download(call: Call) -> Response:
    key, name = str(call.arguments["playlistKey"]), str(call.arguments["fileName"])
    _file_of(call, key, name)
    return Response.file(silence(), "audio/x-wav", name)


HANDLERS = declared(
    ASSUMED,
    {
        "playlists.delete_playlist_file": _delete_file,
        "playlists.download_playlist_file": _download,
    },
)
