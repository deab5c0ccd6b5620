"""How to connect: certificates, timeouts and which HTTP library."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlsplit

from ..errors import ConfigurationError, ConnectionLost, TimedOut, TransportError, Unreachable

if TYPE_CHECKING:
    from .async_driver import AsyncAdapter
    from .driver import Adapter

AdapterName = Literal["pyreqwest", "httpx2"]


class InsecureConnection(UserWarning):
    """A connection whose other end is not verified, or that anyone on the way can read."""


class ConnectOptions(NamedTuple):
    """``verify``: True, False, or the path of a PEM file with CA certificates. Timeouts are in seconds.

    ``connect_timeout`` bounds the making of a connection, ``timeout`` a whole request with its answer.
    """

    verify: bool | str | Path = True
    connect_timeout: float = 10.0
    timeout: float = 60.0
    adapter: AdapterName = "pyreqwest"


def ca_file(options: ConnectOptions) -> bytes | None:
    """The CA certificates of ``verify``; ConfigurationError if the file can't be read."""
    if isinstance(options.verify, bool):
        return None
    try:
        return Path(options.verify).read_bytes()
    except OSError as problem:
        raise ConfigurationError(f"The CA file {options.verify} can't be read ({problem.strerror}).") from None


def warn_if_insecure(url: str, options: ConnectOptions) -> None:
    """Warn where certificates aren't verified, or where the API key would cross a network in plain text."""
    parts = urlsplit(url)
    if options.verify is False and parts.scheme == "https":
        warnings.warn(
            f"The certificate of {parts.netloc} is not verified: whoever stands in between can read the API key.",
            InsecureConnection,
            stacklevel=4,
        )
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        warnings.warn(
            f"The connection to {parts.netloc} is plain HTTP: anyone on the way can read the API key.",
            InsecureConnection,
            stacklevel=4,
        )


def connect(options: ConnectOptions) -> Adapter:
    if _chosen(options) == "httpx2":
        from .httpx2_adapter import HttpxAdapter

        return HttpxAdapter(options)
    from .pyreqwest_adapter import ReqwestAdapter

    return ReqwestAdapter(options)


def connect_async(options: ConnectOptions) -> AsyncAdapter:
    if _chosen(options) == "httpx2":
        from .httpx2_adapter import AsyncHttpxAdapter

        return AsyncHttpxAdapter(options)
    from .pyreqwest_adapter import AsyncReqwestAdapter

    return AsyncReqwestAdapter(options)


def _chosen(options: ConnectOptions) -> AdapterName:
    if options.adapter not in ("pyreqwest", "httpx2"):
        raise ConfigurationError(f"There is no adapter {options.adapter!r}.", hint="Use pyreqwest or httpx2.")
    if find_spec(options.adapter) is None:
        extra = "trunkline" if options.adapter == "pyreqwest" else "'trunkline[httpx2]'"
        raise ConfigurationError(f"{options.adapter} is not installed.", hint=f"pip install {extra}")
    return options.adapter


def server_of(url: str) -> str:
    return urlsplit(url).netloc


def unreachable(url: str, causes: str) -> Unreachable:
    """No connection: say why in the user's terms. ``causes`` is the HTTP library's own account."""
    server, said = server_of(url), causes.lower()
    if "certificate" in said or "self-signed" in said or "self signed" in said:
        return Unreachable(
            f"{server} showed a certificate that can't be verified ({causes}).",
            hint="For a self-signed 3CX give its CA file (verify=PATH, --ca-file PATH), "
            "or verify=False / --insecure if you know what is on the way.",
            processed=False,
        )
    if any(sign in said for sign in ("dns", "name or service", "nodename", "getaddrinfo", "resolve")):
        return Unreachable(f"The name of {server} can't be found.", hint="Check the address.", processed=False)
    return Unreachable(
        f"{server} can't be reached ({causes}).",
        hint="Check that the 3CX is up, and the port: 443 hosted by 3CX, 5001 on premises, 5000 or 5004 plain HTTP.",
        processed=False,
    )


def timed_out(url: str, options: ConnectOptions, *, connecting: bool) -> TransportError:
    if connecting:
        error: TransportError = Unreachable(
            f"{server_of(url)} did not accept a connection in {options.connect_timeout:g} s."
        )
        error.processed = False
        error.hint = "Check the address, and that no firewall drops the connection."
        return error
    return TimedOut(
        f"{server_of(url)} did not answer within {options.timeout:g} s.", hint="Try again, or allow it more time."
    )


def connection_lost(url: str, causes: str) -> ConnectionLost:
    return ConnectionLost(f"The connection to {server_of(url)} broke before the answer was complete ({causes}).")
