"""Bodies that are forms: token requests, and prompts that are uploaded."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from .messages import Request

if TYPE_CHECKING:
    from python_multipart.multipart import Field, File

# A broken body is answered with a 400; without a handler Python would print the parser's warnings to stderr.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())


# Of a multipart form; a sign-in has three, an upload one.
MOST_PARTS = 100


def read_form(request: Request) -> dict[str, str] | None:
    """Return the fields of an urlencoded or multipart form; None if the body is neither."""
    media_type = _media_type(request)
    if media_type == "application/x-www-form-urlencoded":
        try:
            text = request.body.decode("ascii")
            return dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100))
        except ValueError:
            return None
    if media_type == "multipart/form-data":
        parts = _parts(request)
        return None if parts is None else parts[0]
    return None


def read_upload(request: Request) -> tuple[str, bytes]:
    """Return the file name and the content of the multipart part ``file``; both empty if the body lacks that part."""
    parts = _parts(request) if _media_type(request) == "multipart/form-data" else None
    return ("", b"") if parts is None else parts[1].get("file", ("", b""))


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _parts(request: Request) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]] | None:
    """Fields by name with their values, files by name with file names and content; None for a broken body."""
    from python_multipart import parse_form  # heavy, and most PBXs never need it
    from python_multipart.exceptions import FormParserError

    fields: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}
    parts = 0

    def check_room() -> None:
        nonlocal parts
        parts += 1
        if parts > MOST_PARTS:
            raise FormParserError(f"more than {MOST_PARTS} parts")

    def take_field(field: Field) -> None:
        check_room()
        fields[(field.field_name or b"").decode()] = (field.value or b"").decode()

    def take_file(file: File) -> None:
        file.file_object.seek(0)
        content = file.file_object.read()
        file.close()
        check_room()
        files[(file.field_name or b"").decode()] = ((file.file_name or b"").decode(), content)

    headers = {"Content-Type": request.headers["content-type"].encode("latin-1")}
    try:
        parse_form(headers, io.BytesIO(request.body), take_field, take_file)
    except (FormParserError, UnicodeDecodeError):
        return None
    return fields, files
