"""Locks between processes, on a file each; the operating system frees one when its process ends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock


class LockTaken(Exception):
    """Another process, or another part of this one, holds the lock."""


def acquire_lock(path: Path, *, timeout: float = 0.0) -> BaseFileLock:
    """Take the lock of a file, which is made with its folder; whoever took it calls ``release``, in any thread.

    Raises:
        LockTaken: it was not free within ``timeout`` seconds.
        OSError: the file can't be written, or its disk has no locks.
    """
    from filelock import FileLock, Timeout  # some 20 ms, and most processes lock nothing

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Where a disk has no locks, a file that stands for one would stay after a process that was killed.
    lock = FileLock(path, mode=0o600, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        raise LockTaken(str(path)) from None
    return lock
