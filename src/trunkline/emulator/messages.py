"""Requests and answers, and the way between them and ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_BODY = 10 * 1024 * 1024


class Disconnected(Exception):
    """The client went away before its request was complete; there is nobody to answer."""


@dataclass(frozen=True)
class Request:
    """One request. ``path`` and ``query`` are the bytes as sent, still percent-encoded; header names are lower case."""

    method: str
    path: bytes
    query: bytes
    headers: dict[str, str]
    scheme: str
    body: bytes = b""
    too_large: bool = False

    @property
    def host(self) -> str:
        return self.headers.get("host", "localhost")

    @property
    def root(self) -> str:
        """``https://HOST/xapi/v1``, to which a PBX makes its contexts and locations absolute (PBX.md, Answers)."""
        return f"{self.scheme}://{self.host}/xapi/v1"

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
    """Take a whole request from ASGI; of a body above 10 MB only the fact is kept. Raises Disconnected."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    body = bytearray()
    declared = headers.get("content-length", "0")
    too_large = declared.isdecimal() and len(declared) < 20 and int(declared) > MAX_BODY
    more = not too_large
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY:
            too_large, more = True, False
    path = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    return Request(
        scope["method"], path, scope["query_string"], headers, scope.get("scheme", "http"), bytes(body), too_large
    )


async def write(response: Response, send: Send) -> None:
    """Hand an answer to ASGI."""
    headers = dict(response.headers)
    if response.status != 204:
        headers["Content-Length"] = str(len(response.body))
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})
    await send({"type": "http.response.body", "body": response.body})
