"""What needs a process of its own: start-up, a real terminal, signals and pipes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import CLIENT, KEY, System
from terminal import TRUNKLINE, Terminal
from trunkline_emulator import Emulator, running


def imported_by(code: str) -> set[str]:
    """The top-level modules that a piece of code has loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


HEAVY = {"pyreqwest", "httpx2", "msgspec", "quickjs", "click", "rich", "yaml", "asyncio", "uvicorn", "cryptography"}


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not imported_by("import trunkline") & HEAVY


def test_help_loads_nothing_but_click() -> None:
    loaded = imported_by("from trunkline.cli import execute\nassert execute(['--help']) == 0")
    assert loaded & HEAVY <= {"click"}


@pytest.mark.parametrize(
    "argv",
    [
        ["fax", "--help"],
        ["users", "create", "--help"],
        ["contacts", "create", "--skeleton"],
        ["fax", "delete", "42", "--dry-run"],
        ["fax", "list", "--filter", "Id gt 3", "--curl"],
    ],
    ids=" ".join,
)
def test_what_sends_nothing_loads_no_client(environment: dict[str, str], argv: list[str]) -> None:
    code = f"from trunkline.cli import execute\nassert execute({argv!r}) == 0\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"trunkline.client", "trunkline.odata.filters", *HEAVY - {"click", "msgspec"}}


@pytest.mark.parametrize("command", [["status"], ["calls", "watch"], ["job", "run"], ["flow", "run"], ["run"]])
def test_help_of_an_everyday_command_brings_no_client(command: list[str]) -> None:
    loaded = imported_by(f"from trunkline.cli import execute\nassert execute({[*command, '--help']}) == 0")
    assert not loaded & (HEAVY - {"click", "msgspec"})


def test_every_public_name_can_be_imported() -> None:
    code = "import trunkline\nfor name in trunkline.__all__: getattr(trunkline, name)\nfrom trunkline import *"
    assert "trunkline" in imported_by(code)


def test_the_end_of_a_command_runs_what_was_to_run_then_and_loses_no_output() -> None:
    """Nothing of the interpreter is taken apart: threads of the HTTP library may still be at it."""
    code = (
        "import atexit, sys, trunkline.cli\n"
        "atexit.register(print, 'at exit', end='')\n"
        "class Late:\n"
        "    def __del__(self): print('taken apart')\n"
        "late = Late()\n"
        "print('before', end=' ')\n"
        "trunkline.cli.main(['actions', 'frobnicate'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "before at exit")


@pytest.fixture
def two_faxes(tmp_path: Path) -> Path:
    path = tmp_path / "items.jsonl"
    path.write_text('{"Id": 121}\n{"Id": 122}\n', encoding="utf-8")
    return path


RUN = [TRUNKLINE, "run", "fax.delete", "--set", "Id={{ $json.Id }}"]


@pytest.mark.parametrize(("answer", "code", "sent"), [("n\n", 130, 0), ("\n", 130, 0), ("y\n", 0, 2)])
@pytest.mark.parametrize("piped", [True, False], ids=["items from a pipe", "items from a file"])
def test_deleting_several_things_asks_on_a_terminal(
    environment: dict[str, str], system: System, two_faxes: Path, answer: str, code: int, sent: int, piped: bool
) -> None:
    argv = RUN if piped else [*RUN, "--input", str(two_faxes)]
    terminal = Terminal(argv, environment, stdin=two_faxes if piped else None)
    terminal.until("Go on?")
    terminal.type(answer)
    assert terminal.end() == code
    assert len(system.sent("DELETE")) == sent


def test_yes_asks_nothing_and_a_terminal_gets_a_table(
    environment: dict[str, str], system: System, two_faxes: Path
) -> None:
    terminal = Terminal([*RUN, "--input", str(two_faxes), "--yes"], environment)
    assert terminal.end() == 0
    assert "Go on?" not in terminal.seen
    assert re.search(r"1 +fax 122 +done", terminal.seen)
    assert "2 done, 0 failed, 0 not started." in terminal.seen


def test_a_bulk_delete_asks_on_a_terminal(environment: dict[str, str], system: System) -> None:
    terminal = Terminal([TRUNKLINE, "fax", "bulk-fax-delete", "--ids", "[121,122]"], environment)
    terminal.until("[y/N]")
    terminal.type("n\n")
    assert terminal.end() == 130
    assert [path for path in system.sent("POST") if "Pbx." in path] == []


def test_ctrl_c_finishes_what_runs_and_says_what_was_done(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text("".join(f'{{"Id": {n}}}\n' for n in range(1, 61)), encoding="utf-8")
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="demo", latency=0.2)
    with running(emulator) as url:
        argv = [TRUNKLINE, "run", "contacts.delete", "--set", "Id={{ $json.Id }}", "--input", str(path), "-o", "jsonl"]
        process = subprocess.Popen(
            argv, env={**environment, "TRUNKLINE_URL": url}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        end = time.monotonic() + 60
        while len(emulator.journal) < 5:
            assert time.monotonic() < end, "nothing is deleted"
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    done = [json.loads(line)["json"]["Id"] for line in out.splitlines()]
    deleted = [int(entry.path.split("(")[1].rstrip(")")) for entry in emulator.journal if entry.method == "DELETE"]
    assert sorted(done) == sorted(deleted)
    assert 0 < len(done) < 60
    assert f"{len(done)} done, 0 failed, {60 - len(done)} not started." in err
    assert "Traceback" not in err


def test_a_reader_that_leaves_is_no_error(environment: dict[str, str]) -> None:
    done = subprocess.run(
        f"{TRUNKLINE} actions -o jsonl | head -1",
        shell=True,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["id"] == "active_calls.drop_call"
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.fixture
def started() -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """``trunkline emulator`` on a free port, and the variables that it tells people to set."""
    process = subprocess.Popen(
        [TRUNKLINE, "emulator", "--port", "0", "--seed", "empty"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    variables: dict[str, str] = {}
    while len(variables) < 3:
        line = process.stdout.readline()
        assert line, "the emulator ended early"
        if line.strip().startswith("export "):
            name, _, value = line.strip().removeprefix("export ").partition("=")
            variables[name] = value
    try:
        yield process, variables
    finally:
        process.kill()
        process.communicate()


def test_the_emulator_command_prints_how_to_try_it_and_stops_cleanly(
    started: tuple[subprocess.Popen[str], dict[str, str]],
) -> None:
    process, variables = started
    listed = subprocess.run(
        [TRUNKLINE, "defs", "get"], env={**os.environ, **variables}, capture_output=True, text=True, check=True
    )
    assert json.loads(listed.stdout)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "Traceback" not in err


def test_a_port_in_use_is_said_so(started: tuple[subprocess.Popen[str], dict[str, str]]) -> None:
    port = started[1]["TRUNKLINE_URL"].rpartition(":")[2]
    done = subprocess.run(
        [TRUNKLINE, "emulator", "--port", port], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 3
    assert f"port {port}: it is in use" in done.stderr
    assert "Traceback" not in done.stderr
