"""Serving until a signal ends it, as metrics, the console and the tools for agents do."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from certificates import Authority
from trunkline.errors import ConfigurationError
from trunkline.serving.server import Listening, bound, serve, tls_context

SERVER = """
import asyncio, sys
from pathlib import Path
from trunkline.serving.server import Listening, serve

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["client"][0].encode()})

certificate = Path(sys.argv[1]) if sys.argv[1:] else None
asyncio.run(serve(app, Listening(certificate=certificate), lambda url: print(url, flush=True)))
print("ended", flush=True)
"""


def get(url: str, context: ssl.SSLContext | None = None, **headers: str) -> tuple[int, str]:
    place = urlsplit(url)
    host = place.hostname or ""
    connection = http.client.HTTPConnection(host, place.port, timeout=60)
    if context is not None:
        connection = http.client.HTTPSConnection(host, place.port, timeout=60, context=context)
    try:
        connection.request("GET", "/", headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_at_the_address_that_it_names_until_a_signal_ends_it_well(number: int) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert get(url, x_forwarded_for="192.0.2.7") == (200, "127.0.0.1")
        assert get(url, host="rebound.example.com")[0] == 421
        os.kill(process.pid, number)
        assert process.stdout.readline() == "ended\n"
    assert process.returncode == 0


def test_it_speaks_tls_with_a_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.server("127.0.0.1")
    command = [sys.executable, "-c", SERVER, str(tmp_path / "127.0.0.1.pem")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("https://")
        assert get(url, ssl.create_default_context(cafile=str(authority.ca_file)))[0] == 200
        process.terminate()
        assert process.stdout.readline() == "ended\n"
    assert process.returncode == 0


def test_a_port_in_use_is_an_error_that_names_it() -> None:
    with bound(Listening()) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"127.0.0.1 port {port}"):
            bound(Listening(port=port))


@pytest.mark.parametrize("host", ["192.0.2.7", "no such host", "x" * 300])
def test_an_address_that_this_machine_lacks_is_an_error(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # no test asks a name server
    with pytest.raises(ConfigurationError, match="Nothing can listen"):
        bound(Listening(host))


@pytest.mark.parametrize("content", [None, "", "not a certificate"])
def test_a_certificate_that_cant_be_used_is_an_error_before_anything_is_served(
    content: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "server.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigurationError, match="can't be used"):
        tls_context(file, None)
    with pytest.raises(ConfigurationError, match="can't be used"):
        asyncio.run(serve(_unasked, Listening(certificate=file)))


async def _unasked(*_: object) -> None:
    raise AssertionError("nothing is served")


def test_it_ends_when_its_task_is_cancelled() -> None:
    async def serve_and_cancel() -> None:
        started = asyncio.Event()

        async def app(scope: object, receive: object, send: object) -> None:
            return

        serving = asyncio.create_task(serve(app, Listening(), lambda url: started.set()))
        await started.wait()
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving

    asyncio.run(serve_and_cancel())
