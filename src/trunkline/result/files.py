"""Files that a PBX sends: what counts as one, and what it may be called. Pure."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from .response import Asked, HttpResponse, is_json

_SUFFIXES = {
    "application/json": ".json",
    "application/pdf": ".pdf",
    "application/xml": ".xml",
    "application/zip": ".zip",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "text/csv": ".csv",
    "text/plain": ".txt",
    "text/xml": ".xml",
}
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)
_UNREADABLE = (ValueError, TypeError)  # what Python raises for numbered pieces and character sets it can't make out
_LONGEST = 200  # bytes; the temporary name beside it must fit into the 255 of common file systems


class File(NamedTuple):
    """A file that a PBX sent: a recording, a report, an export."""

    name: str | None
    content_type: str
    content: bytes

    def __repr__(self) -> str:
        """Everything but the content, which may carry secrets."""
        return f"<file {self.name!r}, {self.content_type}, {len(self.content)} bytes>"


class Saved(NamedTuple):
    """A file that a PBX sent, saved: ``name`` as the PBX called it, ``path`` None where it went to a file object."""

    path: Path | None
    name: str | None
    content_type: str
    size: int


def is_file(asked: Asked, response: HttpResponse) -> bool:
    """Whether the answer is a file, by status and headers alone: the published files don't say (docs/pbx.md, Files).

    A web page never is one, and JSON only where the action's answer is a file.
    """
    if not 200 <= response.status < 300 or response.status in (204, 205):
        return False
    if response.content_type == "text/html":
        return False
    return asked.action.answer_kind == "file" or bool(response.content_type and not is_json(response))


def sent_name(response: HttpResponse) -> str | None:
    """Return the name a file was sent under, without any folder; the extended form first (RFC 6266)."""
    from email.message import Message  # rarely needed, and it brings half the email package
    from email.utils import collapse_rfc2231_value

    header = Message()
    header["content-disposition"] = response.headers.get("content-disposition", "")
    given: list[Any] = []
    with suppress(*_UNREADABLE):
        parameters = header.get_params([], "content-disposition")
        given = [value for name, value in parameters if name.lower() == "filename"]
    for value in sorted(given, key=lambda value: isinstance(value, str)):
        name = ""
        with suppress(*_UNREADABLE):
            name = collapse_rfc2231_value(value).replace("\\", "/").rpartition("/")[2]
        if name not in ("", ".", ".."):
            return name
    return None


def safe_name(asked: Asked, response: HttpResponse) -> str:
    """Return a name for the file in a folder of the reader's: the one that the PBX sent, made `harmless`.

    Where nothing of it is left, the action's verb, keys and type make one.
    """
    words = [asked.action.verb, *(str(value) for value in asked.values.values())]
    own = re.sub(r"[^\w.-]+", "_", "-".join(words)) + _SUFFIXES.get(response.content_type, "")
    return harmless(sent_name(response) or "", own)


def harmless(name: str, otherwise: str) -> str:
    """Return a name that somebody else has given, fit for a file on any system.

    ``otherwise`` where nothing of it is left.

    No folder, nothing that steers a terminal or turns letters round, nothing that Windows reserves, no leading dot
    (a PBX must not write a ``.profile``), not too long.
    """
    name = re.sub(r'[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069<>:"/\\|?*\ud800-\udfff]', "_", name).strip(" .")
    if not name.strip("_"):
        name = otherwise
    stem, dot, suffix = name.rpartition(".")
    if len(name.encode()) > _LONGEST:
        ending = f".{suffix}" if dot and len(suffix) <= 10 else ""
        kept = (stem if ending else name).encode()[: _LONGEST - len(ending.encode())]
        name = kept.decode(errors="ignore") + ending
    return f"_{name}" if _DEVICES.fullmatch(name) else name
