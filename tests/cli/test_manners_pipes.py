"""Pipes and standard streams: a reader that leaves, a stream that is closed, a disk that is full. Never a traceback."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from conftest import System
from terminal import TRUNKLINE
from trunkline import Pbx

Env = dict[str, str]
GET = f"{TRUNKLINE} run contacts.get --set 'Id={{{{ $json.Id }}}}'"


def shell(command: str, environment: Env) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done


@pytest.fixture
def three(tmp_path: Path) -> Path:
    path = tmp_path / "three.jsonl"
    path.write_text('{"Id": 1}\n{"Id": 2}\n{"Id": 3}\n', encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "yaml", "csv"])
def test_a_reader_that_leaves_is_no_error(environment: Env, form: str) -> None:
    done = shell(f"{TRUNKLINE} contacts list -o {form} | head -1", environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "yaml", "csv"])
def test_of_a_run_it_is_said_what_was_done_all_the_same(environment: Env, three: Path, form: str) -> None:
    done = shell(f"{GET} -o {form} --input {three} | head -c 1", environment)
    assert (done.returncode, done.stderr) == (0, "3 done, 0 failed, 0 not started.\n")


def test_a_run_that_failed_ends_with_7_whoever_reads(environment: Env, three: Path) -> None:
    three.write_text('{"Id": 1}\n{"Id": 999999}\n', encoding="utf-8")
    done = shell(f"{GET} --on-error continue --input {three} | true", environment)
    assert done.returncode == 7
    assert "1 done, 1 failed, 0 not started." in done.stderr
    assert shell(f"{GET} --on-error continue --input {three} 2>&1 | true", environment).returncode == 7
    assert shell(f"{GET} --input {three} 2>&1 | true", environment).returncode == 5


def test_an_import_that_failed_says_so_and_keeps_its_rows_whoever_reads(environment: Env, tmp_path: Path) -> None:
    users, rest = tmp_path / "users.csv", tmp_path / "rest.csv"
    users.write_text(f"Number,EmailAddress,FirstName\n150,ext100@example.com,{'x' * 70_000}\n", encoding="utf-8")
    done = shell(f"{TRUNKLINE} import users {users} --apply --failed {rest} | true", environment)
    assert done.returncode == 7
    assert "0 done, 1 failed, 0 not started." in done.stderr
    assert rest.read_text(encoding="utf-8").startswith("Number,EmailAddress,FirstName,# why\n150,")
    rest.unlink()
    done = shell(f"{TRUNKLINE} import users {users} --apply --failed {rest} 2>&1 | head -1", environment)
    assert (done.returncode, rest.exists()) == (7, True)


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "yaml", "csv"])
def test_a_full_disk_is_told(environment: Env, form: str) -> None:
    done = shell(f"{TRUNKLINE} contacts list -o {form} > /dev/full", environment)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The output can't be written: the disk is full.\n")


def test_on_a_full_disk_a_run_says_what_was_done(environment: Env, three: Path) -> None:
    done = shell(f"{GET} --input {three} > /dev/full", environment)
    assert done.returncode == 1
    assert done.stderr.startswith("3 done, 0 failed, 0 not started.\nError: The output can't be written")


def test_a_file_for_a_full_disk_is_told(environment: Env) -> None:
    done = shell(f"{TRUNKLINE} event-logs download-event-logs > /dev/full", environment)
    assert done.returncode == 1
    assert "the disk is full" in done.stderr


@pytest.mark.parametrize("where", ["2> /dev/full", "> /dev/full 2> /dev/full", "2>&1 | true", "2>&-"])
@pytest.mark.parametrize(
    ("command", "code"),
    [("fax get 999999", 5), ("fax list --top x", 2), ("nonsense", 2), ("fax list --timeout 0", 3)],
)
def test_where_nobody_hears_of_an_error_the_exit_code_tells(
    environment: Env, command: str, code: int, where: str
) -> None:
    assert shell(f"{TRUNKLINE} {command} {where}", environment).returncode == code


def test_nothing_is_sent_where_stdout_is_closed(environment: Env, system: System) -> None:
    done = shell(f"{TRUNKLINE} fax delete 121 >&-", environment)
    assert done.returncode == 1
    assert "The standard output is closed; nothing was sent." in done.stderr
    assert system.emulator.journal == []


@pytest.mark.parametrize("command", [GET, f"{TRUNKLINE} fax delete -", f"{TRUNKLINE} contacts create --body -"])
def test_a_closed_stdin_is_not_an_empty_one(environment: Env, system: System, command: str) -> None:
    done = shell(f"{command} <&-", environment)
    assert done.returncode == 2
    assert "The standard input is closed; nothing was sent." in done.stderr
    assert system.emulator.journal == []


def test_who_reads_no_stdin_does_not_mind(environment: Env) -> None:
    assert json.loads(shell(f"{TRUNKLINE} contacts get 7 <&-", environment).stdout)["Id"] == 7


def test_a_closed_stderr_hides_messages_and_nothing_else(environment: Env) -> None:
    assert json.loads(shell(f"{TRUNKLINE} contacts get 7 2>&-", environment).stdout)["Id"] == 7
    assert shell(f"{TRUNKLINE} contacts get 999999 2>&-", environment).returncode == 5


def test_a_bar_is_drawn_into_no_pipe(environment: Env, three: Path) -> None:
    done = shell(f"{GET} --input {three} -o jsonl", environment)
    assert done.stderr == "3 done, 0 failed, 0 not started.\n"
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_what_an_encoding_lacks_is_written_as_json_has_it(
    environment: Env, system: System, pbx: Pbx, encoding: str
) -> None:
    key = pbx.contacts.create({"FirstName": "Łucja ü 😀", "PhoneNumber": "+12025550142"})["Id"]
    for form in ("table", "csv", "jsonl"):
        done = subprocess.run(
            [TRUNKLINE, "contacts", "list", "--filter", f"Id eq {key}", "-o", form],
            env={**environment, "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=True,
        )
        text = done.stdout.decode("utf-8" if encoding == "ascii" else encoding)  # click has no faith in ascii
        assert re.search(r"(Ł|\\u0141)ucja (ü|\\u00fc)", text)
    assert json.loads(text)["FirstName"] == "Łucja ü 😀"


def test_bytes_that_are_no_text_are_told(environment: Env) -> None:
    done = shell(f"{TRUNKLINE} doctor --url $'http://\\xff'", environment)
    assert done.returncode == 3
    assert r"http://\\udcff is not an address of a PBX" in done.stdout


def test_a_working_folder_that_is_gone_is_told(environment: Env, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    done = shell(
        f"mkdir {gone}; cd {gone}; rmdir {gone}; {TRUNKLINE} export call-log --from -1d --out x.csv", environment
    )
    assert done.returncode == 1
    assert "The folder that this runs in is gone." in done.stderr
