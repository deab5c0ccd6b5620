"""A certificate authority of our own, and server certificates that it signs, good and bad."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Authority:
    """Signs certificates into a folder; ``ca_file`` is its own."""

    def __init__(self, folder: Path, name: str = "Test CA") -> None:
        self.folder = folder
        self._name = _name(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.ca_file = folder / f"{name}.pem"
        self.ca_file.write_bytes(self._signed(self._name, self._key.public_key(), ca=True))

    def server(self, *hosts: str, until: dt.datetime = NOW + DAY, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
        """What a server needs to speak TLS as these hosts."""
        key = ec.generate_private_key(ec.SECP256R1())
        chain = self.folder / f"{hosts[0]}.pem"
        names = x509.SubjectAlternativeName([_host(host) for host in hosts])
        chain.write_bytes(self._signed(_name(hosts[0]), key.public_key(), names, until=until) + _pem(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    def self_signed(self, *hosts: str, ca: bool) -> tuple[ssl.SSLContext, Path]:
        """A server certificate that is its own authority, and its file, as a freshly installed appliance has it."""
        names = x509.SubjectAlternativeName([_host(host) for host in hosts])
        file = self.folder / f"self-signed-{ca}.pem"
        file.write_bytes(self._signed(self._name, self._key.public_key(), names, ca=ca))
        chain = self.folder / "self-signed-with-key.pem"
        chain.write_bytes(file.read_bytes() + _pem(self._key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context, file

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        names: x509.SubjectAlternativeName | None = None,
        *,
        until: dt.datetime = NOW + DAY,
        ca: bool = False,
    ) -> bytes:
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 10 * DAY)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(own, critical=False)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
