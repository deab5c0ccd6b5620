"""Files that rows point to: a backup's ``DownloadLink``, a prompt's ``FileLink`` (docs/pbx.md, Files)."""

from __future__ import annotations

from urllib.parse import unquote

from .behaviours.backups import DOWNLOADS, file_of
from .behaviours.prompts import PROMPTS
from .evidence import seen
from .messages import Request, Response
from .refusals import WRONG_METHOD, NoSuchPath, Refusal
from .rights import NO_RIGHT
from .signin import ADMIN, OWNER, Client
from .sounds import kept_sound, silence
from .store import Store

FACT = seen("files")


def _sound_of(store: Store, name: str) -> bytes | None:
    """Return the sound of a custom prompt, silence for one of the seed; None if the prompt is missing."""
    if name not in store.tables["CustomPrompts"].rows:
        return None
    return kept_sound(store, name) or silence()


def serves(request: Request) -> bool:
    """Whether a path is that of a file, and none of the API's."""
    return request.path.startswith((DOWNLOADS.encode(), PROMPTS.encode()))


def answer(request: Request, client: Client, store: Store) -> Response:
    """Return the file.

    Raises Refusal: 403 for a user without a role, 405 for another method than GET, 404 where there is none.
    """
    if OWNER not in client.roles and ADMIN not in client.roles:
        raise Refusal(403, fact=NO_RIGHT)
    if request.method != "GET":
        raise Refusal(405, headers={"Allow": "GET"}, fact=WRONG_METHOD)
    folder = DOWNLOADS if request.path.startswith(DOWNLOADS.encode()) else PROMPTS
    name = unquote(request.path.decode("latin-1")).removeprefix(folder)
    content = file_of(store, name) if folder == DOWNLOADS else _sound_of(store, name)
    if content is None:
        raise NoSuchPath
    return Response.file(content, "application/zip" if folder == DOWNLOADS else "audio/x-wav", name)
