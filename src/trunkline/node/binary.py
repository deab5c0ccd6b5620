"""Files in items, under ``binary`` as in n8n.

Each is described by fileName, mimeType, fileSize (bytes) and fileExtension, with its content as base64 ``data`` or at a
``path`` on this machine.
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from ..errors import Hint, InvalidArgument, TrunklineError
from ..local.contained import reason, resolved, spelled
from ..request import ContainedFile
from ..result import File, Saved
from ..result.files import harmless

PROPERTY = "data"  # n8n's own name for an item's one file
_UNSENT = "Nothing was sent for it."
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def described(file: File | Saved) -> dict[str, Any]:
    """Return what is known of a file beside its content; a name that the PBX did not send is left out."""
    size = len(file.content) if isinstance(file, File) else file.size
    about: dict[str, Any] = {"fileName": file.name, "mimeType": file.content_type, "fileSize": size}
    extension = PurePath(file.name or "").suffix or mimetypes.guess_extension(file.content_type) or ""
    about["fileExtension"] = extension.removeprefix(".")
    return {name: value for name, value in about.items() if value is not None}


class SavedFile(dict[str, Any]):
    """The ``binary`` entry of a file that this process saved itself.

    Later steps may upload it: the class says so, which no JSON can. An entry whose ``path`` was changed since is an
    entry like any other.
    """

    def __init__(self, about: Mapping[str, Any], path: Path) -> None:
        self.shown = str(path)
        super().__init__({**about, "path": self.shown})
        folder = Path(os.path.realpath(path.parent))
        self.saved = ContainedFile(folder, folder / path.name)


class PathRule(NamedTuple):
    """Whether an item may name a file by its path. By default only a file that this process saved itself counts.

    ``trusted``: an item's ``path`` names a file of this machine. ``folder``: then only one inside this folder, which
    relative paths also start from.
    """

    trusted: bool = False
    folder: Path | None = None

    def source(self, about: Mapping[str, Any], name: str) -> ContainedFile | Path:
        """Return the file that an entry with a path stands for. InvalidArgument if it may not, or there is none."""
        if isinstance(about, SavedFile) and about["path"] == about.shown:
            return about.saved
        given = about["path"]
        if not self.trusted:
            raise InvalidArgument(
                f"The item names the file {name!r} by a path on this machine, and items are not trusted to do so.",
                hint=Hint(
                    "Nothing was sent for it. If you know where the items come from, trust them; a folder can be named "
                    "too, outside of which nothing is read.",
                    arguments={"trust_item_paths": True},
                ),
            )
        if not isinstance(given, str):
            raise InvalidArgument(f"The path of the item's file {name!r} is {given!r}, not text.", hint=_UNSENT)
        if self.folder is None:
            source: ContainedFile | Path = Path(given)
            place = Path(given)
        else:
            place = resolved(self.folder, given)
            source = ContainedFile(Path(os.path.realpath(self.folder)), place)
        if not os.path.isfile(place):  # noqa: PTH113 - Path.is_file raises for a name with a NUL before Python 3.12
            raise InvalidArgument(f"The file {name!r} of the item is not at {spelled(place)}.", hint=_UNSENT)
        return source


def contained(file: File | Saved) -> dict[str, Any]:
    """Return a file as an item carries it: with ``data``, or with ``path`` where it was saved."""
    if isinstance(file, Saved):
        if file.path is None:
            return described(file)
        return SavedFile(described(file), file.path)
    return {**described(file), "data": base64.b64encode(file.content).decode("ascii")}


def content(
    item: Mapping[str, Any],
    name: str,
    rule: PathRule = PathRule(),  # noqa: B008 - immutable
) -> tuple[str, bytes | Path | ContainedFile]:
    """File name and content of an item's file, ready to be uploaded.

    InvalidArgument if the item has no such file, if its content is somewhere else, and if ``rule`` forbids its path.
    """
    files = item.get("binary") or {}
    about = files.get(name)
    if not isinstance(about, Mapping):
        there = f"it has {', '.join(files)}" if files else "it has none"
        raise InvalidArgument(f"The item has no file {name!r} in its binary data; {there}.", hint=_UNSENT)
    extension = about.get("fileExtension")
    filename = about.get("fileName") or (f"{name}.{extension}" if extension else name)
    if about.get("path"):
        return filename, rule.source(about, name)
    try:
        if about.get("id"):
            raise binascii.Error("it is kept in n8n's own store")
        return filename, base64.b64decode(about["data"], validate=True)
    except (binascii.Error, KeyError, TypeError, ValueError) as problem:
        why = "there is neither data nor path" if isinstance(problem, KeyError) else str(problem)
        raise InvalidArgument(
            f"The file {name!r} of the item has no content that can be read: {why}.",
            hint=f"It needs base64 data, or a path on this machine. {_UNSENT}",
        ) from None


def settle(file: File | Saved, folder: Path, waiting: Path) -> Saved:
    """Give a file its place in a folder, under a name that nothing there has yet; ``waiting`` is where it came to.

    Only its owner can read it. TrunklineError, with nothing left in ``waiting``, if it can't be put there.
    """
    name = Path(file.path).name if isinstance(file, Saved) and file.path else harmless(file.name or "", "file")
    source = waiting / name
    try:
        waiting.mkdir(parents=True, exist_ok=True)
        if isinstance(file, File):
            with os.fdopen(os.open(source, _NEW, 0o600), "wb") as written:
                written.write(file.content)
        target = _claimed(folder, name)
        try:
            source.replace(target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        waiting.rmdir()
        return Saved(target, file.name, file.content_type, target.stat().st_size)
    except (OSError, ValueError) as problem:
        with suppress(OSError, ValueError):
            source.unlink(missing_ok=True)
            waiting.rmdir()
        raise TrunklineError(
            f"The file {spelled(name)} can't be kept in {spelled(folder)} ({reason(problem)}).",
            hint="It was read from the PBX and is not kept.",
        ) from None


def _claimed(folder: Path, name: str) -> Path:
    """Return an empty file under a name that nothing in a folder had, so that no other process takes the same name."""
    target, number = folder / name, 2
    while True:
        try:
            os.close(os.open(target, _NEW, 0o600))
        except FileExistsError:
            target = folder / f"{PurePath(name).stem} ({number}){PurePath(name).suffix}"
            number += 1
        else:
            return target
