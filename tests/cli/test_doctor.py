"""`trunkline doctor` writes what each check found, what to do next, and ends with the code of what failed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import Nasty, closed_port, http

Line = Callable[..., Any]
ORDER = ["address", "name", "port", "tls", "api", "clock", "sign-in", "licence", "rights", "version"]


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
    assert (written["exit_code"], written["findings"][-1]["check"]) == (5, "rights")


def test_a_profile_is_examined(line: Line, system: System, ring: Any) -> None:
    line("login", "acme", "--url", system.url, "--client-id", CLIENT, "--api-key", KEY)
    shown = line("doctor", "-o", "table")
    assert shown.code == 0
    assert "profile acme" in shown.out
    line("logout", "acme")
    again = line("doctor", "-o", "table")
    assert (again.code, "trunkline login acme" in again.out) == (3, True)


def test_nothing_is_known(line: Line) -> None:
    shown = line("doctor", "-o", "json")
    written = json.loads(shown.out)
    assert (shown.code, written["exit_code"], written["findings"][0]["result"]) == (3, 3, "failed")
    assert "login" in str(written["findings"][0]["hint"])


def test_a_proxy_is_named_and_what_is_behind_it_left_to_it(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    with Nasty(lambda asked: http(502, "")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("http://", "http://user:proxy-password@"))
        shown = line("doctor", "--url", "http://pbx.invalid", "--client-id", "c", "--api-key", KEY, "-o", "jsonl")
        assert KEY not in str(proxy.asked)
    assert shown.code == 6
    assert [(row["check"], row["result"]) for row in shown.lines] == [
        ("address", "ok"),
        ("network", "warning"),
        ("api", "failed"),
    ]
    assert proxy.url.removeprefix("http://") in shown.lines[1]["message"]
    assert "proxy-password" not in shown.out + shown.err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--url", "ftp://pbx.example.com"), 3),
        (("--url", closed_port()), 6),
        (("--client-secret", "wrong"), 4),
        (("--client-id", VIEWER, "--client-secret", VIEWER_KEY), 5),
        ((), 0),
    ],
)
def test_it_ends_with_the_code_of_what_failed(line: Line, system: System, options: tuple[str, ...], code: int) -> None:
    connection = ("--url", system.url, "--client-id", CLIENT, "--client-secret", KEY)
    shown = line("doctor", *connection, *options, "-o", "json")
    written = json.loads(shown.out)
    assert (shown.code, written["exit_code"]) == (code, code)
    failures = [finding for finding in written["findings"] if finding["result"] == "failed"]
    assert len(failures) == bool(code)
    assert all(finding["hint"]["text"] for finding in failures)


def test_a_hint_is_spelled_as_an_option(line: Line, monkeypatch: pytest.MonkeyPatch, system: System) -> None:
    monkeypatch.setattr("trunkline.monitor.network._PORTS", (int(system.url.rpartition(":")[2]),))
    shown = line("doctor", "--url", closed_port(), "--client-id", CLIENT, "--api-key", KEY, "-o", "table")
    assert f"--url https://127.0.0.1:{system.url.rpartition(':')[2]}" in shown.out
