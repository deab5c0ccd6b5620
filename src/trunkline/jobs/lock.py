"""The lock of a running job, on the ledger itself: who removes any other file does not get a second run.

It is a lock of the operating system on one byte of the ledger, so that it ends with the process however that dies. The
byte lies where SQLite keeps its own locks and no data (https://www.sqlite.org/fileformat2.html#the_lock_byte_page), but
is none of those: others may go on reading the ledger, and cancel the job.

POSIX drops all of a process's locks on a file as soon as the process closes any descriptor of that file, SQLite's
included. So a process opens each ledger once, here, and closes it after SQLite did.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import ConfigurationError, Hint

FOLDER = "TRUNKLINE_JOB_DIR"
_BYTE = 0x4000_0300
_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_PATIENCE, _LOOK_AGAIN = 0.2, 0.02  # seconds; whoever asks whether a job runs holds the lock for a moment

_files: dict[tuple[int, int], LedgerFile] = {}
_guard = threading.Lock()


class LedgerFile:
    """A ledger's file, open in this process; shared by all who use it here. Made by `open_file`."""

    def __init__(self, path: Path, descriptor: int, key: tuple[int, int]) -> None:
        self.path = path
        self.users = 0
        self._descriptor = descriptor
        self._key = key
        self._held = False

    def close(self) -> None:
        """To be called after SQLite closed the ledger."""
        with _guard:
            self.users -= 1
            if self.users == 0:
                _files.pop(self._key, None)
                os.close(self._descriptor)

    def is_in_place(self) -> bool:
        """Whether the path still leads to this file: it may have been deleted or replaced meanwhile."""
        try:
            found = os.stat(self.path)  # noqa: PTH116 - asked before each change
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._key

    def is_held(self) -> bool:
        """Whether some process, or this one, runs the job. ConfigurationError where locks don't work."""
        if self._held:
            return True
        if not self._try():
            return True
        self._let_go()
        return False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the job while a block runs. ConfigurationError if it is taken, or where locks don't work."""
        end = time.monotonic() + _PATIENCE
        while not self._try():
            if time.monotonic() > end:
                raise ConfigurationError(
                    f"The job {self.path.stem!r} is running in another process.",
                    hint=Hint("Cancel it, or see how far it is.", "job.show", {"name": self.path.stem}),
                )
            time.sleep(_LOOK_AGAIN)
        try:
            yield
        finally:
            self._let_go()

    def _try(self) -> bool:
        with _guard:
            if self._held:
                return False
            try:
                _lock(self._descriptor)
            except OSError as problem:
                if problem.errno in _TAKEN:
                    return False
                raise ConfigurationError(
                    f"{self.path} can't be locked: {problem.strerror}.",
                    hint=f"Two runs of one job would send everything twice. Name a folder on a local disk in {FOLDER}.",
                ) from None
            self._held = True
            return True

    def _let_go(self) -> None:
        with _guard:
            self._held = False
            _unlock(self._descriptor)


def open_file(path: Path) -> LedgerFile:
    """Open a ledger's file. Raises ConfigurationError if it is gone, or this user may not read and write it."""
    with _guard:
        try:
            found = path.stat()
            file = _files.get((found.st_dev, found.st_ino))
            if file is None:
                descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
                found = os.fstat(descriptor)
                file = LedgerFile(path, descriptor, (found.st_dev, found.st_ino))
                _files[file._key] = file
        except PermissionError as problem:
            raise ConfigurationError(
                f"This user may not read and write the ledger {path}: {problem.strerror}.",
                hint=f"Run this as the user who started the job, or let this one write {path} and its folder.",
            ) from None
        except OSError as problem:
            raise ConfigurationError(
                f"The ledger {path} can't be opened: {problem.strerror}.",
                hint="It must be a file on a disk that can be written.",
            ) from None
        file.users += 1
        return file


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    # A lock of the open file, where the system has it: SQLite, unlocking the whole file, does not take it away.
    _OFD = getattr(fcntl, "F_OFD_SETLK", None) if sys.platform == "linux" and sys.maxsize > 2**32 else None

    def _lock(descriptor: int) -> None:
        _set(descriptor, fcntl.F_WRLCK, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        _set(descriptor, fcntl.F_UNLCK, fcntl.LOCK_UN)

    def _set(descriptor: int, kind: int, operation: int) -> None:
        if _OFD is not None:
            fcntl.fcntl(descriptor, _OFD, struct.pack("hhqqi4x", kind, os.SEEK_SET, _BYTE, 1, 0))
        else:
            fcntl.lockf(descriptor, operation, 1, _BYTE, os.SEEK_SET)
