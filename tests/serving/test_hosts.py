"""Which hosts and origins a server answers."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from trunkline.serving.hosts import KnownHosts, host_of, is_loopback


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("console.example.com", "console.example.com"),
        ("Console.Example.com:8730", "console.example.com"),
        ("127.0.0.1:8730", "127.0.0.1"),
        ("[::1]:8730", "::1"),
        ("localhost", "localhost"),
        ("", None),
        ("evil@localhost", None),
        ("localhost/evil", None),
        ("localhost?evil", None),
        ("localhost:port", None),
        ("localhost:99999", None),
        ("[::1", None),
    ],
)
def test_a_host_header_is_a_host_and_a_port_and_nothing_else(header: str, host: str | None) -> None:
    assert host_of(header) == host


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.7", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, is_local: bool) -> None:
    assert is_loopback(host) is is_local


def answered(*headers: tuple[str, str], kind: str = "http", names: tuple[str, ...] = ()) -> int:
    """Send headers to a server that knows hosts, and return its status; 200 where the app behind it was asked."""
    sent: list[MutableMapping[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"status": 200})

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": kind, "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers]}
    asyncio.run(KnownHosts(app, names)(scope, receive, send))
    return int(sent[0].get("status", sent[0].get("code", 0)))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("host", "localhost:8730")], 200),
        ([("host", "192.0.2.7:8730")], 200),
        ([("host", "pbx.example.com")], 200),
        ([("host", "PBX.example.com:443")], 200),
        ([("host", "rebound.example.com")], 421),
        ([("host", "localhost"), ("host", "rebound.example.com")], 421),
        ([], 421),
        ([("host", "localhost:8730"), ("origin", "http://localhost:8730")], 200),
        ([("host", "localhost:8730"), ("origin", "http://localhost:9999")], 403),
        ([("host", "localhost:8730"), ("origin", "https://evil.example.com")], 403),
        ([("host", "localhost:8730"), ("origin", "http://localhost:8730.evil.example.com")], 403),
        ([("host", "localhost:8730"), ("origin", "null")], 403),
        (
            [("host", "localhost:8730"), ("origin", "http://localhost:8730"), ("origin", "https://evil.example.com")],
            403,
        ),
    ],
)
def test_only_its_own_names_and_pages_are_answered(headers: list[tuple[str, str]], status: int) -> None:
    assert answered(*headers, names=("pbx.example.com",)) == status
    assert answered(*headers, names=("pbx.example.com",), kind="websocket") == (status if status == 200 else 1008)


def test_the_life_of_the_app_passes() -> None:
    assert answered(kind="lifespan") == 200
