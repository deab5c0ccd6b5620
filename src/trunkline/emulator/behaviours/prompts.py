"""Prompts that a PBX plays."""

from __future__ import annotations

from ..answers import Call
from ..crud import Handler
from ..forms import read_upload
from ..messages import Response
from ..refusals import bad_field
from ..store import REQUIRED

_ACTIVE = "active prompt set"


def _set_active(call: Call) -> Response:
    call.store.keep(_ACTIVE, call.entity()["Id"])
    return Response(204)


def _active(call: Call) -> Response:
    return call.write_entity(call.store.get("PromptSets", {"Id": call.store.kept.get(_ACTIVE, 1)}))


def _upload(call: Call) -> Response:
    """Keep a prompt that came as multipart part ``file`` (PBX.md, Files); one of the same name is replaced."""
    name = read_upload(call.request)
    if not name:
        raise bad_field("file", REQUIRED)
    prompt = {"Filename": name, "DisplayName": name, "FileLink": f"/prompts/{name}", "CanBeDeleted": True}
    call.store.put("CustomPrompts", prompt)
    return Response(204)


HANDLERS: dict[str, Handler] = {
    "prompt_sets.set_active": _set_active,
    "prompt_sets.get_active": _active,
    "custom_prompts.upload": _upload,
}
