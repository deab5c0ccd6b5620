"""Response headers hold any bytes: file names in UTF-8 or Latin-1, names of proxies. All adapters read them alike."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asking import WAYS, Ask
from nasty import Asked, Bytes, Nasty, http
from trunkline import errors
from trunkline.transport.headers import decode_value
from trunkline.transport.pyreqwest_headers import lenient_headers

DOWNLOAD = "recordings.download_recording"
NAMES = {
    "UTF-8": ("Müller – 通話.wav".encode(), "Müller – 通話.wav"),
    "Latin-1": ("Müller.wav".encode("latin-1"), "Müller.wav"),
    "bytes of no encoding": (b"rec\xff\xfe.wav", "recÿþ.wav"),
}


def raw(status: int, body: bytes, *lines: bytes, length: bool = True) -> Bytes:
    own = [b"Content-Length: %d" % len(body)] if length else []
    return Bytes(b"\r\n".join([b"HTTP/1.1 %d X" % status, *own, *lines, b"", body]), keep_alive=length)


def file_named(name: bytes) -> Bytes:
    return raw(200, b"RIFF", b"Content-Type: audio/wav", b'Content-Disposition: attachment; filename="' + name + b'"')


@pytest.mark.parametrize("encoding", NAMES)
def test_a_file_keeps_its_name(ask: Ask, encoding: str, tmp_path: Path) -> None:
    sent, name = NAMES[encoding]
    with Nasty(lambda asked: file_named(sent)) as server:
        assert ask(server.url, DOWNLOAD, 42) == (name, "audio/wav", b"RIFF")
        saved = ask(server.url, DOWNLOAD, 42, to=tmp_path)
    assert saved.name == name
    assert saved.path == tmp_path / name
    assert saved.path.read_bytes() == b"RIFF"


@pytest.mark.parametrize("value", [b"M\xc3\xbcller", b"M\xfcller", b"\xff\xfe\xfd", b"caf\xe9, b\xc3\xbc"])
@pytest.mark.parametrize("status", [200, 201, 204, 400, 404, 500])
def test_a_proxys_odd_name_changes_nothing(ask: Ask, value: bytes, status: int) -> None:
    body = b"" if status == 204 else b'{"Id":4}' if status < 300 else b'{"error":{"code":"","message":"No."}}'
    lines = (b"X-3CX-Version: 20.0.10.1", b"Content-Type: application/json", b"X-Via: a", b"X-Via: " + value)
    with Nasty(lambda asked: raw(status, body, *lines)) as server:
        answer = ask(server.url, "fax.get", 4, raw=True)
    assert answer.status == status
    assert answer.body == body
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-3cx-version"] == "20.0.10.1"
    assert answer.headers["x-via"] == decode_value(value)


def test_each_header_is_decoded_for_itself(ask: Ask) -> None:
    lines = (b"X-One: M\xc3\xbcller", b"X-Two: M\xfcller", b"X-Three: plain", b"X-Four: \xe2\x82\xac", b"Via: \xa9")
    with Nasty(lambda asked: raw(200, b"{}", b"Content-Type: application/json", *lines)) as server:
        headers = ask(server.url, "fax.get", 4, raw=True).headers
    assert [headers[f"x-{n}"] for n in ("one", "two", "three", "four")] == ["Müller", "Müller", "plain", "€"]
    assert headers["via"] == "©"


def test_a_sign_in_behind_an_odd_proxy_works(ask: Ask) -> None:
    token = b'{"token_type":"Bearer","expires_in":3600,"access_token":"opaque"}'

    def answer(asked: Asked) -> Bytes:
        body = token if asked.target == "/connect/token" else b'{"Id":4}'
        return raw(200, body, b"Content-Type: application/json", b"X-Via: M\xfcller")

    with Nasty(answer, sign_in=False) as server:
        assert ask(server.url, "fax.get", 4) == {"Id": 4}


@pytest.mark.parametrize("name", ["Connection", "Transfer-Encoding", "Host", "Te", "Upgrade", "Expect"])
def test_odd_bytes_where_http_has_words_end_in_an_answer_or_an_error_of_ours(ask: Ask, name: str) -> None:
    with Nasty(lambda asked: raw(200, b'{"Id":4}', name.encode() + b": M\xfcller")) as server:
        with contextlib.suppress(errors.TransportError):
            assert ask(server.url, "fax.get", 4) == {"Id": 4}


def test_the_same_odd_header_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from trunkline.transport import pyreqwest_headers

    looked: list[int] = []
    as_bytes = pyreqwest_headers._as_bytes
    monkeypatch.setattr(pyreqwest_headers, "_as_bytes", lambda odd: looked.append(1) or as_bytes(odd))
    with Nasty(lambda asked: raw(200, b'{"value":[]}', b"X-Via: Proxy \xe9t\xe9")) as server:
        for _ in range(3):
            assert WAYS["sync-pyreqwest"](server.url, "fax.list") == []
    assert len(looked) == 1


def test_where_no_socket_is_left_the_answer_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from trunkline.transport import pyreqwest_headers

    def fail(*_: object) -> None:
        raise OSError(24, "Too many open files")

    with Nasty(lambda asked: raw(200, b'{"Id":4}', b"X-Via: Pr\xf6xy")) as server:
        monkeypatch.setattr(f"{pyreqwest_headers.__name__}.socket.create_server", fail)
        assert WAYS["sync-pyreqwest"](server.url, "fax.get", 4) == {"Id": 4}


ODD = st.binary(min_size=1, max_size=40).map(lambda value: value.translate(None, b"\r\n\x00")).filter(bytes.strip)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(value=ODD)
def test_no_header_brings_an_exception_that_is_not_ours(value: bytes) -> None:
    for ask in WAYS.values():
        with Nasty(lambda asked: raw(200, b'{"Id":4}', b"X-Odd: " + value, b"X-Odder: \xfc" + value)) as server:
            try:
                assert ask(server.url, "fax.get", 4) == {"Id": 4}
            except errors.TransportError:
                assert any(byte < 32 or byte == 127 for byte in value)


def test_a_value_without_odd_bytes_takes_the_short_way() -> None:
    from pyreqwest.http import HeaderMap

    assert lenient_headers(HeaderMap([("X-A", "1"), ("X-A", "2"), ("X-B", "3")])) == {"x-a": "2", "x-b": "3"}


BAD_REQUESTS: list[tuple[str, Callable[[Ask, str], Any], type[errors.TrunklineError]]] = [
    ("if-match", lambda ask, url: ask(url, "fax.delete", 4, if_match='W/"ü"'), errors.UsageError),
    (
        "a long filter",
        lambda ask, url: ask(url, "fax.list", filter="Number eq '" + "9" * 70_000 + "'"),
        errors.UsageError,
    ),
]


@pytest.mark.parametrize("case", BAD_REQUESTS, ids=[case[0] for case in BAD_REQUESTS])
def test_a_request_that_no_library_can_send_is_refused(ask: Ask, case: tuple[str, Any, type[Exception]]) -> None:
    _, call, kind = case
    with Nasty(lambda asked: http(200, "{}")) as server, pytest.raises(kind):
        call(ask, server.url)
    assert server.api_calls == []


@pytest.mark.parametrize("token", ["tök", "a\r\nX-Evil: 1", "a\x00b", "a\nb", "\u202e"])
def test_a_token_that_no_header_can_hold_is_a_broken_answer(ask: Ask, token: str) -> None:
    body = json.dumps({"token_type": "Bearer", "expires_in": 3600, "access_token": token})
    with Nasty(lambda asked: http(200, body), sign_in=False) as server:
        with pytest.raises(errors.TrunklineError) as raised:
            ask(server.url, "fax.get", 4)
    assert token not in str(raised.value)
    assert server.api_calls == []
