"""`trunkline calls watch`: calls as they come and go, in a pipe and on a terminal, through outages."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import closed_port
from terminal import TRUNKLINE, Terminal
from trunkline import Pbx
from trunkline.cli.call_table import LiveTable
from trunkline.monitor.call_watch import Snapshot

AT = datetime(2026, 6, 15, 9, 0, 30, tzinfo=UTC)
WATCH = [TRUNKLINE, "calls", "watch"]
PRESENT = 4  # calls that the demo company always has


def row(number: int, caller: str = "100 Quill, Ada", callee: str = "101 Wren, Oskar", **more: Any) -> dict[str, Any]:
    times = {"EstablishedAt": "2026-06-15T09:00:00Z", "ServerNow": "2026-06-15T09:00:12.9Z"}
    return {"Id": number, "Caller": caller, "Callee": callee, "Status": "Routing", **times, **more}


# ── in a pipe ───────────────────────────────────────────────────────────────────────────────────


class Watching:
    """A watch in a process of its own, whose lines are read as they come."""

    def __init__(self, argv: list[str], environment: dict[str, str]) -> None:
        command = [*WATCH, "--interval", "0.5", "--for", "300", *argv]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def next(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line: dict[str, Any] = json.loads(self.process.stdout.readline())
        return line

    def present(self, number: int = PRESENT) -> list[Any]:
        events = [self.next() for _ in range(number)]
        assert {event["event"] for event in events} == {"present"}
        return events

    def warning(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def end(self) -> tuple[int, str]:
        _, err = self.process.communicate(timeout=120)
        return self.process.returncode, err


@contextmanager
def watching(environment: dict[str, str], *argv: str) -> Iterator[Watching]:
    found = Watching(list(argv), environment)
    with found.process:
        try:
            yield found
        finally:
            found.process.kill()


@pytest.fixture
def demo(system: System) -> Iterator[System]:
    """The demo company, whose faults and clock end with the test."""
    yield system
    system.emulator.clear_faults()
    system.emulator.skew_clock(0)


def test_a_call_from_its_start_to_its_end(demo: System, pbx: Pbx, environment: dict[str, str]) -> None:
    with watching(environment) as watch:
        watch.present()
        pbx.users.make_call({"dn": "105", "destination": "106"})
        started = watch.next()
        demo.emulator.skew_clock(60)
        changed = watch.next()
        pbx.active_calls.drop_call(started["call"]["Id"])
        ended = watch.next()
        watch.process.send_signal(signal.SIGINT)
        code, err = watch.end()
    assert [event["event"] for event in (started, changed, ended)] == ["started", "changed", "ended"]
    assert started["call"]["Caller"] == "105 Wren, Oskar"
    assert (changed["call"]["Status"], changed["previous"]["Status"]) == ("Talking", "Routing")
    assert 60 <= changed["duration_seconds"] <= ended["duration_seconds"]
    assert ended["call"]["Id"] == started["call"]["Id"]
    assert code == 130
    assert err.endswith("1 started, 1 changed, 1 ended.\n")


def test_it_ends_by_itself_after_so_many_events(demo: System, pbx: Pbx, environment: dict[str, str]) -> None:
    with watching(environment, "--number", "105", "--number", "137", "--count", "1") as watch:
        watch.present(1)
        pbx.users.make_call({"dn": "107", "destination": "106"})
        pbx.users.make_call({"dn": "105", "destination": "106"})
        assert watch.next()["call"]["Caller"] == "105 Wren, Oskar"
        assert watch.end()[0] == 0


def test_it_ends_by_itself_after_so_many_seconds(line: Callable[..., Any], demo: System) -> None:
    said = line("calls", "watch", "--for", "2", *connection(demo.url))
    assert (said.code, len(said.lines)) == (0, PRESENT)
    assert "0 started, 0 changed, 0 ended." in said.err


def test_a_key_in_the_name_of_a_caller_is_not_shown(line: Callable[..., Any], demo: System) -> None:
    caller = line("calls", "watch", "--for", "1", *connection(demo.url)).lines[0]["call"]["Caller"]
    demo.emulator.add_client("watcher", caller, roles=("system_owners",))
    said = line("calls", "watch", "--for", "1", *connection(demo.url, "watcher", caller))
    assert (said.code, len(said.lines)) == (0, PRESENT)
    assert caller not in said.out


def connection(url: str, client: str = CLIENT, key: str = KEY) -> tuple[str, ...]:
    return "--url", url, "--client-id", client, "--client-secret", key


def test_an_outage_is_said_and_outlasted(demo: System, pbx: Pbx, environment: dict[str, str]) -> None:
    with watching(environment) as watch:
        watch.present()
        demo.emulator.add_fault("reset-before:times=2@/ActiveCalls*")
        assert "Trying again" in watch.warning()
        assert "answers again, after" in watch.warning()
        pbx.users.make_call({"dn": "105", "destination": "106"})
        assert watch.next()["event"] == "started"


@pytest.mark.parametrize("fault", ["captive-portal:times=1", "half-body:times=1", "502:times=1", "500:times=1"])
def test_broken_answers_pass(demo: System, environment: dict[str, str], fault: str) -> None:
    with watching(environment) as watch:
        watch.present()
        demo.emulator.add_fault(f"{fault}@/ActiveCalls*")
        assert "Trying again" in watch.warning()
        assert "answers again, after" in watch.warning()


def test_a_pbx_that_asks_to_wait_is_not_asked_before(demo: System, environment: dict[str, str]) -> None:
    with watching(environment) as watch:
        watch.present()
        demo.emulator.add_fault("429=2:times=1@/ActiveCalls*")
        assert "Trying again, first in 2 s" in watch.warning()
        assert "answers again, after" in watch.warning()
    asked = [entry for entry in demo.emulator.journal if "/ActiveCalls" in entry.path]
    refused = next(place for place, entry in enumerate(asked) if entry.status == 429)
    assert asked[refused + 1].at - asked[refused].at >= 2


def test_a_sign_in_that_is_refused_meanwhile_ends_it(demo: System, environment: dict[str, str]) -> None:
    demo.emulator.add_client("watcher", "first-key", roles=("system_owners",))
    own = {**environment, "TRUNKLINE_CLIENT_ID": "watcher", "TRUNKLINE_CLIENT_SECRET": "first-key"}
    with watching(own) as watch:
        watch.present()
        demo.emulator.add_client("watcher", "second-key", roles=("system_owners",))
        demo.emulator.revoke_tokens("watcher")
        code, err = watch.end()
    assert code == 4
    assert "refused to sign in client 'watcher'" in err
    assert [entry.status for entry in demo.emulator.journal if entry.path == "/connect/token"] == [200, 400]


def test_a_token_that_dies_is_renewed_without_a_word(demo: System, pbx: Pbx, environment: dict[str, str]) -> None:
    with watching(environment, "--count", "1") as watch:
        watch.present()
        demo.emulator.revoke_tokens(CLIENT)
        pbx.users.make_call({"dn": "105", "destination": "106"})
        assert watch.next()["event"] == "started"
        code, err = watch.end()
    assert (code, err.count("\n")) == (0, 1)


def test_whoever_stops_reading_ends_it_quietly(demo: System, environment: dict[str, str]) -> None:
    script = f"{TRUNKLINE} calls watch --interval 0.5 | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    first, code = done.stdout.splitlines()
    assert json.loads(first)["event"] == "present"
    assert (code, done.stderr) == ("0", "")


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("--interval", "0.4"), 2, "--interval"),
        (("--number", "Ada"), 2, "--number takes a number"),
        (("--count", "0"), 2, "--count"),
        (("--for", "0"), 2, "--for"),
        (("--for", "nan"), 2, "--for"),
        (("--for", "inf"), 2, "--for"),
        (("--interval", "nan"), 2, "--interval"),
        (("-o", "table"), 2, "needs a terminal"),
        (("--url", closed_port()), 6, "can't be reached"),
        (("--client-secret", "wrong"), 4, "refused to sign in"),
        (("--client-id", VIEWER, "--client-secret", VIEWER_KEY), 5, "lacks the right"),
    ],
)
def test_what_can_not_be_watched(
    line: Callable[..., Any], demo: System, argv: tuple[str, ...], code: int, said: str
) -> None:
    answer = line("calls", "watch", *connection(demo.url), *argv)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err


def test_a_pbx_that_never_answers_has_not_been_watched(line: Callable[..., Any], demo: System) -> None:
    demo.emulator.add_fault("silence@/ActiveCalls*")
    said = line("calls", "watch", "--for", "0.5", *connection(demo.url))
    assert (said.code, said.out) == (6, "")
    assert "did not answer within 0.5 s" in said.err


# ── on a terminal ───────────────────────────────────────────────────────────────────────────────

TO_OWN_SCREEN, BACK, CURSOR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"
LIVE = [*WATCH, "--interval", "0.5"]


def test_a_live_table_until_ctrl_c(demo: System, pbx: Pbx, environment: dict[str, str]) -> None:
    terminal = Terminal(LIVE, environment)
    terminal.until("4 calls")
    assert TO_OWN_SCREEN in terminal.seen
    assert "101 Lindqvist, Tomás" in terminal.until("801 Support")
    pbx.users.make_call({"dn": "105", "destination": "106"})
    terminal.until("5 calls")
    terminal.until("105 Wren, Oskar")
    terminal.interrupt()
    assert terminal.end() == 130
    after = terminal.seen.rpartition(BACK)[2]
    assert after.strip().endswith("1 started, 0 changed, 0 ended.")
    assert CURSOR in terminal.seen


def test_only_chosen_calls_are_in_the_table(demo: System, environment: dict[str, str]) -> None:
    terminal = Terminal([*LIVE, "--text", "support"], environment)
    terminal.until("1 of 4 calls")
    terminal.until("801 Support")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "Lindqvist" not in terminal.seen


def test_the_table_stays_while_the_pbx_is_away(demo: System, environment: dict[str, str]) -> None:
    terminal = Terminal(LIVE, environment)
    terminal.until("4 calls")
    demo.emulator.add_fault("503@/ActiveCalls*")
    terminal.until("Away since")
    terminal.seen = ""
    assert "Away since" in terminal.until("801 Support")
    demo.emulator.clear_faults()
    terminal.until("4 calls")
    end = time.monotonic() + 60
    while "Away since" in terminal.seen:  # it may have been drawn once more before
        assert time.monotonic() < end, "the PBX is back, and it is not seen"
        terminal.seen = ""
        terminal.until("801 Support")
    terminal.interrupt()
    assert terminal.end() == 130


def test_a_small_terminal_says_what_is_left_out(demo: System, environment: dict[str, str]) -> None:
    small = {name: value for name, value in environment.items() if name != "COLUMNS"}
    terminal = Terminal(LIVE, small, size=(7, 60))
    terminal.until("… and 2 more")
    terminal.interrupt()
    assert terminal.end() == 130
    assert "Duration" in terminal.seen
    assert "Since" not in terminal.seen


def test_a_terminated_watch_gives_the_terminal_back(demo: System, environment: dict[str, str]) -> None:
    terminal = Terminal(LIVE, environment)
    terminal.until("4 calls")
    os.kill(terminal.pid, signal.SIGTERM)
    assert terminal.end() == 128 + signal.SIGTERM
    assert BACK in terminal.seen


@pytest.mark.skipif(os.name != "posix", reason="Windows has no Ctrl-Z")
def test_a_stopped_watch_gives_the_terminal_back_and_takes_it_again(demo: System, environment: dict[str, str]) -> None:
    argv = ["bash", "-c", f"set -m; {' '.join(LIVE)}; echo stopped; fg"]
    terminal = Terminal(argv, environment)
    terminal.until("4 calls")
    terminal.type("\x1a")
    seen = terminal.until("stopped\r\n")
    assert BACK in seen
    terminal.seen = ""
    terminal.until("4 calls")
    terminal.interrupt()
    assert terminal.end() == 130
    assert BACK in terminal.seen


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signal")
def test_a_watch_ends_with_its_terminal_even_if_it_ignores_the_hang_up(
    demo: System, environment: dict[str, str]
) -> None:
    terminal = Terminal(["bash", "-c", f"trap '' HUP; exec {' '.join(LIVE)}"], environment)
    terminal.until("4 calls")
    os.close(terminal.fd)
    assert terminal.exit_code() == 0


@pytest.mark.skipif(os.name != "posix", reason="Windows has no Ctrl-Z")
def test_ctrl_z_in_the_middle_of_a_table_waits_for_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    press = signal.raise_signal
    stopped: list[Any] = []

    class Screen(io.StringIO):
        busy = False

        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            assert not self.busy, "reentrant call"
            self.busy = True
            if "1 call " in text and not stopped:
                press(signal.SIGTSTP)
            self.busy = False
            return super().write(text)

    def stop(number: int) -> None:
        stopped.append((number, BACK in screen.getvalue()))

    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(signal, "raise_signal", stop)
    monkeypatch.setenv("TERM", "xterm")
    with LiveTable("acme", 0.5) as table:
        table.show(Snapshot(AT, [row(1)], 1, [], 0.0))
    assert stopped == [(signal.SIGTSTP, True)]
    assert screen.getvalue().count(TO_OWN_SCREEN) == screen.getvalue().count(BACK) == 2


@pytest.mark.parametrize("after", range(4))
def test_a_terminal_that_goes_while_it_is_drawn_on_is_no_error(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Going(io.StringIO):
        written = 0

        def isatty(self) -> bool:
            return self.written <= after

        def write(self, text: str) -> int:
            self.written += 1
            if not self.isatty():
                raise OSError(errno.EIO, "Input/output error")
            return len(text)

    monkeypatch.setattr(sys, "stdout", Going())
    monkeypatch.setenv("TERM", "xterm")
    with LiveTable("acme", 0.5) as table:
        for number in range(1, 4):
            table.show(Snapshot(AT, [row(number)], 1, [], 0.0))
        assert table.gone


def test_a_terminal_that_can_not_redraw_gets_events(demo: System, environment: dict[str, str]) -> None:
    terminal = Terminal(LIVE, {**environment, "TERM": "dumb"})
    terminal.until('"Id":4')
    terminal.interrupt()
    assert terminal.end() == 130
    assert terminal.seen.count('{"event":"present"') == PRESENT
    assert TO_OWN_SCREEN not in terminal.seen
