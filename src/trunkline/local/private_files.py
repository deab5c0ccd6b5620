"""Files with a secret in them: read within bounds, and only as their owner left them."""

from __future__ import annotations

import errno
import os
import select
import stat
import warnings
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import NamedTuple

LARGEST = 64 * 1024
"""Bytes; no API key and no token is as long."""
PIPE_PATIENCE = 5.0
"""Seconds to wait for what a pipe brings, such as that of a shell's ``<(…)``."""


class ExposedSecret(UserWarning):
    """A secret that other users of the machine can read."""


class NotPrivateError(OSError):
    """Something other than a file of this user's; ``strerror`` says what."""

    def __init__(self, problem: str) -> None:
        super().__init__(errno.EINVAL, problem)


class Content(NamedTuple):
    """What a file has; ``exposed`` if others than its owner could read or write it."""

    data: bytes
    exposed: bool


def read_private(path: Path, *, pipes: bool = False, own: bool = False, largest: int = LARGEST) -> Content:
    """Return what a file has; neither waits for ever nor reads without end.

    ``pipes``: a pipe is read too, for at most `PIPE_PATIENCE` seconds. ``own``: the file must belong to this user, and
    is taken away from all others (POSIX only). ``largest``: the most bytes that are read.
    Raises OSError: NotPrivateError for a folder, socket or device, for a file of somebody else's, and for what is too
    large.
    """
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except ValueError:  # a null byte in the path
        raise NotPrivateError("its path is not one that a system can have") from None
    try:
        about = os.fstat(number)
        if pipes and stat.S_ISFIFO(about.st_mode) and os.name == "posix":
            return Content(_read_pipe(number, largest), exposed=False)
        if not stat.S_ISREG(about.st_mode):
            raise NotPrivateError("it is not an ordinary file")
        if own and hasattr(os, "geteuid") and about.st_uid != os.geteuid():
            raise NotPrivateError("it belongs to another user")
        exposed = is_exposed(about)
        if own and exposed:
            with suppress(OSError):
                os.fchmod(number, 0o600)
        return Content(_bounded(os.read(number, largest + 1), largest), exposed)
    finally:
        os.close(number)


def is_exposed(about: os.stat_result) -> bool:
    """Whether others than the owner can read or write a file; Windows keeps no such record."""
    return os.name == "posix" and stat.S_ISREG(about.st_mode) and bool(about.st_mode & 0o077)


def warn_if_exposed(file: Path, what: str = "API key") -> None:
    """Warn (ExposedSecret) if others can read a file with a secret in it."""
    try:
        exposed = is_exposed(file.stat())
    except (OSError, ValueError):
        return
    if exposed:
        warnings.warn(
            f"The {what} in {file} can be read by others on this machine; chmod 600 it.", ExposedSecret, stacklevel=3
        )


def _read_pipe(number: int, largest: int) -> bytes:
    content, deadline = b"", monotonic() + PIPE_PATIENCE
    while len(content) <= largest:
        ready, _, _ = select.select([number], [], [], max(0.0, deadline - monotonic()))
        if not ready:
            raise NotPrivateError("nothing came through this pipe")
        try:
            chunk = os.read(number, largest + 1)
        except BlockingIOError:
            continue
        if not chunk:
            break
        content += chunk
    return _bounded(content, largest)


def _bounded(content: bytes, largest: int) -> bytes:
    if len(content) > largest:
        raise NotPrivateError("it is too large")
    return content
