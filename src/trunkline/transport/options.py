"""How to connect: certificates, timeouts and which HTTP library."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlsplit

from ..errors import BrokenAnswer, ConfigurationError, ConnectionLost, TimedOut, TransportError, Unreachable, UsageError

if TYPE_CHECKING:
    from ..request import HttpRequest
    from .async_driver import AsyncAdapter
    from .driver import Adapter

AdapterName = Literal["pyreqwest", "httpx2"]


class InsecureConnection(UserWarning):
    """A connection whose other end is not verified, or that anyone on the way can read."""


class ConnectOptions(NamedTuple):
    """``verify``: True, False, or the path of a PEM file with CA certificates. Timeouts are in seconds.

    ``connect_timeout`` bounds the making of a connection, ``timeout`` a whole request with its answer; an upload gets
    time for its size besides. A file that is streamed to a disk may take as long as it needs: ``read_timeout`` bounds
    the time without a single byte of it. ``http2``: offer HTTP/2 (ALPN, so over TLS only) beside HTTP/1.1.
    """

    verify: bool | str | Path = True
    connect_timeout: float = 10.0
    timeout: float = 60.0
    adapter: AdapterName = "pyreqwest"
    read_timeout: float = 60.0
    http2: bool = False


_UPLOAD_RATE = 32_768  # bytes a second: an upload slower than a weak ADSL line is taken for stuck


def time_allowed(request: HttpRequest, options: ConnectOptions, size: int = 0) -> float | None:
    """Seconds for a request with its answer; None where only silence ends it. ``size``: bytes of an upload."""
    if request.timeout is not None:
        return request.timeout
    return None if request.sink is not None else options.timeout + size / _UPLOAD_RATE


def connect_time(options: ConnectOptions, allowed: float | None) -> float:
    """Seconds for making a connection, never more than for the whole."""
    return options.connect_timeout if allowed is None else min(options.connect_timeout, allowed)


def ca_file(options: ConnectOptions) -> bytes | None:
    """The CA certificates of ``verify``, trusted beside the system's own; ConfigurationError if it has none."""
    if isinstance(options.verify, bool):
        return None
    try:
        content = Path(options.verify).read_bytes()
    except OSError as problem:
        raise ConfigurationError(f"The CA file {options.verify} can't be read ({problem.strerror}).") from None
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise no_certificates(options)
    return content


def no_certificates(options: ConnectOptions) -> ConfigurationError:
    return ConfigurationError(
        f"The CA file {options.verify} holds no certificate that can be read.",
        hint="It must be PEM, text with -----BEGIN CERTIFICATE----- in it; `openssl x509 -inform der` makes it of DER.",
    )


def no_authorities(causes: str) -> ConfigurationError:
    """As on a slim container image, which has none."""
    return ConfigurationError(
        f"This machine has no CA certificates to verify a PBX's with ({causes}).",
        hint="Install the system's (on Debian: ca-certificates); SSL_CERT_FILE and SSL_CERT_DIR must lead to some, "
        "if they are set. Or give the PBX's own CA file (verify=PATH, --ca-file PATH).",
    )


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


def closed() -> UsageError:
    return UsageError("This client is closed.", hint="Call it inside its `with` block. Nothing was sent.")


def server_of(url: str) -> str:
    return urlsplit(url).netloc


def proxy_of(url: str) -> str | None:
    """Host and port of the proxy that the environment sets for an address; never its user name or password."""
    from urllib.request import getproxies, proxy_bypass  # heavy, and asked only when something went wrong

    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(parts.netloc):
        return None
    return urlsplit(proxy if "://" in proxy else f"http://{proxy}").netloc.rpartition("@")[2]


def unreachable(url: str, causes: str) -> Unreachable:
    """No connection: say why in the user's terms. ``causes`` is the HTTP library's own account."""
    server, said = server_of(url), causes.lower()
    if "certificate" in said or "self-signed" in said or "self signed" in said:
        error = Unreachable(
            f"{server} showed a certificate that can't be verified ({causes}).",
            hint=_certificate(said),
            processed=False,
        )
        error.retryable = False
        return error
    if "invalidcontenttype" in said or "wrong_version_number" in said:  # what rustls and OpenSSL say
        error = Unreachable(
            f"{server} speaks no TLS ({causes}).",
            hint="It may be a plain HTTP port: 5000 and 5004 are, 443 and 5001 speak TLS.",
            processed=False,
        )
        error.retryable = False
        return error
    proxy = proxy_of(url)
    if proxy is not None:
        return Unreachable(
            f"{server} can't be reached through the proxy {proxy} ({causes}).",
            hint="HTTP_PROXY, HTTPS_PROXY or ALL_PROXY in the environment names it; NO_PROXY lists what goes past it.",
            processed=False,
        )
    if any(sign in said for sign in ("dns", "name or service", "nodename", "getaddrinfo", "resolve")):
        return Unreachable(f"The name of {server} can't be found.", hint="Check the address.", processed=False)
    return Unreachable(
        f"{server} can't be reached ({causes}).",
        hint="Check that the 3CX is up, and the port: 443 hosted by 3CX, 5001 on premises, 5000 or 5004 plain HTTP.",
        processed=False,
    )


def _certificate(said: str) -> str:
    if "causedasendentity" in said:
        return (
            "It is self-signed and marks itself as an authority, which this HTTP library takes from no server, not "
            "even as the CA file: use adapter='httpx2', or give the 3CX a certificate that an authority signed."
        )
    if "expired" in said:
        return "Renew it on the 3CX, and check this machine's clock."
    if any(sign in said for sign in ("mismatch", "not valid for")):
        return "Use the name that the certificate is for: the 3CX's FQDN, not its IP address."
    return (
        "For a self-signed 3CX give its CA file (verify=PATH, --ca-file PATH), "
        "or verify=False / --insecure if you know what is on the way."
    )


def fell_silent(request: HttpRequest, allowed: float | None, began: float) -> bool:
    """Whether a transfer that ran out of time did so for want of a single byte, and not of time in all."""
    return request.sink is not None and (allowed is None or monotonic() - began < allowed)


def timed_out(
    url: str, options: ConnectOptions, allowed: float | None, *, connecting: bool = False, silent: bool = False
) -> TransportError:
    """``allowed`` are the seconds for the whole answer, if it had a limit in all."""
    server = server_of(url)
    if connecting:
        return Unreachable(
            f"{server} did not accept a connection in {connect_time(options, allowed):g} s.",
            hint="Check the address, and that no firewall drops the connection.",
            processed=False,
        )
    if silent or allowed is None:
        return TimedOut(
            f"{server} sent nothing for {options.read_timeout:g} s.",
            hint="Try again, or allow it a longer read_timeout.",
        )
    return TimedOut(
        f"{server} did not answer within {allowed:.3g} s.", hint="Try again, or allow it more time: --timeout."
    )


def connection_lost(url: str, causes: str) -> ConnectionLost:
    return ConnectionLost(f"The connection to {server_of(url)} broke before the answer was complete ({causes}).")


def broken_answer(url: str, causes: str) -> BrokenAnswer:
    """What came back is no HTTP, or not as it says: asking again would bring the same."""
    return BrokenAnswer(
        f"{server_of(url)} sent an answer that can't be read ({causes}).",
        hint="Check that the address is the 3CX itself; a proxy on the way may have spoiled it.",
    )
