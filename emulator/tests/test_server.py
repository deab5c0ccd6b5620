"""The emulator on a port, asked over real HTTP."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest

from trunkline_emulator import Emulator, running

from .raw import Plug, plugged, read


def sign_in(client: httpx2.Client, emulator: Emulator) -> None:
    form = {"grant_type": "client_credentials", "client_id": emulator.client_id, "client_secret": emulator.api_key}
    client.headers["Authorization"] = "Bearer " + client.post("/connect/token", data=form).json()["access_token"]


def test_a_round_over_http() -> None:
    emulator = Emulator()
    with running(emulator) as url, httpx2.Client(base_url=url) as client:
        sign_in(client, emulator)
        listed = client.get("/xapi/v1/Fax", params={"$top": "2"})
        assert listed.json()["@odata.context"] == f"{url}/xapi/v1/$metadata#Fax"
        assert client.delete("/xapi/v1/WebsiteLinks('o''brien-m%C3%BCnchen')").status_code == 204
        big = client.post("/xapi/v1/Fax", content=b" " * 17_000_000, headers={"Content-Type": "application/json"})
        assert big.status_code == 413
    assert [(e.method, e.path, e.status, e.client_id) for e in emulator.journal] == [
        ("POST", "/connect/token", 200, ""),
        ("GET", "/xapi/v1/Fax?%24top=2", 200, "trunkline"),
        ("DELETE", "/xapi/v1/WebsiteLinks('o''brien-m%C3%BCnchen')", 204, "trunkline"),
        ("POST", "/xapi/v1/Fax", 413, ""),
    ]


def test_the_port_is_free_again_afterwards() -> None:
    with running(Emulator()) as url:
        port = int(url.rpartition(":")[2])
    with running(Emulator(), port=port) as again:
        assert again == url


def test_a_port_in_use_is_said_so() -> None:
    with running(Emulator()) as url:
        port = int(url.rpartition(":")[2])
        with (
            pytest.raises(OSError, match=f"can't listen on 127.0.0.1, port {port}: it is in use"),
            running(Emulator(), port),
        ):
            pass


def test_latency_delays_every_answer() -> None:
    with running(Emulator(latency=0.1)) as url:
        started = time.perf_counter()
        assert httpx2.get(url).status_code == 404
        assert time.perf_counter() - started >= 0.1


def test_a_client_that_goes_away_leaves_no_trace(capfd: pytest.CaptureFixture[str]) -> None:
    with plugged() as plug:
        plug.emulator.clear_journal()
        head = f"Host: localhost\r\nAuthorization: Bearer {plug.token}\r\nContent-Length: 100\r\n"
        with socket.create_connection(("127.0.0.1", plug.port)) as connection:
            connection.sendall(f"POST /xapi/v1/Fax HTTP/1.1\r\n{head}\r\nhalf".encode())
        assert plug.send("GET", "/").status == 404
        assert len(plug.emulator.journal) == 1
    assert capfd.readouterr() == ("", "")


def test_lifespan_and_foreign_protocols() -> None:
    sent = []

    async def live(*events: str) -> None:
        queue = [{"type": event} for event in events]

        async def receive() -> Any:
            return queue.pop(0)

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await Emulator()({"type": "lifespan"}, receive, send)
        with pytest.raises(ValueError, match="speaks HTTP, not websocket"):
            await Emulator()({"type": "websocket"}, receive, send)

    asyncio.run(live("lifespan.startup", "lifespan.shutdown"))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a POSIX signal")
def test_serve_ends_cleanly_on_ctrl_c() -> None:
    program = (
        "from trunkline_emulator import Emulator, serve\n"
        "serve(Emulator(), '127.0.0.1', 0, lambda url: print(url, flush=True))"
    )
    with (
        subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.kill)  # or what goes on would be waited for
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=120) == ("", "")
        assert process.returncode == 0


def test_a_broken_form_prints_nothing() -> None:
    program = (
        "from trunkline_emulator.forms import read_form\n"
        "from trunkline_emulator.messages import Headers, Request\n"
        "headers = Headers([(b'content-type', b'multipart/form-data; boundary=X')])\n"
        "print(read_form(Request('POST', b'/connect/token', b'', headers, 'http', b'broken')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("None\n", "")


def test_importing_the_emulator_loads_no_server() -> None:
    program = "import sys, trunkline_emulator; print('uvicorn' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"


# ── HTTP manners ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def plug() -> Iterator[Any]:
    with plugged() as plug:
        yield plug


@pytest.mark.parametrize(
    ("method", "target", "headers", "status"),
    [
        ("GET", "/xapi/v1/Fax(121)", {}, 200),
        ("GET", "http://localhost/xapi/v1/Fax(121)", {}, 200),
        ("HEAD", "/xapi/v1/Fax(121)", {}, 405),
        ("OPTIONS", "/xapi/v1/Fax(121)", {}, 405),
        ("PROPFIND", "/xapi/v1/Fax(121)", {}, 405),
        ("BREW", "/xapi/v1/Fax(121)", {}, 400),
        ("GET", "/xapi/v1/../../etc/passwd", {}, 404),
        ("GET", "/xapi/v1/%2e%2e/%2e%2e/etc/passwd", {}, 404),
        ("GET", "/xapi/v1//Fax", {}, 404),
        ("GET", "//xapi/v1/Fax", {}, 404),
        ("GET", "/XAPI/v1/Fax", {}, 404),
        ("GET", "/xapi/v1/Fax(121)/", {}, 404),
        ("GET", "/xapi/v1/Fax%zz", {}, 400),
        ("GET", "*", {}, 404),
        ("GET", f"/xapi/v1/{'a' * 9000}", {}, 414),
        ("GET", f"/xapi/v1/Fax?$filter={'a' * 9000}", {}, 414),
        ("GET", "/xapi/v1/Fax", {"X-Big": "a" * 33_000}, 431),
        ("POST", "/xapi/v1/Fax", {"Content-Length": "17000000"}, 413),
        ("POST", "/xapi/v1/Fax", {"Content-Length": "-5"}, 400),
        ("POST", "/xapi/v1/Fax", {"Content-Length": "5", "Transfer-Encoding": "chunked"}, 400),
    ],
    ids=lambda value: str(value)[:40],
)
def test_http_manners(plug: Plug, method: str, target: str, headers: dict[str, Any], status: int) -> None:
    assert plug.send(method, target, headers=headers).status == status
    assert plug.ask("GET", "/Defs").status == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /xapi/v1/Fax HTTP/1.1\r\n\r\n", 400),
        (b"GET /xapi/v1/Fax HTTP/1.0\r\n\r\n", 401),
        (b"GET /xapi/v1/Fax HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 401),
        (b"GARBAGE\r\n\r\n", 400),
        (b"GET /xapi/v1/Fax HTTP/9.9\r\nHost: localhost\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    ],
)
def test_bytes_that_are_hardly_http(plug: Plug, sent: bytes, status: int) -> None:
    with socket.create_connection(("127.0.0.1", plug.port), timeout=20) as connection:
        connection.sendall(sent)
        assert read(connection).status == status


def test_two_requests_at_once_are_answered_in_their_order(plug: Plug) -> None:
    head = f"Host: localhost\r\nAuthorization: Bearer {plug.token}\r\n"
    sent = (
        f"GET /xapi/v1/Fax(121) HTTP/1.1\r\n{head}\r\nGET /xapi/v1/Fax(1) HTTP/1.1\r\n{head}Connection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", plug.port), timeout=20) as connection:
        connection.sendall(sent.encode())
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    assert re.findall(rb"HTTP/1.1 (\d+)", data) == [b"200", b"404"]


def test_answers_are_dated(plug: Plug) -> None:
    for target in ("/xapi/v1/Defs", "/nothing"):
        dated = parsedate_to_datetime(plug.send("GET", target).headers["date"]).timestamp()
        assert abs(dated - time.time()) < 60
