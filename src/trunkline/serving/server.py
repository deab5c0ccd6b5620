"""Where a surface listens, and serving it until it is ended."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import ConfigurationError, Hint
from .hosts import App, KnownHosts, is_loopback

if TYPE_CHECKING:
    import uvicorn

_GRACE = 5  # seconds that requests in progress get once the server is to end
_KEEP_ALIVE = 75  # seconds; longer than the pause between two scrapes of Prometheus


class Listening(NamedTuple):
    """Where a server listens. ``port`` 0 takes a free one; with a ``certificate`` it speaks TLS.

    ``names``: host names that it answers to besides ``localhost`` and addresses in figures.
    """

    host: str = "127.0.0.1"
    port: int = 0
    certificate: Path | None = None
    key: Path | None = None
    names: Collection[str] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return is_loopback(self.host)

    @property
    def is_encrypted(self) -> bool:
        return self.certificate is not None


def bound(listening: Listening) -> socket.socket:
    """Open the socket. Raises ConfigurationError where the port is in use or this machine lacks the address."""
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    try:
        return socket.create_server((listening.host, listening.port), family=family, backlog=512)
    except (OSError, OverflowError, UnicodeError) as problem:
        raise ConfigurationError(
            f"Nothing can listen at {listening.host} port {listening.port}: {getattr(problem, 'strerror', problem)}.",
            hint=Hint("Choose another port, or end what listens there.", arguments={"port": 0}),
        ) from problem


def tls_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """Read a certificate with its key, from its own file or another. Raises ConfigurationError where that fails."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as problem:  # an SSLError is an OSError
        raise ConfigurationError(
            f"The certificate {certificate} can't be used: {problem}.",
            hint="Give a PEM file with the certificate chain, and its key without a password.",
        ) from problem
    return context


def _no_password() -> str:
    raise ValueError("its key has a password")


async def serve(
    app: App,
    listening: Listening,
    on_start: Callable[[str], None] = lambda url: None,
    *,
    context: ssl.SSLContext | None = None,
) -> None:
    """Serve until Ctrl-C, SIGTERM or cancellation. ``on_start`` gets the base address once requests are answered.

    ``context`` speaks TLS in place of the certificate of ``listening``, such as one that asks clients for theirs.
    Other hosts and origins than its own are refused (`KnownHosts`). Raises ConfigurationError as `bound` and
    `tls_context` do, before anything is served.
    """
    if context is None and listening.certificate:
        context = tls_context(listening.certificate, listening.key)
    with bound(listening) as listener:
        port = listener.getsockname()[1]
        host = f"[{listening.host}]" if ":" in listening.host else listening.host
        url = f"http{'s' if context else ''}://{host}:{port}"
        server = _server(KnownHosts(app, listening.names), context, lambda: on_start(url))
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


def _server(app: App, context: ssl.SSLContext | None, on_start: Callable[[], None]) -> uvicorn.Server:
    try:
        from .stopping import StoppingServer
    except ModuleNotFoundError as problem:
        raise ConfigurationError(
            f"{problem.name} is not installed.", hint="Install Trunkline with the extra of this surface."
        ) from problem
    import uvicorn

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # a header must not say which address a client has
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
        ssl_context_factory=None if context is None else lambda config, default: context,
    )
    return StoppingServer(config, on_start)
