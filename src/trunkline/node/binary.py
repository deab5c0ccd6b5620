"""Files in items, as n8n has them under ``binary``.

Each is described by fileName, mimeType, fileSize (bytes) and fileExtension, with its content as base64 ``data`` or at a
``path`` on this machine.
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
import threading
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from ..errors import InvalidArgument
from ..result import File, Saved
from ..result.files import harmless

PROPERTY = "data"  # n8n's own name for an item's one file
_naming = threading.Lock()


def described(file: File | Saved) -> dict[str, Any]:
    """What is known of a file beside its content; a name that the PBX did not send is left out."""
    size = len(file.content) if isinstance(file, File) else file.size
    about: dict[str, Any] = {"fileName": file.name, "mimeType": file.content_type, "fileSize": size}
    extension = PurePath(file.name or "").suffix or mimetypes.guess_extension(file.content_type) or ""
    about["fileExtension"] = extension.removeprefix(".")
    return {name: value for name, value in about.items() if value is not None}


def contained(file: File | Saved) -> dict[str, Any]:
    """A file as an item carries it: with ``data``, or with ``path`` where it was saved."""
    if isinstance(file, Saved):
        return {**described(file), "path": str(file.path)}
    return {**described(file), "data": base64.b64encode(file.content).decode("ascii")}


def content(item: Mapping[str, Any], name: str) -> tuple[str, bytes | Path]:
    """File name and content of an item's file, ready to be uploaded.

    InvalidArgument if the item has no such file, or if its content is somewhere else.
    """
    files = item.get("binary") or {}
    about = files.get(name)
    if not isinstance(about, Mapping):
        there = f"it has {', '.join(files)}" if files else "it has none"
        raise InvalidArgument(
            f"The item has no file {name!r} in its binary data; {there}.", hint="Nothing was sent for it."
        )
    extension = about.get("fileExtension")
    filename = about.get("fileName") or (f"{name}.{extension}" if extension else name)
    if about.get("path"):
        path = Path(str(about["path"]))
        if not path.is_file():
            raise InvalidArgument(f"The file {name!r} of the item is not at {path}.", hint="Nothing was sent for it.")
        return filename, path
    try:
        if about.get("id"):
            raise binascii.Error("it is kept in n8n's own store")
        return filename, base64.b64decode(about["data"], validate=True)
    except (binascii.Error, KeyError, TypeError, ValueError) as problem:
        why = "there is neither data nor path" if isinstance(problem, KeyError) else str(problem)
        raise InvalidArgument(
            f"The file {name!r} of the item has no content that can be read: {why}.",
            hint="It needs base64 data, or a path on this machine. Nothing was sent for it.",
        ) from None


def settle(file: File | Saved, folder: Path, waiting: Path) -> Saved:
    """Give a file its place in a folder, under a name that nothing there has yet; ``waiting`` is where it came to."""
    name = Path(file.path).name if isinstance(file, Saved) and file.path else harmless(file.name or "", "file")
    waiting.mkdir(parents=True, exist_ok=True)
    source = waiting / name
    if isinstance(file, File):
        source.write_bytes(file.content)
    with _naming:
        target, number = folder / name, 2
        while target.exists():
            target = folder / f"{PurePath(name).stem} ({number}){PurePath(name).suffix}"
            number += 1
        source.rename(target)
    waiting.rmdir()
    return Saved(target, file.name, file.content_type, target.stat().st_size)
