"""TLS with certificates made for the occasion, and with one's own."""

from __future__ import annotations

import os
import socket
import ssl
import stat
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509

from certificates import Authority
from trunkline import Pbx
from trunkline_emulator import Emulator, running
from trunkline_emulator.tls import from_files, made


def trusting(ca: Any) -> Any:
    """A client context as strict as OpenSSL can be."""
    context = ssl.create_default_context(cafile=ca)
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    return context


def answers(url: Any, ca: Any) -> bool:
    """Whether somebody who trusts this authority gets an answer (404 to the bare address)."""
    return httpx2.get(url, verify=trusting(ca)).status_code == 404


def test_who_trusts_the_authority_gets_in() -> None:
    with running(Emulator(), tls=True) as url:
        assert url.startswith("https://127.0.0.1:")
        assert answers(url, url.ca)
        assert answers(url.replace("127.0.0.1", "localhost"), url.ca)
        with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx2.get(url)


def test_contexts_and_links_are_https() -> None:
    emulator = Emulator()
    with running(emulator, tls=True) as url, Pbx(url, emulator.client_id, emulator.api_key, verify=str(url.ca)) as pbx:
        assert len(list(pbx.fax.list())) == 12


def test_without_tls_there_is_no_authority() -> None:
    with running(Emulator()) as url:
        assert url.startswith("http://")
        assert url.ca is None


@pytest.mark.parametrize("host", ["pbx.example.com", "192.0.2.10", "2001:db8::5", "büro.example.com"])
def test_a_given_host_is_named_beside_the_local_ones(host: str, tmp_path: Path) -> None:
    tls = made(host, folder=tmp_path)
    certificate = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    hosts = [str(name) for name in names.get_values_for_type(x509.IPAddress)] + names.get_values_for_type(x509.DNSName)
    assert {"localhost", "127.0.0.1", "::1", host.encode("idna").decode()} == set(hosts)
    assert tls.ca == tmp_path / "ca.pem"


def test_a_folder_keeps_its_authority(tmp_path: Path) -> None:
    folder = tmp_path / "ca"
    with running(Emulator(), tls=made(folder=folder)) as url:
        first = url.ca.read_bytes()
        assert answers(url, url.ca)
    with running(Emulator(), tls=made(folder=folder)) as url:
        assert url.ca.read_bytes() == first
        assert answers(url, url.ca)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    made(folder=tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert (modes["ca-key.pem"], modes["server.pem"]) == (0o600, 0o600)


def test_the_authority_does_not_serve_and_the_server_signs_nothing(tmp_path: Path) -> None:
    made(folder=tmp_path)
    for name, ca in (("ca.pem", True), ("server.pem", False)):
        certificate = x509.load_pem_x509_certificate((tmp_path / name).read_bytes())
        assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is ca


def test_a_key_that_belongs_to_another_authority_is_refused(tmp_path: Path) -> None:
    made(folder=tmp_path / "a")
    made(folder=tmp_path / "b")
    (tmp_path / "a" / "ca-key.pem").write_bytes((tmp_path / "b" / "ca-key.pem").read_bytes())
    with pytest.raises(ValueError, match="is not the key of"):
        made(folder=tmp_path / "a")


def test_ones_own_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.server("127.0.0.1", "localhost")
    with running(Emulator(), tls=from_files(tmp_path / "127.0.0.1.pem")) as url:
        assert url.ca is None
        assert httpx2.get(url, verify=ssl.create_default_context(cafile=authority.ca_file)).status_code == 404


def test_certificate_and_key_in_two_files(tmp_path: Path) -> None:
    made(folder=tmp_path)
    certificate, _, key = (tmp_path / "server.pem").read_text().partition("-----BEGIN EC PRIVATE KEY-----")
    (tmp_path / "cert.pem").write_text(certificate)
    (tmp_path / "key.pem").write_text("-----BEGIN EC PRIVATE KEY-----" + key)
    with running(Emulator(), tls=from_files(tmp_path / "cert.pem", tmp_path / "key.pem")) as url:
        assert answers(url, tmp_path / "ca.pem")


@pytest.mark.parametrize("content", [None, "nonsense"])
def test_a_certificate_that_is_none_is_said_so(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "cert.pem"
    if content:
        path.write_text(content)
    with pytest.raises(ValueError, match=r"cert\.pem can't be used: "):
        from_files(path)


def test_plain_http_to_a_tls_port_disturbs_nobody(capfd: pytest.CaptureFixture[str]) -> None:
    with running(Emulator(), tls=True) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.settimeout(5)
            assert not connection.recv(100).startswith(b"HTTP/1.1 200")
        assert answers(url, url.ca)
    assert capfd.readouterr().err == ""
