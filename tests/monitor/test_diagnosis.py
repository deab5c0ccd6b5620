"""A diagnosis names what is wrong with a connection, with the code of the error and what to do next."""

from __future__ import annotations

import json
import os
import secrets
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from certificates import DAY, NOW, Authority
from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import Asked, Bytes, Nasty, closed_port, http
from trunkline.connections.targets import Target
from trunkline.monitor import network
from trunkline.monitor.diagnosis import diagnose
from trunkline.monitor.finding import Finding
from trunkline.monitor.records import HintRecord
from trunkline.transport.token_store import shared_store
from trunkline_emulator import Emulator, running

ORDER = ["address", "name", "port", "tls", "api", "clock", "sign-in", "licence", "rights", "version"]


def diagnosed(url: str, client: str = CLIENT, key: str = KEY, **options: Any) -> dict[str, Finding]:
    """Diagnose a connection; what each check found."""
    findings = list(diagnose(Target(url, client, key, options)))
    assert key not in str(findings)
    checks = {finding.check: finding for finding in findings}
    assert [name for name in ORDER if name in checks] == list(checks), "each on what came before"
    failures = [finding for finding in findings if finding.result == "failed"]
    assert failures in ([], findings[-1:]), "the first that fails is the last"
    assert all(finding.hint != HintRecord() and finding.code for finding in failures), "what to do next"
    assert {finding.code for finding in findings if finding.result != "failed"} <= {None}
    return checks


def failed(checks: dict[str, Finding]) -> Finding:
    (failure,) = (finding for finding in checks.values() if finding.result == "failed")
    return failure


# ── nothing is wrong ────────────────────────────────────────────────────────────────────────────


def test_nothing_is_wrong(system: System) -> None:
    checks = diagnosed(system.url)
    assert list(checks) == ORDER
    assert {finding.result for finding in checks.values()} == {"ok"}
    assert "20.0.10" in checks["version"].message
    assert system.sent("PATCH") == system.sent("DELETE") == []


# ── the way there ───────────────────────────────────────────────────────────────────────────────


def test_an_address_that_is_none() -> None:
    checks = diagnosed("ftp://pbx.example.com")
    assert (failed(checks).code, list(checks)) == ("configuration", ["address"])


def test_a_name_that_nobody_knows() -> None:
    checks = diagnosed("https://pbx.invalid")
    assert (failed(checks).code, failed(checks).check) == ("unreachable", "name")
    assert "pbx.invalid" in failed(checks).message


def test_a_port_where_nobody_answers() -> None:
    checks = diagnosed(closed_port())
    assert (failed(checks).code, failed(checks).check) == ("unreachable", "port")


def test_another_port_that_answers_is_proposed(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(system.url.rpartition(":")[2])
    monkeypatch.setattr(network, "_PORTS", (port,))
    checks = diagnosed(closed_port())
    assert failed(checks).hint.arguments["url"].endswith(f":{port}")


def test_a_port_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object, **__: object) -> socket.socket:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", silent)
    checks = diagnosed("https://192.0.2.1")
    assert (failed(checks).code, failed(checks).check) == ("unreachable", "port")
    assert "firewall" in failed(checks).hint.text


# ── certificates ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("doctor-ca"))


def test_an_authority_that_nobody_trusts_and_the_file_that_helps() -> None:
    with running(Emulator(client_id=CLIENT, api_key=KEY), tls=True) as url:
        checks = diagnosed(url)
        assert (failed(checks).code, failed(checks).check) == ("unreachable", "tls")
        assert "verify" in failed(checks).hint.arguments
        checks = diagnosed(url, verify=str(url.ca))
        assert "valid until" in checks["tls"].message
        checks = diagnosed(url, verify=False)
        assert checks["tls"].result == "warning"
        assert "nothing is verified" in checks["tls"].message


def test_the_wrong_ca_file_and_none(tmp_path: Path) -> None:
    other = Authority(tmp_path, "Another CA").ca_file
    with running(Emulator(client_id=CLIENT, api_key=KEY), tls=True) as url:
        checks = diagnosed(url, verify=str(other))
        assert (failed(checks).code, failed(checks).check) == ("unreachable", "tls")
        assert "another authority" in failed(checks).hint.text
        checks = diagnosed(url, verify=str(tmp_path / "none.pem"))
        assert (failed(checks).code, failed(checks).check) == ("configuration", "tls")


EXPIRED = NOW - DAY


@pytest.mark.parametrize(
    ("hosts", "until", "message"),
    [
        (("127.0.0.1",), EXPIRED, "has expired"),
        (("pbx.example.com",), NOW + DAY, "not for 127.0.0.1"),
    ],
)
def test_a_certificate_that_is_bad(authority: Authority, hosts: tuple[str, ...], until: Any, message: str) -> None:
    tls = authority.server(*hosts, until=until)
    with Nasty(lambda asked: http(401, ""), tls=tls) as server:
        checks = diagnosed(server.url, verify=str(authority.ca_file))
        assert server.asked == [], "the key goes to nobody who isn't trusted"
    assert (failed(checks).code, failed(checks).check) == ("unreachable", "tls")
    assert message in failed(checks).message


def test_a_self_signed_certificate(tmp_path: Path) -> None:
    tls, _ = Authority(tmp_path).self_signed("127.0.0.1", ca=False)
    with Nasty(lambda asked: http(401, ""), tls=tls) as server:
        checks = diagnosed(server.url)
    assert (failed(checks).code, failed(checks).check) == ("unreachable", "tls")
    assert "verify" in failed(checks).hint.arguments


def test_one_that_the_http_library_takes_from_no_server(tmp_path: Path) -> None:
    """OpenSSL takes a self-signed authority as a server's certificate, rustls never: that shows a step later."""
    tls, file = Authority(tmp_path).self_signed("127.0.0.1", ca=True)
    with Nasty(lambda asked: http(401, ""), tls=tls) as server:
        checks = diagnosed(server.url, verify=str(file))
    assert (failed(checks).code, failed(checks).check) == ("unreachable", "api")
    assert "httpx2" in failed(checks).hint.text


def test_a_certificate_that_ends_soon_is_a_warning(authority: Authority) -> None:
    tls: ssl.SSLContext = authority.server("127.0.0.1", until=NOW + 3 * DAY)
    with Nasty(lambda asked: http(401, ""), tls=tls) as server:
        checks = diagnosed(server.url, verify=str(authority.ca_file))
    assert checks["tls"].result == "warning"
    assert "2 days" in checks["tls"].message
    assert checks["clock"].result == "warning", "this server sends no time"


def test_https_where_plain_http_is_spoken_and_the_other_way_round(system: System) -> None:
    with Nasty(lambda asked: http(401, "")) as server:
        checks = diagnosed(server.url.replace("http:", "https:"))
    assert (failed(checks).code, failed(checks).check) == ("unreachable", "tls")
    assert "does not speak TLS" in failed(checks).message
    with running(Emulator(client_id=CLIENT, api_key=KEY), tls=True) as url:
        checks = diagnosed(url.replace("https:", "http:"))
    assert (failed(checks).code, failed(checks).check) == ("broken_answer", "api")
    assert "https://" in failed(checks).hint.text


# ── what answers ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, "<html>a router</html>", "broken_answer"),
        (404, "nothing here", "broken_answer"),
        (302, "", "broken_answer"),
        (503, "", "server_error"),
        (200, "{}", "broken_answer"),
    ],
)
def test_what_answers_is_no_3cx(status: int, body: str, code: str) -> None:
    with Nasty(lambda asked: http(status, body)) as server:
        checks = diagnosed(server.url)
        assert all(asked.target != "/connect/token" for asked in server.asked), "the key is not sent there"
    assert (failed(checks).code, failed(checks).check) == (code, "api")


@pytest.mark.parametrize(("skew", "message"), [(-600, "10 min behind"), (7200, "2 h ahead of")])
def test_clocks_that_differ_are_a_warning(skew: float, message: str) -> None:
    with running(Emulator(client_id=CLIENT, api_key=KEY, clock_skew=skew)) as url:
        checks = diagnosed(url)
    assert checks["clock"].result == "warning"
    assert message in checks["clock"].message


def test_a_clock_that_is_beyond_all_calendars_is_none() -> None:
    with Nasty(lambda asked: http(401, "", Date="Mon, 01 Jan 99999999999 00:00:00 GMT")) as server:
        checks = diagnosed(server.url)
    assert "does not send its time" in checks["clock"].message


def test_a_blocked_address_is_found_before_the_key_is_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_TOKEN_DIR", "off")
    emulator = Emulator(client_id=CLIENT, api_key=KEY)
    with running(emulator) as url:
        for _ in range(40):
            checks = diagnosed(url, key="wrong-key-0123456789")
            if checks["api"].result == "warning":
                break
        assert (failed(checks).code, failed(checks).check) == ("sign_in", "sign-in")
        assert "blacklist" in checks["api"].hint.text


# ── what the client may do ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("client", "key", "code", "check"),
    [
        (CLIENT, "wrong-key", "sign_in", "sign-in"),
        ("nobody", KEY, "sign_in", "sign-in"),
        (VIEWER, VIEWER_KEY, "forbidden", "rights"),
    ],
)
def test_a_client_that_may_not(system: System, client: str, key: str, code: str, check: str) -> None:
    checks = diagnosed(system.url, client=client, key=key)
    assert (failed(checks).code, failed(checks).check) == (code, check)


def test_an_admin_learns_what_only_an_owner_may() -> None:
    emulator = Emulator(client_id=CLIENT, api_key=KEY)
    emulator.add_client("admin", "admin-key-0123456789", roles=("system_admins",))
    with running(emulator) as url:
        checks = diagnosed(url, client="admin", key="admin-key-0123456789")
    assert checks["rights"].result == "warning"
    assert "System Owner" in checks["rights"].hint.text


@pytest.mark.parametrize(("licence", "message"), [("expired", "has ended"), ("too_small", "4 simultaneous calls")])
def test_a_licence_without_an_api(licence: str, message: str) -> None:
    with running(Emulator(client_id=CLIENT, api_key=KEY, variants={"licence": licence})) as url:
        checks = diagnosed(url)
    assert (failed(checks).code, failed(checks).check) == ("forbidden", "licence")
    assert message in failed(checks).message


@pytest.mark.parametrize(
    ("version", "result"), [("20.0.7", "ok"), ("20.0.10", "ok"), ("20.0.11.3", "warning"), ("18.0.9", "warning")]
)
def test_a_version_that_is_known_or_not(version: str, result: str) -> None:
    def pbx(asked: Asked) -> Bytes:
        return http(200 if "authorization" in asked.headers else 401, '{"value":[]}', X_3CX_Version=version)

    with Nasty(pbx) as server:
        assert diagnosed(server.url)["version"].result == result


def test_a_version_that_is_not_sent() -> None:
    with running(Emulator(client_id=CLIENT, api_key=KEY, variants={"version_header": False})) as url:
        checks = diagnosed(url)
    assert checks["version"].result == "warning"


@pytest.mark.parametrize(
    ("fault", "code", "check"),
    [
        ("500@POST /connect/token", "server_error", "sign-in"),
        ("401@GET /Defs", "sign_in", "sign-in"),
        ("500@GET /Users", "server_error", "rights"),
        ("reset-before@GET /LicenseStatus", "connection_lost", "licence"),
    ],
)
def test_a_pbx_that_is_broken(fault: str, code: str, check: str) -> None:
    if fault.startswith("401"):
        fault = "401:after=1@GET /Defs"  # the first is asked without a token
    with running(Emulator(client_id=CLIENT, api_key=KEY, faults=[fault])) as url:
        checks = diagnosed(url)
    assert (failed(checks).check, failed(checks).code) == (check, code)


def test_a_dead_token_in_the_store_is_not_taken_for_a_lack_of_rights(tmp_path: Path) -> None:
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
            assert diagnosed(server.url)["rights"].result == "ok"
            store = shared_store(True, os.environ)
            assert store is not None
            file = store.file(server.url, CLIENT)
            file.write(file.read().denying(time.time() + 60 if known else 0.0))
            live[:] = ["of another machine"]
            checks = diagnosed(server.url)
            assert checks["rights"].result == "ok"
            assert file.read().access == live[0], "the token that other processes take is the live one"


def test_a_gateway_that_refuses_is_not_taken_for_a_lack_of_rights() -> None:
    def gateway(asked: Asked) -> Bytes:
        return http(403, "<html>Blocked", "text/html") if "authorization" in asked.headers else http(401, "")

    with Nasty(gateway) as server:
        checks = diagnosed(server.url)
    assert (failed(checks).code, failed(checks).check) == ("broken_answer", "api")
    assert "in front of the 3CX" in failed(checks).message
