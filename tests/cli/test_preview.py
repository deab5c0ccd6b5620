"""What a command shows instead of sending it: --dry-run and --curl, without secrets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from certificates import Authority
from conftest import CLIENT, KEY, System
from trunkline import Pbx

CURL = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")


@CURL
def test_a_curl_line_does_what_the_command_would(trunkline: Any, pbx: Pbx, system: System) -> None:
    body = json.dumps({"FirstName": 'O\'Neil $HOME `x` "y"', "PhoneNumber": "+442079460333"})
    line = trunkline("contacts", "create", "--body", body, "--curl").out
    assert system.emulator.journal == []
    assert KEY not in line
    token = bearer(system)
    done = subprocess.run(
        ["sh", "-c", line.replace("curl ", "curl -sS ", 1)],
        env={**os.environ, "TRUNKLINE_TOKEN": token},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["FirstName"] == 'O\'Neil $HOME `x` "y"'


def run_by_a_shell(line: str, system: System) -> str:
    """What a curl line prints: the body of the answer and, after it, the status."""
    done = subprocess.run(
        ["sh"],
        input=line.replace("curl ", "curl -sS -w '%{http_code}' ", 1),
        env={**os.environ, "TRUNKLINE_TOKEN": bearer(system)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@CURL
@pytest.mark.parametrize("name", ["plain.wav", "a;b, c.wav", '"q" and\\.wav', 'x;"y\\,.wav'])
def test_a_curl_line_sends_the_file_whatever_it_is_called(
    trunkline: Any, system: System, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"RIFF")
    line = trunkline("custom-prompts", "upload", "--file", str(tmp_path / name), "--curl").out
    assert run_by_a_shell(line, system)[-3:] in ("200", "201", "204", "400")
    assert system.emulator.journal[-1].operation == "UploadCustomPrompt"


@CURL
def test_a_curl_line_has_room_for_a_body_that_no_argument_could_hold(trunkline: Any, system: System) -> None:
    long = "ü'$x`" * 40_000
    line = trunkline("contacts", "create", "--body", json.dumps({"LastName": long}), "--curl").out
    said = run_by_a_shell(line, system)
    assert "LastName" in said, said[:200]


@CURL
def test_a_curl_line_without_its_secrets_changes_nothing(trunkline: Any, system: System) -> None:
    before = trunkline("users", "get", "11", "--show-secrets").out
    shown = trunkline("users", "update", "11", "--auth-password", "hush-hush-1", "--curl")
    assert "--show-secrets" in shown.err
    done = subprocess.run(
        ["sh", "-c", shown.out.replace("curl ", "curl -sS -w '%{http_code}' ", 1)],
        env={**os.environ, "TRUNKLINE_TOKEN": bearer(system)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.endswith("400")
    assert trunkline("users", "get", "11", "--show-secrets").out == before


def test_what_was_written_masked_is_not_sent_back(trunkline: Any, system: System, tmp_path: Path) -> None:
    written = tmp_path / "user.json"
    written.write_text(trunkline("users", "get", "11", "--columns", "FirstName,AuthPassword").out)
    before = len(system.emulator.journal)
    result = trunkline("users", "update", "11", "--body", f"@{written}")
    assert result.code == 2
    assert "AuthPassword of users.update is masked" in result.err
    assert len(system.emulator.journal) == before


def bearer(system: System) -> str:
    """A token, as any client gets one."""
    done = subprocess.run(
        [
            "curl",
            "-sS",
            f"{system.url}/connect/token",
            *("-d", "grant_type=client_credentials", "-d", f"client_id={CLIENT}", "-d", f"client_secret={KEY}"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    token: str = json.loads(done.stdout)["access_token"]
    return token


def test_a_curl_line_has_what_the_connection_needs(trunkline: Any, tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    trusted = Authority(folder).ca_file
    line = trunkline("website-links", "get", "o'brien", "--select", "Link", "--insecure", "--curl").out
    assert line.startswith("curl --insecure '")
    assert "%27%27brien" in line
    assert f"--cacert '{trusted}'" in trunkline("fax", "list", "--ca-file", str(trusted), "--curl").out
    assert "-X DELETE" in trunkline("fax", "delete", "121", "--if-match", 'W/"1"', "--curl").out


@pytest.mark.parametrize("option", ["--dry-run", "--curl"])
def test_what_is_shown_instead_of_sent_has_no_secrets(trunkline: Any, system: System, option: str) -> None:
    argv = ["users", "update", "7", "--auth-password", "hush-hush-1", "--first-name", "Ada", option]
    shown = trunkline(*argv)
    assert "hush-hush-1" not in shown.out
    assert "Ada" in shown.out
    assert "hush-hush-1" in trunkline(*argv, "--show-secrets").out
    assert system.emulator.journal == []


@pytest.mark.parametrize(
    ("options", "goes_on"),
    [([], True), (["--top", "500", "--skip", "3"], True), (["--top", "5"], False), (["--filter", "Id gt 1"], True)],
)
def test_of_a_list_the_first_page_is_shown_as_it_is_asked_for(
    trunkline: Any, system: System, options: list[str], goes_on: bool
) -> None:
    shown = {option: trunkline("fax", "list", *options, option) for option in ("--dry-run", "--curl")}
    over_items = trunkline("run", "fax.list", "--dry-run", *_settings(options), stdin="{}")
    assert system.emulator.journal == []
    trunkline("fax", "list", *options)
    (asked,) = (entry.path for entry in system.emulator.journal if "/Fax" in entry.path)
    target = asked.removeprefix("/xapi/v1")
    assert over_items.out == f"item 0: GET {target}\n"
    for result in shown.values():
        assert f"{system.url}{asked}" in result.out
        assert ("first page" in result.err) is goes_on


def _settings(options: list[str]) -> list[str]:
    pairs = zip(options[::2], options[1::2], strict=True)
    return [word for name, value in pairs for word in ("--set", f"{name.removeprefix('--')}={value}")]


@pytest.mark.parametrize(
    ("options", "shown"),
    [((), '{"VMPIN":"••••••"}'), (("--show-secrets",), '{"VMPIN":"4711"}')],
    ids=["masked", "asked for"],
)
def test_a_dry_run_over_items_masks_what_it_would_send(trunkline: Any, options: tuple[str, ...], shown: str) -> None:
    body = "body={{ ({VMPIN: $json.Pin}) }}"
    run = ("run", "users.update", "--set", "Id={{ $json.Id }}", "--set", body, "--dry-run", *options)
    assert trunkline(*run, stdin='{"Id": 3, "Pin": "4711"}').out == f"item 0: PATCH /Users(3) {shown}\n"


def test_neither_a_job_nor_a_flow_shows_secrets_in_a_dry_run(trunkline: Any, tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text('{"Id": 3, "Pin": "4711"}\n', encoding="utf-8")
    flow = tmp_path / "flow.yaml"
    body = "{{ ({VMPIN: $json.Pin}) }}"
    flow.write_text(
        f"steps:\n  - read: {items}\n  - action: users.update\n"
        f"    with: {{Id: '{{{{ $json.Id }}}}', body: '{body}'}}\n",
        encoding="utf-8",
    )
    job = ("job", "run", "users.update", "--name", "dry", "--set", "Id={{ $json.Id }}", "--set", f"body={body}")
    for argv in ((*job, "--input", str(items)), ("flow", "run", str(flow))):
        said = trunkline(*argv, "--dry-run")
        assert 'PATCH /Users(3) {"VMPIN":"••••••"}' in said.out, said
        assert "4711" not in said.out + said.err
