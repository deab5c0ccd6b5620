"""`trunkline doctor` names what is wrong, says what to do next, and ends with the code of what failed."""

from __future__ import annotations

import csv
import io
import json
import os
import secrets
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from certificates import DAY, NOW, Authority
from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import Asked, Bytes, Nasty, closed_port, http
from trunkline import errors
from trunkline.cli import check_network, checks
from trunkline.profiles import token_store
from trunkline_emulator import Emulator, running

Line = Callable[..., Any]
ORDER = ["address", "name", "port", "tls", "api", "clock", "sign-in", "licence", "rights", "version"]


@pytest.fixture
def doctor(line: Line) -> Callable[..., tuple[int, dict[str, dict[str, str]]]]:
    """Examine an address; the exit code, and what each check found."""

    def examine(url: str, *more: str, client: str = CLIENT, key: str = KEY) -> tuple[int, dict[str, dict[str, str]]]:
        said = line("doctor", "--url", url, "--client-id", client, "--api-key", key, "-o", "json", *more)
        assert key not in said.out + said.err
        told = json.loads(said.out)
        assert told["exit_code"] == said.code
        found = {each["check"]: each for each in told["checks"]}
        assert [name for name in ORDER if name in found] == list(found), "each on what came before"
        bad = [each for each in told["checks"] if each["result"] == "failed"]
        assert len(bad) == (1 if said.code else 0)
        assert all(each["hint"] for each in bad), "what to do next"
        assert not bad or bad[0] is told["checks"][-1]
        return said.code, found

    return examine


def failed(found: dict[str, dict[str, str]]) -> dict[str, str]:
    return next(each for each in found.values() if each["result"] == "failed")


# ── nothing is wrong ────────────────────────────────────────────────────────────────────────────


def test_nothing_is_wrong(doctor: Any, system: System) -> None:
    code, found = doctor(system.url)
    assert code == 0
    assert list(found) == ORDER
    assert {each["result"] for each in found.values()} == {"ok"}
    assert "20.0.10" in found["version"]["said"]
    assert system.sent("PATCH") == system.sent("DELETE") == []


def test_every_format_has_a_line_for_each(line: Line, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_URL", system.url)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", VIEWER)
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", VIEWER_KEY)
    table = line("doctor", "-o", "table")
    assert table.code == 5
    first = [row.split()[:2] for row in table.out.splitlines() if not row.startswith(" ")]
    assert first == [*(["ok", name] for name in ORDER[:7]), ["FAILED", "rights"]]
    assert "System Owner" in table.out.splitlines()[-1]
    assert [row["check"] for row in line("doctor", "-o", "jsonl").lines] == [*ORDER[:7], "rights"]
    assert VIEWER_KEY not in table.out + table.err
    assert [row["check"] for row in csv.DictReader(io.StringIO(line("doctor", "-o", "csv").out))][-1] == "rights"
    written = yaml.safe_load(line("doctor", "-o", "yaml").out)
    assert (written["exit_code"], written["checks"][-1]["check"]) == (5, "rights")


def test_a_profile_is_examined(line: Line, system: System, ring: Any) -> None:
    line("login", "acme", "--url", system.url, "--client-id", CLIENT, "--api-key", KEY)
    said = line("doctor", "-o", "table")
    assert said.code == 0
    assert "profile acme" in said.out
    line("logout", "acme")
    again = line("doctor", "-o", "table")
    assert (again.code, "trunkline login acme" in again.out) == (3, True)


def test_nothing_is_known(line: Line) -> None:
    said = line("doctor", "-o", "json")
    told = json.loads(said.out)
    assert (said.code, told["exit_code"], told["checks"][0]["result"]) == (3, 3, "failed")
    assert "trunkline login" in told["checks"][0]["hint"]


# ── the way there ───────────────────────────────────────────────────────────────────────────────


def test_an_address_that_is_none(doctor: Any) -> None:
    code, found = doctor("ftp://pbx.example.com")
    assert (code, list(found)) == (3, ["address"])


def test_a_name_that_nobody_knows(doctor: Any) -> None:
    code, found = doctor("https://pbx.invalid")
    assert (code, failed(found)["check"]) == (6, "name")
    assert "pbx.invalid" in failed(found)["said"]


def test_a_port_where_nobody_answers(doctor: Any) -> None:
    code, found = doctor(closed_port())
    assert (code, failed(found)["check"]) == (6, "port")


def test_another_port_that_answers_is_proposed(doctor: Any, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(system.url.rpartition(":")[2])
    monkeypatch.setattr(check_network, "_PORTS", (port,))
    code, found = doctor(closed_port())
    assert code == 6
    assert f":{port}?" in failed(found)["hint"]


def test_a_port_that_is_silent(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object, **__: object) -> socket.socket:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", silent)
    code, found = doctor("https://192.0.2.1")
    assert (code, failed(found)["check"]) == (6, "port")
    assert "firewall" in failed(found)["hint"]


def test_a_proxy_is_named_and_what_is_behind_it_left_to_it(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    with Nasty(lambda asked: http(502, "")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("http://", "http://user:proxy-password@"))
        said = line("doctor", "--url", "http://pbx.invalid", "--client-id", "c", "--api-key", KEY, "-o", "jsonl")
        assert KEY not in str(proxy.asked)
    assert said.code == 6
    assert [(row["check"], row["result"]) for row in said.lines] == [
        ("address", "ok"),
        ("network", "remark"),
        ("api", "failed"),
    ]
    assert proxy.url.removeprefix("http://") in said.lines[1]["said"]
    assert "proxy-password" not in said.out + said.err


# ── certificates ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("doctor-ca"))


def test_an_authority_that_nobody_trusts_and_the_file_that_helps(doctor: Any) -> None:
    with running(Emulator(client_id=CLIENT, api_key=KEY), tls=True) as url:
        code, found = doctor(url)
        assert (code, failed(found)["check"]) == (6, "tls")
        assert "--ca-file" in failed(found)["hint"]
        code, found = doctor(url, "--ca-file", str(url.ca))
        assert code == 0
        assert "good until" in found["tls"]["said"]
        code, found = doctor(url, "--insecure")
        assert (code, found["tls"]["result"]) == (0, "remark")
        assert "nothing is verified" in found["tls"]["said"]


def test_the_wrong_ca_file_and_none(doctor: Any, tmp_path: Path) -> None:
    other = Authority(tmp_path, "Another CA").ca_file
    with running(Emulator(client_id=CLIENT, api_key=KEY), tls=True) as url:
        code, found = doctor(url, "--ca-file", str(other))
        assert (code, failed(found)["check"]) == (6, "tls")
        assert "another authority" in failed(found)["hint"]
        code, found = doctor(url, "--ca-file", str(tmp_path / "none.pem"))
        assert (code, failed(found)["check"]) == (3, "tls")


EXPIRED = NOW - DAY


@pytest.mark.parametrize(
    ("hosts", "until", "said"),
    [
        (("127.0.0.1",), EXPIRED, "has expired"),
        (("pbx.example.com",), NOW + DAY, "not for 127.0.0.1"),
    ],
)
def test_a_certificate_that_is_bad(
    doctor: Any, authority: Authority, hosts: tuple[str, ...], until: Any, said: str
) -> None:
    tls = authority.server(*hosts, until=until)
    with Nasty(lambda asked: http(401, ""), tls=tls) as server:
        code, found = doctor(server.url, "--ca-file", str(authority.ca_file))
        assert server.asked == [], "the key goes to nobody who isn't trusted"
    assert (code, failed(found)["check"]) == (6, "tls")
    assert said in failed(found)["said"]


def test_a_self_signed_certificate(doctor: Any, tmp_path: Path) -> None:
    tls, _ = Authority(tmp_path).self_signed("127.0.0.1", ca=False)
    with Nasty(lambda asked: http(401, ""), tls=tls) as server:
        code, found = doctor(server.url)
    assert (code, failed(found)["check"]) == (6, "tls")
    assert "--ca-file" in failed(found)["hint"]


def test_one_that_the_http_library_takes_from_no_server(doctor: Any, tmp_path: Path) -> None:
    """OpenSSL takes a self-signed authority as a server's certificate, rustls never: that shows a step later."""
    tls, file = Authority(tmp_path).self_signed("127.0.0.1", ca=True)
    with Nasty(lambda asked: http(401, ""), tls=tls) as server:
        code, found = doctor(server.url, "--ca-file", str(file))
    assert (code, failed(found)["check"]) == (6, "api")
    assert "httpx2" in failed(found)["hint"]


def test_a_certificate_that_ends_soon_is_remarked(doctor: Any, authority: Authority) -> None:
    tls: ssl.SSLContext = authority.server("127.0.0.1", until=NOW + 3 * DAY)
    with Nasty(lambda asked: http(401, ""), tls=tls) as server:
        _, found = doctor(server.url, "--ca-file", str(authority.ca_file))
    assert found["tls"]["result"] == "remark"
    assert "2 days" in found["tls"]["said"]
    assert found["clock"]["result"] == "remark", "this server does not tell the time"


def test_https_where_plain_http_is_spoken_and_the_other_way_round(doctor: Any, system: System) -> None:
    with Nasty(lambda asked: http(401, "")) as server:
        code, found = doctor(server.url.replace("http:", "https:"))
    assert (code, failed(found)["check"]) == (6, "tls")
    assert "no TLS" in failed(found)["said"]
    with running(Emulator(client_id=CLIENT, api_key=KEY), tls=True) as url:
        code, found = doctor(url.replace("https:", "http:"))
    assert (code, failed(found)["check"]) == (6, "api")
    assert "https://" in failed(found)["hint"]


# ── what answers ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "body"), [(200, "<html>a router</html>"), (404, "nothing here"), (302, ""), (503, ""), (200, "{}")]
)
def test_what_answers_is_no_3cx(doctor: Any, status: int, body: str) -> None:
    with Nasty(lambda asked: http(status, body)) as server:
        code, found = doctor(server.url)
        assert all(asked.target != "/connect/token" for asked in server.asked), "the key is not sent there"
    assert (code, failed(found)["check"]) == (6, "api")


@pytest.mark.parametrize(("skew", "said"), [(-600, "10 min behind"), (7200, "2 h ahead of")])
def test_clocks_that_differ_are_remarked(doctor: Any, skew: float, said: str) -> None:
    with running(Emulator(client_id=CLIENT, api_key=KEY, clock_skew=skew)) as url:
        code, found = doctor(url)
    assert (code, found["clock"]["result"]) == (0, "remark")
    assert said in found["clock"]["said"]


def test_a_clock_that_is_beyond_all_calendars_is_none(doctor: Any) -> None:
    with Nasty(lambda asked: http(401, "", Date="Mon, 01 Jan 99999999999 00:00:00 GMT")) as server:
        _, found = doctor(server.url)
    assert "does not tell the time" in found["clock"]["said"]


def test_a_blocked_address_is_told_before_the_key_is_blamed(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_TOKEN_DIR", "off")
    emulator = Emulator(client_id=CLIENT, api_key=KEY)
    with running(emulator) as url:
        for _ in range(40):
            code, found = doctor(url, key="wrong-key-0123456789")
            if found["api"]["result"] == "remark":
                break
        assert (code, failed(found)["check"]) == (4, "sign-in")
        assert "blacklist" in found["api"]["hint"]


# ── what the client may do ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("client", "key", "code", "check"),
    [(CLIENT, "wrong-key", 4, "sign-in"), ("nobody", KEY, 4, "sign-in"), (VIEWER, VIEWER_KEY, 5, "rights")],
)
def test_a_client_that_may_not(doctor: Any, system: System, client: str, key: str, code: int, check: str) -> None:
    found_code, found = doctor(system.url, client=client, key=key)
    assert (found_code, failed(found)["check"]) == (code, check)


def test_an_admin_is_told_what_only_an_owner_may(doctor: Any) -> None:
    emulator = Emulator(client_id=CLIENT, api_key=KEY)
    emulator.add_client("admin", "admin-key-0123456789", roles=("system_admins",))
    with running(emulator) as url:
        code, found = doctor(url, client="admin", key="admin-key-0123456789")
    assert (code, found["rights"]["result"]) == (0, "remark")
    assert "System Owner" in found["rights"]["hint"]


@pytest.mark.parametrize(("licence", "said"), [("expired", "has ended"), ("too_small", "4 simultaneous calls")])
def test_a_licence_without_an_api(doctor: Any, licence: str, said: str) -> None:
    with running(Emulator(client_id=CLIENT, api_key=KEY, variants={"licence": licence})) as url:
        code, found = doctor(url)
    assert (code, failed(found)["check"]) == (5, "licence")
    assert said in failed(found)["said"]


@pytest.mark.parametrize(
    ("version", "result"), [("20.0.7", "ok"), ("20.0.10", "ok"), ("20.0.11.3", "remark"), ("18.0.9", "remark")]
)
def test_a_version_that_is_known_or_not(version: str, result: str) -> None:
    assert checks._version(version).result == result


def test_a_version_that_is_not_told(doctor: Any) -> None:
    with running(Emulator(client_id=CLIENT, api_key=KEY, variants={"version_header": False})) as url:
        code, found = doctor(url)
    assert (code, found["version"]["result"]) == (0, "remark")


@pytest.mark.parametrize(
    ("fault", "code", "check"),
    [
        ("500@POST /connect/token", 6, "sign-in"),
        ("401@GET /Defs", 4, "sign-in"),
        ("500@GET /Users", 6, "rights"),
        ("reset-before@GET /LicenseStatus", 6, "licence"),
    ],
)
def test_a_pbx_that_is_broken(doctor: Any, fault: str, code: int, check: str) -> None:
    if fault.startswith("401"):
        fault = "401:after=1@GET /Defs"  # the first is asked without a token
    with running(Emulator(client_id=CLIENT, api_key=KEY, faults=[fault])) as url:
        found_code, found = doctor(url)
    assert (failed(found)["check"], found_code) == (check, code)


def test_a_dead_token_in_the_store_is_not_taken_for_a_lack_of_rights(doctor: Any, tmp_path: Path) -> None:
    live: list[str] = []

    def pbx(asked: Asked) -> Bytes:
        if asked.target == "/connect/token":
            live[:] = [f"t{len(live)}-{len(asked.body)}-{secrets.token_hex(4)}"]
            return http(200, json.dumps({"access_token": live[0], "expires_in": 3600}), X_3CX_Version="20.0.10.1")
        if asked.headers.get("authorization") is None:
            return http(401, "")
        return http(200, '{"value":[]}') if asked.headers["authorization"] == f"Bearer {live[0]}" else http(403, "")

    with Nasty(pbx, sign_in=False) as server:
        for known in (False, True):  # whether an earlier process has found that its client lacks a right
            assert doctor(server.url)[0] == 0
            store = token_store(True, os.environ)
            assert store is not None
            file = store.file(server.url, CLIENT)
            file.write(file.read().denying(time.time() + 60 if known else 0.0))
            live[:] = ["of another machine"]
            code, found = doctor(server.url)
            assert code == 0
            assert found["rights"]["result"] == "ok"
            assert file.read().access == live[0], "the token that other processes take is the live one"


def test_a_gateway_that_refuses_is_not_taken_for_a_lack_of_rights(doctor: Any) -> None:
    def gateway(asked: Asked) -> Bytes:
        return http(403, "<html>Blocked", "text/html") if "authorization" in asked.headers else http(401, "")

    with Nasty(gateway) as server:
        code, found = doctor(server.url)
    assert (code, failed(found)["check"]) == (6, "api")
    assert "in front of the 3CX" in failed(found)["said"]


def test_the_codes_are_those_of_the_errors() -> None:
    assert (errors.ConfigurationError.exit_code, errors.SignInError.exit_code) == (3, 4)
    assert (errors.Forbidden.exit_code, errors.Unreachable.exit_code) == (5, 6)
