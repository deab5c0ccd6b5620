"""Which hosts and origins a server answers, so that no web page can use it from another site.

A browser lets a page talk to the host that the page came from. The owner of a name can let it lead to 127.0.0.1 a
minute later (DNS rebinding); only the Host header still names the other site. A page of another site can also send
requests and open WebSockets to this one: there the Origin header names the other site.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_CLOSED = 1008  # RFC 6455, 7.4.1: the policy of this server is violated


def host_of(text: str) -> str | None:
    """Return the host of a Host header in lower case, without port and brackets; None where it is not a host."""
    try:
        parts = urlsplit(f"//{text}")
        port_is_valid = parts.port is None or parts.port >= 0
    except ValueError:
        return None
    is_host_only = port_is_valid and parts.username is None and not (parts.path or parts.query or parts.fragment)
    return parts.hostname if is_host_only and parts.hostname else None


def is_address(host: str) -> bool:
    """Whether a host is an IP address in figures, which no one can lead elsewhere."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host: ``localhost``, or a loopback address."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


class KnownHosts:
    """Answers only requests for ``localhost``, an address in figures or a name in ``names``, and from its own pages.

    Another Host is answered 421, another Origin 403; a WebSocket is closed. ``lifespan`` passes.
    """

    def __init__(self, app: App, names: Collection[str] = ()) -> None:
        self._app = app
        self._names = {"localhost", *(name.casefold() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        status, reason = self._refusal(scope)
        if not status:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()  # a handshake is answered after it was received
            await send({"type": "websocket.close", "code": _CLOSED, "reason": reason})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": f"{reason}\n".encode()})

    def _refusal(self, scope: Scope) -> tuple[int, str]:
        """Return the status and the reason of a refusal; 0 where the request is fine."""
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        sent = hosts[0].decode("latin-1") if len(hosts) == 1 else ""
        host = host_of(sent)
        if host is None or not (host in self._names or is_address(host)):
            return 421, "This server does not answer to that host name. Start it with the name as an allowed host."
        own = {sent.casefold(), host}
        origins = [value.decode("latin-1").casefold() for name, value in scope["headers"] if name == b"origin"]
        if any(urlsplit(origin).netloc not in own for origin in origins):
            return 403, "The request comes from a page of another site."
        return 0, ""
