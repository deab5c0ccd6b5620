"""Requests and answers, and the way between them and ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_BODY = 10 * 1024 * 1024
# What Kestrel, the web server under a PBX, takes of a request's first line and of all its headers, in bytes.
MAX_TARGET = 8 * 1024
MAX_HEADERS = 32 * 1024


class Disconnected(Exception):
    """The client went away before its request was complete; there is nobody to answer."""


class Headers(Mapping[str, str]):
    """Headers by lower-case name, decoded when asked for: most of them never are. Of two the last counts."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._raw = dict(raw)

    def __getitem__(self, name: str) -> str:
        return self._raw[name.encode("latin-1")].decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._raw)

    def __len__(self) -> int:
        return len(self._raw)


@dataclass
class Request:
    """One request. ``path`` and ``query`` are the bytes as sent, still percent-encoded; header names are lower case.

    ``refused`` is the status for a request that is too large to be taken or names no host, else 0; ``peer`` is the
    address it came from, "" in process.
    """

    method: str
    path: bytes
    query: bytes
    headers: Headers
    scheme: str
    body: bytes = b""
    refused: int = 0
    peer: str = ""

    @property
    def host(self) -> str:
        return self.headers.get("host", "localhost")

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def root(self) -> str:
        """``https://HOST/xapi/v1``, to which a PBX makes its contexts and locations absolute (PBX.md, Answers)."""
        return f"{self.origin}/xapi/v1"

    @property
    def target(self) -> str:
        """Path and query as sent."""
        sent = self.path + b"?" + self.query if self.query else self.path
        return sent.decode("latin-1")


@dataclass
class Response:
    """One answer; ``body`` is already encoded."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(
        cls, status: int, content: object, headers: dict[str, str] | None = None, metadata: str = "minimal"
    ) -> Response:
        kind = f"application/json; odata.metadata={metadata}; odata.streaming=true; charset=utf-8"
        return cls(
            status, msgspec.json.encode(content), {"Content-Type": kind, "OData-Version": "4.0", **(headers or {})}
        )

    @classmethod
    def file(cls, content: bytes, media_type: str, name: str) -> Response:
        """A download with its name (PBX.md, Files)."""
        disposition = (
            f'attachment; filename="{name}"' if name.isascii() else f"attachment; filename*=UTF-8''{quote(name)}"
        )
        return cls(200, content, {"Content-Type": media_type, "Content-Disposition": disposition})


async def read(scope: Scope, receive: Receive) -> Request:
    """Take a whole request from ASGI; of one that isn't taken only the fact is kept. Raises Disconnected."""
    headers = Headers(scope["headers"])
    path = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    query = scope["query_string"]
    client = scope.get("client")
    refused = _too_large(scope["headers"], path, query)
    if "host" not in headers and scope.get("http_version") == "1.1":
        refused = 400
    body = b"" if refused else await _body(receive)
    if len(body) > MAX_BODY:
        body, refused = b"", 413
    return Request(
        scope["method"], path, query, headers, scope.get("scheme", "http"), body, refused, client[0] if client else ""
    )


def _too_large(headers: Iterable[tuple[bytes, bytes]], path: bytes, query: bytes) -> int:
    if len(path) + len(query) > MAX_TARGET:
        return 414
    size = 0
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"content-length" and value.isdigit() and (len(value) > 20 or int(value) > MAX_BODY):
            return 413
    return 431 if size > MAX_HEADERS else 0


async def _body(receive: Receive) -> bytes:
    """The whole body, or a little more than may be."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= MAX_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        body += message.get("body", b"")
    return body


async def write(response: Response, send: Send) -> None:
    """Hand an answer to ASGI."""
    await send(start(response, len(response.body)))
    await send({"type": "http.response.body", "body": response.body})


def start(response: Response, length: int | None) -> Message:
    """The first message of an answer; ``length`` None leaves out how long its body is."""
    headers = [(_name(name), value.encode("latin-1")) for name, value in response.headers.items()]
    if length is not None and response.status not in (204, 304):
        headers.append((b"content-length", b"%d" % length))
    return {"type": "http.response.start", "status": response.status, "headers": headers}


@lru_cache(256)
def _name(name: str) -> bytes:
    return name.lower().encode("latin-1")
