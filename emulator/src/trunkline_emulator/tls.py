"""Certificates for an emulator that speaks TLS: a small authority, and a server certificate that it signs.

Two certificates, as some clients refuse one that is both; a PBX on premises often has such an authority of its own
(docs/pbx.md, Signing in).
"""

from __future__ import annotations

import atexit
import datetime as dt
import os
import shutil
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trustme import CA

LOCAL = ("localhost", "127.0.0.1", "::1")
SERVER_LASTS = dt.timedelta(days=90)


@dataclass(frozen=True)
class Tls:
    """What a server needs to speak TLS; ``ca`` is the file that a client must trust, where we know one."""

    context: ssl.SSLContext
    ca: Path | None = None


def from_files(certificate: str | Path, key: str | Path | None = None) -> Tls:
    """Use one's own certificate with its chain, and its key if that is in another file.

    Raises: ValueError if they can't be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # A key with a passphrase is refused: OpenSSL would ask for it on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError, ValueError) as error:
        raise ValueError(f"The certificate {certificate} can't be used: {error}.") from error
    return Tls(context)


def made(*hosts: str, folder: str | Path | None = None) -> Tls:
    """Return a certificate for localhost and these hosts, signed by an authority in ``folder`` or a temporary one.

    The authority is made if the folder has none, else used again, so that who trusts it can go on. The server's own
    certificate is made each time. Raises: ValueError if the folder can't be used.
    """
    try:
        place = _passing_folder() if folder is None else Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        server = place / "server.pem"
        ends = dt.datetime.now(dt.UTC) + SERVER_LASTS
        signed = _authority(place).issue_cert(*dict.fromkeys((*LOCAL, *hosts)), not_after=ends)
        _write_secret(server, b"".join(blob.bytes() for blob in (*signed.cert_chain_pems, signed.private_key_pem)))
    except OSError as error:
        raise ValueError(f"The certificates can't be kept in {folder}: {error.strerror or error}.") from error
    return Tls(from_files(server).context, (place / "ca.pem").resolve())


def _passing_folder() -> Path:
    """Return a folder that goes when this process ends."""
    folder = tempfile.mkdtemp(prefix="trunkline-tls-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _authority(folder: Path) -> CA:
    import trustme

    certificate, key = folder / "ca.pem", folder / "ca-key.pem"
    if certificate.exists() and key.exists():
        try:  # OpenSSL refuses a key of another certificate
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
        except ssl.SSLError:
            raise ValueError(f"{key} is not the key of {certificate}.") from None
        return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    authority = trustme.CA(path_length=0, organization_name="Trunkline emulator")
    _write_secret(key, authority.private_key_pem.bytes())
    certificate.write_bytes(authority.cert_pem.bytes())
    return authority


def _write_secret(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
