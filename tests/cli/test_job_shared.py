"""``trunkline job … --on ENGINE``: jobs of this machine and of the shared ledger, over a real Postgres."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import lanes
from conftest import CLIENT, System
from nasty import closed_port
from terminal import TRUNKLINE, Terminal

from .conftest import Said
from .test_output_schemas import check

Run = Callable[..., Said]
RUN = ("job", "run", "contacts.delete", "--name", "cleanup", "--set", "Id={{ $json.Id }}", "--input")
ON = ("--on", "lanes", "--profile", "acme", "--yes")


@pytest.fixture
def contacts(tmp_path: Path) -> str:
    path = tmp_path / "contacts.jsonl"
    path.write_text("".join(json.dumps({"Id": n}) + "\n" for n in range(1, 11)))
    return str(path)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test for local jobs."""
    monkeypatch.setenv("TRUNKLINE_JOB_DIR", str(tmp_path / "jobs"))
    return tmp_path


@pytest.fixture
def shared(
    own: Path,
    line: Run,
    saved: Callable[..., None],
    system: System,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Run]:
    """Run a command line with a shared ledger, an engine, and the emulated PBX saved as ``acme``."""
    lanes.install(own / "site", monkeypatch)
    monkeypatch.setenv("TRUNKLINE_LEDGER", database_url)
    saved(acme=system.url)
    yield line
    lanes.engine.stop()


def counts(**of: int) -> dict[str, int]:
    return {state: of.get(state, 0) for state in ("not_started", "sent", "done", "failed", "unknown")}


def test_a_shared_job_from_start_to_end(shared: Run, contacts: str, system: System) -> None:
    said = shared(*RUN, contacts, *ON)
    assert (said.code, said.err) == (0, "cleanup is on lanes: http://127.0.0.1:4200/lanes\n")
    summary = {
        "job": "cleanup",
        "action": "contacts.delete",
        "status": "finished",
        "counts": counts(done=10),
        "targets": [{"pbx": "acme", "url": system.url, "counts": counts(done=10), "error": None}],
        "on": "lanes",
    }
    assert said.lines == [summary]
    assert sorted(system.sent("DELETE")) == sorted(f"/xapi/v1/Contacts({n})" for n in range(1, 11))
    assert shared("job", "show", "cleanup").lines == [summary]
    assert shared("job", "show", "cleanup", "-o", "table").out.startswith(
        "cleanup: contacts.delete, finished on lanes\n"
    )
    items = shared("job", "show", "cleanup", "--items").lines
    assert [item["item"] for item in items] == list(range(10))
    assert items[0] == {
        "state": "done",
        "action": "contacts.delete",
        "key": {"Id": 1},
        "pbx": "acme",
        "item": 0,
        "answer": {"success": True, "Id": 1},
        "attempts": 1,
        "input": {"json": {"Id": 1}},
    }
    (shard,) = shared("job", "show", "cleanup", "--shards").lines
    assert shard == {
        "shard": "cleanup/acme/0-9",
        "pbx": "acme",
        "url": system.url,
        "state": "done",
        "first": 0,
        "last": 9,
        "start": None,
        "end": None,
        "pauses": 0,
        "not_before": None,
        "error": None,
        "result": None,
    }
    assert "cleanup/acme/0-9" in shared("job", "show", "cleanup", "--shards", "-o", "table").out
    assert shared("job", "remove", "cleanup").err == ""
    assert shared("job", "list").lines == []


def test_failed_items_have_the_exit_code_of_a_local_job(shared: Run, contacts: str) -> None:
    assert shared(*RUN, contacts, *ON).code == 0
    shared("job", "remove", "cleanup")
    said = shared(*RUN, contacts, *ON)
    assert said.code == 7
    assert said.lines[0]["counts"] == counts(failed=10)
    assert said.err.splitlines()[1:] == ["10 failed: `trunkline job show cleanup --state failed` says which."]
    failed = shared("job", "show", "cleanup", "--state", "failed").lines
    assert {each["error"]["code"] for each in failed} == {"not_found"}
    shared("job", "remove", "cleanup")
    assert shared(*RUN, contacts, *ON, "--missing-ok").code == 0


def test_both_kinds_of_jobs_are_listed(shared: Run, contacts: str, system: System) -> None:
    local = ("job", "run", "contacts.delete", "--name", "local", "--set", "Id={{ $json.Id }}", "--input", contacts)
    assert shared(*local, "--yes", "--profile", "acme").code == 0
    assert shared(*RUN, contacts, *ON, "--missing-ok").code == 0
    assert [(job["job"], job.get("on"), job["status"]) for job in shared("job", "list").lines] == [
        ("local", None, "finished"),
        ("cleanup", "lanes", "finished"),
    ]
    assert shared("job", "list", "-o", "csv").out == (
        "job,action,status,not_started,sent,done,failed,unknown,on\n"
        "local,contacts.delete,finished,0,0,10,0,0,here\n"
        "cleanup,contacts.delete,finished,0,0,10,0,0,lanes\n"
    )
    heading, *rows = shared("job", "list", "-o", "table").out.splitlines()
    assert heading.split()[:4] == ["Job", "On", "Action", "Status"]
    assert [row.split()[:2] for row in rows[-2:]] == [["local", "here"], ["cleanup", "lanes"]]


def test_a_name_that_two_jobs_have(shared: Run, contacts: str) -> None:
    assert shared(*RUN, contacts, "--yes", "--profile", "acme").code == 0
    assert shared(*RUN, contacts, *ON, "--missing-ok", "--detach").code == 0
    for command in (["show"], ["cancel"], ["remove"], ["resume"], ["watch"]):
        said = shared("job", *command, "cleanup")
        assert (said.code, "--on here or --on" in said.err) == (2, True), said
    assert "on" not in shared("job", "show", "cleanup", "--on", "here").lines[0]
    for place in ("lanes", "shared"):
        assert shared("job", "show", "cleanup", "--on", place).lines[0]["on"] == "lanes"
    assert shared("job", "remove", "cleanup", "--on", "here").code == 0
    assert shared("job", "watch", "cleanup").lines[0]["on"] == "lanes"


def test_a_place_that_is_misspelled_is_not_another(shared: Run, contacts: str) -> None:
    assert shared(*RUN, contacts, *ON).code == 0
    for argv in (["show"], ["remove"], ["cancel"], ["resume"]):
        said = shared("job", *argv, "cleanup", "--on", "her")
        assert (said.code, said.err.splitlines()[0]) == (3, "Error: No engine 'her' is installed.")
    assert "lanes" in said.err
    assert len(shared("job", "list").lines) == 1


@pytest.mark.parametrize(
    ("argv", "code", "reason"),
    [
        (["--on", "lanes"], 2, "--profile NAME"),
        (["--on", "lanes", "--profile", "acme", "--timeout", "5"], 2, "--timeout does not reach the workers"),
        (["--on", "lanes", "--url", "http://pbx.example.com"], 2, "--url does not reach the workers"),
        (["--on", "lanes", "--profile", "nobody"], 3, "No profile is called 'nobody'."),
        (["--on", "airship", "--profile", "acme"], 3, "No engine 'airship' is installed."),
        (["--lanes", "2"], 2, "--lanes is for a job that workers carry out"),
        (["--detach"], 2, "--detach is for a job that workers carry out"),
    ],
)
def test_what_is_refused_leaves_nothing(
    shared: Run, contacts: str, system: System, argv: list[str], code: int, reason: str
) -> None:
    said = shared(*RUN, contacts, "--yes", *argv)
    assert (said.code, reason in said.err) == (code, True), said
    assert shared("job", "list").lines == []
    assert system.sent("DELETE") == []


@pytest.mark.parametrize("where", [(), ("--on", "lanes"), ("--on", "lanes", "--detach")])
@pytest.mark.parametrize(
    "action", [("contacts.delete",), ("contacts.create", "--set", "Id={{ $json.Id }}", "--set", "FirstName=Ada")]
)
def test_several_pbxs_are_not_changed_without_a_yes(
    shared: Run,
    saved: Callable[..., None],
    contacts: str,
    system: System,
    action: tuple[str, ...],
    where: tuple[str, ...],
) -> None:
    saved(acme=system.url, beta=closed_port())
    setting = () if len(action) > 1 else ("--set", "Id={{ $json.Id }}")
    said = shared("job", "run", *action, "--name", "cleanup", *setting, "--input", contacts, "--profile", "*", *where)
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines()[-1] == (
        f"Error: {action[0]} would change 2 PBXs (acme, beta); give --yes to go on, or --dry-run to look first."
    )
    assert shared("job", "list").lines == []
    assert [entry for entry in system.emulator.journal if entry.method != "GET"] == []


@pytest.mark.parametrize("where", [(), ("--on", "lanes")])
@pytest.mark.parametrize("action", ["contacts.delete", "contacts.update"])
def test_a_terminal_is_asked_once_before_several_pbxs_are_changed(
    shared: Run, saved: Callable[..., None], contacts: str, system: System, action: str, where: tuple[str, ...]
) -> None:
    saved(acme=system.url, beta=closed_port())
    setting = ("--set", "Id={{ $json.Id }}") + ("--set", "Title=Dr") * (action == "contacts.update")
    argv = [TRUNKLINE, "job", "run", action, "--name", "cleanup", *setting, "--input", contacts, "--profile", "*"]
    terminal = Terminal([*argv, *where], dict(os.environ))
    terminal.until("Go on?")
    terminal.type("n\n")
    assert terminal.end() == 130
    assert terminal.seen.count("Go on?") == 1
    assert shared("job", "list").lines == []
    assert system.sent("DELETE") + system.sent("PATCH") == []


def test_one_pbx_is_changed_and_several_are_read_without_a_yes(
    shared: Run, saved: Callable[..., None], contacts: str, system: System
) -> None:
    assert shared(*RUN, contacts, "--on", "lanes", "--profile", "acme").lines[0]["counts"] == counts(done=10)
    saved(acme=system.url, beta=closed_port())
    read = ("job", "run", "contacts.get", "--name", "read", "--set", "Id={{ $json.Id }}", "--input", contacts)
    assert shared(*read, "--on", "idle", "--detach", "--profile", "*").code == 0


def test_a_job_that_no_worker_has_begun_waits(shared: Run, contacts: str) -> None:
    said = shared(*RUN, contacts, "--on", "idle", "--profile", "acme", "--yes", "--detach")
    assert said.lines[0]["status"] == "waiting"
    check("job", said.lines)
    assert [job["status"] for job in shared("job", "list").lines] == ["waiting"]


def test_a_connection_of_the_environment_does_not_reach_the_workers(
    shared: Run, contacts: str, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNKLINE_URL", system.url)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", CLIENT)
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", "not-tried-0123")
    said = shared(*RUN, contacts, "--yes", "--on", "lanes")
    assert (said.code, "`trunkline login NAME` saves one." in said.err) == (2, True)


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["--profile", "acme", "--profile", "twin"], "'acme' and 'twin' are the same PBX"),
        (["--profile", "acme", "--set", "Nobody=1"], "Nobody"),
        (["--profile", "acme", "--unchanged"], "rows"),
    ],
)
def test_guards_refuse_as_they_do_here(
    shared: Run, saved: Callable[..., None], contacts: str, system: System, argv: list[str], reason: str
) -> None:
    saved(acme=system.url, twin=system.url)
    here = shared(*RUN, contacts, "--yes", *argv)
    there = shared(*RUN, contacts, "--yes", "--on", "lanes", *argv)
    assert (there.code, there.err, reason in there.err) == (here.code, here.err, True)
    assert there.code
    assert shared("job", "list").lines == []
    assert system.sent("DELETE") == []


def test_a_dry_run_needs_no_ledger(line: Run, own: Path, contacts: str) -> None:
    said = line(*RUN, contacts, *ON, "--dry-run")
    assert (said.code, len(said.out.splitlines())) == (0, 10)


def test_without_a_ledger_the_variable_is_named(
    line: Run, own: Path, contacts: str, monkeypatch: pytest.MonkeyPatch, saved: Callable[..., None]
) -> None:
    lanes.install(own / "site", monkeypatch)
    saved(acme="http://127.0.0.1:1")
    said = line(*RUN, contacts, *ON)
    assert (said.code, "TRUNKLINE_LEDGER" in said.err) == (3, True)


def test_a_ledger_that_is_away_hides_no_local_job(shared: Run, contacts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shared(*RUN, contacts, "--yes", "--profile", "acme").code == 0
    monkeypatch.setenv("TRUNKLINE_LEDGER", closed_port().replace("http", "postgresql") + "/nowhere")
    said = shared("job", "list")
    assert (said.code, [job["job"] for job in said.lines]) == (3, ["cleanup"])
    assert re.fullmatch(r"The shared ledger was not looked at: [^\n]+\n", said.err)
    said = shared("job", "show", "cleanup")
    assert (said.code, said.lines[0]["counts"]["done"], said.err.count("\n")) == (0, 10, 1)
    said = shared("job", "show", "cleanup", "--on", "here")
    assert (said.code, said.err) == (0, "")
    assert shared("job", "show", "other").code == 3


def test_a_name_of_no_job(shared: Run) -> None:
    for command in ("show", "cancel", "remove", "resume", "watch"):
        said = shared("job", command, "nobody")
        assert (said.code, said.err.splitlines()[0]) == (
            3,
            "Error: There is no job 'nobody' on this machine or in the shared ledger.",
        )


def test_a_paused_job_is_resumed(
    shared: Run, saved: Callable[..., None], contacts: str, system: System, file: Path
) -> None:
    good = file.read_text()
    file.write_text(re.sub(r'client_secret = ".*"', 'client_secret = "wrong-0123456789"', good))
    said = shared(*RUN, contacts, *ON)
    assert said.code == 4
    assert said.lines[0]["status"] == "paused"
    assert said.lines[0]["targets"][0]["error"]["code"] == "sign_in"
    assert "trunkline job resume cleanup" in said.err
    assert "wrong-0123456789" not in said.out + said.err
    (shard,) = shared("job", "show", "cleanup", "--shards").lines
    assert (shard["state"], shard["error"]["code"]) == ("paused", "sign_in")
    file.write_text(good)
    said = shared("job", "resume", "cleanup")
    assert (said.code, said.lines[0]["status"], said.lines[0]["counts"]) == (0, "finished", counts(done=10))


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["--accept-damage"], "--accept-damage"),
        (["--profile", "acme"], "leave --profile out"),
        (["--timeout", "3"], "--timeout does not reach the workers"),
    ],
)
def test_options_of_this_machine_do_not_resume_a_shared_job(
    shared: Run, contacts: str, argv: list[str], reason: str
) -> None:
    assert shared(*RUN, contacts, *ON).code == 0
    said = shared("job", "resume", "cleanup", *argv)
    assert (said.code, reason in said.err) == (2, True)


def test_a_cancelled_job_stays_so(shared: Run, contacts: str) -> None:
    assert shared(*RUN, contacts, *ON, "--detach").code == 0
    assert shared("job", "cancel", "cleanup").code == 0
    assert lanes.engine.cancelled == ["cleanup"]
    assert shared("job", "watch", "cleanup").lines[0]["status"] == "cancelled"
    said = shared("job", "resume", "cleanup")
    assert (said.code, "was cancelled" in said.err) == (3, True)


def test_detached_it_goes_on(shared: Run, contacts: str, system: System) -> None:
    said = shared(*RUN, contacts, *ON, "--detach")
    assert (said.code, said.lines[0]["on"]) == (0, "lanes")
    assert [process.wait() for process in lanes.engine.processes] == [0]
    assert shared("job", "watch", "cleanup").lines[0]["counts"] == counts(done=10)


def test_ctrl_c_ends_the_watching_only(shared: Run, contacts: str, system: System) -> None:
    """No lane is started before Ctrl-C, so the job can't be at its end by then."""
    process = subprocess.Popen(
        [TRUNKLINE, *RUN, contacts, "--on", "idle", "--profile", "acme", "--yes"],
        env=os.environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "cleanup is on idle: http://127.0.0.1:4200/idle\n"
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert process.returncode == 130
    assert said == (
        "\nInterrupted: the job goes on. `trunkline job watch cleanup` watches it again, "
        "`trunkline job cancel cleanup` ends it.\n"
    )
    assert shared("job", "show", "cleanup").lines[0]["counts"] == counts(not_started=10)
    assert shared("job", "resume", "cleanup", "--on", "lanes").lines[0]["counts"] == counts(done=10)


def test_what_is_written_is_what_the_schemas_allow(shared: Run, contacts: str, file: Path) -> None:
    file.write_text(re.sub(r'client_secret = ".*"', 'client_secret = "wrong-0123456789"', file.read_text()))
    check("job", shared(*RUN, contacts, *ON).lines)
    check("job", shared("job", "list").lines)
    check("job-shard", shared("job", "show", "cleanup", "--shards").lines)
    check("job-item", shared("job", "show", "cleanup", "--items").lines)


def test_a_job_of_this_machine_has_no_shards(shared: Run, contacts: str) -> None:
    assert shared(*RUN, contacts, "--yes", "--profile", "acme").code == 0
    said = shared("job", "show", "cleanup", "--shards")
    assert (said.code, "which has no shards" in said.err) == (2, True)


def test_a_job_of_this_machine_is_watched_too(shared: Run, contacts: str) -> None:
    assert shared(*RUN, contacts, "--yes", "--profile", "acme").code == 0
    said = shared("job", "watch", "cleanup")
    assert (said.code, said.lines[0]["counts"]) == (0, counts(done=10))


@pytest.mark.parametrize("argv", [["list"], ["show", "cleanup"], ["--help"], ["run", "--help"]])
def test_local_jobs_load_nothing_of_shared_ones(own: Path, argv: list[str]) -> None:
    names = "{name for name in sys.modules if name.startswith(('psycopg', 'prefect', 'trunkline.shards'))}"
    code = f"import sys; from trunkline import cli; cli.execute(['job', *sys.argv[1:]]); print({names})"
    done = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
