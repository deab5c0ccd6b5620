"""Whom a connection trusts: unknown authorities, wrong names and expired certificates are refused, alike everywhere."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from asking import WAYS, Ask
from certificates import DAY, NOW, Authority
from nasty import Nasty, http
from trunkline import errors
from trunkline.cli.hints import spelled
from trunkline.transport.options import InsecureConnection


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.server("localhost", "127.0.0.1")


def answering(tls: ssl.SSLContext) -> Nasty:
    return Nasty(lambda asked: http(200, '{"Id":4}'), tls=tls)


def refused(ask: Ask, tls: ssl.SSLContext, **settings: object) -> errors.Unreachable:
    with answering(tls) as server, pytest.raises(errors.Unreachable, match="certificate") as caught:
        ask(server.url, "fax.get", 4, settings=settings)
    assert server.asked == [], "nothing may be sent, least of all the API key"
    assert caught.value.processed is False
    assert "attempts" not in str(caught.value), "it would show the same certificate again"
    return caught.value


def test_an_unknown_authority_is_refused_and_the_hint_says_what_to_do(ask: Ask, tls: ssl.SSLContext) -> None:
    error = refused(ask, tls)
    assert "or verify nothing" in error.hint.text
    assert "verify='PATH'" in str(error.hint)
    assert "`--ca-file PATH`" in spelled(error.hint)


def test_the_authority_of_a_ca_file_is_trusted(ask: Ask, tls: ssl.SSLContext, authority: Authority) -> None:
    for path in (authority.ca_file, str(authority.ca_file)):
        with answering(tls) as server:
            assert ask(server.url, "fax.get", 4, settings={"verify": path}) == {"Id": 4}
            assert server.url.startswith("https://127.0.0.1:")


def test_the_wrong_ca_file_is_no_help(ask: Ask, tls: ssl.SSLContext, tmp_path: Path) -> None:
    refused(ask, tls, verify=Authority(tmp_path, "Another CA").ca_file)


def test_a_ca_file_may_hold_several(ask: Ask, tls: ssl.SSLContext, authority: Authority, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    other = Authority(tmp_path, "Another CA").ca_file.read_bytes()
    bundle.write_bytes(b"# ours \xfc\n" + other + authority.ca_file.read_bytes())
    with answering(tls) as server:
        assert ask(server.url, "fax.get", 4, settings={"verify": bundle}) == {"Id": 4}


def test_a_self_signed_certificate_is_trusted_once_it_is_the_ca_file(ask: Ask, tmp_path: Path) -> None:
    tls, file = Authority(tmp_path).self_signed("localhost", "127.0.0.1", ca=False)
    refused(ask, tls)
    with answering(tls) as server:
        assert ask(server.url, "fax.get", 4, settings={"verify": file}) == {"Id": 4}


def test_one_that_calls_itself_an_authority_too(tmp_path: Path) -> None:
    """What ``openssl req -x509`` makes. rustls takes an authority's own certificate from no server."""
    tls, file = Authority(tmp_path).self_signed("localhost", "127.0.0.1", ca=True)
    with answering(tls) as server:
        assert WAYS["sync-httpx2"](server.url, "fax.get", 4, settings={"verify": file}) == {"Id": 4}
    error = refused(WAYS["sync-pyreqwest"], tls, verify=file)
    assert "adapter='httpx2'" in error.hint.text


def test_not_verifying_works_loudly(ask: Ask, tls: ssl.SSLContext) -> None:
    with answering(tls) as server, pytest.warns(InsecureConnection, match="whoever stands in between"):
        assert ask(server.url, "fax.get", 4, settings={"verify": False}) == {"Id": 4}


def test_another_host_name_is_refused_whoever_signed_it(ask: Ask, authority: Authority) -> None:
    error = refused(ask, authority.server("pbx.example.com"), verify=authority.ca_file)
    assert "FQDN" in error.hint.text


def test_an_expired_certificate_is_refused(ask: Ask, authority: Authority) -> None:
    expired = authority.server("localhost", "127.0.0.1", until=NOW - DAY)
    error = refused(ask, expired, verify=authority.ca_file)
    assert "Renew it" in error.hint.text


@pytest.mark.parametrize(
    "content",
    [None, b"", b"\x30\x82\x01\x0a", b"-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"],
    ids=["missing", "empty", "DER", "garbage in PEM"],
)
def test_a_ca_file_that_holds_no_certificate(ask: Ask, content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(errors.ConfigurationError, match=r"The CA file .*ca\.pem"):
        ask("https://pbx.invalid", "fax.get", 4, settings={"verify": path})


def test_a_machine_without_certificates_is_told_so(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slim container image is one."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    with pytest.raises(errors.ConfigurationError, match="no CA certificates") as caught:
        ask("https://127.0.0.1:9", "fax.get", 4)
    assert "ca-certificates" in caught.value.hint.text


def accepting(serve: Callable[[socket.socket], object]) -> tuple[socket.socket, str]:
    """A server below HTTP, and its address with https before it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                serve(connection)

    threading.Thread(target=accept, daemon=True).start()
    return listener, f"https://127.0.0.1:{listener.getsockname()[1]}"


def test_plain_http_on_a_tls_port(ask: Ask) -> None:
    seen = []

    def serve(connection: socket.socket) -> None:
        with connection:
            seen.append(connection.recv(65536))
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    listener, url = accepting(serve)
    with listener, pytest.raises(errors.Unreachable, match="speaks no TLS") as caught:
        ask(url, "fax.get", 4)
    assert caught.value.processed is False
    assert "plain HTTP" in caught.value.hint.text
    assert seen
    assert not any(b"key" in received for received in seen)


def test_a_handshake_that_never_ends_is_a_connection_that_was_not_made(ask: Ask) -> None:
    held: list[socket.socket] = []
    listener, url = accepting(held.append)
    with listener, pytest.raises(errors.Unreachable, match=r"did not accept a connection in 0\.2 s") as caught:
        ask(url, "fax.get", 4, settings={"connect_timeout": 0.2})
    assert caught.value.processed is False
    for connection in held:
        connection.close()
