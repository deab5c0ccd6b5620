"""One token for all processes: asked for once, replaced once, refused once, and never lost to a killed process."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import pwd
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharing import (
    CLIENT,
    GET,
    KEY,
    POSIX,
    WORKER,
    Hanging,
    Process,
    alone,
    ask,
    at_once,
    many_tasks,
    session,
    sign_ins,
)
from trunkline.errors import ConfigurationError, SignInError, TimedOut
from trunkline.request import HttpRequest
from trunkline.result import HttpResponse
from trunkline.transport import exchange as conversation
from trunkline.transport.async_driver import AsyncDriver
from trunkline.transport.driver import Driver
from trunkline.transport.exchange import Send, Turn, Wait, Work, exchange
from trunkline.transport.options import ConnectOptions, connect
from trunkline.transport.retries import Retries
from trunkline.transport.session import Session
from trunkline.transport.token import Token
from trunkline.transport.token_store import REFUSAL_LASTS, Refused, Saved, TokenFile, TokenStore, shared_store
from trunkline_emulator import Emulator

NOW = 1_800_000_000.0

HOLDER = """
import sys
from trunkline.transport.token_store import TokenStore
mine = TokenStore(sys.argv[1]).file(sys.argv[2], sys.argv[3])
assert mine.lock()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def start(url: str, folder: Path) -> Iterator[Callable[..., list[Process]]]:
    """Starts processes that share a client id; all are ready when they are given."""
    started: list[Process] = []

    def start(count: int, key: str = KEY) -> list[Process]:
        new = [Process(WORKER, url, CLIENT, key, str(folder)) for _ in range(count)]
        started.extend(new)
        assert [process.hear() for process in new] == ["ready"] * count
        return new

    yield start
    for process in started:
        process.close()


# ── ten processes ────────────────────────────────────────────────────────────────────────────────


def test_ten_processes_started_at_once_ask_for_one_token(start: Any, emulator: Emulator) -> None:
    assert at_once(start(10)) == ["200"] * 10
    assert sign_ins(emulator) == [200]


def test_a_token_killed_by_someone_else_is_replaced_once_and_not_ten_times(
    start: Any, emulator: Emulator, url: str
) -> None:
    processes = start(10)
    at_once(processes)
    assert alone(url).status == 200
    assert at_once(processes) == ["200"] * 10
    assert sign_ins(emulator) == [200] * 3  # theirs, the other's, theirs again


def test_a_process_that_comes_later_finds_the_token(start: Any, emulator: Emulator) -> None:
    at_once(start(1))
    assert at_once(start(1)) == ["200"]
    assert sign_ins(emulator) == [200]


def test_a_wrong_secret_in_ten_processes_is_tried_once(start: Any, emulator: Emulator) -> None:
    processes = start(10, key="wrong-key-0123456789")
    answers = at_once(processes) + at_once(processes)
    assert all(answer.startswith("SignInError") for answer in answers)
    assert not any("wrong-key" in answer for answer in answers)
    assert sign_ins(emulator) == [400]


def test_a_process_that_is_killed_with_the_lock_does_not_lock_out_others(
    start: Any, emulator: Emulator, url: str, folder: Path
) -> None:
    holder = Process(HOLDER, str(folder), url, CLIENT)
    assert holder.hear() == "held"
    mine = TokenStore(folder).file(url, CLIENT)
    assert not mine.lock()
    (waiting,) = start(1)
    waiting.tell()
    holder.kill()
    assert waiting.hear() == "200"
    assert sign_ins(emulator) == [200]


# ── one process ──────────────────────────────────────────────────────────────────────────────────


@POSIX
def test_only_the_user_can_read_what_is_kept(url: str, folder: Path) -> None:
    before = os.umask(0)
    try:
        ask(session(url, folder))
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        ".json": 0o600,
        ".lock": 0o600,
    }


def test_neither_secret_nor_names_are_in_what_is_kept(url: str, folder: Path) -> None:
    ask(session(url, folder))
    (kept,) = folder.glob("*.json")
    assert KEY not in kept.read_text(encoding="utf-8")
    assert CLIENT not in kept.name
    assert kept.read_text(encoding="utf-8").startswith('{"server":')


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x00" * 100,
        b'{"server":',
        b"[]",
        b"null",
        b'{"access": 5}',
        b'{"access":"t","owner":"x","refused":"never"}',
        b"\xff\xfe",
        json.dumps({"server": "https://other.example.com", "access": "theirs", "expires": 9e18}).encode(),
    ],
)
def test_a_file_that_makes_no_sense_is_replaced(url: str, folder: Path, emulator: Emulator, garbage: bytes) -> None:
    first = session(url, folder)
    folder.mkdir()
    assert first.kept.path is not None
    first.kept.path.write_bytes(garbage)
    first.kept.path.chmod(0o600)
    assert ask(first).status == 200
    assert ask(session(url, folder)).status == 200
    assert sign_ins(emulator) == [200]


def test_half_a_file_is_replaced(url: str, folder: Path, emulator: Emulator) -> None:
    ask(session(url, folder))
    (kept,) = folder.glob("*.json")
    kept.write_bytes(kept.read_bytes()[:-10])
    assert ask(session(url, folder)).status == 200
    assert sign_ins(emulator) == [200, 200]


def test_what_a_killed_writer_left_behind_is_in_nobody_s_way(url: str, folder: Path, emulator: Emulator) -> None:
    first = session(url, folder)
    folder.mkdir()
    assert first.kept.path is not None
    first.kept.path.with_suffix(".new").write_text("half", encoding="utf-8")
    ask(first)
    ask(session(url, folder))
    assert sign_ins(emulator) == [200]


def test_a_changed_secret_is_tried_at_once(url: str, folder: Path, emulator: Emulator) -> None:
    with pytest.raises(SignInError):
        ask(session(url, folder, "wrong-key-0123456789"))
    with pytest.raises(SignInError, match="Another process tried the same key") as raised:
        ask(session(url, folder, "wrong-key-0123456789"))
    assert str(next(folder.glob("*.json"))) in raised.value.hint.text
    assert ask(session(url, folder)).status == 200
    assert sign_ins(emulator) == [400, 200]


def test_a_wrong_secret_does_not_pass_because_somebody_s_token_lives(
    url: str, folder: Path, emulator: Emulator
) -> None:
    ask(session(url, folder))
    with pytest.raises(SignInError):
        ask(session(url, folder, "wrong-key-0123456789"))
    assert ask(session(url, folder)).status == 200
    assert sign_ins(emulator) == [200, 400]


def test_servers_and_clients_have_files_of_their_own(folder: Path) -> None:
    store = TokenStore(folder)
    pairs = [("https://a.example.com", "x"), ("https://b.example.com", "x"), ("https://a.example.com", "y")]
    assert len({store.file(*pair).path for pair in pairs}) == 3
    assert store.file(*pairs[0]).path == store.file(*pairs[0]).path


def test_the_version_is_known_from_the_store(url: str, folder: Path) -> None:
    ask(session(url, folder))
    second = session(url, folder)
    steps = exchange(second, GET, Retries())
    step = next(steps)
    while not isinstance(step, Send):
        step = steps.send(step.function() if isinstance(step, Work) else None)
    assert second.version == "20.0.10.0"
    assert step.request.target.endswith("/Fax?$top=1")


def test_a_folder_that_can_t_be_used_is_said_once_and_done_without(
    url: str, tmp_path: Path, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    shared = [session(url, tmp_path / "file" / "tokens") for _ in range(3)]
    with caplog.at_level(logging.WARNING, "trunkline"):
        assert [ask(each).status for each in shared] == [200] * 3
        assert ask(shared[0]).status == 200  # its token was ended by the others
    (said,) = (record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    assert str(tmp_path / "file" / "tokens") in said
    assert KEY not in said
    assert sign_ins(emulator) == [200] * 4


def test_a_file_that_can_t_be_written_is_done_without(url: str, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    shared = session(url, folder)
    assert shared.kept.path is not None
    shared.kept.path.mkdir(parents=True)
    assert ask(shared).status == 200
    assert "can't be kept" in caplog.text


# ── waiting and giving back ──────────────────────────────────────────────────────────────────────


def test_whoever_waits_for_a_process_that_hangs_ends_with_an_error(
    monkeypatch: pytest.MonkeyPatch, url: str, folder: Path, emulator: Emulator
) -> None:
    monkeypatch.setattr(conversation, "PATIENCE", 0.1)
    other = TokenStore(folder).file(url, CLIENT)
    assert other.lock()
    with pytest.raises(TimedOut, match="Another process has been signing in") as raised:
        Driver(connect(ConnectOptions())).run(exchange(session(url, folder), GET, Retries(attempts=1)))
    assert raised.value.processed is False
    assert sign_ins(emulator) == []
    other.unlock()
    assert ask(session(url, folder)).status == 200


def test_the_file_is_looked_into_again_once_the_lock_is_had(folder: Path) -> None:
    shared = Session("https://pbx.example.com", CLIENT, KEY, clock=lambda: NOW, store=TokenStore(folder))
    other = TokenStore(folder).file("https://pbx.example.com", CLIENT)
    assert other.lock()
    steps = exchange(shared, GET, Retries())
    assert next(steps) is Turn.LOCK
    step: Any = steps.send(None)
    while not isinstance(step, Wait):
        step = steps.send(step.function())
    other.write(other.read().granting(KEY, Token("theirs", NOW + 1000), "", None))
    other.unlock()
    step = steps.send(None)
    while not isinstance(step, Send):
        step = steps.send(step.function() if isinstance(step, Work) else None)
    assert dict(step.request.headers)["Authorization"] == "Bearer theirs"


def test_many_tasks_of_two_clients_in_one_process_sign_in_once(url: str, folder: Path, emulator: Emulator) -> None:
    sessions = [session(url, folder) for _ in range(2)]
    assert asyncio.run(many_tasks(sessions)) == [200] * 40
    assert sign_ins(emulator) == [200]


def test_a_task_cancelled_while_it_signs_in_gives_the_file_lock_back(folder: Path) -> None:
    async def run() -> None:
        adapter = Hanging()
        shared = session("https://pbx.example.com", folder)
        task = asyncio.create_task(AsyncDriver(adapter).run(exchange(shared, GET, Retries())))
        await adapter.asked.wait()
        other = TokenStore(folder).file("https://pbx.example.com", CLIENT)
        assert not other.lock()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert other.lock()
        other.unlock()

    asyncio.run(run())


def test_a_task_cancelled_while_it_takes_the_file_lock_gives_it_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        loop, cancelled, done = asyncio.get_running_loop(), threading.Event(), threading.Event()
        lock = TokenFile.lock

        def slow(file: TokenFile) -> bool:
            loop.call_soon_threadsafe(task.cancel)
            loop.call_soon_threadsafe(loop.call_later, 0.05, cancelled.set)  # by then the task knows
            assert cancelled.wait(10)
            taken = lock(file)
            done.set()
            return taken

        monkeypatch.setattr(TokenFile, "lock", slow)
        shared = session("https://pbx.example.com", folder)
        task = asyncio.create_task(AsyncDriver(Hanging()).run(exchange(shared, GET, Retries())))
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(done.wait, 10)
        other = TokenStore(folder).file("https://pbx.example.com", CLIENT)
        assert lock(other)
        other.unlock()

    asyncio.run(run())


def test_a_sign_in_that_is_interrupted_gives_the_file_lock_back(folder: Path) -> None:
    class Interrupted:
        def send(self, request: HttpRequest) -> HttpResponse:
            raise KeyboardInterrupt

        def close(self) -> None: ...

    with pytest.raises(KeyboardInterrupt):
        Driver(Interrupted()).run(exchange(session("https://pbx.example.com", folder), GET, Retries()))
    other = TokenStore(folder).file("https://pbx.example.com", CLIENT)
    assert other.lock()
    other.unlock()


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────


def test_a_refusal_is_believed_for_a_while_and_for_that_secret_alone() -> None:
    saved = Saved("https://pbx.example.com", CLIENT).refusing("wrong", "invalid_client", NOW)
    refused = saved.refusal("wrong", NOW)
    assert refused is not None
    assert refused.reason == "invalid_client"
    assert saved.refusal("wrong", NOW + REFUSAL_LASTS - 1) is not None
    assert saved.refusal("wrong", NOW + REFUSAL_LASTS) is None
    assert saved.refusal("right", NOW) is None
    assert saved.refusal("wrong", NOW - 86_400) is None  # the clock was set back by a day


def test_a_token_that_was_granted_ends_a_refusal() -> None:
    saved = Saved(salt="s", refused=Refused("x", "", NOW)).granting("right", Token("t", NOW), "r", "20.0.10")
    assert saved.refused is None
    assert saved.token("right") == Token("t", NOW)
    assert saved.refresh_token("right") == "r"
    assert saved.token("wrong") is None
    assert saved.refresh_token("wrong") == ""


@given(st.text(min_size=1), st.text(min_size=1), st.text())
def test_what_is_kept_shows_neither_token_nor_secret(secret: str, access: str, refresh: str) -> None:
    saved = Saved("s", "c").granting(f"<<{secret}>>", Token(f"<<{access}>>", NOW), f"<<{refresh}>>", None)
    assert "<<" not in repr(saved)


@pytest.mark.parametrize(
    ("given_", "environ", "folder"),
    [
        (None, {"TRUNKLINE_TOKEN_DIR": "/a"}, None),
        (False, {"TRUNKLINE_TOKEN_DIR": "/a"}, None),
        (True, {"TRUNKLINE_TOKEN_DIR": "/a"}, Path("/a")),
        (True, {"TRUNKLINE_TOKEN_DIR": "off"}, None),
        ("/b", {"TRUNKLINE_TOKEN_DIR": "/a"}, Path("/b")),
        (Path("/b"), {}, Path("/b")),
        ("~/b", {}, Path("/home/ada/b")),
        (TokenStore("/c"), {"TRUNKLINE_TOKEN_DIR": "off"}, Path("/c")),
    ],
)
def test_where_tokens_are_kept(
    given_: Any, environ: dict[str, str], folder: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, "/home/ada")
    store = shared_store(given_, environ)
    assert getattr(store, "folder", None) == folder


def test_the_user_s_own_folder_is_the_system_s_place_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        store = shared_store(True, {})
        assert isinstance(store, TokenStore)
        assert store.folder == tmp_path / "trunkline" / "tokens"
        monkeypatch.setenv("XDG_STATE_HOME", "")
        monkeypatch.delenv("HOME")
        monkeypatch.setattr(pwd, "getpwuid", nobody)
        assert shared_store(True, {}) is None


def nobody(_: int) -> Any:
    """A user of a number that has no name, as a container has one."""
    raise KeyError("uid not found")


def test_what_needs_no_store_loads_nothing_for_it(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom trunkline.transport.session import Session\n"
        "Session('https://pbx.example.com', 'c', 'k')\nprint(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"filelock", "platformdirs", "http.server", "webbrowser", "keyring"} & set(done.stdout.split())


def test_a_folder_in_the_home_of_nobody_is_said() -> None:
    with pytest.raises(ConfigurationError, match="The home in ~nobody-here/tokens is not known"):
        TokenStore("~nobody-here/tokens")
