"""Files that only their owner can read, and that replace others atomically: the new content is there, or the old."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class AtomicFile:
    """An open ``file`` that replaces ``path`` when it is committed, and leaves nothing when it is discarded.

    Until then it is called ``beside``, a name on the same disk. With ``dir_fd`` the path is a name in that open folder.
    A link at the path is replaced, not followed.

    Raises:
        OSError: it can't be written, or a pipe or a device is there: root would replace /dev/null for good.
    """

    def __init__(self, path: Path, beside: Path | None = None, *, dir_fd: int | None = None) -> None:
        self._path, self._dir_fd = path, dir_fd
        self._beside = beside or path.with_name(f".{path.name[:40]}.{token_hex(4)}.part")
        with suppress(FileNotFoundError):
            kind = os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_mode
            if not (stat.S_ISREG(kind) or stat.S_ISLNK(kind) or stat.S_ISDIR(kind)):
                raise OSError(errno.EINVAL, "it is not an ordinary file", str(path))
        self._remove()  # left behind by a process that was killed
        self.file: BinaryIO = os.fdopen(os.open(self._beside, _NEW, 0o600, dir_fd=dir_fd), "wb")

    def commit(self) -> None:
        """Put the file in its place, once its content is on the disk."""
        self.file.flush()
        os.fsync(self.file.fileno())  # else a power cut could leave the name without the content
        self.file.close()
        self._replace()
        self._sync_folder()

    def discard(self) -> None:
        """Remove what was written: half of it would only fill a disk that may be full."""
        with suppress(OSError):  # a full disk fails at closing as well
            self.file.close()
        with suppress(OSError):
            self._remove()

    def _remove(self) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._beside, dir_fd=self._dir_fd)

    def _replace(self) -> None:
        for tries_left in reversed(range(20)):
            try:
                os.replace(self._beside, self._path, src_dir_fd=self._dir_fd, dst_dir_fd=self._dir_fd)
                return
            except PermissionError:
                if os.name != "nt" or not tries_left:
                    raise
                time.sleep(0.01)  # Windows refuses for as long as somebody reads the old one

    def _sync_folder(self) -> None:
        """Wait until the new name is on the disk too: what is written elsewhere after this may count on it."""
        if os.name != "posix":
            return
        with suppress(OSError):  # some network disks can't
            folder = os.open(self._path.parent, os.O_RDONLY) if self._dir_fd is None else self._dir_fd
            try:
                os.fsync(folder)
            finally:
                if folder != self._dir_fd:
                    os.close(folder)


@contextmanager
def replace_file(path: Path, beside: Path | None = None, *, dir_fd: int | None = None) -> Iterator[BinaryIO]:
    """Open an `AtomicFile` for a block: committed when the block ends well, else discarded."""
    new = AtomicFile(path, beside, dir_fd=dir_fd)
    try:
        yield new.file
        new.commit()
    except BaseException:
        new.discard()
        raise
