"""Prompts that a PBX plays: the sets of system prompts, and the custom prompts that were uploaded or recorded."""

from __future__ import annotations

import re
from urllib.parse import quote

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED
from ..forms import read_upload
from ..messages import Response
from ..refusals import bad_field
from ..rules.files import ACTIVE_PROMPT_SET
from ..sounds import is_wav, keep_sound, silence
from ..store import Store
from ..warning_codes import ALREADY_IN_USE, FORBIDDEN_CHANGE, NOT_FOUND, REQUIRED, refuse

PROMPTS = "/prompts/"
# 3CX has limits (TOO_MANY_PROMPTS, FILE_IS_TOO_LARGE); the figures are the emulator's own.
MOST_PROMPTS = 1000
MOST_BYTES = 8 * 1024 * 1024
_NAME = re.compile(r"[^\\/:*?\"<>|\x00-\x1f]{1,250}")


def _set_active(call: Call) -> Response:
    call.store.keep(ACTIVE_PROMPT_SET, call.entity()["Id"])
    return Response(204)


def active(store: Store) -> int:
    """Return the Id of the set in use."""
    return int(store.kept.get(ACTIVE_PROMPT_SET, 1))


def _active(call: Call) -> Response:
    return call.write_entity(call.store.get("PromptSets", {"Id": active(call.store)}))


def _copy(call: Call) -> Response:
    """Return a custom set with the prompts of another, named as the overrides say."""
    source, store = call.entity(), call.store
    given = call.body()["overrides"]
    overrides = {name: value for name, value in given.items() if value is not None and name not in ("Id", "Prompts")}
    name = overrides.get("PromptSetName") or f"{source['PromptSetName']} (copy)"
    if any(row["PromptSetName"] == name for row in store.rows("PromptSets")):
        raise bad_field("PromptSetName", ALREADY_IN_USE, fact=ASSUMED)
    prompts = [dict(prompt) for prompt in source["Prompts"]]
    fields = {**source, **overrides, "PromptSetName": name, "PromptSetType": "Custom", "Prompts": prompts}
    del fields["Id"]
    row = store.create("PromptSets", fields)
    if not overrides.get("Folder"):
        store.change("PromptSets", row, Folder=f"custom-{row['Id']}")
    return call.write_entity(row)


def _pronunciation(call: Call) -> Response:
    row = call.entity()
    call.store.change("PromptSets", row, UseAlternateNumberPronunciation=call.body()["alternatePronunciation"])
    return Response(204)


def _call_for(call: Call, doing: str) -> None:
    """Ring an extension about a prompt of the set. Raises Refusal (400) for an unknown one of either."""
    row, body = call.entity(), call.body()
    if body["promptId"] not in {prompt["Id"] for prompt in row["Prompts"]}:
        raise refuse(call.store, NOT_FOUND, "promptId", fact=ASSUMED)
    check_extension(call.store, body["extension"], "extension")
    text = f"Prompt {body['promptId']} of {row['PromptSetName']} is {doing}"
    event_log.log_activity(call.store, text, extension=body["extension"])


def check_extension(store: Store, number: str, field: str) -> None:
    """Check an extension. Raises Refusal (400) for a number that no user has."""
    if not any(user["Number"] == number for user in store.rows("Users")):
        raise refuse(store, "WARNINGS.XAPI.NON_EXISTENT_EXT_NUMBER", field, fact=ASSUMED)


def _play(call: Call) -> Response:
    _call_for(call, "played")
    return Response(204)


def _record(call: Call) -> Response:
    """Only the prompts of a custom set can be recorded anew."""
    if call.entity()["PromptSetType"] == "System":
        raise refuse(call.store, FORBIDDEN_CHANGE, fact=ASSUMED)
    _call_for(call, "recorded")
    return Response(204)


def _upload(call: Call) -> Response:
    """Keep a prompt that came as multipart part ``file`` (docs/pbx.md, Files); one of the same name is replaced.

    Raises Refusal (400): no file, a name that no file may have, no WAV file, too large, too many prompts.
    """
    name, content = read_upload(call.request)
    if not name:
        raise bad_field("file", REQUIRED, fact=ASSUMED)
    check_file_name(call.store, name, "file")
    if not name.lower().endswith(".wav"):
        raise refuse(call.store, "WARNINGS.SUPPORTED_MEDIA_FORMAT_WAV", "file", fact=ASSUMED)
    if not is_wav(content):
        raise refuse(call.store, "WARNINGS.XAPI.FILE_FORMAT_IS_INCORRECT", "file", fact=ASSUMED)
    if len(content) > MOST_BYTES:
        raise refuse(call.store, "WARNINGS.XAPI.FILE_IS_TOO_LARGE", "file", fact=ASSUMED)
    _put(call.store, name, content)
    return Response(204)


def check_file_name(store: Store, name: str, field: str) -> None:
    """Check a file name. Raises Refusal (400) for one that would leave its folder or that some machine can't write."""
    if not _NAME.fullmatch(name) or name.startswith(".") or name != name.strip():
        raise refuse(store, "WARNINGS.XAPI.INVALID_FILE_NAME", field, fact=ASSUMED)


def _put(store: Store, name: str, content: bytes) -> None:
    known = store.tables["CustomPrompts"].rows
    if name not in known and len(known) >= MOST_PROMPTS:
        raise refuse(store, "WARNINGS.XAPI.TOO_MANY_PROMPTS", "file", fact=ASSUMED)
    prompt = {"Filename": name, "DisplayName": name, "FileLink": PROMPTS + quote(name), "CanBeDeleted": True}
    store.put("CustomPrompts", prompt)
    keep_sound(store, name, content)


def _record_custom(call: Call) -> Response:
    """Ring an extension, which speaks a prompt: the emulator's people say nothing, for a tenth of a second."""
    body = call.body()
    name = body["filename"] if body["filename"].lower().endswith(".wav") else f"{body['filename']}.wav"
    check_file_name(call.store, name, "filename")
    check_extension(call.store, body["dn"], "dn")
    _put(call.store, name, silence())
    event_log.log_activity(call.store, f"Prompt {name} was recorded", extension=body["dn"])
    return Response(204)


HANDLERS = declared(
    ASSUMED,
    {
        "prompt_sets.set_active": _set_active,
        "prompt_sets.get_active": _active,
        "prompt_sets.copy": _copy,
        "prompt_sets.set_alternate_pronunciation": _pronunciation,
        "prompt_sets.play_prompt": _play,
        "prompt_sets.record_prompt": _record,
        "custom_prompts.upload": _upload,
        "custom_prompts.make_call_record_custom_prompt": _record_custom,
    },
)
