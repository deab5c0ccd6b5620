"""Proxies that the environment names are used, alike by both adapters; what NO_PROXY lists goes past them."""

from __future__ import annotations

import contextlib
import socket
import threading
import warnings
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import WAYS, Ask
from certificates import Authority
from nasty import Nasty, closed_port, http
from trunkline import errors
from trunkline.transport.options import InsecureConnection, unreachable
from trunkline.transport.proxies import proxy_for


class Proxy:
    """Forwards plain requests and opens tunnels; ``seen`` has each first line, ``credentials`` its own header."""

    def __init__(self, answer: bytes | None = None) -> None:
        self.seen: list[str] = []
        self.credentials: list[str] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(65536)
                if not more:
                    return
                head += more
            lines = head.decode("latin-1").split("\r\n")
            self.seen.append(lines[0])
            self.credentials += [line for line in lines if line.lower().startswith("proxy-authorization")]
            if self._answer is not None:
                client.sendall(self._answer)
                return
            method, target, _ = lines[0].split(" ")
            host, _, port = target.removeprefix("http://").partition("/")[0].partition(":")
            with socket.create_connection(("127.0.0.1", int(port))) as server:  # whatever name was asked for
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    server.sendall(head.replace(f"http://{host}:{port}".encode(), b"", 1))
                threading.Thread(target=_pump, args=(server, client), daemon=True).start()
                _pump(client, server)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as running:
        yield running


PBX = "pbx.example.com"
"""A name that no resolver here knows: only the proxy leads there."""


def at(server: Nasty, host: str = PBX) -> str:
    """The address of a server on this machine by another name, as the proxy knows it."""
    return server.url.replace("127.0.0.1", host)


@pytest.fixture
def plain() -> Iterator[None]:
    """Plain HTTP to another machine warns, and rightly so."""
    with pytest.warns(InsecureConnection, match="plain HTTP"):
        yield


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("scheme", ["http://", ""])
@pytest.mark.usefixtures("plain")
def test_a_plain_request_goes_through_the_proxy(
    ask: Ask, proxy: Proxy, variable: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"{scheme}{proxy.address}")
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        assert ask(at(server), "fax.get", 4) == {"Id": 4}
    assert proxy.seen[0] == f"POST {at(server)}/connect/token HTTP/1.1"
    assert len(server.asked) == 2


def test_a_tls_connection_goes_through_a_tunnel(
    ask: Ask, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    authority = Authority(tmp_path)
    with Nasty(lambda asked: http(200, '{"Id":4}'), tls=authority.server(PBX)) as server:
        assert ask(at(server), "fax.get", 4, settings={"verify": authority.ca_file}) == {"Id": 4}
    assert set(proxy.seen) == {f"CONNECT {at(server).removeprefix('https://')} HTTP/1.1"}


@pytest.mark.parametrize(
    ("credentials", "sent"),
    [("user:pass", "user:pass"), ("us%40er:p%C3%A4ss", "us@er:päss"), ("user:päss", "user:päss")],
)
@pytest.mark.usefixtures("plain")
def test_a_proxy_gets_its_user_and_password(
    ask: Ask, proxy: Proxy, credentials: str, sent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://{credentials}@{proxy.address}")
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        assert ask(at(server), "fax.get", 4) == {"Id": 4}
    assert b64decode(proxy.credentials[0].rpartition(" ")[2]).decode() == sent


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "HTTPS_PROXY"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LocalHost"])
def test_this_machine_is_never_reached_through_a_proxy(
    ask: Ask, proxy: Proxy, variable: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"http://{proxy.address}")
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        assert ask(at(server, host), "fax.get", 4) == {"Id": 4}
    assert proxy.seen == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_down_is_named(ask: Ask, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    down = closed_port().removeprefix("http://")
    monkeypatch.setenv(f"{scheme}_proxy", f"http://user:secret@{down}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureConnection)
        with pytest.raises(errors.Unreachable, match=f"through the proxy {down}") as caught:
            ask(f"{scheme}://{PBX}:9", "fax.get", 4)
    assert caught.value.processed is False
    assert "secret" not in str(caught.value)
    assert f"{scheme}_proxy names it; NO_PROXY" in caught.value.hint.text


@pytest.mark.parametrize("status", ["403 Forbidden", "502 Bad Gateway"])
def test_a_proxy_that_refuses_a_tunnel_is_named(ask: Ask, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()) as proxy:
        monkeypatch.setenv("https_proxy", f"http://{proxy.address}")
        with pytest.raises(errors.Unreachable, match=f"through the proxy {proxy.address}") as caught:
            ask("https://pbx.invalid", "fax.get", 4)
    assert caught.value.processed is False


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("credentials", ["", "user:secret@"])
def test_a_proxy_that_wants_a_password_is_named_and_asked_once(
    ask: Ask, scheme: str, credentials: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="M\xfcller"\r\n'
    with Proxy(head + b"Content-Length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://{credentials}{proxy.address}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InsecureConnection)
            with pytest.raises(errors.Unreachable, match=f"The proxy {proxy.address} .*407") as caught:
                ask(f"{scheme}://{PBX}", "fax.delete", 4)
    assert caught.value.processed is False
    assert f"{scheme}_proxy" in caught.value.hint.text
    assert "secret" not in str(caught.value)
    assert len(proxy.seen) == 1


def test_a_proxy_that_nobody_named_and_that_wants_a_password(ask: Ask) -> None:
    with (
        Nasty(lambda asked: http(407)) as server,
        pytest.raises(errors.Unreachable, match="A proxy on the way") as caught,
    ):
        ask(server.url, "fax.get", 4)
    assert "HTTPS_PROXY" in caught.value.hint.text


UNREADABLE = [
    "garbage",
    "http://",
    "://",
    "http://proxy:port",
    "http://proxy:99999",
    "http://proxy:0",
    "http://192.168.1.300:3128",
    "http://[::1",
    "http://pro xy:3128",
    "http://xn--a:3128",
    "http://%00:3128",
    "ftp://proxy:3128",
    "socks4://proxy:1080",
    "http://proxy:3128/path",
    "http://proxy:3128?x",
    "user:secret@",
    "http://user:secret@:3128",
    "proxy.example.com:3128:1",
    "C:\\proxy",
    "\x01",
]


@pytest.mark.parametrize("value", UNREADABLE)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_setting_that_cannot_be_read_is_named(
    ask: Ask, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(errors.ConfigurationError, match=f"The proxy that {variable} names") as caught:
        ask(f"https://{PBX}", "fax.get", 4)
    assert "secret" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("value", UNREADABLE)
def test_it_matters_to_nobody_who_needs_no_proxy(ask: Ask, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", value)
    monkeypatch.setenv("ALL_PROXY", value)
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        assert ask(server.url, "fax.get", 4) == {"Id": 4}


def test_httpx2_says_what_a_socks_proxy_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(errors.ConfigurationError, match="socksio"):
        WAYS["sync-httpx2"](f"https://{PBX}", "fax.get", 4)
    with pytest.raises(errors.Unreachable, match=r"through the proxy 127\.0\.0\.1:9"):
        WAYS["sync-pyreqwest"](f"https://{PBX}", "fax.get", 4)


EXEMPT = [
    # NO_PROXY, address, whether it is reached without a proxy
    ("*", "https://pbx.example.com", True),
    ("*", "https://192.0.2.7", True),
    ("pbx.example.com", "https://pbx.example.com", True),
    ("PBX.Example.com", "https://pbx.example.com", True),
    ("example.com", "https://pbx.example.com", True),
    (".example.com", "https://pbx.example.com", True),
    ("*.example.com", "https://pbx.example.com", True),
    (".example.com", "https://example.com", True),
    ("ample.com", "https://pbx.example.com", False),
    ("pbx.example.com", "https://example.com", False),
    ("a.example, pbx.example.com", "https://pbx.example.com:5001", True),
    ("a.example pbx.example.com", "https://pbx.example.com.", True),
    ("pbx.example.com:5001", "https://pbx.example.com:5001", True),
    ("pbx.example.com:5001", "https://pbx.example.com", False),
    ("pbx.example.com:443", "https://pbx.example.com", True),
    ("pbx.example.com:80", "http://pbx.example.com", True),
    ("192.0.2.7", "https://192.0.2.7", True),
    ("192.0.2.0/24", "https://192.0.2.7", True),
    ("192.0.2.0/24", "https://192.0.3.7", False),
    ("192.0.2.7:5001", "https://192.0.2.7:5001", True),
    ("2001:db8::/32", "https://[2001:db8::1]", True),
    ("[2001:db8::1]", "https://[2001:db8::1]", True),
    ("[2001:db8::1]:5001", "https://[2001:db8::1]:5001", True),
    ("2001:db8::2", "https://[2001:db8::1]", False),
    ("", "https://pbx.example.com", False),
    (",, ,", "https://pbx.example.com", False),
    ("garbage/99, 300.1.1.1/8, :::", "https://192.0.2.7", False),
]


@pytest.mark.parametrize(("listed", "url", "direct"), EXEMPT)
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_what_no_proxy_lists_is_reached_without_one(variable: str, listed: str, url: str, direct: bool) -> None:
    environ = {"HTTP_PROXY": "http://proxy:3128", "HTTPS_PROXY": "http://proxy:3128", variable: listed}
    assert (proxy_for(url, environ) is None) is direct


@pytest.mark.parametrize(
    ("environ", "url", "expected"),
    [
        ({}, "https://pbx.example.com", None),
        ({"HTTP_PROXY": "http://a:1"}, "https://pbx.example.com", None),
        ({"HTTPS_PROXY": "http://a:1"}, "http://pbx.example.com", None),
        ({"HTTPS_PROXY": "http://a:1", "ALL_PROXY": "http://b:1"}, "https://pbx.example.com", "https_proxy".upper()),
        ({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1"}, "https://pbx.example.com", "https_proxy"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://b:1"}, "https://pbx.example.com", None),
        ({"https_proxy": "", "ALL_PROXY": "http://b:1"}, "https://pbx.example.com", "ALL_PROXY"),
        ({"HTTP_PROXY": "http://a:1", "REQUEST_METHOD": "GET"}, "http://pbx.example.com", None),
        ({"http_proxy": "http://a:1", "REQUEST_METHOD": "GET"}, "http://pbx.example.com", "http_proxy"),
        ({"HTTPS_PROXY": " http://a:1 \n"}, "https://pbx.example.com", "HTTPS_PROXY"),
    ],
)
def test_which_variable_counts(environ: dict[str, str], url: str, expected: str | None) -> None:
    proxy = proxy_for(url, environ)
    assert (proxy.variable if proxy else None) == expected


def test_a_proxy_does_not_show_its_password() -> None:
    proxy = proxy_for("https://pbx.example.com", {"HTTPS_PROXY": "http://user:secret@proxy.example.com:3128"})
    assert proxy is not None
    assert repr(proxy) == "Proxy('proxy.example.com:3128')"


def test_where_no_more_files_may_be_open_the_error_names_that() -> None:
    error = unreachable("https://pbx.example.com", "Too many open files (os error 24)")
    assert "pbx.example.com can't be reached (Too many open files (os error 24))." in str(error)
