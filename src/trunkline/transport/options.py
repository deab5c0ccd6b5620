"""How to connect: certificates, timeouts and which HTTP library."""

from __future__ import annotations

import os
import warnings
from importlib import import_module
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

from ..errors import (
    BrokenAnswer,
    ConfigurationError,
    ConnectionLost,
    Hint,
    InvalidArgument,
    TimedOut,
    TransportError,
    Unreachable,
    UsageError,
)
from ..printable import in_a_cell
from .address import is_loopback
from .limits import MAX_ANSWER, MAX_FILE
from .proxies import Proxy, proxy_for

if TYPE_CHECKING:
    from ..request import HttpRequest
    from .async_driver import AsyncAdapter
    from .driver import Adapter

AdapterName = Literal["pyreqwest", "httpx2"]
ADAPTER = "TRUNKLINE_ADAPTER"
LONGEST = 31_536_000.0
"""Seconds that any time limit may have, a year: clocks of operating systems end not far beyond."""


class InsecureConnection(UserWarning):
    """A connection whose other end is not verified, or that anyone on the way can read."""


class ConnectOptions(NamedTuple):
    """``verify``: True, False, or the path of a PEM file with CA certificates. Timeouts are in seconds.

    ``connect_timeout`` bounds the making of a connection, ``timeout`` a whole request with its answer; an upload gets
    time for its size besides. A file that is streamed to a disk may take as long as it needs: ``read_timeout`` bounds
    the time without a single byte of it. ``http2``: offer HTTP/2 (ALPN, so over TLS only) beside HTTP/1.1.

    ``max_answer`` and ``max_file`` are the bytes, decompressed, that an answer may have in memory: a file that an
    action answers, and any other answer. A longer one ends in BrokenAnswer while it is read. A file that is streamed
    to a disk may be of any size.

    ``unacknowledged``: seconds after which the system gives up a connection on which nothing that was sent arrives
    (Linux, pyreqwest). None leaves it to the system, which goes on for a quarter of an hour, also with a request that
    was given up long ago, and delivers that when the network is back.

    ``adapter`` None: what TRUNKLINE_ADAPTER says, else pyreqwest, or httpx2 where pyreqwest can't be imported.
    """

    verify: bool | str | Path = True
    connect_timeout: float = 10.0
    timeout: float = 60.0
    adapter: AdapterName | None = None
    read_timeout: float = 60.0
    http2: bool = False
    max_answer: int = MAX_ANSWER
    max_file: int = MAX_FILE
    unacknowledged: float | None = None


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
    """Return the CA certificates of ``verify``, trusted beside the system's own; ConfigurationError if it has none."""
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
        hint="It must be PEM, text with -----BEGIN CERTIFICATE----- in it; OpenSSL converts DER into it.",
    )


def no_authorities(causes: str) -> ConfigurationError:
    """As on a slim container image, which has none."""
    return ConfigurationError(
        f"This machine has no CA certificates to verify a PBX's with ({causes}).",
        hint=Hint(
            "Install the system's (on Debian: ca-certificates); SSL_CERT_FILE and SSL_CERT_DIR must lead to some, if "
            "they are set. Or give the PBX's own CA file.",
            arguments={"verify": "PATH"},
        ),
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
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        warnings.warn(
            f"The connection to {parts.netloc} is plain HTTP: anyone on the way can read the API key.",
            InsecureConnection,
            stacklevel=4,
        )


def connect(options: ConnectOptions, url: str = "") -> Adapter:
    """Return an adapter for requests to ``url`` (and nothing else), through the proxy that is set for it.

    Raises ConfigurationError for options that can't be used.
    """
    check_options(options)
    proxy = proxy_for(url)
    adapter, name = _adapter(options)
    chosen: Adapter = (adapter.HttpxAdapter if name == "httpx2" else adapter.ReqwestAdapter)(options, proxy)
    return chosen


def connect_async(options: ConnectOptions, url: str = "") -> AsyncAdapter:
    """As `connect`, for an event loop."""
    check_options(options)
    proxy = proxy_for(url)
    adapter, name = _adapter(options)
    chosen: AsyncAdapter = (adapter.AsyncHttpxAdapter if name == "httpx2" else adapter.AsyncReqwestAdapter)(
        options, proxy
    )
    return chosen


def check_options(options: ConnectOptions) -> None:
    """Refuse numbers that an HTTP library or a clock would choke on: ConfigurationError."""
    for name in ("timeout", "connect_timeout", "read_timeout"):
        value = getattr(options, name)
        if not is_time_limit(value):
            raise ConfigurationError(f"{name} is {in_a_cell(repr(value)[:40])}.", hint=time_hint())
    if options.unacknowledged is not None and not is_time_limit(options.unacknowledged):
        raise ConfigurationError(f"unacknowledged is {in_a_cell(repr(options.unacknowledged)[:40])}.", hint=time_hint())
    for name in ("max_answer", "max_file"):
        value = getattr(options, name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
            raise ConfigurationError(
                f"{name} is {in_a_cell(repr(value)[:40])}.", hint="It is a number of bytes above 0; nothing was sent."
            )


def is_time_limit(value: object) -> bool:
    """Whether a value is a number of seconds above 0 that every clock can count."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and isfinite(min(value, 2 * LONGEST))
        and 0 < value <= LONGEST
    )


def time_hint() -> str:
    return f"It is seconds above 0, {LONGEST:,.0f} (a year) at most; nothing was sent."


def checked_timeout(value: float | None) -> float | None:
    """Return the time limit of a single call; InvalidArgument if it can't be one."""
    if value is not None and not is_time_limit(value):
        raise InvalidArgument(f"timeout is {in_a_cell(repr(value)[:40])}.", hint=time_hint())
    return value


def _adapter(options: ConnectOptions) -> tuple[Any, AdapterName]:
    """Return the module of the adapter that is to be used, and its library's name.

    ConfigurationError if there is none.
    """
    known = get_args(AdapterName)
    wanted = options.adapter or os.environ.get(ADAPTER, "").strip()
    if wanted and wanted not in known:
        source = "" if options.adapter else f" ({ADAPTER})"
        raise ConfigurationError(f"There is no adapter {wanted!r}{source}.", hint="Use pyreqwest or httpx2.")
    problems = []
    for name in (wanted,) if wanted else known:
        try:
            return import_module(f"{__package__}.{name}_adapter"), name
        except (ImportError, OSError) as problem:  # not installed, or its native part is not for this machine
            problems.append(f"{name}: {in_a_cell(str(problem))}")
    what = f"{wanted} is not installed" if wanted else "Neither pyreqwest nor httpx2 is installed"
    extra = "trunkline" if wanted == "pyreqwest" else "'trunkline[httpx2]'"
    raise ConfigurationError(
        f"{what}, or can't be loaded ({'; '.join(problems)}).", hint=f"pip install {extra}. Nothing was sent."
    )


def closed() -> UsageError:
    return UsageError("This client is closed.", hint="Nothing was sent. Call it inside its `with` block.")


def server_of(url: str) -> str:
    return urlsplit(url).netloc


def unreachable(url: str, causes: str, proxy: Proxy | None = None) -> Unreachable:
    """No connection: say why in the user's terms. ``causes`` is the HTTP library's own account."""
    server, said = server_of(url), causes.lower()
    if "certificate" in said or "self-signed" in said or "self signed" in said:
        return Unreachable(
            f"{server} showed a certificate that can't be verified ({causes}).",
            hint=_certificate(said),
            processed=False,
            retryable=False,
        )
    if "invalidcontenttype" in said or "wrong_version_number" in said:  # what rustls and OpenSSL say
        return Unreachable(
            f"{server} speaks no TLS ({causes}).",
            hint="It may be a plain HTTP port: 5000 and 5004 are, 443 and 5001 speak TLS.",
            processed=False,
            retryable=False,
        )
    if proxy is not None and ("407" in said or "proxy auth" in said):
        return unauthorized_at_proxy(url, proxy)
    if proxy is not None:
        return Unreachable(
            f"{server} can't be reached through the proxy {proxy.place} ({causes}).",
            hint=f"{proxy.variable} names it; NO_PROXY lists what is reached without a proxy.",
            processed=False,
        )
    if any(sign in said for sign in ("dns", "name or service", "nodename", "getaddrinfo", "resolve")):
        return Unreachable(f"The name of {server} can't be found.", hint="Check the address.", processed=False)
    return Unreachable(
        f"{server} can't be reached ({causes}).",
        hint="Check that the 3CX is up, and the port: 443 hosted by 3CX, 5001 on premises, 5000 or 5004 plain HTTP.",
        processed=False,
    )


def unauthorized_at_proxy(url: str, proxy: Proxy | None) -> Unreachable:
    """407: a proxy wants a user name and password, and passed nothing on (RFC 9110, 15.5.8)."""
    server = server_of(url)
    if proxy is None:
        return Unreachable(
            f"A proxy on the way to {server} wants a user name and password (407), but none is set here.",
            hint="Set HTTP_PROXY or HTTPS_PROXY to http://USER:PASSWORD@PROXY:PORT.",
            processed=False,
            retryable=False,
        )
    return Unreachable(
        f"The proxy {proxy.place} on the way to {server} wants another user name and password (407).",
        hint=f"Put them into {proxy.variable}: http://USER:PASSWORD@{proxy.place}. NO_PROXY lists what is reached "
        "without a proxy.",
        processed=False,
        retryable=False,
    )


def _certificate(said: str) -> Hint | str:
    if "causedasendentity" in said:
        return (
            "It is self-signed and marks itself as an authority, which this HTTP library takes from no server, not "
            "even as the CA file: use adapter='httpx2', or give the 3CX a certificate that an authority signed."
        )
    if "expired" in said:
        return "Renew it on the 3CX, and check this machine's clock."
    if any(sign in said for sign in ("mismatch", "not valid for")):
        return "Use the name that the certificate is for: the 3CX's FQDN, not its IP address."
    return Hint(
        "For a self-signed 3CX give its CA file, or verify nothing if you know what is on the way.",
        arguments={"verify": "PATH"},
    )


def fell_silent(request: HttpRequest, allowed: float | None, began: float) -> bool:
    """Whether a transfer that ran out of time did so for want of a single byte, and not of time in all."""
    return request.sink is not None and (allowed is None or monotonic() - began < allowed)


def timed_out(
    url: str, options: ConnectOptions, allowed: float | None, *, connecting: bool = False, silent: bool = False
) -> TransportError:
    """Make the error; ``allowed`` are the seconds for the whole answer, if it had a limit in all."""
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
        f"{server} did not answer within {allowed:.3g} s.",
        hint=Hint("Try again, or allow it more time.", arguments={"timeout": "SECONDS"}),
    )


def connection_lost(url: str, causes: str) -> ConnectionLost:
    return ConnectionLost(f"The connection to {server_of(url)} broke before the answer was complete ({causes}).")


def broken_answer(url: str, causes: str) -> BrokenAnswer:
    """Return what came back is not HTTP, or not as it says: asking again would bring the same."""
    return BrokenAnswer(
        f"{server_of(url)} sent an answer that can't be read ({causes}).",
        hint="Check that the address is the 3CX itself; a proxy on the way may have spoiled it.",
    )
