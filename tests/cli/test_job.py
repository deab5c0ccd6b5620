"""``trunkline job``: from a command line to a ledger and back."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from nasty import closed_port
from terminal import TRUNKLINE
from trunkline import cli
from trunkline.jobs.ledger import Ledger
from trunkline_emulator import Emulator, fleet, running


@pytest.fixture
def job(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a ``job`` command with the emulated PBX in the environment; gives exit code, output and messages."""
    monkeypatch.setenv("TRUNKLINE_URL", system.url)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", CLIENT)
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", KEY)
    monkeypatch.setenv("TRUNKLINE_JOB_DIR", str(tmp_path / "jobs"))
    monkeypatch.setenv("TRUNKLINE_PROFILES", str(tmp_path / "profiles.toml"))

    def run(*argv: str) -> tuple[int, str, str]:
        code = cli.execute(["job", *argv])
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def contacts(tmp_path: Path) -> str:
    path = tmp_path / "contacts.jsonl"
    path.write_text("".join(json.dumps({"Id": n}) + "\n" for n in range(1, 11)))
    return str(path)


RUN = ("run", "contacts.delete", "--name", "cleanup", "--set", "Id={{ $json.Id }}", "--input")


def test_a_job_from_start_to_end(job: Any, contacts: str, system: System) -> None:
    code, out, err = job(*RUN, contacts, "--yes")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "job": "cleanup",
        "action": "contacts.delete",
        "status": "finished",
        "counts": {"not_started": 0, "sent": 0, "done": 10, "failed": 0, "unknown": 0},
        "targets": [
            {
                "pbx": system.url,
                "url": system.url,
                "counts": {"not_started": 0, "sent": 0, "done": 10, "failed": 0, "unknown": 0},
                "error": None,
            }
        ],
    }
    assert len(system.sent("DELETE")) == 10
    code, out, _ = job("show", "cleanup", "--items", "-o", "jsonl")
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["item"] for row in rows] == list(range(10))
    assert rows[0] == {
        "state": "done",
        "action": "contacts.delete",
        "key": {"Id": 1},
        "pbx": system.url,
        "item": 0,
        "answer": {"success": True, "Id": 1},
        "attempts": 1,
        "input": {"json": {"Id": 1}},
    }
    code, out, _ = job("list", "-o", "jsonl")
    assert json.loads(out)["status"] == "finished"
    code, out, _ = job("list", "-o", "table")
    assert "cleanup" in out
    assert job("remove", "cleanup")[0] == 0
    assert job("list", "-o", "json")[1] == "[]\n"


def test_failed_items_are_told_and_counted(job: Any, contacts: str) -> None:
    job(*RUN, contacts, "--yes")
    job("remove", "cleanup")
    code, out, err = job(*RUN, contacts, "--yes")
    assert code == 7
    assert json.loads(out)["counts"]["failed"] == 10
    assert err == "10 failed: `trunkline job show cleanup --state failed` says which.\n"
    code, out, _ = job("show", "cleanup", "--state", "failed", "-o", "jsonl")
    error = json.loads(out.splitlines()[0])["error"]
    assert (error["code"], error["status"]) == ("not_found", 404)
    assert error["message"].startswith("No contact with Id 1 ")
    code, out, _ = job("show", "cleanup", "--items", "-o", "table")
    assert "No contact with Id 10" in out
    job("remove", "cleanup")
    assert job(*RUN, contacts, "--yes", "--missing-ok")[0] == 0


def test_a_pbx_that_is_away_pauses_the_job_and_resume_goes_on(
    job: Any, contacts: str, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", "wrong")
    code, out, err = job(*RUN, contacts, "--yes")
    assert code == 4
    found = json.loads(out)
    assert found["status"] == "paused"
    assert found["counts"]["not_started"] == 10
    assert found["targets"][0]["error"]["code"] == "sign_in"
    assert "wrong" not in out + err
    assert "trunkline job resume cleanup" in err
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", KEY)
    monkeypatch.setenv("TRUNKLINE_URL", closed_port())
    code, _, err = job("resume", "cleanup")
    assert code == 3
    assert system.url in err
    monkeypatch.setenv("TRUNKLINE_URL", system.url)
    code, out, _ = job("resume", "cleanup")
    assert (code, json.loads(out)["counts"]["done"]) == (0, 10)


def test_a_dry_run_shows_requests_and_sends_nothing(job: Any, contacts: str, system: System) -> None:
    system.emulator.reset()
    code, out, _ = job(*RUN, contacts, "--dry-run", "--shard", "2/3")
    assert code == 0
    assert out.splitlines() == [f"item {n}: DELETE /Contacts({i})" for n, i in enumerate((2, 5, 8))]
    assert system.emulator.journal == []
    assert job("list", "-o", "json")[1] == "[]\n"


def test_a_dry_run_counts_items_as_the_job_does(job: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"Id": 1}\n{"Id": 2}\n{"id": 3}\n')
    how = ("run", "contacts.delete", "--name", "n", "--set", "Id={{ $json.Id * 10 + $itemIndex }}")
    code, out, _ = job(*how, "--input", str(path), "--dry-run")
    assert out.splitlines()[:2] == ["item 0: DELETE /Contacts(10)", "item 1: DELETE /Contacts(21)"]
    code, _, err = job(*RUN, str(path), "--dry-run")
    assert (code, "item 2: Item 2: Id" in err) == (7, True)


def test_shards_are_disjoint_and_whole(job: Any, contacts: str) -> None:
    shown = [job(*RUN, contacts, "--dry-run", "--shard", f"{k}/3")[1].splitlines() for k in (1, 2, 3)]
    requests = [line.partition(": ")[2] for lines in shown for line in lines]
    assert sorted(requests) == sorted(f"DELETE /Contacts({n})" for n in range(1, 11))
    assert job(*RUN, contacts, "--shard", "4/3")[0] == 2


@pytest.mark.parametrize(
    ("name", "text", "ids"),
    [
        ("a.csv", 'Id,Name\r\n1,Ada\r\n2,"O\'Dwyer, S"\r\n', [1, 2]),
        ("a.jsonl", '\n{"Id": 1}\n\n{"json": {"Id": 2}}\n', [1, 2]),
        ("a.json", '[{"Id": 1},\n {"Id": 2}]', [1, 2]),
        ("a.json", "", []),
    ],
)
def test_input(job: Any, tmp_path: Path, name: str, text: str, ids: list[int]) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode())
    code, out, _ = job(*RUN, str(path), "--dry-run")
    assert (code, out.splitlines()) == (0, [f"item {n}: DELETE /Contacts({i})" for n, i in enumerate(ids)])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "Id,Name\r\n1\r\n", "line 2"),
        ("a.jsonl", '{"Id": 1}\nno\n', "Line 2"),
        ("a.json", '[{"Id": 1},', "JSON array"),
    ],
)
def test_input_that_is_none(job: Any, tmp_path: Path, name: str, text: str, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode())
    code, _, err = job(*RUN, str(path), "--yes")
    assert code == 2
    assert said in err
    assert job("list", "-o", "json")[1] == "[]\n"


def test_templates_of_a_job_see_variables_and_one_now(
    job: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"Id": 1}\n')
    text = 'body={"Title": "{{ $vars.who }} {{ $env.PLACE }} {{ $now.toFormat(\'yyyy\') }}"}'
    how = ("run", "contacts.update", "--name", "x", "--set", "Id={{ $json.Id }}", "--set", text, "--var", "who=Ada")
    monkeypatch.setenv("PLACE", "London")
    code, _, err = job(*how, "--input", str(path), "--dry-run")
    assert code == 7
    assert "--allow-env PLACE" in err
    code, out, _ = job(*how, "--allow-env", "PLACE", "--zone", "Europe/London", "--input", str(path), "--dry-run")
    assert code == 0
    assert re.search(r'"Title":"Ada London 20\d\d"', out)


def profiles(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "profiles.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_an_address_for_several_pbxs_is_refused(job: Any, contacts: str, system: System, tmp_path: Path) -> None:
    profiles(tmp_path, f'[a]\nurl = "{system.url}"\nclient_id = "{CLIENT}"\nclient_secret = "{KEY}"\n')
    code, _, err = job(*RUN, contacts, "--yes", "--profile", "a", "--url", "http://pbx.example.com")
    assert code == 2
    assert "--url goes with one PBX, not with several." in err


def test_a_job_that_nobody_can_be_asked_about_is_forgotten(
    environment: dict[str, str], contacts: str, system: System, tmp_path: Path
) -> None:
    """Stderr is a terminal, but neither stdin nor the process has one."""
    ours, theirs = os.openpty()
    environment["TRUNKLINE_JOB_DIR"] = str(tmp_path / "jobs")
    done = subprocess.run(
        [TRUNKLINE, "job", *RUN, contacts],
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=theirs,
        start_new_session=True,
        check=False,
    )
    os.close(theirs)
    assert (done.returncode, b"nobody to ask" in os.read(ours, 4096)) == (2, True)
    os.close(ours)
    assert list((tmp_path / "jobs").glob("*.job")) == []
    assert system.sent("DELETE") == []


def test_several_pbxs_by_their_profiles(job: Any, contacts: str, system: System, tmp_path: Path) -> None:
    good = f'url = "{system.url}"\nclient_id = "{CLIENT}"\nclient_secret_env = "TRUNKLINE_CLIENT_SECRET"\n'
    dead = f'url = "{closed_port()}"\nclient_id = "c"\nclient_secret = "k-e-y"\n'
    profiles(tmp_path, f"[customer-a]\n{good}\n[customer-b]\n{dead}\n[other]\n{good}")
    code, out, _ = job(*RUN, contacts, "--yes", "--profile", "customer-*", "--patience", "0.2")
    found = json.loads(out)
    assert code == 7
    assert [(t["pbx"], t["counts"]["done"], bool(t["error"])) for t in found["targets"]] == [
        ("customer-a", 10, False),
        ("customer-b", 0, True),
    ]
    assert "k-e-y" not in out
    code, _, err = job(*RUN, contacts, "--yes", "--profile", "nobody")
    assert code == 3
    assert "customer-a, customer-b, other" in err


def test_a_job_goes_on_with_the_profiles_that_it_began_with(
    job: Any, contacts: str, system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(Emulator(client_id=CLIENT, api_key=KEY, seed="demo")) as other:
        key = f'client_id = "{CLIENT}"\nclient_secret_env = "TRUNKLINE_CLIENT_SECRET"\n'
        first, second = (f'url = "{url}"\n{key}' for url in (system.url, other))
        path = profiles(tmp_path, f'["a[1]"]\n{first}\n["x*"]\n{second}\n[xyz]\n{first}')
        monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", "wrong")
        code, out, _ = job(*RUN, contacts, "--yes", "--profile", "a[1]", "--profile", "x*")
        assert [target["pbx"] for target in json.loads(out)["targets"]] == ["a[1]", "x*"]
        monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", KEY)
        assert job("resume", "cleanup", "--profile", "a[1]")[0] == 2
        path.write_text(f'["a[1]"]\n{first}\n[xyz]\n{first}')
        code, _, err = job("resume", "cleanup")
        assert (code, err.splitlines()[0]) == (3, "Error: The profile 'x*' is gone, and the job is for it.")
        assert system.sent("DELETE") == []
        path.write_text(f'["a[1]"]\n{first}\n["x*"]\n{second}\n[xyz]\n{first}')
        code, out, _ = job("resume", "cleanup")
        left = [(target["pbx"], target["counts"]["not_started"]) for target in json.loads(out)["targets"]]
        assert left == [("a[1]", 0), ("x*", 0)]


def test_two_profiles_of_one_pbx_are_refused(job: Any, contacts: str, system: System, tmp_path: Path) -> None:
    same = f'url = "{system.url}"\nclient_id = "{CLIENT}"\nclient_secret_env = "TRUNKLINE_CLIENT_SECRET"\n'
    profiles(tmp_path, f"[a]\n{same}\n[b]\n{same}")
    code, out, err = job(*RUN, contacts, "--yes", "--profile", "a", "--profile", "b")
    assert (code, out) == (3, "")
    assert "'a' and 'b' are the same PBX" in err
    assert system.sent("DELETE") == []


def test_a_job_without_profiles_may_go_on_with_one(
    job: Any, contacts: str, system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", "wrong")
    assert job(*RUN, contacts, "--yes")[0] == 4
    profiles(tmp_path, f'[a]\nurl = "{system.url}"\nclient_id = "{CLIENT}"\nclient_secret = "{KEY}"\n')
    code, out, _ = job("resume", "cleanup", "--profile", "a")
    assert (code, json.loads(out)["counts"]["done"]) == (0, 10)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]\nurl = 1", "lacks url and client_id"),
        ('[a]\nurl = "u"\nclient_id = "c"', "lacks one of client_secret"),
        ('[a]\nurl = "u"\nclient_id = "c"\nclient_secret = "s"\nuser = "x"', "has user"),
        ('[a]\nurl = "u"\nclient_id = "c"\nclient_secret_file = 5', "client_secret_file of profile 'a' must be text."),
        (
            '[a]\nurl = "u"\nclient_id = "c"\nclient_secret_env = ["X"]',
            "client_secret_env of profile 'a' must be text.",
        ),
        ('[a]\nurl = "u"\nclient_id = "c"\nclient_secret = "s"\nca_file = 5', "ca_file of profile 'a' must be text."),
        ('[a]\nurl = "u"\nclient_id = "c"\nclient_secret = "s"\nverify = 5', "must be true or false."),
        ("[a", "can't be read"),
    ],
)
def test_profiles_that_are_wrong_are_told(job: Any, contacts: str, tmp_path: Path, text: str, said: str) -> None:
    profiles(tmp_path, text)
    code, _, err = job(*RUN, contacts, "--yes", "--profile", "a")
    assert code == 3
    assert said in err


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps no such record")
@pytest.mark.filterwarnings("default")
def test_a_key_that_others_can_read_is_warned_of(job: Any, contacts: str, system: System, tmp_path: Path) -> None:
    path = profiles(tmp_path, f'[a]\nurl = "{system.url}"\nclient_id = "{CLIENT}"\nclient_secret = "{KEY}"\n')
    path.chmod(path.stat().st_mode | stat.S_IRGRP)
    code, _, err = job(*RUN, contacts, "--yes", "--profile", "a")
    assert code == 0
    assert "chmod 600" in err


def test_every_format_writes_the_same(job: Any, contacts: str) -> None:
    assert job(*RUN, contacts, "-o", "csv")[1].splitlines()[0] == (
        "job,action,status,pbx,not_started,sent,done,failed,unknown,error"
    )
    assert job("list", "-o", "csv")[1] == (
        "job,action,status,not_started,sent,done,failed,unknown\ncleanup,contacts.delete,finished,0,0,10,0,0\n"
    )
    assert job("list", "-o", "yaml")[1].startswith("- job: cleanup\n")
    items = [json.loads(line) for line in job("show", "cleanup", "--items", "-o", "jsonl")[1].splitlines()]
    assert json.loads(job("show", "cleanup", "--items", "-o", "json")[1]) == items
    for form, lines in (("csv", 11), ("table", 12)):
        assert len(job("show", "cleanup", "--items", "-o", form)[1].splitlines()) == lines
    assert job("show", "cleanup", "--items", "-o", "yaml")[1].count("state: done") == 10


def test_a_job_that_was_cut_off_as_it_began_hides_no_other(job: Any, contacts: str, tmp_path: Path) -> None:
    assert job(*RUN, contacts)[0] == 0
    (tmp_path / "jobs" / "begun.job").touch()
    (tmp_path / "jobs" / "folder.job").mkdir()
    code, out, err = job("list", "-o", "jsonl")
    assert code == 3
    assert [json.loads(line)["job"] for line in out.splitlines()] == ["cleanup"]
    assert "begun.job is not a job's ledger" in err
    assert "trunkline job remove begun" in err
    assert "folder.job can't be opened: " in err
    assert job("remove", "begun")[0] == 0
    (tmp_path / "jobs" / "folder.job").rmdir()
    assert job("list")[0] == 0


def test_a_ledger_that_another_user_has_is_not_to_be_thrown_away(
    job: Any, contacts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert job(*RUN, contacts)[0] == 0

    def refused(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr("sqlite3.connect", refused)
    for argv in (["show", "cleanup"], ["list"]):
        code, _, err = job(*argv)
        assert (code, "cleanup.job can't be opened: unable to open" in err, "remove" in err) == (3, True, False)


def test_a_damaged_ledger_is_told_and_hides_no_other(
    job: Any, contacts: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert job(*RUN, contacts)[0] == 0
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", "wrong")
    many = tmp_path / "many.jsonl"
    many.write_text("".join(json.dumps({"Id": n, "Note": "n" * 500}) + "\n" for n in range(500)))
    job("run", "contacts.delete", "--name", "broken", "--set", "Id={{ $json.Id }}", "--input", str(many))
    with (tmp_path / "jobs" / "broken.job").open("r+b") as file:
        for page in range(8, os.fstat(file.fileno()).st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 4000)
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", KEY)
    for argv in (["show", "broken"], ["show", "broken", "--items"], ["resume", "broken"]):
        code, _, err = job(*argv)
        assert (code, "broken.job is damaged: " in err) == (1, True), err
    code, out, err = job("list", "-o", "jsonl")
    assert (code, [json.loads(line)["job"] for line in out.splitlines()]) == (1, ["cleanup"])
    assert job("remove", "broken")[0] == 0


def test_a_ledger_that_can_not_be_begun_leaves_nothing(
    job: Any, contacts: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "tell", interrupted)
        assert job(*RUN, contacts, "--yes")[0] == 130
    assert list((tmp_path / "jobs").glob("*.job*")) == []
    assert job(*RUN, contacts, "--yes")[0] == 0


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_of_jobs_that_can_not_be_read_is_not_an_empty_one(job: Any, contacts: str, tmp_path: Path) -> None:
    assert job(*RUN, contacts)[0] == 0
    folder = tmp_path / "jobs"
    folder.chmod(0)
    try:
        code, _, err = job("list")
    finally:
        folder.chmod(0o700)
    assert code == 1
    assert "can't be used" in err


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such limit")
def test_a_job_on_many_pbxs_is_not_held_up_by_few_open_files(tmp_path: Path) -> None:
    """A shell starts processes with 1,024 of them on most Linux systems, with 256 on macOS; here they are 40."""
    items = tmp_path / "items.jsonl"
    items.write_text("".join(f'{{"Id": {key}}}\n' for key in range(1, 6)), encoding="utf-8")
    profiles = tmp_path / "profiles.toml"
    with fleet(20, seed={"Contacts": [{"Id": n, "FirstName": "A"} for n in range(1, 6)]}) as tenants:
        profiles.write_text(
            "".join(
                f'[c{n}]\nurl = "{each.url}"\nclient_id = "{each.client_id}"\nclient_secret = "{each.api_key}"\n'
                for n, each in enumerate(tenants)
            ),
            encoding="utf-8",
        )
        profiles.chmod(0o600)
        argv = f"job run contacts.delete --name n --set 'Id={{{{ $json.Id }}}}' --input {items} --profile 'c*' --yes"
        done = subprocess.run(
            ["bash", "-c", f"ulimit -S -n 40; {TRUNKLINE} {argv}"],
            env={**os.environ, "TRUNKLINE_PROFILES": str(profiles), "TRUNKLINE_JOB_DIR": str(tmp_path / "jobs")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["counts"]["done"] == 100
