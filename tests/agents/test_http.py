"""HTTP: who may ask, from where, and how much."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from mcp_client import COMMAND, MODES, TOKEN, Served, over_http, served
from saved_fleet import SavedFleet
from trunkline.errors import ConfigurationError
from trunkline.mcp.http import SHORTEST, read_token

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def post(url: str, headers: Mapping[str, str], content: Any = None) -> httpx2.Response:
    """Send a request as any program could."""
    body: dict[str, Any] = {"json": INITIALIZE} if content is None else {"content": content}
    return httpx2.post(url, headers={**ACCEPT, **headers}, timeout=300, **body)


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ({}, 'Bearer realm="trunkline"'),
        ({"Authorization": f"Bearer {TOKEN}x"}, 'Bearer realm="trunkline", error="invalid_token"'),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 'Bearer realm="trunkline", error="invalid_token"'),
        ({"Authorization": TOKEN}, 'Bearer realm="trunkline", error="invalid_token"'),
        ({"Authorization": f"Basic {TOKEN}"}, 'Bearer realm="trunkline", error="invalid_token"'),
        ({"Authorization": ""}, 'Bearer realm="trunkline", error="invalid_token"'),
    ],
)
def test_who_has_no_token_gets_401(http: Served, headers: dict[str, str], challenge: str) -> None:
    for answer in (post(http.url, headers), httpx2.get(http.url, headers=headers)):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == challenge


def test_who_has_it_is_served(http: Served) -> None:
    assert post(http.url, BEARER).status_code == 200
    assert post(http.url, {"Authorization": f"bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "attacker.example.com"}, 421),
        ({"Host": "127.0.0.1.example.com"}, 421),
        ({"Origin": "https://attacker.example.com"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_pages_of_other_sites_are_refused(http: Served, headers: dict[str, str], status: int) -> None:
    assert post(http.url, {**BEARER, **headers}).status_code == status


def test_a_body_that_is_too_large_is_refused(http: Served) -> None:
    assert post(http.url, BEARER, b'{"x":"' + b"x" * 1_000_000 + b'"}').status_code == 413


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"jsonrpc":"2.0"}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_the_protocol_is_refused(http: Served, content: bytes) -> None:
    assert 400 <= post(http.url, BEARER, content).status_code < 500


def test_a_session_that_nobody_began_is_unknown(http: Served) -> None:
    assert post(http.url, {**BEARER, "Mcp-Session-Id": "made-up"}).status_code == 404


def test_other_paths_lead_nowhere(http: Served) -> None:
    parts = urlsplit(http.url)
    assert httpx2.get(f"{parts.scheme}://{parts.netloc}/", headers=BEARER).status_code == 404


def test_without_a_token_only_this_machine_is_served(places: SavedFleet) -> None:
    with served(places.environment, ["--profile", "pbx-01"]) as server, over_http(server.url, token=None) as agent:
        assert len(agent.do("list_tools").tools) == 5
    command = [*COMMAND, "--http", "--port", "0", "--host", "0.0.0.0", "--profile", "pbx-01"]
    done = subprocess.run(
        command, env=dict(places.environment), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 3
    assert "Other machines reach 0.0.0.0, so a bearer token is needed." in done.stderr


@pytest.mark.parametrize("mode", MODES)
def test_a_token_from_a_file_and_another_address(places: SavedFleet, tmp_path: Path, mode: str) -> None:
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_text(f"{TOKEN}\n")
    with (
        served(places.environment, ["--profile", "pbx-01", "--host", "0.0.0.0", "--token-file", str(file)]) as server,
        over_http(server.url.replace("0.0.0.0", "127.0.0.1"), mode=mode) as agent,
    ):
        assert agent.answer("status")["pbxs"][0]["pbx"] == "pbx-01"


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        ("short", 0o600, f"at least {SHORTEST} ASCII characters"),
        ("with a space in the middle", 0o600, "without spaces"),
        (TOKEN, 0o644, "can be read by others"),
        (None, 0o600, "can't be read"),
    ],
)
def test_a_token_that_protects_nothing_is_refused(tmp_path: Path, content: str | None, mode: int, why: str) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    with pytest.raises(ConfigurationError) as caught:
        read_token(file, {})
    assert why in str(caught.value)


def test_a_port_that_is_in_use_is_named(places: SavedFleet) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [*COMMAND, "--http", "--port", port, "--profile", "pbx-01"]
        done = subprocess.run(
            command, env=dict(places.environment), capture_output=True, text=True, timeout=300, check=False
        )
    assert done.returncode == 3
    assert f"Nothing can listen at 127.0.0.1 port {port}" in done.stderr
