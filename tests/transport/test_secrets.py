"""Where an API key comes from, when it is asked for, and that it never shows."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from nasty import RESET, Asked, Bytes, Nasty, http
from trunkline import errors
from trunkline.connections import secrets
from trunkline.connections.secrets import ExposedSecret, from_environment, from_file, from_keyring
from trunkline.errors import ConfigurationError, SignInError, TrunklineError
from trunkline.local import private_files
from trunkline.request import HttpRequest
from trunkline.result import HttpResponse
from trunkline.transport.driver import Driver
from trunkline.transport.exchange import exchange
from trunkline.transport.options import ConnectOptions, connect
from trunkline.transport.retries import Retries
from trunkline.transport.session import Session
from trunkline.transport.sign_in import secret_form, token_request

KEY = "hunter2-hunter2-hunter2"
GET = HttpRequest("GET", "/Fax?$top=1")


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self, **passwords: str) -> None:
        super().__init__()
        self.passwords = passwords

    def get_password(self, service: str, username: str) -> str | None:
        if username == "locked":
            raise KeyringLocked(KEY)
        if username == "broken":
            raise RuntimeError(KEY)
        if username == "bytes":
            return KEY.encode()  # type: ignore[return-value]
        return self.passwords.get(f"{service}_{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[f"{service}_{username}"] = password


@pytest.fixture
def ring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(Ring(trunkline_me=KEY))
    yield
    keyring.set_keyring(before)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "api.key"
    path.write_text(f"{KEY}\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def sign_in(url: str, credentials: Any, times: int = 1) -> list[HttpResponse]:
    driver = Driver(connect(ConnectOptions()))
    session = Session(url, "client", credentials)
    return [driver.run(exchange(session, GET, Retries(attempts=1))) for _ in range(times)]


def forms(server: Nasty) -> list[bytes]:
    return [asked.body for asked in server.asked if asked.target == "/connect/token"]


@pytest.mark.usefixtures("ring")
@pytest.mark.parametrize("source", ["argument", "environment", "keyring", "file", "callable"])
def test_each_source_signs_in(source: str, key_file: Path) -> None:
    credentials = {
        "argument": lambda: KEY,
        "environment": lambda: from_environment("PBX_KEY", {"PBX_KEY": KEY}),
        "keyring": lambda: from_keyring("trunkline", "me"),
        "file": lambda: from_file(key_file),
        "callable": lambda: lambda: KEY,
    }[source]()
    with Nasty(lambda asked: http(200, "{}")) as server:
        assert sign_in(server.url, credentials)[0].status == 200
    assert forms(server) == [f"client_id=client&client_secret={KEY}&grant_type=client_credentials".encode()]
    assert KEY not in repr(credentials) or source == "argument"


@pytest.mark.usefixtures("ring")
@pytest.mark.parametrize(
    ("source", "says"),
    [
        (lambda _: from_environment("PBX_KEY", {}), "environment variable PBX_KEY"),
        (lambda _: from_environment("PBX_KEY", {"PBX_KEY": "  "}), "environment variable PBX_KEY"),
        (lambda _: from_keyring("trunkline", "nobody"), "keyring, trunkline / nobody"),
        (lambda _: from_keyring("trunkline", "locked"), "KeyringLocked"),
        (lambda folder: from_file(folder / "none"), "No such file"),
        (lambda _: from_file("~nobody-here/key"), "The home in ~nobody-here/key is not known"),
        (from_file, "can't be read"),
        (lambda folder: from_file(_written(folder, b"")), "There is no API key in"),
        (lambda folder: from_file(_written(folder, b"\xff\xfe")), "is not a text in UTF-8"),
        (lambda folder: from_file(_written(folder, KEY.encode("utf-16"))), "is not a text in UTF-8"),
        (lambda folder: from_file(_written(folder, b"k" * 70_000)), "it is too large"),
        (lambda folder: from_file(_written(folder, b"k" * 5_000)), "longer than any API key"),
        (lambda folder: from_file(_written(folder, b"one\r\ntwo\r\n")), r"U\+000D"),
        (lambda folder: from_file(_written(folder, "schl\u00fcssel".encode())), r"U\+00FC"),
        (lambda folder: from_file(_fifo(folder)), "nothing came through this pipe"),
        (lambda folder: from_file(_socket(folder)), "can't be read"),
        (lambda folder: from_file(_loop(folder)), "can't be read"),
        (lambda _: from_file("/dev/zero"), "it is not an ordinary file"),
        (lambda _: from_file("nul\0l"), "its path is not one"),
        (lambda _: from_keyring("trunkline", "broken"), "RuntimeError"),
        (lambda _: from_keyring("trunkline", "bytes"), "There is no API key in"),
        (lambda _: lambda: 1 // 0, "ZeroDivisionError"),
        (lambda _: _raising(ValueError(KEY)), "ValueError"),
        (lambda _: _raising(StopIteration()), "StopIteration"),
        (lambda _: lambda needed: KEY, "TypeError"),
        (lambda _: _asynchronous, "is not async"),
        (lambda _: lambda: "key\r\nX-Header: 1", r"U\+000D"),
        (lambda _: lambda: "key\u200b", r"U\+200B"),
        (lambda _: lambda: "key\udcff", r"U\+DCFF"),
        (lambda _: lambda: " \r\n", "gave none"),
        (lambda _: lambda: "", "gave none"),
        (lambda _: lambda: None, "gave none"),
        (lambda _: lambda: 5, "gave none"),
    ],
)
def test_a_source_without_a_key_is_said_before_anything_is_sent(
    source: Callable[[Path], Any], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_files, "PIPE_PATIENCE", 0.05)
    tmp_path.chmod(0o700)
    with Nasty(lambda asked: http(200, "{}")) as server, pytest.raises(ConfigurationError, match=says) as raised:
        sign_in(server.url, source(tmp_path))
    assert server.asked == []
    assert raised.value.hint
    assert raised.value.exit_code == 3
    assert KEY not in str(raised.value)


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "fifo", 0o600)
    return folder / "fifo"


def _socket(folder: Path) -> Path:
    short = Path(tempfile.mkdtemp()) / "s"  # a socket's path has to be short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(short))
    return short


def _loop(folder: Path) -> Path:
    (folder / "loop").symlink_to("loop")
    return folder / "loop"


def _raising(error: Exception) -> Callable[[], str]:
    def function() -> str:
        raise error

    return function


async def _asynchronous() -> str:
    return KEY


def test_an_error_of_a_function_becomes_ours_and_leaves_no_lock_behind() -> None:
    answers = iter([OSError(KEY), errors.ConfigurationError("The vault is closed."), KEY])

    def ask() -> Any:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with Nasty(lambda asked: http(200, "{}")) as server:
        driver, session = Driver(connect(ConnectOptions())), Session(server.url, "client", ask)
        with pytest.raises(ConfigurationError, match="OSError") as raised:
            driver.run(exchange(session, GET, Retries()))
        assert KEY not in "".join(traceback.format_exception(raised.value)).partition("in ask")[0]
        with pytest.raises(ConfigurationError, match="The vault is closed"):
            driver.run(exchange(session, GET, Retries()))
        assert server.asked == []
        assert driver.run(exchange(session, GET, Retries())).status == 200


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_a_process_passes_through_a_function(error: type[BaseException]) -> None:
    def ask() -> str:
        raise error

    with pytest.raises(error):
        sign_in("https://pbx.example.com", ask)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (f"{KEY}\r\n".encode(), KEY),
        (b"\xef\xbb\xbf" + KEY.encode(), KEY),
        (f"\n\t {KEY} \n\n".encode(), KEY),
        (b"with spaces", "with spaces"),
    ],
)
def test_what_stands_around_a_key_in_a_file_is_not_part_of_it(content: bytes, key: str, tmp_path: Path) -> None:
    assert from_file(_written(tmp_path, content))() == key


def test_a_key_comes_through_a_pipe_of_the_shell(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, f"{KEY}\n".encode())
        os.close(writing)
        assert from_file(f"/dev/fd/{reading}")() == KEY
    finally:
        os.close(reading)


def test_a_pipe_through_which_nothing_comes_is_not_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_files, "PIPE_PATIENCE", 0.05)
    reading, writing = os.pipe()
    try:
        with pytest.raises(ConfigurationError, match="nothing came through this pipe"):
            from_file(f"/dev/fd/{reading}")()
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY}\r\n", f" {KEY}"])
def test_what_stands_around_a_key_that_is_given_is_not_part_of_it(key: str) -> None:
    with Nasty(lambda asked: http(200, "{}")) as server:
        sign_in(server.url, key)
    assert forms(server) == [f"client_id=client&client_secret={KEY}&grant_type=client_credentials".encode()]


@pytest.mark.parametrize("key", ["", " \n", None, 5, b"bytes", "a\nb", "a\0b", "schl\u00fcssel", "k" * 5_000, ["k"]])
def test_a_key_that_is_none_is_refused_at_once(key: Any) -> None:
    with pytest.raises(ConfigurationError, match="API key") as raised:
        Session("https://pbx.example.com", "client", key)
    assert raised.value.exit_code == 3
    assert "schl" not in str(raised.value)


@pytest.mark.parametrize("client_id", ["", "a\r\nb", "\udcff", "a\0", 5, "\u200b"])
def test_a_client_id_that_is_none_is_refused_at_once(client_id: Any) -> None:
    with pytest.raises(ConfigurationError, match="client id"):
        Session("https://pbx.example.com", client_id, KEY)


@given(st.text() | st.none() | st.integers() | st.binary())
def test_whatever_is_given_for_a_key_it_is_sent_or_refused(key: Any) -> None:
    with contextlib.suppress(ConfigurationError):
        session = Session("https://pbx.example.com", "client", key)
        sent = token_request(session, secret_form(session, str(session.credentials)))
        assert sent.body is not None


def test_a_function_is_asked_at_each_sign_in_so_a_changed_key_is_found() -> None:
    keys = iter(["old-key-0123456789", "new-key-0123456789"])
    answers = iter([200, 401, 200, 200])
    with Nasty(lambda asked: http(next(answers), "{}")) as server:
        assert [answer.status for answer in sign_in(server.url, lambda: next(keys), times=3)] == [200, 200, 200]
    assert [b"old-key" in form for form in forms(server)] == [True, False]


def test_a_refused_key_is_not_tried_again_but_another_is() -> None:
    keys = iter(["wrong", "wrong", "right"])

    def answer(asked: Asked) -> Bytes:
        if asked.target != "/connect/token":
            return http(200, "{}")
        return http(400, '{"error":"invalid_client"}') if b"wrong" in asked.body else http(200, '{"access_token":"t"}')

    with Nasty(answer, sign_in=False) as server:
        driver, session = Driver(connect(ConnectOptions())), Session(server.url, "client", lambda: next(keys))
        for _ in range(2):
            with pytest.raises(SignInError, match="invalid_client"):
                driver.run(exchange(session, GET, Retries()))
        assert driver.run(exchange(session, GET, Retries())).status == 200
    assert [b"wrong" in form for form in forms(server)] == [True, False]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize(("mode", "exposed"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_file_that_others_can_read_is_warned_of(key_file: Path, mode: int, exposed: bool) -> None:
    key_file.chmod(mode)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert from_file(key_file)() == KEY
    assert [(warning.category, warning.filename) for warning in seen] == [(ExposedSecret, __file__)] * exposed
    assert not any(KEY in str(warning.message) for warning in seen)


def test_without_keyring_the_way_to_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'trunkline\[keyring\]'"):
        from_keyring("trunkline", "me")


@pytest.mark.parametrize(
    "answer",
    [
        http(400, '{"error":"invalid_client"}'),
        http(200, "{}"),
        http(500),
        http(200, "<html>", "text/html"),
        RESET,
    ],
    ids=["refused", "no token", "down", "page", "reset"],
)
@pytest.mark.parametrize("source", [KEY, lambda: KEY], ids=["argument", "callable"])
def test_a_key_never_shows(answer: Bytes, source: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Nasty(lambda asked: answer, sign_in=False) as server:
        driver, session = Driver(connect(ConnectOptions())), Session(server.url, "client", source)
        for _ in range(2):
            with pytest.raises(TrunklineError) as raised:
                driver.run(exchange(session, GET, Retries(attempts=2, base=0.001)))
            error = raised.value
            told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
            assert KEY not in told.partition("driver.py")[2]  # the first frame is this test's own
            assert KEY not in f"{error} {error!r} {error.__dict__}"
    assert KEY not in caplog.text
    assert KEY not in f"{session!r} {session.refused!r} {session.kept.read()!r}"
    assert any(KEY.encode() in form for form in forms(server))


def test_a_key_that_the_pbx_says_back_is_taken_out_of_its_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = json.dumps({"error": "unauthorized", "error_description": f"{KEY} is not a key"})
    with Nasty(lambda asked: http(401, said), sign_in=False) as server:
        with pytest.raises(SignInError, match=r"\(… is not a key\)") as raised:
            sign_in(server.url, KEY)
        assert KEY not in "".join(traceback.format_exception(raised.value)) + caplog.text
