"""Downloading a file from a PBX to disk: under a temporary name until it is complete.

A `Download` is the sink of a request. Adapters `pour` an answer into it, and it judges by status and headers, before
the first byte is written, whether the answer is the file. A second answer (a retry) starts a second temporary file.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from ..errors import InvalidArgument, TrunklineError
from ..local.atomic import AtomicFile
from ..local.contained import reason, spelled
from ..request import HttpRequest
from ..result import Asked, HttpResponse, Saved, is_file, safe_name, sent_name
from .body import collect, collect_async
from .failures import callers_own
from .options import ConnectOptions
from .threads import in_thread

Progress = Callable[[int, "int | None"], object]
CHUNK = 65536  # small beside any file, large beside the cost of a step to a worker thread and back


class Download:
    """``with Download(asked, to, progress) as download:`` send ``download.asking(request)``, then `finish`.

    ``to`` is a path, a folder (the file then gets the PBX's name, made harmless) or a binary file object. ``progress``
    is called with the bytes so far and in all, None where that is not known. Leaving without `finish` removes what
    was written; a file that was there before stays as it was until `finish` puts the new one in its place.
    """

    def __init__(self, asked: Asked, to: str | os.PathLike[str] | BinaryIO, progress: Progress | None = None) -> None:
        if asked.action.answer_kind != "file":
            raise InvalidArgument(f"{asked.action.id} answers no file, so `to` has no place. Nothing was sent.")
        self._asked = asked
        self._target: _Target = _ToPath(to) if isinstance(to, str | os.PathLike) else _ToObject(to)
        self._progress = progress
        self._head: HttpResponse | None = None
        self._done = 0
        self._total: int | None = None

    def asking(self, request: HttpRequest) -> HttpRequest:
        """Return the request, with its answer to come here; not compressed, so that its length is known and checked."""
        return request._replace(sink=self, headers=(*request.headers, ("Accept-Encoding", "identity")))

    def accepts(self, status: int, headers: Mapping[str, str]) -> bool:
        head = HttpResponse(status, headers, b"")
        self._target.discard()
        self._head = None
        if not is_file(self._asked, head):
            return False
        self._target.begin(safe_name(self._asked, head))
        length = headers.get("content-length", "")
        self._total = (
            int(length) if length.isascii() and length.isdigit() and "content-encoding" not in headers else None
        )
        self._done = 0
        self._head = head
        return True

    def write(self, chunk: bytes) -> None:
        self._target.write(chunk)
        self._done += len(chunk)

    def wrote(self) -> None:
        """Report progress; apart from `write`, so that the caller's function runs in the caller's thread."""
        if self._progress is not None:
            with callers_own():
                self._progress(self._done, self._total)

    @property
    def arrived(self) -> bool:
        """Whether the last answer was the file."""
        return self._head is not None

    def finish(self) -> Saved:
        """Give the file its name, once it is on the disk."""
        if self._head is None:
            raise RuntimeError("nothing to finish")
        path = self._target.finish()
        return Saved(path, sent_name(self._head), self._head.content_type, self._done)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._target.discard()


class _Target(Protocol):
    """Where the bytes go. `begin` starts again; after `finish`, `discard` does nothing."""

    def begin(self, name: str) -> None: ...
    def write(self, chunk: bytes) -> object: ...
    def finish(self) -> Path | None: ...
    def discard(self) -> None: ...


class _ToPath:
    def __init__(self, given: str | os.PathLike[str]) -> None:
        to = self._to = self._path = Path(given)
        self._new: AtomicFile | None = None
        try:
            folder = to if to.is_dir() or str(given).endswith(("/", os.sep)) else to.parent
            missing = not folder.is_dir()
            special = to.exists() and not to.is_dir() and not to.is_file()
            if b"\0" in os.fsencode(to):  # pathlib would say that there is no such file
                raise ValueError("its name has a NUL")
        except (OSError, ValueError) as problem:
            raise InvalidArgument(
                f"{spelled(to)} can't be written ({reason(problem)}).", hint="Name another; nothing was sent."
            ) from None
        if missing:
            raise InvalidArgument(f"The folder {spelled(folder)} does not exist.", hint="Nothing was sent.")
        if special:
            raise InvalidArgument(
                f"{spelled(to)} is not an ordinary file, so it can't be replaced.",
                hint="Name another; nothing was sent.",
            )

    def begin(self, name: str) -> None:
        self._path = self._to / name if self._to.is_dir() else self._to
        with _saying(self._path):
            self._new = AtomicFile(Path(os.path.realpath(self._path)))  # a link stays a link, as with open()

    def write(self, chunk: bytes) -> None:
        if self._new is None:
            raise RuntimeError("not begun")
        with _saying(self._path):
            self._new.file.write(chunk)

    def finish(self) -> Path:
        if self._new is None:
            raise RuntimeError("not begun")
        with _saying(self._path):
            self._new.commit()
        self._new = None
        return self._path

    def discard(self) -> None:
        if self._new is not None:
            self._new.discard()
        self._new = None


class _ToObject:
    """An open file of the caller's: wound back to where it was if something fails, as far as it can be."""

    def __init__(self, to: BinaryIO) -> None:
        if isinstance(to, io.TextIOBase) or not hasattr(to, "write"):
            raise InvalidArgument(f"`to` must be a path, or a file opened in binary mode for writing, not {to!r}.")
        self._to = to
        with _failing("The file object"):
            self._start = to.tell() if hasattr(to, "seekable") and to.seekable() else None
        self._written = False

    def begin(self, name: str) -> None:
        if self._written:
            raise TrunklineError(
                f"The connection broke after a part of {name} had gone to a file object that can't be wound back.",
                hint="Save to a path, and start again.",
            )

    def write(self, chunk: bytes) -> None:
        self._written = True
        with callers_own():
            self._to.write(chunk)

    def finish(self) -> None:
        if hasattr(self._to, "flush"):
            with _failing("The file object"):
                self._to.flush()
        self._written = False

    def discard(self) -> None:
        if self._written and self._start is not None:
            with contextlib.suppress(OSError, ValueError):  # closed, or no file that can be cut
                self._to.seek(self._start)
                self._to.truncate()
                self._written = False


@contextlib.contextmanager
def _failing(what: str) -> Iterator[None]:
    """As `_saying`, for a file of the caller's; a pipe whose reader has gone stays a BrokenPipeError."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as problem:
        raise TrunklineError(f"{what} can't be written ({reason(problem)}).") from None


@contextlib.contextmanager
def _saying(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as problem:
        raise TrunklineError(f"{spelled(path)} can't be written ({reason(problem)}).") from None


def pour(request: HttpRequest, options: ConnectOptions, head: HttpResponse, chunks: Iterable[bytes]) -> HttpResponse:
    """Return the answer with its body, or without if the request's sink took it."""
    sink = request.sink
    if sink is None or not sink.accepts(head.status, head.headers):
        return head._replace(body=collect(request, options, chunks))
    for chunk in chunks:
        sink.write(chunk)
        sink.wrote()
    return head


async def pour_async(
    request: HttpRequest, options: ConnectOptions, head: HttpResponse, chunks: AsyncIterable[bytes]
) -> HttpResponse:
    """As `pour`; the disk is waited for in a worker thread, because a slow one would hold up the whole event loop."""
    sink = request.sink
    if sink is None or not await in_thread(sink.accepts, head.status, head.headers):
        return head._replace(body=await collect_async(request, options, chunks))
    async for chunk in chunks:
        await in_thread(sink.write, chunk)
        sink.wrote()
    return head
