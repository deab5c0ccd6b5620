"""``trunkline emulator``: what it prints works, it stops in good order, and says plainly what can't be."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from trunkline import cli

ARGV = [sys.executable, "-W", "error", "-m", "trunkline", "emulator"]


class Started:
    """An emulator of its own process; ``told`` is what it printed when it was ready."""

    def __init__(self, process: subprocess.Popen[str], told: str) -> None:
        self.process = process
        self.told = told
        self.given = dict(re.findall(r"export (\w+)=(\S+)", told))
        ca = self.given.get("TRUNKLINE_CA_FILE")
        self.verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=ca) if ca else True

    def ask(self, method: str, path: str, body: object = None) -> httpx2.Response:
        url = self.given["TRUNKLINE_URL"]
        form = {
            "grant_type": "client_credentials",
            "client_id": self.given["TRUNKLINE_CLIENT_ID"],
            "client_secret": self.given["TRUNKLINE_CLIENT_SECRET"],
        }
        with httpx2.Client(base_url=url, verify=self.verify) as client:
            token = client.post("/connect/token", data=form).json()["access_token"]
            return client.request(method, f"/xapi/v1{path}", json=body, headers={"Authorization": f"Bearer {token}"})

    def stop(self, number: int) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err


@contextmanager
def started(*options: str, folder: Path | None = None) -> Iterator[Started]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*ARGV, "--port", "0", *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines: list[str] = []
        while not lines or lines[-1].strip() != "trunkline fax list":
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr.read()
        yield Started(process, "".join(lines))
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_in_good_order(number: Any) -> None:
    with started() as one:
        assert one.ask("GET", "/Fax(124)").status_code == 200
        assert one.stop(number) == (0, "Stopped.\n", "")


def test_what_it_prints_lets_you_in_with_the_command_line() -> None:
    with started("--seed", "empty", "--api-version", "20.0.7") as one:
        assert "A 3CX 20.0.7 answers at http://127.0.0.1:" in one.told
        assert "(seed empty, ETags off)" in one.told
        done = subprocess.run(
            [sys.executable, "-m", "trunkline", "groups", "list", "--select", "Name"],
            env={**os.environ, **one.given},
            capture_output=True,
            text=True,
            check=False,
        )
        assert json.loads(done.stdout)["Name"] == "DEFAULT"


def test_with_a_state_file_it_is_the_same_pbx_again(tmp_path: Path) -> None:
    path = tmp_path / "pbx.db"
    with started("--state", str(path)) as one:
        assert f"What is written is kept in {path}." in one.told
        assert one.ask("DELETE", "/Fax(124)").status_code == 204
        one.stop(signal.SIGTERM)
        key = one.given["TRUNKLINE_CLIENT_SECRET"]
    with started("--state", str(path)) as one:
        assert one.given["TRUNKLINE_CLIENT_SECRET"] == key
        assert one.ask("GET", "/Fax(124)").status_code == 404
        second = subprocess.run([*ARGV, "--state", str(path)], capture_output=True, text=True, check=False)
        assert (second.returncode, second.stdout) == (3, "")
        assert re.fullmatch(r"Error: The state file \S+ is in use by another emulator: stop .*\n", second.stderr)


def test_tls_prints_the_authority_to_trust(tmp_path: Path) -> None:
    with started("--tls", "--tls-folder", "ca", folder=tmp_path) as one:
        assert one.given["TRUNKLINE_URL"].startswith("https://127.0.0.1:")
        assert one.given["TRUNKLINE_CA_FILE"] == str(tmp_path / "ca" / "ca.pem")
        assert one.ask("GET", "/Fax(124)").status_code == 200


def test_tenants_are_listed_or_written(tmp_path: Path) -> None:
    with started("--tenants", "7", "--api-key", "KEY") as one:
        assert "7 PBXs answer, each a 3CX 20.0.10" in one.told
        assert len(re.findall(r"^  http://127\.0\.0\.1:\d+  trunkline-\d  KEY-\d$", one.told, re.M)) == 5
        assert "… and 2 more: --tenants-file FILE" in one.told
        assert one.ask("GET", "/Fax(124)").status_code == 200
    path = tmp_path / "tenants.json"
    with started("--tenants", "3", "--tenants-file", str(path), "--seed", "large") as one:
        rows = json.loads(path.read_text())
        assert rows[0]["url"] == one.given["TRUNKLINE_URL"]
        assert len({row["api_key"] for row in rows}) == 3
        assert rows[1]["api_key"] not in one.told


def test_a_seed_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "company.yaml"
    path.write_text("Users:\n  - {Number: 100, FirstName: No}\n", encoding="utf-8")
    with started("--seed", str(path)) as one:
        assert one.ask("GET", "/Users(Number='100')").json()["FirstName"] == "No"


REFUSED = [
    (["--seed", "nope"], 3, "No seed is called 'nope'; there are demo, empty, large, and files of your own."),
    (["--seed", "none.yaml"], 3, "The seed none.yaml can't be read: "),
    (["--seed", "wrong.json"], 3, "wrong.json: Userz: 3CX has no such set. Did you mean Users"),
    (["--state", "wrong.json"], 3, "wrong.json is not a state file of the emulator"),
    (["--state", "none/pbx.db"], 3, "can't be opened: No such file or directory"),
    (["--tls-cert", "wrong.json"], 3, "The certificate wrong.json can't be used: "),
    (["--tls-folder", "wrong.json"], 2, "is a file"),
    (["--tls-key", "x.pem"], 2, "--tls-key goes with --tls-cert."),
    (["--tls", "--tls-cert", "x.pem"], 2, "give one of the two"),
    (["--tenants", "9", "--port", "65530"], 3, "There are no 9 ports from 65530 on"),
    (["--tenants", "0"], 2, "0 is not in the range"),
    (["--tenants", "2", "--state", "wrong.json"], 3, "The folder wrong.json for state files can't be made"),
    (["--tenants-file", "x.json"], 2, "--tenants-file goes with --tenants."),
    (["--api-version", "latest"], 2, "'latest' is not a version"),
    (["--host", "192.0.2.1"], 3, "The emulator can't listen on 192.0.2.1, port 5004"),
    (["--host", "no.such.host.invalid"], 3, "no.such.host.invalid"),
]


@pytest.mark.parametrize(("options", "code", "said"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_cannot_be_is_said_without_a_traceback(
    options: Any,
    code: Any,
    said: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wrong.json").write_text('{"Userz": []}' + " " * 2000, encoding="utf-8")
    assert cli.execute(["emulator", *options]) == code
    shown = capsys.readouterr()
    assert said in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_a_port_in_use_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.execute(["emulator", "--port", str(port)]) == 3
    shown = capsys.readouterr().err
    assert f"The emulator can't listen on 127.0.0.1, port {port}: it is in use." in shown
    assert "--port 0 takes a free one" in shown
