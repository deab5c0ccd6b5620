"""Ctrl-C and SIGTERM: exit 130, and what was done and what was not is said. The PBX falls silent where a test wants."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from terminal import TRUNKLINE, Terminal
from trunkline_emulator import Emulator, running

Silent = Callable[..., System]
Env = dict[str, str]


@pytest.fixture
def silent(environment: Env, tmp_path: Path) -> Iterator[Silent]:
    """A PBX that stops to answer after so many requests of a method to a path; the environment leads to it."""
    with ExitStack() as stack:

        def start(method: str, path: str, after: int = 0, *, seed: str = "demo", **do: Any) -> System:
            fault = {"match": {"method": method, "path": path, "after": after}, "do": do or {"stall": "silence"}}
            emulator = Emulator(client_id=CLIENT, api_key=KEY, seed=seed, faults=[fault])
            url = stack.enter_context(running(emulator))
            environment.update({"TRUNKLINE_URL": url, "TRUNKLINE_JOB_DIR": str(tmp_path / "jobs")})
            return System(emulator, url)

        yield start


@pytest.fixture
def items(tmp_path: Path) -> str:
    path = tmp_path / "items.jsonl"
    path.write_text("".join(f'{{"Id": {key}}}\n' for key in range(121, 126)), encoding="utf-8")
    return str(path)


ID = ("--set", "Id={{ $json.Id }}")
FINISHING = "Finishing the requests in progress; press Ctrl-C again to end at once."


def test_of_a_list_it_is_said_how_many_rows_were_written(environment: Env, silent: Silent, tmp_path: Path) -> None:
    silent("GET", "/Contacts*", 3, seed="large")
    terminal = Terminal([TRUNKLINE, "contacts", "list", "-o", "jsonl"], environment)
    terminal.until('"Id":300,')
    terminal.interrupt()
    assert terminal.end() == 130
    assert terminal.seen.endswith("Interrupted: 300 rows were written, which may not be all.\r\n")


@pytest.mark.parametrize("form", ["table", "json"])
def test_of_a_list_that_is_read_whole_nothing_is_written(environment: Env, silent: Silent, form: str) -> None:
    silent("GET", "/Contacts*", 3, seed="large")
    terminal = Terminal([TRUNKLINE, "contacts", "list", "-o", form], environment)
    terminal.until("300 rows")
    terminal.interrupt()
    assert terminal.end() == 130
    assert terminal.seen.endswith("Interrupted: nothing was written.\r\n")
    assert "Northwind" not in terminal.seen


def test_of_a_change_it_is_said_that_nobody_knows(environment: Env, silent: Silent) -> None:
    pbx = silent("DELETE", "/Fax*")
    process = subprocess.Popen([TRUNKLINE, "fax", "delete", "121"], env=environment, stderr=subprocess.PIPE, text=True)
    arrived(pbx, "DELETE")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "whether the PBX has carried out fax.delete is not known; look before you send it again." in err


def arrived(pbx: System, method: str, times: int = 1) -> None:
    """Wait until the PBX was asked."""
    end = time.monotonic() + 60
    while len(pbx.sent(method)) < times:
        assert time.monotonic() < end, "the PBX was not asked"
        time.sleep(0.01)


@pytest.mark.parametrize(
    "argv",
    [("run", "fax.delete", *ID, "--input"), ("fax", "delete", "--input")],
    ids=["run", "delete"],
)
def test_a_run_finishes_what_is_on_its_way_or_says_what_it_was(
    environment: Env, silent: Silent, items: str, argv: tuple[str, ...]
) -> None:
    silent("DELETE", "/Fax*", 2)
    terminal = Terminal([TRUNKLINE, *argv, items, "--yes", "-o", "csv"], environment)
    terminal.until("2/5 items")
    terminal.interrupt()
    terminal.until(FINISHING)
    terminal.interrupt()
    assert terminal.end() == 130
    written = re.findall(r"^\d,true,(12\d),\r$", terminal.seen, re.M)
    assert len(written) == 2
    assert re.search(r"2 done, 0 failed, 0 not started, 3 unknown: whether item \d, \d, \d was carried", terminal.seen)


def test_sigterm_is_ctrl_c(environment: Env, silent: Silent, items: str) -> None:
    pbx = silent("DELETE", "/Fax*", 2)
    argv = [TRUNKLINE, "run", "fax.delete", *ID, "--concurrency", "1", "--input", items]
    process = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    arrived(pbx, "DELETE", 3)
    process.send_signal(signal.SIGTERM)
    assert process.stderr.readline() == f"{FINISHING}\n"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert [json.loads(line)["json"]["Id"] for line in out.splitlines()] == [121, 122]
    assert err == ("2 done, 0 failed, 2 not started, 1 unknown: whether item 2 was carried out was not waited for.\n")


def test_a_job_says_how_to_go_on_and_others_see_that_it_runs(environment: Env, silent: Silent, items: str) -> None:
    silent("DELETE", "/Fax*", 2)
    argv = [TRUNKLINE, "job", "run", "fax.delete", "--name", "night", *ID, "--concurrency", "1", "--input", items]
    terminal = Terminal([*argv, "--yes"], environment)
    terminal.until("2/5 items")
    shown = subprocess.run(
        [TRUNKLINE, "job", "show", "night"], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(shown.stdout)["status"] == "running"
    terminal.interrupt()
    terminal.until(FINISHING)
    terminal.interrupt()
    assert terminal.end() == 130
    assert (
        "Interrupted: `trunkline job resume night` goes on; it looks up the interrupted requests first."
        in terminal.seen
    )
    shown = subprocess.run(
        [TRUNKLINE, "job", "show", "night", "-o", "csv"], env=environment, capture_output=True, text=True, check=True
    )
    assert shown.stdout.splitlines()[1].startswith("night,fax.delete,paused,")


FLOW = """
name: old faxes
steps:
  - list: fax
    with: {filter: Id lt 126, select: Id}
  - delete: fax
    with:
      Id: "{{ $json.Id }}"
    concurrency: 1
"""


def test_a_flow_says_what_its_step_had_done(environment: Env, silent: Silent, tmp_path: Path) -> None:
    silent("DELETE", "/Fax*", 2)
    path = tmp_path / "flow.yaml"
    path.write_text(FLOW, encoding="utf-8")
    terminal = Terminal([TRUNKLINE, "flow", "run", str(path), "--yes"], environment)
    terminal.until("2/5 items")
    terminal.interrupt()
    terminal.until(FINISHING)
    terminal.interrupt()
    assert terminal.end() == 130
    assert "Interrupted: fax.delete: 2 done, 0 failed, " in terminal.seen


def test_a_flow_that_only_reads_ends_at_once(environment: Env, silent: Silent, tmp_path: Path) -> None:
    silent("GET", "/Fax*")
    path = tmp_path / "flow.yaml"
    path.write_text(FLOW, encoding="utf-8")
    terminal = Terminal([TRUNKLINE, "flow", "run", str(path), "--yes"], environment)
    terminal.until("0/1 items")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "Interrupted: fax.list: 0 done, 0 failed, 0 not started, 1 unknown" in terminal.seen


def test_a_download_leaves_no_half_file(environment: Env, silent: Silent, tmp_path: Path) -> None:
    silent("GET", "/EventLogs*", **{"trickle": 0.05, "piece": 10})
    place = tmp_path / "logs"
    place.mkdir()
    argv = [TRUNKLINE, "event-logs", "download-event-logs", "--save", str(place / "events.csv")]
    terminal = Terminal(argv, environment)
    terminal.until("0 bytes")
    terminal.interrupt()
    assert terminal.end() == 130
    assert f"Interrupted: nothing was saved to {place / 'events.csv'}." in terminal.seen.replace("\r\n", "\n")
    assert list(place.iterdir()) == []


def test_an_upload_shows_how_far_it_is(environment: Env, silent: Silent, tmp_path: Path) -> None:
    silent("POST", "/customPrompts*")
    path = tmp_path / "welcome.wav"
    path.write_bytes(b"\0" * 3_000_000)
    terminal = Terminal([TRUNKLINE, "custom-prompts", "upload", "--file", str(path)], environment)
    terminal.until("of 3.0 MB")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "whether the PBX has carried out custom_prompts.upload is not known" in terminal.seen


def test_doctor_ends_at_once(environment: Env, silent: Silent) -> None:
    silent("GET", "/Defs*")
    terminal = Terminal([TRUNKLINE, "doctor"], environment)
    terminal.until("answers.")
    terminal.interrupt()
    assert terminal.end() == 130
    assert terminal.seen.endswith("Interrupted.\r\n")


# Each question to its last character: only then does anybody listen.
HIDDEN = "API key (it isn't shown): "


@pytest.mark.parametrize("at", ["Address of the PBX: ", "Client id: ", HIDDEN, "the sign-in"])
def test_login_saves_nothing(environment: Env, silent: Silent, tmp_path: Path, at: str) -> None:
    pbx = silent("GET", "/Defs*")
    for name in ("URL", "CLIENT_ID", "CLIENT_SECRET"):
        del environment[f"TRUNKLINE_{name}"]
    environment["TRUNKLINE_PROFILES"] = str(tmp_path / "own" / "profiles.toml")
    terminal = Terminal([TRUNKLINE, "login", "acme"], environment)
    for question, answer in (("Address of the PBX: ", pbx.url), ("Client id: ", CLIENT), (HIDDEN, KEY)):
        terminal.until(question)
        if question == at:
            break
        terminal.type(f"{answer}\n")
    if at == "the sign-in":
        arrived(pbx, "GET")
        terminal.interrupt()
    else:
        terminal.interrupt_question()
    assert terminal.end() == 130
    assert terminal.seen.endswith("Interrupted: nothing was saved.\r\n")
    assert KEY not in terminal.seen
    assert not (tmp_path / "own").exists()


@pytest.mark.parametrize(
    "argv",
    [
        ("fax", "bulk-fax-delete", "--ids", "[121,122]"),
        ("run", "fax.delete", *ID, "--input", "ITEMS"),
        ("fax", "delete", "--input", "ITEMS"),
        ("job", "run", "fax.delete", "--name", "night", *ID, "--input", "ITEMS"),
    ],
    ids=lambda argv: " ".join(argv[:2]),
)
@pytest.mark.parametrize("answer", ["\x03", "n\n", "\n", "\x04"], ids=["Ctrl-C", "no", "nothing", "Ctrl-D"])
def test_at_a_question_nothing_is_sent(
    environment: Env, system: System, items: str, tmp_path: Path, argv: tuple[str, ...], answer: str
) -> None:
    environment["TRUNKLINE_JOB_DIR"] = str(tmp_path / "jobs")
    terminal = Terminal([TRUNKLINE, *(items if word == "ITEMS" else word for word in argv)], environment)
    terminal.until("[y/N]: ")
    terminal.type(answer)
    assert terminal.end() == 130
    assert "\nnothing was sent" in terminal.seen.casefold().replace("interrupted: ", "")
    assert (system.sent("DELETE"), [path for path in system.sent("POST") if "Pbx." in path]) == ([], [])


ELSEWHERE = """
import signal, sys, threading
from trunkline.cli.confirm import confirmed

def press():
    open(sys.argv[1]).read()
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)

threading.Thread(target=press).start()
sys.exit(130 * (not confirmed("Go on?")))
"""


def test_ctrl_c_at_a_question_is_heard_even_if_it_wakes_no_read(environment: Env, tmp_path: Path) -> None:
    """As one does that comes just before the read, or in a thread of the HTTP library."""
    os.mkfifo(tmp_path / "go")
    terminal = Terminal([sys.executable, "-c", ELSEWHERE, str(tmp_path / "go")], environment)
    terminal.until("Go on? [y/N]: ")
    (tmp_path / "go").write_text("now")
    assert terminal.end() == 130


def test_answers_may_be_typed_ahead(environment: Env) -> None:
    asking = "import sys; from trunkline.cli.confirm import confirmed as ask; sys.exit(ask('One?') + 2 * ask('Two?'))"
    terminal = Terminal([sys.executable, "-c", asking], environment)
    terminal.type("YES\nn\n")
    assert terminal.end() == 1


def test_at_the_question_of_a_flow_its_step_sends_nothing(environment: Env, system: System, tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(FLOW, encoding="utf-8")
    for answer in ("\x03", "n\n"):
        terminal = Terminal([TRUNKLINE, "flow", "run", str(path)], environment)
        terminal.until("[y/N]: ")
        terminal.type(answer)
        assert terminal.end() == 130
        assert "was not confirmed; it sent nothing." in terminal.seen
    assert system.sent("DELETE") == []


def test_in_the_background_sigterm_still_ends_it(environment: Env, silent: Silent) -> None:
    """A shell starts what it puts into the background with SIGINT ignored."""
    pbx = silent("GET", "/Contacts*")
    process = subprocess.Popen(
        [TRUNKLINE, "contacts", "list"],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN) and None,  # noqa: PLW1509
    )
    arrived(pbx, "GET")
    os.kill(process.pid, signal.SIGTERM)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Interrupted: 0 rows were written" in err


EARLY = """
import os, signal, sys
from importlib.abc import MetaPathFinder
class Press(MetaPathFinder):
    def find_spec(self, name, *_):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Press())
from trunkline.cli import main
main({argv!r})
"""


@pytest.mark.parametrize("name", ["trunkline.cli.streams", "click", "trunkline.cli.root", "trunkline.cli.actions"])
def test_before_there_is_a_command_it_is_no_traceback(environment: Env, name: str) -> None:
    code = EARLY.format(name=name, argv=["actions", "show", "fax.get"])
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "Interrupted.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_the_last_word_it_changes_no_exit_code(environment: Env, number: signal.Signals) -> None:
    """What runs at the end may take a while, as the last spans on their way to a collector that is down."""
    code = (
        "import atexit, os, signal, trunkline.cli\n"
        f"atexit.register(os.kill, os.getpid(), {int(number)})\n"
        "trunkline.cli.main(['contacts', 'get', '999999'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
