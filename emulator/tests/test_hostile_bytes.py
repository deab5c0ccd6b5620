"""Any bytes at the emulator's port: an answer or the end of the connection, and then the next client is served."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline_emulator.connection import Limits

from .raw import Plug
from .test_limits import served

HASTY = Limits(head_seconds=0.3, body_seconds=0.3, body_rate=10**9, read_seconds=1.0, closing_seconds=1.0)

METHODS = (
    b"GET",
    b"POST",
    b"PATCH",
    b"PUT",
    b"DELETE",
    b"HEAD",
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"PRI",
    b"get",
    b"M\xff",
)
TARGETS = (
    b"/", b"*", b"/xapi/v1/Fax", b"/xapi/v1/Users?$top=1", b"/xapi/v1/Fax(121)", b"/connect/token", b"/_emulator",
    b"/_emulator/faults", b"/xapi/v1/swagger.yaml", b"/xapi/v1/%00", b"/xapi/v1/Fax(%00)", b"/xapi/v1/%ff", b"/%",
    b"/xapi/v1/Users(Number='%00')", b"/xapi/v1/../..", b"//", b"http://localhost/xapi/v1/Fax",
    b"http://evil.example/", b"http://", b"localhost:80", b"/prompts/%2e%2e%2fx", b"/downloads/\\..", b"?", b"#", b"/#",
    b"/xapi/v1/Fax?$filter=%",
    b"/xapi/v1/Fax?" + b"&" * 500, b"/" + b"a" * 9000, b"/\x00", b"/\xc3\xa9", b"",
)  # fmt: skip
VERSIONS = (b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.1 ", b"http/1.1", b"", b"HTTP/1.1\x00")
HEADERS = (
    b"Host: localhost", b"Host: evil.example", b"Host:", b"Host: \xff", b"Content-Length: 5", b"Content-Length: -1",
    b"Content-Length: 5, 5", b"Content-Length: 99999999999999999999999", b"Content-Length: 0x5", b"Content-Length: 1",
    b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity", b"TE: trailers",
    b"Transfer-Encoding: xchunked", b"Expect: 100-continue", b"Expect: 200-ok", b"Connection: close", b"Upgrade: h2c",
    b"Connection: Upgrade", b"Connection: keep-alive", b"Upgrade: websocket", b"HTTP2-Settings: AAMAAABkAAQAAP__",
    b"Authorization: Bearer TOKEN", b"Authorization: Bearer", b"Authorization: \x00", b"X-Trunkline-Emulator: 1",
    b"Content-Type: application/json", b"Content-Type: multipart/form-data; boundary=X", b"Content-Encoding: gzip",
    b"Content-Type: application/x-www-form-urlencoded", b"If-Match: \xff", b"Accept: \xe9", b"Prefer: return=\xff",
    b"X-Forwarded-For: 203.0.113.9", b"X-Forwarded-For: \xff", b"X-Forwarded-Proto: \xff", b" folded", b"no colon",
    b": no name", b"a b: c", b"X: a\rb", b"X: a\x00b", b"Cookie: " + b"a" * 20_000,
)  # fmt: skip
BODIES = (
    b"", b"{}", b"hello", b"grant", b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhel", b"zz\r\n", b"-1\r\n",
    b"ffffffffffffffff\r\n", b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n", b"0\r\n\r\n", b"--X\r\n",
    b"\x00" * 100, b"[" * 5000,
    b"GET /xapi/v1/Defs HTTP/1.1\r\nHost: localhost\r\n\r\n",
)  # fmt: skip

requests = st.builds(
    lambda method, target, version, headers, body: (
        b" ".join([method, target, version]) + b"\r\n" + b"".join(b"%b\r\n" % line for line in headers) + b"\r\n" + body
    ),
    st.sampled_from(METHODS),
    st.sampled_from(TARGETS),
    st.sampled_from(VERSIONS),
    st.lists(st.sampled_from(HEADERS), max_size=6).map(lambda lines: [HEADERS[0], *lines] if len(lines) % 2 else lines),
    st.sampled_from(BODIES),
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A request with a stretch of it replaced, repeated or cut off."""
    text = draw(requests)
    at = draw(st.integers(0, len(text)))
    end = draw(st.integers(at, min(at + 40, len(text))))
    return (
        text[:at] + draw(st.binary(max_size=20) | st.just(text[at:end] * 3)) + draw(st.sampled_from([b"", text[end:]]))
    )


@pytest.fixture(scope="module")
def plug() -> Iterator[Any]:
    with served(HASTY, variants={"block_addresses": "off"}) as plug:
        yield plug


def exchange(plug: Plug, pieces: Any) -> Any:
    """All that comes back until the server closes the connection, or has answered and waits for more."""
    data = b""
    with socket.create_connection(("127.0.0.1", plug.port), timeout=60) as connection:
        connection.settimeout(60)
        with suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece.replace(b"TOKEN", plug.token.encode()))
            if len(pieces) == 2:
                with suppress(OSError):  # it may be over already
                    connection.shutdown(socket.SHUT_WR)  # some clients say that they have nothing more to say
            while more := connection.recv(65536):
                data += more
    return data


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(
    st.lists(requests | damaged(), min_size=1, max_size=4)
    | st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=3)
)
def test_any_bytes_are_answered_or_ended(plug: Plug, capfd: pytest.CaptureFixture[str], pieces: Any) -> None:
    data = exchange(plug, pieces)
    statuses = [int(status) for status in re.findall(rb"^HTTP/1\.1 (\d{3}) ", data, re.MULTILINE)]
    assert data == b"" or data.startswith(b"HTTP/1.1 ")
    assert not [status for status in statuses if status >= 500], data
    assert "Traceback" not in capfd.readouterr().err
    assert plug.ask("GET", "/Defs").status in (200, 401)  # a sign-in among the above may have killed the token
