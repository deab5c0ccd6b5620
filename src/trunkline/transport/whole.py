"""Files that only their owner can read, and that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole(path: Path, beside: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of ``path`` when the block ends well, and is nowhere otherwise.

    Until then it is called ``beside``, a name on the same disk. OSError, too, where a pipe or a device is: root would
    have a file in the place of /dev/null for good.
    """
    with suppress(FileNotFoundError):
        kind = os.lstat(path).st_mode
        if not (stat.S_ISREG(kind) or stat.S_ISLNK(kind) or stat.S_ISDIR(kind)):
            raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
    beside.unlink(missing_ok=True)  # left behind by a process that was killed
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # else a power cut could leave the name without the content
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)  # half of it would only fill a disk that may be full
        raise
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Wait until a new name is on the disk too: what is written elsewhere after this may count on it."""
    if os.name != "posix":
        return
    with suppress(OSError):  # some network disks know no such thing
        place = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)
