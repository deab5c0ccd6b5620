"""``trunkline emulator``: who may reach it, and what it says of that at the start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

KEY = "a-control-key-for-tests"
ENV = "TRUNKLINE_EMULATOR_CONTROL_KEY"


@contextmanager
def started(*options: str, stdin: str = "", **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The command on a free port, and the address that it prints."""
    command = [sys.executable, "-m", "trunkline", "emulator", "--port", "0", *options]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    )
    with process:
        try:
            assert process.stdin
            assert process.stdout
            process.stdin.write(stdin)
            process.stdin.close()
            url = ""
            while not url:
                line = process.stdout.readline()
                assert line, process.stderr.read() if process.stderr else ""
                url = line.partition("TRUNKLINE_URL=")[2].strip()
            yield url, process
        finally:
            process.kill()


def status(url: str, path: str, **headers: str) -> int:
    request = Request(url + path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urlopen(request) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def said(process: subprocess.Popen[str]) -> str:
    process.kill()
    assert process.stderr
    return process.stderr.read()


def test_on_loopback_it_says_nothing_of_others() -> None:
    with started() as (url, process):
        assert status(url, "/_emulator", X_Trunkline_Emulator="1") == 200
        assert status(url, "/_emulator") == 403
        assert status(url, "/nothing", Host="pbx") == 421
        assert said(process) == ""


@pytest.mark.parametrize(
    ("options", "expected", "unexpected"),
    [
        ((), ["--control-key lets others", "--tls encrypts them"], ["whoever sends"]),
        (("--control-key", KEY), ["whoever sends the control key may use them"], [KEY]),
        (("--tls",), ["--control-key lets others"], ["encrypts"]),
        (("--tenants", "2"), ["listens on 0.0.0.0"], []),
    ],
)
def test_where_others_can_connect_it_says_what_that_means(
    options: tuple[str, ...], expected: list[str], unexpected: list[str]
) -> None:
    with started("--host", "0.0.0.0", *options) as (url, process):
        assert url.partition("://")[2].startswith("127.0.0.1:")
        shown = said(process)
    assert shown.startswith("Warning: this emulator listens on 0.0.0.0, so every machine that can reach this one can")
    assert "known to everybody" in shown
    assert "keep nothing real there" in shown
    for text in expected:
        assert text in shown
    for text in unexpected:
        assert text not in shown


def test_allowed_hosts() -> None:
    with started("--allow-host", "pbx", "--allow-host", "pbx.example.com") as (url, _):
        for host, answer in (("pbx", 404), ("PBX.example.com:5004", 404), ("other", 421)):
            assert status(url, "/nothing", Host=host) == answer
            wanted = 200 if answer == 404 else 403
            assert status(url, "/_emulator", Host=host, X_Trunkline_Emulator="1") == wanted


@pytest.mark.parametrize("way", ["option", "file", "stdin", "environment", "file over environment"])
def test_ways_to_give_the_control_key(tmp_path: Path, way: str) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", encoding="utf-8")
    options, stdin, environment = {
        "option": (["--control-key", KEY], "", {}),
        "file": (["--control-key-file", str(file)], "", {}),
        "stdin": (["--control-key-file", "-"], f"{KEY}\n", {}),
        "environment": ([], "", {ENV: KEY}),
        "file over environment": (["--control-key-file", str(file)], "", {ENV: "another"}),
    }[way]
    with started(*options, stdin=stdin, **environment) as (url, _):
        assert status(url, "/_emulator", X_Trunkline_Control_Key=KEY) == 200
        assert status(url, "/_emulator", X_Trunkline_Emulator="1") == 403


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--control-key", ""], 3, "A control key is printable ASCII text"),
        (["--control-key", "a b\n"], 3, "A control key is printable ASCII text"),
        (["--control-key", KEY, "--control-key-file", "KEY"], 2, "give one of the two"),
        (["--control-key-file", "EMPTY"], 3, "A control key is printable ASCII text"),
        (["--control-key-file", "BINARY"], 3, "can't be read"),
        (["--control-key-file", "none"], 2, "not the key"),
        (["--allow-host", "*"], 3, "'*' can't be an allowed host"),
        (["--allow-host", "http://pbx"], 3, "can't be an allowed host"),
        (["--tenants", "2", "--allow-host", "pbx:80"], 3, "can't be an allowed host"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, options: list[str], code: int, message: str) -> None:
    for name, content in (("KEY", KEY.encode()), ("EMPTY", b"\n"), ("BINARY", b"\xff\xfe")):
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-m", "trunkline", "emulator", "--port", "0", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert KEY not in done.stderr
    assert "Traceback" not in done.stderr
