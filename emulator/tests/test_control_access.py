"""Who may use ``/_emulator``: programs on this machine, or whoever has the control key."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from trunkline_emulator import Emulator, fleet

from .raw import Plug, plugged, read

KEY = "a-control-key-for-tests"
CLIENT = {"client_id": "intruder", "api_key": "intruder-key", "roles": ["system_owners"]}
CONTROLS = [
    ("GET", "", None), ("GET", "/snapshot", None), ("GET", "/journal", None), ("GET", "/clients", None),
    ("POST", "/clients", CLIENT), ("POST", "/reset", None), ("PATCH", "/variants", {"licence": "expired"}),
    ("POST", "/faults", "500"), ("POST", "/tokens/revoke", {}), ("PUT", "/snapshot", {}), ("DELETE", "/journal", None),
    ("GET", "/nothing", None), ("BREW", "", None),
]  # fmt: skip


@pytest.fixture(scope="module")
def plug() -> Iterator[Any]:
    with plugged(allow_hosts=["pbx.test"]) as plug:
        yield plug


@pytest.fixture(scope="module")
def locked() -> Iterator[Any]:
    with plugged(control_key=KEY) as plug:
        yield plug


def is_untouched(emulator: Any) -> Any:
    return list(emulator.clients) == ["trunkline"] and not emulator.faults and emulator.variants.licence == "ok"


ADMITTED = [
    {},
    {"Host": "127.0.0.1:5004"},
    {"Host": "[::1]:5004"},
    {"Host": "LOCALHOST"},
    {"Host": "pbx.test:1"},
    {"Host": "[::ffff:127.0.0.1]"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Mode": "cors", "User-Agent": "node"},
]


@pytest.mark.parametrize("headers", ADMITTED, ids=str)
def test_programs_on_this_machine_are_answered(plug: Plug, headers: Any) -> None:
    assert plug.control("GET", "", headers=headers).status == 200


# What is somebody else's request, by its headers, and what the refusal names.
REFUSED = [
    ({"Host": "evil.example"}, "evil.example"),
    ({"Host": "evil.example:5004"}, "evil.example"),
    ({"Host": "localhost.evil.example"}, "localhost.evil.example"),
    ({"Host": "127.0.0.1.nip.io"}, "127.0.0.1.nip.io"),
    ({"Host": "192.0.2.7"}, "192.0.2.7"),
    ({"Host": "0.0.0.0:5004"}, "0.0.0.0"),
    ({"Host": "[::1]:80@evil.example"}, "Host"),
    ({"Host": "127.1"}, "Host"),
    ({"Host": "2130706433"}, "Host"),
    ({"Host": "0177.0.0.1"}, "Host"),
    ({"Host": "localhost."}, "Host"),
    ({"Host": "user@localhost"}, "Host"),
    ({"Host": ""}, "Host"),
    ({"X-Forwarded-For": "127.0.0.1"}, "x-forwarded-for"),
    ({"X-Forwarded-For": "203.0.113.9"}, "machine"),
    ({"x-forwarded-HOST": "localhost"}, "x-forwarded-host"),
    ({"X-Forwarded-Proto": "http"}, "x-forwarded-proto"),
    ({"X-Forwarded": "for=127.0.0.1"}, "x-forwarded"),
    ({"Forwarded": "for=127.0.0.1"}, "forwarded"),
    ({"Forwarded": ""}, "forwarded"),
    ({"Via": "1.1 proxy"}, "via"),
    ({"X-Real-IP": "127.0.0.1"}, "x-real-ip"),
    ({"True-Client-IP": "127.0.0.1"}, "true-client-ip"),
    ({"CF-Connecting-IP": "127.0.0.1"}, "cf-connecting-ip"),
    ({"Origin": "https://evil.example"}, "page"),
    ({"Origin": "http://localhost:3000"}, "page"),
    ({"Origin": "null"}, "page"),
    ({"Sec-Fetch-Site": "cross-site"}, "page"),
    ({"Sec-Fetch-Site": "same-site"}, "page"),
    ({"X-Trunkline-Emulator": ""}, "X-Trunkline-Emulator: 1"),
    ({"X-Trunkline-Emulator": "0"}, "X-Trunkline-Emulator: 1"),
    ({"X-Trunkline-Emulator": "1, 1"}, "X-Trunkline-Emulator: 1"),
    ({"X-Trunkline-Control-Key": KEY, "X-Trunkline-Emulator": ""}, "X-Trunkline-Emulator: 1"),
]


@pytest.mark.parametrize(("headers", "named"), REFUSED, ids=str)
@pytest.mark.parametrize(("method", "path", "body"), [CONTROLS[1], CONTROLS[4]])
def test_anybody_else_is_refused_and_told_why(
    plug: Plug, method: Any, path: Any, body: Any, headers: Any, named: Any
) -> None:
    seen = plug.control(method, path, body, headers)
    assert seen.status == 403
    assert named in seen.json["error"]
    assert is_untouched(plug.emulator)


@pytest.mark.parametrize(("method", "path", "body"), CONTROLS)
def test_every_control_wants_our_header(plug: Plug, method: Any, path: Any, body: Any) -> None:
    if method == "BREW":
        method = "PROPFIND"
    content = None if body is None else json.dumps(body).encode()
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        seen = plug.send(method, f"/_emulator{path}", content, {"Authorization": "", "Content-Type": kind})
        assert seen.status == 403
        assert not [name for name in seen.headers if name.startswith("access-control")]
    assert is_untouched(plug.emulator)


def test_no_page_is_ever_granted_our_header(plug: Plug) -> None:
    """A browser asks so before it sends a header of ours, and sends it only if the answer grants it."""
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Headers": "x-trunkline-emulator"}
    seen = plug.control("OPTIONS", "/clients", headers={**asked, "Access-Control-Request-Method": "POST"})
    assert seen.status == 403
    assert not [name for name in seen.headers if name.startswith("access-control")]


OURS = "X-Trunkline-Emulator: 1\r\n"
PAGE = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Site: none\r\n"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /_emulator HTTP/1.1\r\n{ours}", 403),
        ("GET /_emulator HTTP/1.0\r\n{ours}", 403),
        ("GET /_emulator HTTP/1.0\r\nHost: localhost\r\n{ours}", 403),
        ("GET /_emulator HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n{ours}", 400),
        ("GET /_emulator HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n{ours}", 400),
        ("GET /_emulator HTTP/1.1\r\nHost: localhost\r\nhost: localhost\r\n{ours}", 400),
        ("GET /_emulator HTTP/1.1\r\nHost: localhost\r\n Host: evil.example\r\n{ours}", 400),
        ("GET http://evil.example/_emulator HTTP/1.1\r\nHost: localhost\r\n{ours}", 400),
        ("GET http://localhost@evil.example/_emulator HTTP/1.1\r\nHost: localhost\r\n{ours}", 400),
        ("GET http://evil.example@localhost/_emulator HTTP/1.1\r\nHost: localhost\r\n{ours}", 400),
        ("GET http://evil.example?/_emulator HTTP/1.1\r\nHost: localhost\r\n{ours}", 400),
        ("GET http://evil.example/_emulator HTTP/1.1\r\nHost: evil.example\r\n{ours}", 403),
        ("GET http://evil.example/_emulator HTTP/1.1\r\n{ours}", 400),
        ("GET http://localhost/_emulator HTTP/1.1\r\nHost: localhost\r\n{ours}", 200),
        ("GET HTTP://LOCALHOST/_emulator HTTP/1.1\r\nHost: localhost\r\n{ours}", 200),
        ("GET /_emulator HTTP/1.1\r\nHost: localhost\r\n{ours}{ours}", 403),
        ("GET /_emulator HTTP/1.1\r\n{page}{ours}Host: localhost\r\n", 403),
        (
            "POST /_emulator/reset HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
            "Trailer: X-Trunkline-Emulator\r\n\r\n0\r\nX-Trunkline-Emulator: 1\r\n",
            403,
        ),
    ],
)  # fmt: skip
def test_requests_that_name_two_hosts_or_none(plug: Plug, head: str, status: int) -> None:
    sent = head.format(ours=OURS, page=PAGE) + "\r\n"
    with socket.create_connection(("127.0.0.1", plug.port), timeout=20) as connection:
        connection.sendall(sent.encode())
        assert read(connection).status == status


@pytest.mark.parametrize(
    ("peer", "status"),
    [("127.0.0.1", 200), ("127.8.9.1", 200), ("::1", 200), ("::ffff:127.0.0.1", 200), ("192.0.2.1", 403), ("x", 403)],
)
@pytest.mark.parametrize("key", [None, KEY])
def test_other_machines_need_the_key(runner: asyncio.Runner, peer: str, status: int, key: Any) -> None:
    sent = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"x-trunkline-emulator", b"1")]
    if key:
        headers = [(b"host", b"pbx.test"), (b"x-trunkline-control-key", KEY.encode())]
    scope = {"type": "http", "method": "GET", "path": "/_emulator", "raw_path": b"/_emulator", "query_string": b""}
    runner.run(Emulator(control_key=key)({**scope, "headers": headers, "client": (peer, 4)}, receive, send))
    assert sent[0]["status"] == (200 if key else status)


# ── the control key ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "headers",
    [{}, {"Host": "pbx.test"}, {"Host": "evil.example"}, {"X-Forwarded-For": "203.0.113.9"}, {"Via": "1.1 proxy"}],
    ids=str,
)
def test_with_the_key_any_host_and_proxy_may_ask(locked: Any, headers: dict[str, Any]) -> None:
    assert locked.control("GET", "", headers={"X-Trunkline-Control-Key": KEY, **headers}).status == 200


@pytest.mark.parametrize("key", [None, "", KEY[:-1], KEY + "x", KEY.upper(), f"{KEY}, {KEY}", f"Bearer {KEY}", "\xe9"])
def test_without_the_key_nobody_may(locked: Any, key: Any) -> None:
    headers = {} if key is None else {"X-Trunkline-Control-Key": key}
    seen = locked.control("POST", "/clients", CLIENT, headers)
    assert seen.status == 403
    assert KEY not in seen.data.decode("latin-1")
    assert is_untouched(locked.emulator)


def test_a_page_may_not_even_with_the_key(locked: Any) -> None:
    headers = {"X-Trunkline-Control-Key": KEY, "Origin": "http://localhost:3000"}
    assert locked.control("GET", "", headers=headers).status == 403


@pytest.mark.parametrize("key", ["", " ", " key", "key ", "a\nb", "ключ", "a\x00b", "\x7f"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="A control key is printable ASCII text"):
        Emulator(control_key=key)


def test_the_key_is_never_shown(locked: Any) -> None:
    shown = repr(locked.emulator)
    for path in ("", "/snapshot", "/clients", "/journal", "/variants"):
        shown += locked.control("GET", path, headers={"X-Trunkline-Control-Key": KEY}).body.decode()
    assert KEY not in shown


def test_in_process_the_owner_needs_no_header() -> None:
    for emulator in (Emulator(), Emulator(control_key=KEY)):
        assert emulator.ask("GET", "/_emulator").status == 200


def test_each_pbx_of_a_fleet_has_the_key() -> None:
    with fleet(2, control_key=KEY, allow_hosts=["pbx.test"]) as pbxes:
        for pbx in pbxes:
            assert pbx.emulator.ask("GET", "/_emulator").status == 200
            assert pbx.emulator.ask("GET", "/_emulator", headers={"x-trunkline-control-key": "wrong"}).status == 403
