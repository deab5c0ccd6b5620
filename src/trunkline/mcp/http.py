"""Streamable HTTP: the SDK's own app, behind a bearer token, with limits."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import ConfigurationError, Hint
from ..local.private_files import read_private
from ..redaction import remember
from ..serving.hosts import App, Receive, Scope, Send
from ..serving.server import Listening, serve
from .server import make_server
from .service import Service

PATH = "/mcp"
VARIABLE = "TRUNKLINE_MCP_TOKEN"
SHORTEST = 20
"""Characters of a token; shorter ones can be guessed."""
_LARGEST_BODY = 1_000_000  # bytes: a hundred items of a plan, with room
_MOST_SESSIONS = 1_000  # 40 kB each; workflow tools open one a run, and leave it
_IDLE = 1_800.0  # seconds


def read_token(path: Path | None, environ: Mapping[str, str]) -> str | None:
    """Return the token of a file, else of ``TRUNKLINE_MCP_TOKEN``; None where there is neither.

    Raises ConfigurationError for a file that others can read, and for a token that is too short or has spaces.
    """
    if path is not None:
        try:
            content = read_private(path)
        except OSError as problem:
            raise ConfigurationError(f"The token file {path} can't be read: {problem.strerror}.") from None
        if content.exposed:
            raise ConfigurationError(f"The token file {path} can be read by others.", hint=f"Run chmod 600 {path}.")
        token = content.data.decode("utf-8", "replace").strip()
        where = f"The token in {path}"
    else:
        token, where = environ.get(VARIABLE, "").strip(), f"The token in {VARIABLE}"
        if not token:
            return None
    if len(token) < SHORTEST or not (token.isascii() and token.isprintable()) or " " in token:
        raise ConfigurationError(
            f"{where} has to be at least {SHORTEST} ASCII characters without spaces.",
            hint="Make one, such as with: openssl rand -hex 32",
        )
    remember(token)
    return token


class BearerOnly:
    """Answers only requests that bring the token; others get 401. ``lifespan`` passes."""

    def __init__(self, app: App, token: str) -> None:
        self._app = app
        self._expected = hashlib.sha256(token.encode()).digest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._is_allowed(scope):
            await self._app(scope, receive, send)
            return
        challenge = b'Bearer realm="trunkline"'
        if any(name == b"authorization" for name, _ in scope["headers"]):
            challenge += b', error="invalid_token"'
        headers = [
            (b"content-type", b"application/json"),
            (b"www-authenticate", challenge),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"error":"A bearer token is needed."}\n'})

    def _is_allowed(self, scope: Scope) -> bool:
        sent = [value for name, value in scope["headers"] if name == b"authorization"]
        kind, _, token = (sent[0] if len(sent) == 1 else b"").partition(b" ")
        digest = hashlib.sha256(token.strip()).digest()  # of one length, so that comparing takes the same time
        return hmac.compare_digest(digest, self._expected) and kind.lower() == b"bearer"


def check_reachable(listening: Listening, token: str | None) -> None:
    """Refuse to serve others than this machine without a token. Raises ConfigurationError."""
    if token is None and not listening.is_loopback:
        raise ConfigurationError(
            f"Other machines reach {listening.host}, so a bearer token is needed.",
            hint=Hint(f"Set {VARIABLE}, or name a file that has it.", arguments={"token_file": "FILE"}),
        )


async def serve_http(
    service: Service, listening: Listening, token: str | None, on_start: Callable[[str], None] = lambda url: None
) -> None:
    """Serve at ``/mcp`` until it is ended. Raises ConfigurationError, before anything is served."""
    from mcp.server.transport_security import TransportSecuritySettings

    check_reachable(listening, token)
    app: App = make_server(service).streamable_http_app(
        streamable_http_path=PATH,
        max_request_body_size=_LARGEST_BODY,
        max_sessions=_MOST_SESSIONS,
        session_idle_timeout=_IDLE,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # KnownHosts does it
    )
    try:
        await serve(BearerOnly(app, token) if token else app, listening, lambda url: on_start(f"{url}{PATH}"))
    finally:
        await service.pbxs.close()
