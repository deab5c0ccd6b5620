"""What a client may take of the emulator's port: time, bytes, connections. Whoever takes more is ended."""

from __future__ import annotations

import re
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from trunkline_emulator import Emulator
from trunkline_emulator.connection import Limits
from trunkline_emulator.server import running

from .raw import Plug, Seen, read, wait_for

HASTY = Limits(head_seconds=0.2, body_seconds=0.2, body_rate=10**9, read_seconds=0.2, closing_seconds=0.2)
HEAD = "Host: localhost\r\n"


@contextmanager
def served(limits: Limits, **options: Any) -> Iterator[Plug]:
    emulator = Emulator(**options)
    with running(emulator, limits=limits) as url:
        yield Plug(emulator, url)


@pytest.fixture(scope="module")
def hasty() -> Iterator[Any]:
    with served(HASTY) as plug:
        yield plug


@pytest.fixture(scope="module")
def plug() -> Iterator[Any]:
    with served(Limits()) as plug:
        yield plug


def connected(plug: Plug) -> Any:
    return closing(socket.create_connection(("127.0.0.1", plug.port), timeout=60))


def ending(connection: Any) -> Any:
    """What comes until the server closes the connection; a TimeoutError if it never does."""
    data = b""
    with suppress(ConnectionResetError):
        while more := connection.recv(65536):
            data += more
    return data


def statuses(data: Any) -> Any:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+)", data)]


def drip(connection: Any, pieces: Any, pause: Any = 0.01) -> Any:
    """Send piece after piece, with pauses of some seconds, until the server has closed the connection."""
    stop = threading.Event()

    def send() -> None:
        with suppress(OSError):
            for piece in pieces:
                connection.sendall(piece)
                if stop.wait(pause):
                    return

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        return ending(connection)
    finally:
        stop.set()
        thread.join()


def forever(piece: Any) -> Iterator[Any]:
    while True:
        yield piece


# ── requests that never finish ───────────────────────────────────────────────────────────────────

SIGN_IN = f"POST /connect/token HTTP/1.1\r\n{HEAD}Content-Type: application/x-www-form-urlencoded\r\n"
FAX = f"POST /xapi/v1/Fax HTTP/1.1\r\n{HEAD}"
CHUNKED = f"{SIGN_IN}Transfer-Encoding: chunked\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", []),
        (b"\r\n\r\n", [408]),
        (b"G", [408]),
        (b"GET /xapi/v1/Defs HTTP/1.1", [408]),
        (b"GET /xapi/v1/Defs HTTP/1.1\r\nHost: localhost\r\nX-", [408]),
        (f"GET /xapi/v1/Defs HTTP/1.1\r\n{HEAD}\r\nGET /".encode(), [401, 408]),
        (f"{SIGN_IN}Content-Length: 100\r\n\r\n".encode(), [408]),
        (f"{SIGN_IN}Content-Length: 100\r\n\r\ngrant".encode(), [408]),
        (f"{SIGN_IN}Expect: 100-continue\r\nContent-Length: 100\r\n\r\n".encode(), [100, 408]),
        (CHUNKED + b"5", [408]),
        (CHUNKED + b"5\r\ngrant\r\n", [408]),
        (CHUNKED + b"5\r\ngrant\r\n0\r\nX: ", [408]),
        (f"{FAX}Content-Length: 9\r\n\r\n".encode(), [401]),
        (f"{FAX}Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 9\r\n\r\n".encode(), [401]),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_left_undone_is_ended(hasty: Any, sent: Any, status: list[Any]) -> None:
    with connected(hasty) as connection:
        connection.sendall(sent)
        assert statuses(ending(connection)) == status
    assert hasty.ask("GET", "/Defs").status == 200


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"GET /", b"a"),
        (f"GET / HTTP/1.1\r\n{HEAD}".encode(), b"X: y\r\n"),
        (b"", b"\r\n"),
        (f"{SIGN_IN}Content-Length: 60000\r\n\r\n".encode(), b"a"),
        (CHUNKED, b"1\r\na\r\n"),
        (CHUNKED + b"1;", b"extension"),
        (CHUNKED + b"0\r\n", b"X: y\r\n"),
    ],
    ids=repr,
)
def test_what_comes_drop_by_drop_is_ended(hasty: Any, first: Any, then: bytes) -> None:
    with connected(hasty) as connection:
        connection.sendall(first)
        assert statuses(drip(connection, forever(then)))[-1:] == [408]
    assert hasty.ask("GET", "/Defs").status == 200


def test_a_signed_in_client_has_no_more_time(hasty: Any) -> None:
    head = f"POST /xapi/v1/Fax HTTP/1.1\r\n{HEAD}Authorization: Bearer {hasty.token}\r\nContent-Length: 9\r\n\r\n{{"
    with connected(hasty) as connection:
        connection.sendall(head.encode())
        assert statuses(ending(connection)) == [408]


@pytest.mark.skipif(not hasattr(select, "poll"), reason="the end of a connection is seen without reading from it")
def test_an_answer_that_nobody_reads_is_given_up(hasty: Any) -> None:
    with connected(hasty) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(f"GET /xapi/v1/swagger.yaml HTTP/1.1\r\n{HEAD}\r\n".encode() * 20)
        poll = select.poll()
        poll.register(connection, select.POLLHUP | select.POLLERR)
        assert poll.poll(60_000), "the connection is still open"
    assert hasty.ask("GET", "/Defs").status == 200


@pytest.mark.parametrize("fault", ["delay=1.5", "delay-after=1.5", "trickle=0.001"])
def test_what_the_emulator_holds_back_itself_is_waited_for(fault: str) -> None:
    with served(HASTY) as plug:
        plug.emulator.add_fault(f"{fault}@/Defs")
        seen = plug.ask("GET", "/Defs")
        assert (seen.status, seen.ending) == (200, "kept")


def test_a_stalled_answer_stays_stalled() -> None:
    with served(HASTY) as plug:
        plug.emulator.add_fault("silence@/Fax")
        assert plug.ask("GET", "/Fax", patience=1.5).ending == "silence"


# ── sizes ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("first", "then", "status"),
    [
        (b"GET /", b"a" * 4096, 431),
        (b"GET / HTTP/1.1\r\nX: ", b"a" * 4096, 431),
        (b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 700, 431),
        (b"GET / HTTP/1.1\r\n" + b"a" * 1000, b"a" * 4096, 431),
        (b"", b"\r\n" * 2048, 431),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_headers_without_end_are_ended(plug: Plug, first: bytes, then: bytes, status: int) -> None:
    with connected(plug) as connection:
        connection.sendall(first)
        assert statuses(drip(connection, forever(then)))[-1:] == [status]
    assert plug.ask("GET", "/Defs").status == 200


@pytest.mark.parametrize(
    ("target", "size", "kind", "status"),
    [
        ("/connect/token", 65_537, "application/x-www-form-urlencoded", 413),
        ("/connect/token", 65_536, "application/x-www-form-urlencoded", 400),
        ("/xapi/v1/Fax", 16 * 2**20 + 1, "application/json", 413),
        ("/xapi/v1/Fax", 16 * 2**20, "application/json", 400),
        ("/xapi/v1/customPrompts", 32 * 2**20 + 1, "multipart/form-data; boundary=X", 413),
        ("/xapi/v1/customPrompts", 32 * 2**20, "multipart/form-data; boundary=X", 400),
        ("/_emulator/seed", 32 * 2**20 + 1, "application/json", 413),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_have_limits(plug: Plug, target: str, size: Any, kind: str, status: int, chunked: bool) -> None:
    headers = {"Content-Type": kind, "X-Trunkline-Emulator": "1"}
    body = b"-" * size
    if not chunked:
        assert plug.send("POST", target, body, headers).status == status
        return
    headers |= {"Transfer-Encoding": "chunked", "Host": "localhost", "Authorization": f"Bearer {plug.token}"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with connected(plug) as connection:
        connection.sendall(f"POST {target} HTTP/1.1\r\n{head}\r\n{size:x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
        assert read(connection).status == status


def test_a_body_without_a_token_is_not_waited_for(plug: Plug) -> None:
    head = f"POST /xapi/v1/Fax HTTP/1.1\r\n{HEAD}Content-Type: application/json\r\nContent-Length: 20000000\r\n\r\n"
    with connected(plug) as connection:
        connection.sendall(head.encode())
        assert read(connection).status == 401
        connection.sendall(b" " * 20_000_000)  # a client that only then looks for the answer can go on
        connection.sendall(f"GET /xapi/v1/Defs HTTP/1.1\r\n{HEAD}Authorization: Bearer {plug.token}\r\n\r\n".encode())
        assert read(connection).status == 200


@pytest.mark.parametrize("length", ["Transfer-Encoding: chunked", "Content-Length: 999999999999"])
@pytest.mark.parametrize("target", ["/xapi/v1/Fax", "/connect/token", "/nothing", "/_emulator/reset"])
def test_a_body_without_end_is_ended(plug: Plug, target: str, length: str) -> None:
    piece = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    with connected(plug) as connection:
        connection.sendall(f"POST {target} HTTP/1.1\r\n{HEAD}{length}\r\n\r\n".encode())
        found = statuses(drip(connection, forever(piece), 0))
    assert found in ([401], [404], [403], [413], [])  # what is closed under a client's hands may be lost
    assert plug.ask("GET", "/Defs").status == 200


def test_who_is_refused_is_not_told_to_continue(plug: Plug) -> None:
    head = f"{HEAD}Content-Type: application/json\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 1\r\n"
    with connected(plug) as connection:
        connection.sendall(f"POST /xapi/v1/Fax HTTP/1.1\r\n{head}\r\n".encode())
        assert statuses(ending(connection)) == [401]
    with connected(plug) as connection:
        connection.sendall(f"POST /xapi/v1/Fax HTTP/1.1\r\nAuthorization: Bearer {plug.token}\r\n{head}\r\n".encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{")
        assert statuses(ending(connection)) == [400]


# ── connections ──────────────────────────────────────────────────────────────────────────────────


def test_connections_are_counted() -> None:
    with served(replace(Limits(), connections=5)) as plug, ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(connected(plug)).sendall(b"GET /")
        wait_for(lambda: plug.send("GET", "/").status == 503)
        stack.close()
        wait_for(lambda: plug.ask("GET", "/Defs").status == 200)


def test_connections_are_ended_while_others_are_served() -> None:
    with served(replace(HASTY, connections=30)) as plug, ExitStack() as stack:
        for _ in range(25):
            stack.enter_context(connected(plug)).sendall(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(50):
            assert plug.ask("GET", "/Defs").status == 200


@pytest.mark.parametrize(
    ("second", "status"),
    [(b"GARBAGE\r\n\r\n", 0), (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 0), (b"\x00", 0)],
)
def test_the_answer_before_garbage_is_given(plug: Plug, second: bytes, status: int) -> None:
    plug.emulator.add_fault("delay=0.2:times=1@/Fax(121)")
    first = f"GET /xapi/v1/Fax(121) HTTP/1.1\r\n{HEAD}Authorization: Bearer {plug.token}\r\n\r\n".encode()
    with connected(plug) as connection:
        connection.sendall(first + second)
        data = ending(connection)
    assert statuses(data) == [200]
    assert Seen(data, "closed").json["Id"] == 121


def test_a_pipeline_has_an_end(plug: Plug) -> None:
    first = f"GET /xapi/v1/Defs HTTP/1.1\r\n{HEAD}Authorization: Bearer {plug.token}\r\n\r\n".encode()
    with connected(plug) as connection:
        connection.sendall(first * 50)
        connection.sendall(first.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert statuses(ending(connection)) == [200] * 51
    plug.emulator.add_fault("delay=0.5:times=1@/Defs")
    with connected(plug) as connection:
        connection.sendall(first * 200)
        assert 1 <= len(statuses(ending(connection))) < 200
