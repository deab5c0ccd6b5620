"""Reading the body of an answer into memory: never more than is allowed, however it is compressed."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any

from ..errors import BrokenAnswer, Hint
from ..request import HttpRequest
from ..result import HttpResponse
from .options import ConnectOptions, broken_answer, server_of

PIECE = 65536  # bytes that are decompressed at a time


class Body:
    """Collects the chunks of one answer. BrokenAnswer as soon as they are more than the request allows in memory."""

    def __init__(self, request: HttpRequest, options: ConnectOptions) -> None:
        self._request = request
        self._limit = options.max_answer if request.limit is None else request.limit
        self._bytes = bytearray()  # not a list of chunks: a chunk of two bytes costs forty as an object

    def add(self, chunk: bytes) -> None:
        if len(self._bytes) + len(chunk) > self._limit:
            raise too_large(self._request, self._limit)
        self._bytes += chunk

    def whole(self) -> bytes:
        return bytes(self._bytes)


def collect(request: HttpRequest, options: ConnectOptions, chunks: Iterable[bytes]) -> bytes:
    """All chunks as one; BrokenAnswer once they are more than the request allows in memory."""
    body = Body(request, options)
    for chunk in chunks:
        body.add(chunk)
    return body.whole()


async def collect_async(request: HttpRequest, options: ConnectOptions, chunks: AsyncIterable[bytes]) -> bytes:
    body = Body(request, options)
    async for chunk in chunks:
        body.add(chunk)
    return body.whole()


def too_large(request: HttpRequest, limit: int) -> BrokenAnswer:
    server = server_of(request.target)
    size = f"{limit / 2**20:,.4g} MB" if limit >= 2**20 else f"{limit:,} bytes"
    if request.limit is None:
        hint = Hint("Ask for less (top, select, filter), or allow more: max_answer, or TRUNKLINE_MAX_ANSWER.")
    elif request.method == "POST" and request.target.endswith("/connect/token"):
        hint = Hint("No 3CX answers a sign-in like that: check that the address is the 3CX itself, not a proxy.")
    else:
        hint = Hint(
            "Allow more (max_file, or TRUNKLINE_MAX_FILE in the environment), or stream it to a disk, where no limit "
            "holds.",
            arguments={"to": "PATH"},
        )
    return BrokenAnswer(f"{server} sent an answer of more than {size}; the rest was not read.", hint=hint)


def decompressed(chunks: Iterable[bytes], head: HttpResponse, request: HttpRequest) -> Iterator[bytes]:
    """Yield the chunks of a body without the compression that its Content-Encoding names.

    Raises as `Decompressor` does.
    """
    decompressor = Decompressor(head.headers.get("content-encoding", ""), request.target)
    for chunk in chunks:
        yield from decompressor.feed(chunk)
    decompressor.finish()


async def decompressed_async(
    chunks: AsyncIterable[bytes], head: HttpResponse, request: HttpRequest
) -> AsyncIterator[bytes]:
    decompressor = Decompressor(head.headers.get("content-encoding", ""), request.target)
    async for chunk in chunks:
        for piece in decompressor.feed(chunk):
            yield piece
    decompressor.finish()


class Decompressor:
    """Decompresses gzip and deflate in pieces, so that a small chunk can't fill the memory at once.

    Raises BrokenAnswer for another Content-Encoding, which was not asked for, and for data that can't be read.
    """

    def __init__(self, encoding: str, url: str) -> None:
        self._url = url
        self._encoding = encoding.strip().lower()
        self._zlib: Any = None
        self._start = b""
        if self._encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise broken_answer(url, f"it is compressed as {self._encoding[:40]!r}, which was not asked for")

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk gives, in pieces of bounded size."""
        if self._encoding in ("", "identity"):
            yield chunk
            return
        if self._zlib is None:
            self._start += chunk
            if len(self._start) < 2:
                return
            chunk = self._start
            self._zlib = zlib.decompressobj(self._window(chunk))
        while chunk:
            if self._zlib.eof:
                if self._encoding == "deflate":
                    return
                self._zlib = zlib.decompressobj(16 + zlib.MAX_WBITS)  # gzip may have several members (RFC 1952, 2.2)
            yield from self._pieces(chunk)
            chunk = self._zlib.unused_data

    def finish(self) -> None:
        """Check that nothing is missing at the end."""
        if self._start and (self._zlib is None or not self._zlib.eof):
            raise broken_answer(self._url, "its compressed data ends early")

    def _window(self, start: bytes) -> int:
        """zlib's ``wbits``: some servers leave out the zlib header of deflate (RFC 9110, 8.4.1.2)."""
        if self._encoding != "deflate":
            return 16 + zlib.MAX_WBITS
        has_header = start[0] & 0x0F == 8 and int.from_bytes(start[:2]) % 31 == 0  # RFC 1950, 2.2
        return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS

    def _pieces(self, chunk: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece: bytes = self._zlib.decompress(chunk, PIECE)
            except zlib.error as problem:
                raise broken_answer(self._url, str(problem)) from None
            if piece:
                yield piece
            chunk = self._zlib.unconsumed_tail
            if not chunk and len(piece) < PIECE:
                return
