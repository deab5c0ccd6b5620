"""The way to a PBX, checked step by step: its name, its port, its certificate."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult

from ..connections.targets import Target
from ..errors import Hint, Unreachable
from ..transport.options import ConnectOptions, ca_file, no_certificates
from .finding import CheckFailed, Finding, checking

TIMEOUT = 10.0
"""Seconds for making a connection."""

_PORTS = (443, 5001)  # where a 3CX answers (docs/pbx.md, Address)
_DAYS_LEFT = 21  # of a certificate, below which there is a warning


def check_network(parts: SplitResult, target: Target) -> Iterator[Finding]:
    """Check name, port and TLS, in this order.

    Raises: CheckFailed at the first that fails.
    """
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        hint = "Check how it is spelled, and this machine's DNS; a VPN may be needed."
        raise CheckFailed("name", Unreachable(f"The name {host} can't be resolved.", hint=hint)) from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in resolved))
    message = f"{host} is {', '.join(addresses)}." if addresses != [host] else f"{host} is an address."
    yield Finding.ok("name", message)
    timeout = min(TIMEOUT, float(target.options.get("timeout", TIMEOUT)))
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError as problem:
        raise CheckFailed("port", _closed(host, port, problem, timeout)) from None
    yield Finding.ok("port", f"port {port} answers.")
    yield _plain(host) if parts.scheme == "http" else _check_tls(host, port, timeout, target)


def _closed(host: str, port: int, problem: OSError, timeout: float) -> Unreachable:
    silent = isinstance(problem, TimeoutError)
    state = "does not answer" if silent else "accepts no connection"
    message = f"Port {port} of {host} {state} ({problem.strerror or problem})."
    for other in _PORTS:
        if other != port and _is_open(host, other, min(timeout, 3.0)):
            hint = Hint(
                f"Port {other} answers; another address may be the right one", "", {"url": f"https://{host}:{other}"}
            )
            return Unreachable(message, hint=hint)
    why = "A firewall may drop the packets, or the PBX is down." if silent else "Is the PBX up, and is the port right?"
    return Unreachable(message, hint=f"{why} A 3CX has 443 where 3CX hosts it, 5001 on premises.")


def _is_open(host: str, port: int, timeout: float) -> bool:
    try:
        socket.create_connection((host, port), timeout).close()
    except OSError:
        return False
    return True


def _plain(host: str) -> Finding:
    if host in ("localhost", "127.0.0.1", "::1"):
        return Finding.ok("tls", "plain HTTP, inside this machine.")
    message = "Plain HTTP: anyone on the way can read the API key."
    return Finding.warning("tls", message, "Use https and port 443 or 5001.")


def speaks_tls(parts: SplitResult) -> bool:
    """Whether an address speaks TLS, trusted or not."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent: the question is only what is spoken there
    host = parts.hostname or ""
    try:
        with (
            socket.create_connection((host, parts.port or 80), TIMEOUT) as raw,
            context.wrap_socket(raw, server_hostname=host),
        ):
            return True
    except OSError:
        return False


def _check_tls(host: str, port: int, timeout: float, target: Target) -> Finding:
    verify = target.options.get("verify", True)
    with checking("tls"):
        trusted = _trusting(verify)
    try:
        with (
            socket.create_connection((host, port), timeout) as raw,
            trusted.wrap_socket(raw, server_hostname=host) as secure,
        ):
            certificate = secure.getpeercert() or {}
            version = secure.version()
    except ssl.SSLCertVerificationError as problem:
        message, hint = _distrust(problem, host, verify)
        if verify is False:
            return Finding.warning("tls", f"{message} It is accepted all the same: nothing is verified.", hint.text)
        raise CheckFailed("tls", Unreachable(message, hint=hint)) from None
    except OSError as problem:
        reason = getattr(problem, "reason", None) or problem.strerror or type(problem).__name__
        hint = Hint("It may be a plain HTTP port: 5000 and 5004 are, 443 and 5001 speak TLS.")
        raise CheckFailed(
            "tls", Unreachable(f"Port {port} of {host} does not speak TLS ({reason}).", hint=hint)
        ) from None
    return _certificate(certificate, f"{version}", verified=verify is not False)


def _certificate(certificate: dict[str, Any], version: str, *, verified: bool) -> Finding:
    end = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    days = int((end - time.time()) // 86_400)
    until = time.strftime("%Y-%m-%d", time.gmtime(end))
    message = f"{version}, certificate of {_issuer(certificate)}, valid until {until}"
    if days < _DAYS_LEFT:
        return Finding.warning("tls", f"{message}: {days} days are left.", "Renew it on the 3CX in time.")
    if not verified:
        return Finding.warning(
            "tls", f"{message}, but nothing is verified.", "It would pass: turn verification on again."
        )
    return Finding.ok("tls", f"{message}.")


def _trusting(verify: Any) -> ssl.SSLContext:
    """Trust what the client trusts: the system's authorities, and those of the CA file."""
    context = ssl.create_default_context()
    own = None if verify is False else ca_file(ConnectOptions(verify))
    if own is not None:
        try:
            context.load_verify_locations(cafile=os.fspath(verify))
        except ssl.SSLError:
            raise no_certificates(ConnectOptions(verify)) from None
    return context


def _distrust(problem: ssl.SSLCertVerificationError, host: str, verify: Any) -> tuple[str, Hint]:
    """Why a certificate isn't trusted, by OpenSSL's number for it (X509_V_ERR_…), and what helps."""
    match problem.verify_code:
        case 10:
            return "The certificate has expired.", Hint("Renew it on the 3CX, and check this machine's clock.")
        case 9:
            return "The certificate is not valid yet.", Hint("Check the clocks of this machine and of the PBX.")
        case 62 | 64:
            hint = Hint("Use the name that it is for: the 3CX's FQDN, not its IP address.")
            return f"The certificate is not for {host}.", hint
        case 18:
            message = "The certificate is self-signed."
        case _:
            message = f"Nobody here trusts the authority of the certificate ({problem.verify_message})."
    if isinstance(verify, str):
        return message, Hint("The CA file is of another authority: use that of this PBX.")
    if verify is False:
        return message, Hint("With the certificate of its authority as CA file it can be verified.")
    text = "Trust the certificate of its authority; without any check whoever is on the way can read the API key"
    return message, Hint(text, "", {"verify": "PATH"})


def _issuer(certificate: dict[str, Any]) -> str:
    fields = {key: value for part in certificate.get("issuer", ()) for key, value in part}
    return str(fields.get("organizationName") or fields.get("commonName") or "an unnamed authority")
