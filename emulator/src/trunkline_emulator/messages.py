"""Requests and answers, and the way between them and ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, overload
from urllib.parse import quote

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# The largest bodies in bytes. A 3CX's own limits are not known; Kestrel's default is 30,000,000.
MAX_FORM = 64 * 1024  # of a sign-in, which anybody may send
MAX_JSON = 16 * 1024 * 1024
MAX_UPLOAD = 32 * 1024 * 1024
# What Kestrel, the web server under a PBX, takes of a request's first line and of all its headers, in bytes.
MAX_TARGET = 8 * 1024
MAX_HEADERS = 32 * 1024


class Disconnected(Exception):
    """The client went away before its request was complete; there is nobody to answer."""


class Headers(Mapping[str, str]):
    """Headers by lower-case name, decoded when asked for: most of them never are. Of two the last counts."""

    __slots__ = ("_pairs", "_raw")

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._pairs = raw
        self._raw = dict(raw)

    def all(self, name: str) -> list[str]:
        """Every value of a header, in the order in which they came."""
        wanted = name.lower().encode("latin-1")
        return [value.decode("latin-1") for key, value in self._pairs if key == wanted]

    def __getitem__(self, name: str) -> str:
        return self._raw[name.encode("latin-1")].decode("latin-1")

    @overload  # type: ignore[override]
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: str) -> str: ...
    def get(self, name: str, default: str | None = None) -> str | None:
        """As of any mapping; asked a dozen times for each request, so without its exceptions."""
        value = self._raw.get(name.encode("latin-1"))
        return default if value is None else value.decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.encode("latin-1") in self._raw


@dataclass
class Request:
    """One request. ``path`` and ``query`` are the bytes as sent, still percent-encoded; header names are lower case.

    ``refused`` is the status for a request that isn't taken at all: too large, or for the wrong host; else 0.
    ``peer`` is the address it came from, "" in process; ``listens`` the host that our own server was started with, ""
    where another server, or none, brought the request.
    """

    method: str
    path: bytes
    query: bytes
    headers: Headers
    scheme: str
    body: bytes = b""
    refused: int = 0
    peer: str = ""
    listens: str = ""
    http_version: str = "1.1"

    @property
    def host(self) -> str:
        return self.headers.get("host", "localhost")

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def root(self) -> str:
        """``https://HOST/xapi/v1``, to which a PBX makes its contexts and locations absolute (docs/pbx.md, Answers)."""
        return f"{self.origin}/xapi/v1"

    @property
    def has_body(self) -> bool:
        """Whether a body may follow; who brings a request in process need not say so."""
        headers = self.headers
        return not self.listens or "content-length" in headers or "transfer-encoding" in headers

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
        """Return a download with its name (docs/pbx.md, Files)."""
        plain = name.isascii() and name.isprintable() and '"' not in name
        disposition = f'attachment; filename="{name}"' if plain else f"attachment; filename*=UTF-8''{quote(name)}"
        return cls(200, content, {"Content-Type": media_type, "Content-Disposition": disposition})


# Where our own server (server.py) says in the ASGI scope which host it was started with.
LISTENS = "trunkline.listens"


def read_head(scope: Scope) -> Request:
    """Return a request without its body, which ``read_body`` takes.

    Whoever asks is known before anything is read of it.
    """
    headers = Headers(scope["headers"])
    path = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    query = scope["query_string"]
    client = scope.get("client")
    version = scope.get("http_version", "1.1")
    return Request(
        scope["method"],
        path,
        query,
        headers,
        scope.get("scheme", "http"),
        refused=400 if "host" not in headers and version == "1.1" else _too_large(scope["headers"], path, query),
        peer=client[0] if client else "",
        listens=(scope.get("extensions") or {}).get(LISTENS, ""),
        http_version=version,
    )


def _too_large(headers: Iterable[tuple[bytes, bytes]], path: bytes, query: bytes) -> int:
    if len(path) + len(query) > MAX_TARGET:
        return 414
    return 431 if sum(len(name) + len(value) for name, value in headers) > MAX_HEADERS else 0


async def read_body(request: Request, receive: Receive, limit: int) -> None:
    """Take the body of a request; one of more bytes than ``limit`` is refused (413). Raises Disconnected."""
    length = request.headers.get("content-length", "0")
    if length.isdigit() and (len(length) > 20 or int(length) > limit):
        request.refused = 413
        return
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Disconnected
    if not message.get("more_body"):
        request.body = message.get("body", b"")
    else:
        body = bytearray(message.get("body", b""))
        while message.get("more_body") and len(body) <= limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            body += message.get("body", b"")
        request.body = bytes(body)
    if len(request.body) > limit:
        request.body, request.refused = b"", 413


async def write(response: Response, send: Send, http_version: str = "1.1") -> None:
    """Hand an answer to ASGI: chunked if it has a body, save in HTTP/1.0 (docs/pbx.md, Answers)."""
    chunked = response.body and http_version != "1.0"
    await send(start(response, None if chunked else len(response.body)))
    await send({"type": "http.response.body", "body": response.body})


def start(response: Response, length: int | None) -> Message:
    """Return the first message of an answer; ``length`` None leaves out how long its body is."""
    headers = [(_name(name), value.encode("latin-1")) for name, value in response.headers.items()]
    if length is not None and response.status not in (204, 304):
        headers.append((b"content-length", b"%d" % length))
    return {"type": "http.response.start", "status": response.status, "headers": headers}


@lru_cache(256)
def _name(name: str) -> bytes:
    return name.lower().encode("latin-1")
