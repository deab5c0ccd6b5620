"""Proxies that the environment names are used, alike by both adapters; what NO_PROXY lists goes past them."""

from __future__ import annotations

import contextlib
import errno
import socket
import sys
import threading
from collections.abc import Iterator
from importlib.abc import MetaPathFinder
from pathlib import Path

import pytest

from asking import Ask
from certificates import Authority
from nasty import Nasty, closed_port, http
from trunkline import errors
from trunkline.transport.options import unreachable


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
            with socket.create_connection((host, int(port))) as server:
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


def test_a_plain_request_goes_through_the_proxy(ask: Ask, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        assert ask(server.url, "fax.get", 4) == {"Id": 4}
    assert proxy.seen[0] == f"POST {server.url}/connect/token HTTP/1.1"
    assert len(server.asked) == 2


def test_a_tls_connection_goes_through_a_tunnel(
    ask: Ask, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.address}")
    authority = Authority(tmp_path)
    with Nasty(lambda asked: http(200, '{"Id":4}'), tls=authority.server("127.0.0.1")) as server:
        assert ask(server.url, "fax.get", 4, settings={"verify": authority.ca_file}) == {"Id": 4}
    assert set(proxy.seen) == {f"CONNECT {server.url.removeprefix('https://')} HTTP/1.1"}


def test_a_proxy_gets_its_user_and_password(ask: Ask, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:pass@{proxy.address}")
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        assert ask(server.url, "fax.get", 4) == {"Id": 4}
    assert proxy.credentials[0].lower().endswith("basic dxnlcjpwyxnz")


@pytest.mark.parametrize("listed", ["127.0.0.1", "localhost,127.0.0.1", "*"])
def test_no_proxy_goes_past_it(ask: Ask, proxy: Proxy, listed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
    monkeypatch.setenv("no_proxy", listed)
    with Nasty(lambda asked: http(200, '{"Id":4}')) as server:
        assert ask(server.url, "fax.get", 4) == {"Id": 4}
    assert proxy.seen == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_down_is_named(ask: Ask, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    down = closed_port().removeprefix("http://")
    monkeypatch.setenv(f"{scheme}_proxy", f"http://user:secret@{down}")
    with pytest.raises(errors.Unreachable, match=f"through the proxy {down}") as caught:
        ask(f"{scheme}://127.0.0.1:9", "fax.get", 4)
    assert caught.value.processed is False
    assert "secret" not in str(caught.value)
    assert "NO_PROXY" in caught.value.hint


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"])
def test_a_proxy_that_refuses_a_tunnel_is_named(ask: Ask, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()) as proxy:
        monkeypatch.setenv("https_proxy", f"http://{proxy.address}")
        with pytest.raises(errors.Unreachable, match=f"through the proxy {proxy.address}") as caught:
            ask("https://pbx.invalid", "fax.get", 4)
    assert caught.value.processed is False


def test_where_no_more_files_may_be_open_that_is_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoFiles(MetaPathFinder):
        def find_spec(self, name: str, *_: object) -> None:
            if name == "urllib.request":
                raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.delitem(sys.modules, "urllib.request", raising=False)
    monkeypatch.setattr(sys, "meta_path", [NoFiles(), *sys.meta_path])
    error = unreachable("https://pbx.example.com", "Too many open files (os error 24)")
    assert "pbx.example.com can't be reached (Too many open files (os error 24))." in str(error)
