"""TLS, users and headers by a web config file, which promtool has to accept as well."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import bcrypt
import httpx
import pytest

from certificates import Authority
from exporting import Exporter, key, running_exporter, series_of
from prometheus import Prometheus, promtool, running_prometheus
from saved_fleet import SavedFleet
from trunkline import ConfigurationError
from trunkline.metrics import protection
from trunkline.metrics.web_config import read_web_config

NAME, PASSWORD = "prometheus", "of-the-exporter-42"


def hashed(password: str = PASSWORD) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(10)).decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate of localhost, one of a client, and the authority of both."""
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder, "authority")
    authority.server("localhost", "127.0.0.1")
    authority.server("client")
    for path in folder.glob("*.pem"):
        path.chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def secured(fleet: SavedFleet, folder: Path) -> Iterator[Exporter]:
    """An exporter with TLS, a user and a header; promtool accepts its file."""
    file = folder / "web.yml"
    file.write_text(
        "tls_server_config: {cert_file: localhost.pem, key_file: localhost.pem, min_version: TLS13}\n"
        f"basic_auth_users: {{{NAME}: '{hashed()}'}}\n"
        "http_server_config: {headers: {Strict-Transport-Security: max-age=31536000}}\n"
    )
    promtool("check", "web-config", file)
    verify = ssl.create_default_context(cafile=folder / "authority.pem")
    words = ("--profile", "pbx-01", "--min-interval", "3600", "--web-config-file", file)
    with running_exporter(fleet.environment, *words, verify=verify) as exporter:
        yield exporter


def test_the_right_user_reads_over_tls_and_gets_the_headers(secured: Exporter) -> None:
    assert secured.url.startswith("https://")
    answer = secured.get(auth=(NAME, PASSWORD))
    assert series_of(answer.text)[key("threecx_up", pbx="pbx-01")] == 1
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "auth",
    [None, (NAME, ""), (NAME, PASSWORD + "3"), ("Prometheus", PASSWORD), ("", PASSWORD), (NAME, "x" * 5_000)],
)
@pytest.mark.parametrize("path", ["/metrics", "/", "/-/healthy", "/nowhere"])
def test_anybody_else_gets_nothing(secured: Exporter, auth: Any, path: str) -> None:
    answer = secured.get(path, auth=auth)
    assert (answer.status_code, answer.text) == (401, "Unauthorized\n")
    assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Bearer abc", "Basic " + "QQ==", "Basic /////w=="])
def test_credentials_that_are_none_are_refused(secured: Exporter, header: str) -> None:
    assert secured.get(headers={"Authorization": header}).status_code == 401


def test_an_older_tls_is_refused(secured: Exporter, folder: Path) -> None:
    old = ssl.create_default_context(cafile=folder / "authority.pem")
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(Exception, match=r"(?i)protocol"):
        secured._replace(verify=old).get(auth=(NAME, PASSWORD))


def test_prometheus_scrapes_with_that_user_over_tls(secured: Exporter, folder: Path, tmp_path: Path) -> None:
    configuration = f"""
global: {{scrape_interval: 5s}}
scrape_configs:
  - job_name: secured
    scheme: https
    tls_config: {{ca_file: {folder / "authority.pem"}}}
    basic_auth: {{username: {NAME}, password: {PASSWORD}}}
    static_configs: [{{targets: ["{secured.url.removeprefix("https://")}"]}}]
"""
    with running_prometheus(tmp_path, configuration) as prometheus:
        assert _up(prometheus)


def _up(prometheus: Prometheus) -> bool:
    prometheus.wait_until(lambda: bool(prometheus.query("threecx_up == 1")), "the secured exporter is scraped")
    return True


def test_a_client_has_to_show_a_certificate_where_that_is_wanted(fleet: SavedFleet, folder: Path) -> None:
    file = folder / "clients.yml"
    file.write_text(
        "tls_server_config:\n  cert_file: localhost.pem\n  key_file: localhost.pem\n"
        "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: authority.pem\n"
    )
    promtool("check", "web-config", file)
    without = ssl.create_default_context(cafile=folder / "authority.pem")
    having = ssl.create_default_context(cafile=folder / "authority.pem")
    having.load_cert_chain(folder / "client.pem")
    words = ("--profile", "pbx-01", "--web-config-file", file)
    with running_exporter(fleet.environment, *words, verify=having, host="0.0.0.0") as everywhere:
        exporter = everywhere._replace(url=everywhere.url.replace("0.0.0.0", "127.0.0.1"))
        assert exporter.get("/-/healthy").status_code == 200
        with pytest.raises(Exception, match=r"(?i)certificate required|disconnected|reset|broken pipe"):
            exporter._replace(verify=without).get("/-/healthy")
        assert exporter.end() == (0, "", ""), "with TLS and certificates there is nothing to warn of"


def test_changes_count_without_a_restart(fleet: SavedFleet, tmp_path: Path) -> None:
    old, new = Authority(tmp_path, "old"), Authority(tmp_path, "new")
    certificate, file = tmp_path / "exporter.pem", tmp_path / "web.yml"

    def write(authority: Authority, users: str) -> None:
        authority.server("127.0.0.1")
        (tmp_path / "127.0.0.1.pem").replace(certificate)
        certificate.chmod(0o600)
        file.write_text(f"tls_server_config: {{cert_file: {certificate}, key_file: {certificate}}}\n{users}\n")

    def trusting(authority: Authority) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=authority.ca_file)

    write(old, f"basic_auth_users: {{{NAME}: '{hashed()}'}}")
    words = ("--profile", "pbx-01", "--web-config-file", file)
    with running_exporter(fleet.environment, *words, verify=trusting(old)) as before:
        assert before.get("/-/healthy", auth=(NAME, PASSWORD)).status_code == 200
        write(new, f"basic_auth_users: {{other: '{hashed('another')}'}}")
        exporter = before._replace(verify=trusting(new))
        assert exporter.get("/-/healthy", auth=(NAME, PASSWORD)).status_code == 401
        assert exporter.get("/-/healthy", auth=("other", "another")).status_code == 200
        with pytest.raises(Exception, match=r"(?i)certificate"):
            before.get("/-/healthy", auth=("other", "another"))

        for wrong in ("basic_auth_users: {other: secret}", "http_server_config: {http3: true}"):
            write(new, wrong)
            answers = [exporter.get("/-/healthy", auth=("other", "another")) for _ in range(2)]
            assert [answer.status_code for answer in answers] == [500, 500]
            assert "secret" not in answers[0].text
        file.write_text("")
        assert exporter.get("/-/healthy").status_code == 500, "a file without TLS doesn't open what TLS protected"
        write(new, f"basic_auth_users: {{other: '{hashed('again')}'}}")
        assert exporter.get("/-/healthy", auth=("other", "again")).status_code == 200
        code, out, err = exporter.end()
    assert (code, out) == (0, "")
    assert [re.search("bcrypt hash|http3|Start the exporter again", line)[0] for line in err.splitlines()] == [
        "bcrypt hash", "http3", "Start the exporter again",
    ]  # fmt: skip


def test_a_password_is_verified_once_and_not_for_each_scrape() -> None:
    verified: list[bytes] = []

    async def page(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def checkpw(password: bytes, given: bytes) -> bool:
        verified.append(password)
        return bcrypt_checkpw(password, given)

    bcrypt_checkpw: Callable[[bytes, bytes], bool] = bcrypt.checkpw

    async def ask() -> list[int]:
        app = protection.BasicAuth(page, {NAME: hashed().encode()})
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            same = await asyncio.gather(*(client.get("/", auth=(NAME, PASSWORD)) for _ in range(5)))
            wrong = await client.get("/", auth=(NAME, "wrong"))
            unknown = await client.get("/", auth=("nobody", PASSWORD))
            return [answer.status_code for answer in (*same, wrong, unknown)]

    with patch("bcrypt.checkpw", checkpw):
        assert asyncio.run(ask()) == [200] * 5 + [401, 401]
    assert verified == [PASSWORD.encode(), b"wrong", PASSWORD.encode()], "an unknown name takes as long as a known one"


# ── files that can't be used

TLS = "tls_server_config: {cert_file: localhost.pem, key_file: localhost.pem"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("tls_server_confg: {}", "tls_server_confg"),
        (f"{TLS}, cipher_suites: [TLS_AES_128_GCM_SHA256]}}", "tls_server_config.cipher_suites"),
        (f"{TLS}, client_auth_type: RequireAnyClientCert}}", "client_auth_type"),
        (f"{TLS}, client_auth_type: RequireAndVerifyClientCert}}", "client_ca_file"),
        (f"{TLS}, client_ca_file: authority.pem}}", "client_ca_file"),
        (f"{TLS}, min_version: TLS10}}", "min_version"),
        (f"{TLS}, min_version: TLS13, max_version: TLS12}}", "min_version"),
        (f"{TLS}, client_auth_type: [x]}}", "client_auth_type"),
        ("tls_server_config: {cert_file: localhost.pem}", "key_file"),
        ("tls_server_config: {cert_file: none.pem, key_file: none.pem}", "none.pem"),
        ("tls_server_config: {cert_file: web.yml, key_file: web.yml}", "web.yml"),
        (f"{TLS}, client_auth_type: VerifyClientCertIfGiven, client_ca_file: none.pem}}", "none.pem"),
        ("tls_server_config: [1]", "tls_server_config"),
        ("basic_auth_users: {ada: plain-text-password}", "ada"),
        ("basic_auth_users: {ada: 5}", "ada"),
        (f"basic_auth_users: {{ada: $2b$31${'a' * 53}}}", "cost"),
        ("basic_auth_users: {1: x}", "basic_auth_users"),
        ("http_server_config: {headers: {X-Own: a}}", "X-Own"),
        ('http_server_config: {headers: {X-Frame-Options: "a\\nb"}}', "X-Frame-Options"),
        ("[1, 2]", "mapping"),
        ("a: b: c", "Line 1"),
        ("a: !!python/object/apply:os.system [true]", "Line 1"),
        ("x: " + "[" * 5_000, "YAML"),
        ("# " + "x" * 1_000_001, "larger"),
    ],
)
def test_what_a_file_has_wrong_is_named(folder: Path, text: str, named: str) -> None:
    file = folder / "wrong.yml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        read_web_config(file)
    assert re.search(re.escape(named), str(refused.value))
    assert "plain-text-password" not in str(refused.value)


def test_an_empty_file_asks_for_nothing(folder: Path) -> None:
    file = folder / "empty.yml"
    file.write_text("")
    assert read_web_config(file) == (None, {}, {}, ())


def test_a_key_that_others_can_read_is_warned_of(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "localhost.pem").write_bytes((folder / "localhost.pem").read_bytes())
    (tmp_path / "localhost.pem").chmod(0o644)
    file = tmp_path / "web.yml"
    file.write_text(f"{TLS}}}")
    with pytest.warns(UserWarning, match="private key"):
        assert read_web_config(file).context is not None
