"""What callers hear: custom prompts that are uploaded, the set of system prompts in use, and files that are fetched."""

from __future__ import annotations

from urllib.parse import quote

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED, refusal, seen
from ..forms import read_upload
from ..messages import Response
from ..refusals import bad_field
from ..rules.files import ACTIVE_PROMPT_SET
from ..sounds import is_wav, keep_sound, silence
from ..warning_codes import REQUIRED, refuse

NO_FILE = refusal("An upload without the part `file` answers 400.", seen("files"))
PROMPTS = "/prompts/"


def _upload(call: Call) -> Response:
    """Keep a prompt that came as multipart part ``file`` (docs/pbx.md, Files); one of the same name is replaced.

    Raises Refusal (400): no file; with ``strict`` also one that isn't a WAV file.
    """
    store = call.store
    name, content = read_upload(call.request)
    if not name:
        raise bad_field("file", REQUIRED, fact=NO_FILE)
    if store.strict and not is_wav(content):
        raise refuse(store, "WARNINGS.XAPI.FILE_FORMAT_IS_INCORRECT", "file", fact=ASSUMED)
    prompt = {"Filename": name, "DisplayName": name, "FileLink": PROMPTS + quote(name, safe=""), "CanBeDeleted": True}
    store.put("CustomPrompts", prompt)
    keep_sound(store, name, content)
    return Response(204)


def _set_active(call: Call) -> Response:
    call.store.keep(ACTIVE_PROMPT_SET, call.entity()["Id"])
    return Response(204)


def _active(call: Call) -> Response:
    return call.write_entity(call.store.get("PromptSets", {"Id": call.store.kept.get(ACTIVE_PROMPT_SET, 1)}))


def _file(call: Call) -> Response:
    """Send a greeting or a file of a playlist: nobody uploaded one, so it is silent."""
    return Response.file(silence(), "audio/x-wav", str(call.arguments["fileName"]))


def _delete_from_playlist(call: Call) -> Response:
    body = call.body()
    row = call.store.get("Playlists", {"Name": body.get("playlistKey")})
    left = [name for name in row["Files"] or [] if name != body.get("fileName")]
    call.store.change("Playlists", row, Files=left)
    return Response(204)


HANDLERS = declared(seen("files"), {"custom_prompts.upload": _upload}) | declared(
    ASSUMED,
    {
        "prompt_sets.set_active": _set_active,
        "prompt_sets.get_active": _active,
        "users.download_greeting": _file,
        "playlists.download_playlist_file": _file,
        "playlists.delete_playlist_file": _delete_from_playlist,
    },
)
