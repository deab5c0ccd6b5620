"""Uploading a file to a PBX: it is opened when it is sent, read in chunks, with its length known beforehand."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path, PurePath
from typing import BinaryIO

from ..errors import InvalidArgument, TrunklineError
from ..local.contained import open_regular, open_within, reason, spelled
from ..request import ContainedFile, Part
from .download import CHUNK
from .threads import in_thread


class Upload:
    """One sending of a `Part`: its headers, and its body as chunks. Sending again opens and reads it again.

    An HTTP library may still ask for a chunk after it has answered, from a thread of its own; once the sending has
    ended it gets none, so that it can't read between the reads of the next.
    """

    def __init__(self, part: Part, file: BinaryIO) -> None:
        boundary = secrets.token_hex(16)  # 128 random bits: it needs no look into the file to know it isn't there
        self._head, self._tail = part.envelope(boundary)
        self._name = part.filename
        self._file = file
        self._left = _end_of(file) - part.start
        file.seek(part.start)
        self._lock = threading.Lock()
        self._ended = False
        self.size = len(self._head) + self._left + len(self._tail)
        self.headers = (
            ("Content-Type", f"multipart/form-data; boundary={boundary}"),
            ("Content-Length", str(self.size)),
        )

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        while chunk := self._read():
            yield chunk
        yield self._tail

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._head
        while chunk := await in_thread(self._read):
            yield chunk
        yield self._tail

    def _read(self) -> bytes:
        with self._lock:
            if self._ended:
                raise TrunklineError(f"The sending of {self._name} has ended.")
            if not self._left:
                return b""
            with _readable(self._name):
                chunk = self._file.read(min(CHUNK, self._left))
            if not chunk:
                raise TrunklineError(f"{self._name} became shorter while it was sent.")
            self._left -= len(chunk)
            return chunk

    def end(self) -> None:
        with self._lock:
            self._ended = True


@contextlib.contextmanager
def opened(part: Part) -> Iterator[Upload]:
    """Open the upload of a part, with its file open while it is sent; InvalidArgument if that can't be read."""
    with contextlib.ExitStack() as stack:
        if isinstance(part.source, PurePath):
            with _readable(str(part.source)):
                file: BinaryIO = stack.enter_context(open_regular(Path(part.source)))
        elif isinstance(part.source, ContainedFile):
            with _readable(str(part.source.path)):
                file = stack.enter_context(open_within(Path(part.source.folder), Path(part.source.path)))
        elif isinstance(part.source, bytes):
            file = BytesIO(part.source)
        else:
            file = part.source
        with _readable(part.filename):
            upload = Upload(part, file)
        stack.callback(upload.end)
        yield upload


def _end_of(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


@contextlib.contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except TrunklineError:
        raise
    except (OSError, ValueError) as problem:  # a name with a NUL is a ValueError
        raise InvalidArgument(f"{spelled(name)} can't be read ({reason(problem)}).") from None
    except Exception as problem:  # of a file object of the caller's: closed meanwhile, or one of its own making
        raise InvalidArgument(f"{name} can't be read ({type(problem).__name__}: {problem}).") from problem
