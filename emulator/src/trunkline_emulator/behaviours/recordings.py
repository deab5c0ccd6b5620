"""Recordings of calls: their sound, their archive, their transcripts and where they are kept."""

from __future__ import annotations

from collections.abc import Iterable

from ..answers import Call
from ..crud import Handler, declared
from ..evidence import ASSUMED
from ..messages import Response
from ..store import Store
from ..telephony.recordings import size, sound
from ..values import Row
from ..warning_codes import FILE_NOT_FOUND, refuse

_SETTINGS = "recording repository"
_AT_FIRST: Row = {
    "AutoDeleteRecordingDays": 30,
    "AutoDeleteRecordingEnabled": False,
    "IsRecordingArchiveEnabled": False,
    "RecordingPath": "/var/lib/3cxpbx/Instance1/Data/Recordings",
    "RecordingsQuota": 10_240,
}
_DISK_SPACE = 102_400
_ARCHIVE = "https://archive.example.com/recordings"
# What is heard on a recording is a tone; its transcript says what people say on the telephone.
_SAID = (
    ("Caller asks when the order will arrive. It was sent yesterday.", "When an order arrives", 4),
    ("Caller cannot sign in. The password was reset and works.", "Help with signing in", 5),
    ("Caller wants a quote for ten units and will get it by mail.", "A quote was asked for", 4),
    ("Caller was billed twice. The second bill is cancelled.", "A bill was wrong", 2),
)


def _file(row: Row) -> Response:
    """Return the sound of a recording, a WAV file with its name (docs/pbx.md, Files)."""
    return Response.file(sound(row["Id"]), "audio/x-wav", _name(row))


def _name(row: Row) -> str:
    return str(row["RecordingUrl"]).rpartition("/")[2]


def _download(call: Call) -> Response:
    for row in call.store.rows("Recordings"):
        if row["Id"] == call.arguments["recId"]:
            return _file(row)
    raise refuse(call.store, FILE_NOT_FOUND, fact=ASSUMED)


def _download_by_name(call: Call) -> Response:
    """By the path that the row has in ``RecordingUrl``, or by the name of the file alone."""
    wanted = call.arguments["recName"]
    for row in call.store.rows("Recordings"):
        if wanted in (row["RecordingUrl"], _name(row)):
            return _file(row)
    raise refuse(call.store, FILE_NOT_FOUND, fact=ASSUMED)


def _chosen(call: Call) -> list[Row]:
    """Return the rows with the ids of the body. Raises Refusal (400) where one isn't there."""
    rows = call.store.tables["Recordings"].rows
    ids = dict.fromkeys(call.body()["ids"])
    if not ids.keys() <= rows.keys():
        raise refuse(call.store, FILE_NOT_FOUND, fact=ASSUMED)
    return [rows[number] for number in ids]


def _bulk_delete(call: Call) -> Response:
    """Ids without a row are passed over, as in the other bulk deletes."""
    call.store.remove("Recordings", call.body()["ids"])
    return Response(204)


def _archive(store: Store, rows: Iterable[Row]) -> Response:
    """Move recordings to the archive; those that are there stay."""
    for row in rows:
        if not row["IsArchived"]:
            store.change("Recordings", row, IsArchived=True, ArchivedUrl=f"{_ARCHIVE}/{row['Id']}.wav")
    return Response(204)


def _archive_all(call: Call) -> Response:
    return _archive(call.store, call.store.rows("Recordings"))


def _archive_chosen(call: Call) -> Response:
    return _archive(call.store, _chosen(call))


def _purge(*, archived: bool) -> Handler:
    """Delete what is in the archive, or what is not."""

    def handler(call: Call) -> Response:
        rows = call.store.rows("Recordings")
        call.store.remove("Recordings", [row["Id"] for row in rows if bool(row["IsArchived"]) == archived])
        return Response(204)

    return handler


def _transcribe(call: Call) -> Response:
    for row in _chosen(call):
        text, summary, score = _SAID[row["Id"] % len(_SAID)]
        written = {"Transcription": text, "Summary": summary, "SentimentScore": score, "IsTranscribed": True}
        known = {name: value for name, value in {**written, "CanBeTranscribed": False}.items() if name in row}
        call.store.change("Recordings", row, **known)
    return Response(204)


def _settings(call: Call) -> Response:
    store = call.store
    used = sum(size(row["Id"]) for row in store.rows("Recordings") if not row["IsArchived"])
    fields = {**_AT_FIRST, **store.kept.get(_SETTINGS, {})}
    space = {"RecordingDiskSpace": _DISK_SPACE, "RecordingUsedSpace": used}
    return call.write_entity(store.values.complete("Pbx.RecordingRepositorySettings", {**fields, **space}))


def _set_settings(call: Call) -> Response:
    """Keep the settings; how much space there is and is used can't be set."""
    call.store.keep(_SETTINGS, {**call.store.kept.get(_SETTINGS, {}), **call.body()["settings"]})
    return Response(204)


HANDLERS = declared(
    ASSUMED,
    {
        "recordings.download_recording": _download,
        "recordings.download_recording_by_name": _download_by_name,
        "recordings.bulk_recordings_delete": _bulk_delete,
        "recordings.archive": _archive_all,
        "recordings.bulk_recordings_archive": _archive_chosen,
        "recordings.purge_local": _purge(archived=False),
        "recordings.purge_archive": _purge(archived=True),
        "recordings.transcribe_recordings": _transcribe,
        "recordings.get_recording_repository_settings": _settings,
        "recordings.set_recording_repository_settings": _set_settings,
    },
)
