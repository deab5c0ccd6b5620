"""When the certificate of a PBX ends, as its TLS handshake shows it.

The API has no field for it. Nothing is sent or verified: an expired or self-signed certificate has an end, too.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ..errors import BrokenAnswer, Unreachable
from ..transport.proxies import proxy_for

_SEQUENCE, _CONTEXT_0, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18


def shows_certificate(url: str) -> bool:
    """Whether this machine sees the certificate of an address: it speaks TLS, and no proxy is between."""
    return urlsplit(url).scheme == "https" and proxy_for(url) is None


async def read_expiry(url: str) -> datetime:
    """Return when the certificate of an https address ends, in UTC. The caller limits the time.

    Raises: Unreachable without a handshake, BrokenAnswer for a certificate that can't be read.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent: the question is only what is shown
    try:
        _, writer = await asyncio.open_connection(host, parts.port or 443, ssl=context, server_hostname=host)
    except (OSError, UnicodeError) as problem:  # an SSLError is an OSError
        reason = getattr(problem, "reason", None) or getattr(problem, "strerror", None) or type(problem).__name__
        raise Unreachable(f"{parts.netloc} showed no certificate ({reason}).") from None
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()  # a TLS connection that is closed waits for the PBX to close it too
        with suppress(OSError):
            await writer.wait_closed()
    return expiry_of(shown or b"")


def expiry_of(certificate: bytes) -> datetime:
    """Return when a certificate ends, in UTC, from its DER form (RFC 5280, 4.1). BrokenAnswer for anything else.

    The standard library reads only certificates that it has verified, and an expired one is the point of asking.
    """
    try:
        ((_, whole),) = _elements(certificate)
        signed = next(_elements(whole))[1]
        fields = [field for field in _elements(signed) if field[0] != _CONTEXT_0]  # the version may be left out
        kind, validity = fields[3]  # serial number, algorithm, issuer, validity
        (_, _), (time, end) = _elements(validity)
        if kind != _SEQUENCE or time not in (_UTC_TIME, _GENERALIZED_TIME):
            raise ValueError("no validity")
        text = end.decode("ascii")
        if time == _UTC_TIME:  # two digits of a year, of 1950 to 2049
            text = f"{'20' if text < '5' else '19'}{text}"
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except (ValueError, IndexError, StopIteration):
        raise BrokenAnswer("The certificate can't be read.") from None


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of the elements of a DER sequence. ValueError or IndexError where they are cut short."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4:
                raise ValueError("a length that DER does not have")
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("cut short")
        yield tag, data[at : at + length]
        at += length
