"""The way to a PBX, as ``trunkline doctor`` goes it: its name, its port, its certificate."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult

from ..connections.targets import Target
from ..errors import Unreachable
from ..transport.options import ConnectOptions, ca_file, no_certificates
from .finding import Failed, Line, failing

PATIENCE = 10.0
"""Seconds for making a connection."""

_PORTS = (443, 5001)  # where a 3CX answers (docs/pbx.md, Address)
_DAYS_LEFT = 21  # of a certificate, from which on it is remarked


def network(parts: SplitResult, target: Target) -> Iterator[Line]:
    """Check name, port and TLS, in this order; raises Failed at the first that fails."""
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        hint = "Check how it is spelled, and this machine's DNS; a VPN may be needed."
        raise Failed(
            Line("name", "failed", f"The name {host} can't be resolved.", hint), Unreachable.exit_code
        ) from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    yield Line("name", "ok", f"{host} is {', '.join(addresses)}." if addresses != [host] else f"{host} is an address.")
    patience = min(PATIENCE, float(target.options.get("timeout", PATIENCE)))
    try:
        socket.create_connection((host, port), patience).close()
    except OSError as problem:
        raise Failed(_closed(host, port, problem, patience), Unreachable.exit_code) from None
    yield Line("port", "ok", f"port {port} answers.")
    yield _plain(host) if parts.scheme == "http" else _tls(host, port, patience, target)


def _closed(host: str, port: int, problem: OSError, patience: float) -> Line:
    silent = isinstance(problem, TimeoutError)
    said = f"Port {port} of {host} {'is silent' if silent else 'takes no connection'} ({problem.strerror or problem})."
    for other in _PORTS:
        if other != port and _open(host, other, min(patience, 3.0)):
            return Line("port", "failed", said, f"Port {other} answers: is it --url https://{host}:{other}?")
    hint = "A firewall may drop it, or the PBX is down." if silent else "Is the PBX up, and is the port right?"
    return Line("port", "failed", said, f"{hint} A 3CX has 443 where 3CX hosts it, 5001 on premises.")


def _open(host: str, port: int, patience: float) -> bool:
    try:
        socket.create_connection((host, port), patience).close()
    except OSError:
        return False
    return True


def _plain(host: str) -> Line:
    if host in ("localhost", "127.0.0.1", "::1"):
        return Line("tls", "ok", "plain HTTP, inside this machine.")
    hint = "Use https and port 443 or 5001."
    return Line("tls", "remark", "Plain HTTP: anyone on the way can read the API key.", hint)


def speaks_tls(parts: SplitResult) -> bool:
    """Whether TLS is spoken at an address, be it trusted or not."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent: the question is only what is spoken there
    host = parts.hostname or ""
    try:
        with (
            socket.create_connection((host, parts.port or 80), PATIENCE) as raw,
            context.wrap_socket(raw, server_hostname=host),
        ):
            return True
    except OSError:
        return False


def _tls(host: str, port: int, patience: float, target: Target) -> Line:
    verify = target.options.get("verify", True)
    with failing("tls"):
        trusted = _trusting(verify)
    try:
        with (
            socket.create_connection((host, port), patience) as raw,
            trusted.wrap_socket(raw, server_hostname=host) as secure,
        ):
            certificate = secure.getpeercert() or {}
            spoken = secure.version()
    except ssl.SSLCertVerificationError as problem:
        said, hint = _distrust(problem, host, given=isinstance(verify, str))
        if verify is False:
            hint = hint.partition(", or --insecure")[0].removesuffix(".") + "; then --insecure is not needed."
            return Line("tls", "remark", f"{said} It is taken all the same: nothing is verified.", hint)
        raise Failed(Line("tls", "failed", said, hint), Unreachable.exit_code) from None
    except OSError as problem:
        reason = getattr(problem, "reason", None) or problem.strerror or type(problem).__name__
        hint = "It may be a plain HTTP port: 5000 and 5004 are, 443 and 5001 speak TLS."
        line = Line("tls", "failed", f"Port {port} of {host} speaks no TLS ({reason}).", hint)
        raise Failed(line, Unreachable.exit_code) from None
    end = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    days = int((end - time.time()) // 86_400)
    said = f"{spoken}, certificate of {_issuer(certificate)}, good until {time.strftime('%Y-%m-%d', time.gmtime(end))}"
    if days < _DAYS_LEFT:
        return Line("tls", "remark", f"{said}: {days} days are left.", "Renew it on the 3CX in time.")
    if verify is False:
        return Line("tls", "remark", f"{said}, but nothing is verified.", "It would pass: leave --insecure out.")
    return Line("tls", "ok", f"{said}.")


def _trusting(verify: Any) -> ssl.SSLContext:
    """What the client trusts: the system's authorities, and those of the CA file."""
    context = ssl.create_default_context()
    ours = None if verify is False else ca_file(ConnectOptions(verify))
    if ours is not None:
        try:
            context.load_verify_locations(cafile=os.fspath(verify))
        except ssl.SSLError:
            raise no_certificates(ConnectOptions(verify)) from None
    return context


def _distrust(problem: ssl.SSLCertVerificationError, host: str, *, given: bool) -> tuple[str, str]:
    """Why a certificate isn't trusted, by OpenSSL's number for it (X509_V_ERR_…), and what helps."""
    match problem.verify_code:
        case 10:
            return "The certificate has expired.", "Renew it on the 3CX, and check this machine's clock."
        case 9:
            return "The certificate is not valid yet.", "Check the clocks of this machine and of the PBX."
        case 62 | 64:
            return (
                f"The certificate is not for {host}.",
                "Use the name that it is for: the 3CX's FQDN, not its IP address.",
            )
        case 18:
            said = "The certificate is self-signed."
        case _:
            said = f"The certificate is of an authority that nobody here trusts ({problem.verify_message})."
    if given:
        return said, "The CA file is of another authority: get that of this PBX, and give it with --ca-file."
    return said, "Give its authority's certificate with --ca-file PEM, or --insecure if you know what is on the way."


def _issuer(certificate: dict[str, Any]) -> str:
    named = {key: value for part in certificate.get("issuer", ()) for key, value in part}
    return str(named.get("organizationName") or named.get("commonName") or "an unnamed authority")
