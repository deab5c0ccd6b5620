"""Files inside one folder: names that others wrote are resolved, checked, and opened without following links.

A name is checked twice. `resolved` says no to one that leads out of its folder; `open_within` and `replace_within` then
walk to the resolved place one folder at a time and follow no link on the way, so that nobody can swap a folder for a
link in between. Windows cannot walk so; there the second check compares what was opened with what was checked.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ..errors import Hint, InvalidArgument
from .atomic import replace_file

_WALKS = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW") and hasattr(os, "O_DIRECTORY")
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])\s*(\..*)?", re.I | re.S)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DRIVE = re.compile(r"[A-Za-z]:")


def resolved(folder: Path, name: str, *, is_folder: bool = False) -> Path:
    """Return the real path of a file in a folder, links resolved. InvalidArgument for a name that leads out of it.

    With ``is_folder`` the name may be of the folder itself.

    A name that means something else on another system is refused on every one: a drive, a backslash, a device such as
    ``NUL.csv``, a dot or space at the end of a part, ``~``.
    """
    if why := objection(name):
        raise InvalidArgument(f"{name!r} can't be the name of a file: {why}.")
    try:
        root = Path(os.path.realpath(folder))
        path = Path(os.path.realpath(root / name))
    except (OSError, ValueError) as problem:
        raise InvalidArgument(f"{name!r} can't be the name of a file: {reason(problem)}.") from None
    if (path == root and not is_folder) or not path.is_relative_to(root):
        raise InvalidArgument(
            f"{name!r} is outside of the folder {root}.",
            hint=Hint("Put the file into that folder, or name another.", arguments={"files_from": "FOLDER"}),
        )
    return path


def objection(name: str) -> str:
    """Why a text cannot be the name of a file everywhere; empty where it can."""
    if not name.strip():
        return "it is empty"
    if _CONTROL.search(name):
        return "it has a control character"
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return "it has half a character"
    if os.name == "nt":
        rest = os.path.splitdrive(name)[1] if Path(name).is_absolute() else name
        if ":" in rest:
            return "it has a colon"
        name = rest.replace("\\", "/")
    elif "\\" in name or _DRIVE.match(name):
        return "it is written for Windows; write / between folders, and no drive"
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    if parts and parts[0].startswith("~") and (len(parts) > 1 or parts[0] == "~"):
        return "~ does not stand for a home here"
    for part in parts:
        if _DEVICE.fullmatch(part):
            return f"{part} is a device on Windows"
        if part.endswith((".", " ")):
            return f"{part!r} ends with a dot or a space"
    return ""


def reason(problem: Exception) -> str:
    """Return what the system says of a file, as a part of a sentence."""
    if isinstance(problem, UnicodeError):
        return "its name has half a character"
    if isinstance(problem, OSError):
        return problem.strerror or str(problem)
    return str(problem)


def spelled(path: object) -> str:
    """Return a path for a message; one that is not text, or would steer a terminal, in quotes."""
    text = str(path)
    return text if text.isprintable() else repr(text)


def open_regular(path: str | Path, *, dir_fd: int | None = None, follow: bool = True) -> BinaryIO:
    """Open an ordinary file for reading. OSError for anything else; a pipe is not waited for."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_NOCTTY", 0) | (0 if follow else getattr(os, "O_NOFOLLOW", 0))
    opened = os.open(path, flags, dir_fd=dir_fd)
    try:
        kind = os.fstat(opened).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "it is not an ordinary file", str(path))
        return os.fdopen(opened, "rb")
    except BaseException:
        os.close(opened)
        raise


def open_within(folder: Path, path: Path) -> BinaryIO:
    """Open the file at a `resolved` path for reading, following no link on the way from its folder. OSError if not."""
    root = Path(os.path.realpath(folder))
    if _WALKS:
        with _walked(root, path.relative_to(root).parts[:-1], make=False) as place:
            return open_regular(path.name, dir_fd=place, follow=False)
    file = open_regular(path)
    try:
        _same(path, os.fstat(file.fileno()))
    except BaseException:
        file.close()
        raise
    return file


def open_named(folder: Path, name: str) -> BinaryIO:
    """Open a file in a folder for reading, by a name that somebody wrote.

    The same as `open_within` of what `resolved` gives, without resolving where there is no link: that takes a tenth of
    the time, and a folder may have thousands of files. Raises OSError, and InvalidArgument as `resolved` does.
    """
    parts = name.split("/")
    if _WALKS and not objection(name) and not {"", ".", ".."} & set(parts):
        try:
            with _walked(folder, tuple(parts[:-1]), make=False) as place:
                return open_regular(parts[-1], dir_fd=place, follow=False)
        except OSError as problem:
            if problem.errno not in (errno.ELOOP, errno.EMLINK, errno.ENOTDIR):  # as systems say that it is a link
                raise
    return open_within(folder, resolved(folder, name))


@contextmanager
def replace_within(folder: Path, path: Path) -> Iterator[BinaryIO]:
    """As `replace_file`, at a `resolved` path; folders on the way are made, and no link is followed. OSError if not."""
    root = Path(os.path.realpath(folder))
    if not _WALKS:
        path.parent.mkdir(parents=True, exist_ok=True)
        _same(path.parent, path.parent.stat())
        with replace_file(path) as file:
            yield file
        return
    with (
        _walked(root, path.relative_to(root).parts[:-1], make=True) as place,
        replace_file(Path(path.name), dir_fd=place) as file,
    ):
        yield file


@contextmanager
def _walked(root: Path, parts: tuple[str, ...], *, make: bool) -> Iterator[int]:
    """Open the folder that parts lead to from a root; only the way to the root itself may have links."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    if make:
        root.mkdir(parents=True, exist_ok=True)
    place = os.open(root, flags)
    try:
        for part in parts:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=place)
            inner = os.open(part, flags | os.O_NOFOLLOW, dir_fd=place)
            os.close(place)
            place = inner
        yield place
    finally:
        os.close(place)


def _same(path: Path, opened: os.stat_result) -> None:
    """OSError unless a path is still free of links and still leads to what was opened."""
    if Path(os.path.realpath(path)) != path or not os.path.samestat(opened, path.lstat()):
        raise OSError(errno.ELOOP, "a link was put in its place", str(path))
