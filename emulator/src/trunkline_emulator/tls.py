"""Certificates for an emulator that speaks TLS: a small authority, and a server certificate that it signs.

Two certificates, as some clients refuse one that is both; a PBX on premises often has such an authority of its own
(docs/pbx.md, Signing in).
"""

from __future__ import annotations

import atexit
import datetime as dt
import ipaddress
import os
import shutil
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

LOCAL = ("localhost", "127.0.0.1", "::1")
CA_LASTS, SERVER_LASTS = dt.timedelta(days=3650), dt.timedelta(days=90)
_NAME = "Trunkline emulator CA"


@dataclass(frozen=True)
class Tls:
    """What a server needs to speak TLS; ``ca`` is the file that a client must trust, where we know one."""

    context: ssl.SSLContext
    ca: Path | None = None


def from_files(certificate: str | Path, key: str | Path | None = None) -> Tls:
    """One's own certificate with its chain, and its key if that is in another file. ValueError if they don't serve."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # A key with a passphrase is refused: OpenSSL would ask for it on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError, ValueError) as error:
        raise ValueError(f"The certificate {certificate} can't be used: {error}.") from error
    return Tls(context)


def made(*hosts: str, folder: str | Path | None = None) -> Tls:
    """Return a certificate for localhost and these hosts, signed by an authority in ``folder``, or in a new temporary
    one.

    The authority is made if the folder has none, else used again, so that who trusts it need not be told twice. The
    server's own certificate is made each time. ValueError if the folder can't be used.
    """
    try:
        place = _passing_folder() if folder is None else Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        authority, key = _authority(place)
        server = place / "server.pem"
        _write_secret(server, _server(authority, key, dict.fromkeys((*LOCAL, *hosts))))
    except OSError as error:
        raise ValueError(f"The certificates can't be kept in {folder}: {error.strerror or error}.") from error
    return Tls(from_files(server).context, (place / "ca.pem").resolve())


def _passing_folder() -> Path:
    """Return a folder that goes when this process ends."""
    folder = tempfile.mkdtemp(prefix="trunkline-tls-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    certificate_file, key_file = folder / "ca.pem", folder / "ca-key.pem"
    if certificate_file.exists() and key_file.exists():
        found = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = load_pem_private_key(key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != found.public_key():
            raise ValueError(f"{key_file} is not the key of {certificate_file}.")
        return found, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(_NAME)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    made = (
        _started(CA_LASTS)
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_secret(key_file, _pem(key))
    certificate_file.write_bytes(_certificate_pem(made))
    return made, key


def _server(authority: x509.Certificate, key: ec.EllipticCurvePrivateKey, hosts: dict[str, None]) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    own = ec.generate_private_key(ec.SECP256R1())
    signed = (
        _started(SERVER_LASTS)
        .subject_name(_name("Trunkline emulator"))
        .issuer_name(authority.subject)
        .public_key(own.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _certificate_pem(signed) + _pem(own)


def _started(lasts: dt.timedelta) -> x509.CertificateBuilder:
    from cryptography import x509

    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + lasts)


def _name(text: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(host: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host.encode("idna").decode("ascii"))


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _certificate_pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _write_secret(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
