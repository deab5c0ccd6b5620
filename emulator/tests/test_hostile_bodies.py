"""Bodies that are not an honest client's: each gets a clean 4xx, and the emulator goes on."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from .conftest import Dial, Line

JSON = {"content-type": "application/json"}
FORM = {"content-type": "multipart/form-data; boundary=X"}
OURS = {**JSON, "x-trunkline-emulator": "1"}
PART = b'--X\r\nContent-Disposition: form-data; name="f"\r\n\r\n\r\n'
FILE = b'--X\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n\r\n'
DEEP = (100, 400, 900, 990, 5000, 100_000)


def send(line: Line, method: Any, path: Any, body: Any, headers: Any) -> Any:
    signed = {"authorization": f"Bearer {line.token}", **headers}
    return line.send(method, path, body, signed, host="localhost")


@pytest.mark.parametrize("depth", DEEP)
@pytest.mark.parametrize("around", [(b"", b""), (b'{"FirstName":', b"}"), (b'{"Messaging":', b"}")])
@pytest.mark.parametrize("level", [(b"[", b"]"), (b'{"a":', b"}")])
@pytest.mark.parametrize(("method", "path"), [("POST", "/Contacts"), ("PATCH", "/Trunks(30)"), ("PATCH", "/MyUser")])
def test_deep_json(
    quiet: Line, depth: Any, around: tuple[Any, ...], level: tuple[Any, ...], method: str, path: str
) -> None:
    body = around[0] + level[0] * depth + b"1" + level[1] * depth + around[1]
    assert send(quiet, method, f"/xapi/v1{path}", body, JSON).status in (400, 404)


@pytest.mark.parametrize("depth", DEEP)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/seed", {"rows": {"Fax": "@"}}),
        ("POST", "/seed", {"rows": "@"}),
        ("POST", "/seed", "@"),
        ("PATCH", "/variants", {"etags": "@"}),
        ("POST", "/faults", "@"),
        ("POST", "/faults", {"do": "@"}),
        ("POST", "/clock", {"skew": "@"}),
        ("POST", "/clients", {"client_id": "a", "api_key": "b", "roles": "@"}),
        ("PUT", "/snapshot", {"version": "20.0.10", "seed": "@", "variants": {}, "clock_skew": 0, "state": {}}),
        ("PUT", "/snapshot", {"version": "20.0.10", "seed": "demo", "variants": {}, "clock_skew": 0, "state": "@"}),
    ],
)
def test_deep_json_at_the_controls(pbx: Line, depth: Any, method: str, path: str, body: dict[str, Any] | str) -> None:
    content = json.dumps(body).encode().replace(b'"@"', b'{"a":' * depth + b"1" + b"}" * depth)
    assert send(pbx, method, f"/_emulator{path}", content, OURS).status == 400
    assert list(pbx.emulator.clients) == ["trunkline"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"FirstName":"\\ud800"}',
        b'{"FirstName":"M\xfcller"}',
        '{"FirstName":"a"}'.encode("utf-16"),
        gzip.compress(b'{"FirstName":"a"}', mtime=0),
        b'{"Id":' + b"9" * 5000 + b"}",
        b'{"Id":1e400}',
        b'{"Id":NaN}',
        b'{"":{"":1}}',
        b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}",
        b"[" + b"[]," * 1_000_000 + b"[]]",
        b'"' + b"x" * 3_000_000 + b'"',
        b'{"FirstName":' + b'"x",' * 100_000,
        b"\x00" * 1000,
    ],
    ids=lambda value: repr(value[:20]),
)
def test_odd_json(quiet: Line, body: Any) -> None:
    answer = send(quiet, "POST", "/xapi/v1/Contacts", body, JSON)
    assert answer.status == 400
    assert len(answer.body) < 50_000


def test_a_refusal_has_a_size(dial: Dial) -> None:
    agents = [{"Number": f"no-{n}"} for n in range(5000)]
    answer = dial(strict=True).ask("PATCH", "/Queues(61)", {"Agents": agents})
    assert answer.status == 400
    assert len(answer.json["error"]["details"]) == 200
    assert len(answer.body) < 50_000


@pytest.mark.parametrize(
    "body",
    [
        PART * 50_000 + b"--X--",
        FILE * 20_000 + b"--X--",
        PART * 101 + b"--X--",
        b"--X\r\n" + b"A: b\r\n" * 200_000,
        b"--X\r\nA: " + b"b" * 2_000_000,
        b"--X" * 500_000,
        b"\r\n--" * 500_000,
        b'--X\r\nContent-Disposition: form-data; name="' + b"a" * 1_000_000 + b'"\r\n\r\nx\r\n--X--',
        b"--X\r\nContent-Disposition: form-data" + b";a=b" * 100_000 + b"\r\n\r\nx\r\n--X--",
        b'--X\r\nContent-Disposition: form-data; name="' + b'\\"' * 100_000 + b"\r\n\r\nx\r\n--X--",
        b"--X\r\nContent-Disposition: form-data; name=\xff\xfe; filename=\xff\r\n\r\nx\r\n--X--",
        b'--X\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name="f"\r\n\r\n=\xff\r\n--X--',
        b"--X\r\n\r\n\r\n--X--",
        b"",
    ],
    ids=lambda value: repr(value[-20:]),
)
@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=X",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/x; boundary",
    ],
)
def test_odd_forms(quiet: Line, body: Any, kind: str) -> None:
    headers = {"content-type": kind}
    assert send(quiet, "POST", "/xapi/v1/customPrompts", body, headers).status == 400
    assert send(quiet, "POST", "/connect/token", body, headers).status in (400, 413)
    assert send(quiet, "POST", "/connect/token", body[:65_536], headers).status == 400


def test_codes_that_nobody_brings_back_are_forgotten(quiet: Line) -> None:
    """Anybody may ask for a code."""
    asked = (
        "/connect/authorize?client_id=trunkline&response_type=code&scope=openid&state=s&code_challenge_method=S256"
        f"&redirect_uri=http://127.0.0.1:1/&code_challenge={'a' * 43}"
    )
    for _ in range(20):
        assert quiet.send("GET", asked).status == 302
    from trunkline_emulator import signin

    for number in range(signin.MOST_WAITING):
        quiet.emulator._sign_in._codes[str(number)] = None  # type: ignore[assignment]
    quiet.send("GET", asked)
    assert len(quiet.emulator._sign_in._codes) <= signin.MOST_WAITING + 20


def test_a_journal_of_long_paths_is_shorter(pbx: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    from trunkline_emulator import journal

    monkeypatch.setattr(journal, "MOST_TEXT", 100_000)
    for number in range(50):
        pbx.get(f"/Defs?x={number}" + "a" * 8000)
    kept = pbx.emulator.journal
    assert 5 < len(kept) < 13
    assert kept[-1].path.startswith("/xapi/v1/Defs?x=49a")
    assert kept[-1].id == 51
