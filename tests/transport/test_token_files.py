"""A token file or its folder that is not as it should be: neither hangs, nor ends a process, nor is trusted."""

from __future__ import annotations

import errno
import json
import logging
import os
import socket
import stat
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharing import CLIENT, KEY, POSIX, ask, session, sign_ins
from trunkline.local.private_files import ExposedSecret
from trunkline.transport.token import Token
from trunkline.transport.token_store import REFUSAL_LASTS, TokenStore
from trunkline_emulator import Emulator

NOW = 1_800_000_000.0


def kept(url: str, folder: Path, **changes: Any) -> Path:
    """The file of a token that somebody left behind, with some of its fields changed."""
    shared = session(url, folder)
    ask(shared)
    assert shared.kept.path is not None
    fields = {**json.loads(shared.kept.path.read_bytes()), **changes}
    shared.kept.path.write_text(json.dumps(fields), encoding="utf-8")
    shared.kept.path.chmod(0o600)
    return shared.kept.path


@pytest.mark.parametrize(
    "changes",
    [
        {"access": "half a\r\nX-Header: token"},
        {"access": "token\r\n"},
        {"access": "t\u00f6ken"},
        {"access": "\ud800"},
        {"access": "t" * 20_000},
        {"access": ""},
        {"access": None},
        {"access": ["t"]},
        {"expires": 10**400},
        {"expires": 1e300},
        {"expires": float("nan")},
        {"expires": float("inf")},
        {"expires": -1},
        {"expires": "tomorrow"},
        {"expires": True},
        {"owner": "\u00fc"},
        {"owner": "\ud800"},
        {"owner": 5},
        {"salt": "\ud800"},
        {"salt": None},
        {"refused": {"digest": "\u00fc", "reason": "r", "until": 9e18}},
        {"refused": {"digest": 5}},
        {"refused": []},
        {"denied_until": 10**400},
        {"version": 20},
        {"more": [[[[]]]]},
    ],
    ids=lambda changes: repr(changes)[:40],
)
def test_a_field_that_can_t_be_right_harms_nobody(
    url: str, folder: Path, emulator: Emulator, changes: dict[str, Any]
) -> None:
    kept(url, folder, **changes)
    assert ask(session(url, folder)).status == 200
    assert ask(session(url, folder)).status == 200
    assert len(sign_ins(emulator)) <= 2


@given(
    st.dictionaries(
        st.sampled_from(["access", "expires", "owner", "salt", "refresh", "version", "refused", "denied_until"]),
        st.text() | st.floats() | st.integers() | st.none() | st.sampled_from([10**400, "a\r\nb", {"digest": "x"}]),
    )
    | st.binary()
)
def test_whatever_stands_in_a_token_file_it_is_a_token_or_nothing(content: Any) -> None:
    url = "https://pbx.example.com"
    with tempfile.TemporaryDirectory() as folder:
        file = TokenStore(folder).file(url, CLIENT)
        assert file.path is not None
        fields = {"server": url, "client_id": CLIENT, **content} if isinstance(content, dict) else {}
        data = content if isinstance(content, bytes) else json.dumps(fields).encode(errors="replace")
        file.path.write_bytes(data)
        file.path.chmod(0o600)
        saved = file.read()
        for secret in (KEY, "other"):
            token, refused = saved.token(secret), saved.refusal(secret, NOW)
            assert token is None or token.access.isascii()
            assert refused is None or refused.until <= NOW + 2 * REFUSAL_LASTS
            assert saved.refresh_token(secret).isascii()
        assert saved.granting(KEY, Token("t", NOW), "", None).token(KEY) == Token("t", NOW)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "cp500"])
def test_a_token_file_in_another_encoding_is_replaced(
    url: str, folder: Path, emulator: Emulator, encoding: str
) -> None:
    path = kept(url, folder)
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    assert ask(session(url, folder)).status == 200
    assert ask(session(url, folder)).status == 200
    assert sign_ins(emulator) == [200, 200]


def test_a_token_file_with_line_ends_of_windows_is_read(url: str, folder: Path, emulator: Emulator) -> None:
    path = kept(url, folder)
    fields = json.loads(path.read_bytes())
    path.write_bytes(json.dumps(fields, indent=2).replace("\n", "\r\n").encode())
    assert ask(session(url, folder)).status == 200
    assert sign_ins(emulator) == [200]


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)
    path.chmod(0o600)


def _bound(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # the path of a socket has to be short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(before)


ODD: dict[str, Callable[[Path], object]] = {
    "fifo": lambda path: os.mkfifo(path, 0o600),
    "socket": _bound,
    "folder": lambda path: path.mkdir(),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "/dev/zero": lambda path: path.symlink_to("/dev/zero"),
    "a terabyte": _huge,
    "unreadable": lambda path: (path.touch(), path.chmod(0)),
}


@POSIX
@pytest.mark.parametrize("suffix", [".json", ".lock", ".new"])
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_file_in_its_place_neither_hangs_nor_ends_a_process(
    url: str, folder: Path, emulator: Emulator, odd: str, suffix: str
) -> None:
    shared = session(url, folder)
    folder.mkdir()
    assert shared.kept.path is not None
    ODD[odd](shared.kept.path.with_suffix(suffix))
    assert ask(shared).status == 200
    assert ask(shared).status == 200
    assert sign_ins(emulator) == [200]
    assert ask(session(url, folder)).status == 200


@POSIX
def test_a_token_that_others_could_read_is_warned_of_once_and_taken_away_from_them(
    url: str, folder: Path, emulator: Emulator
) -> None:
    path = kept(url, folder)
    path.chmod(0o644)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert ask(session(url, folder)).status == 200
        path.chmod(0o660)
        assert ask(session(url, folder)).status == 200
    assert len(warned) == 1
    assert warned[0].category is ExposedSecret
    assert f"The token in {path} could be read by others" in str(warned[0].message)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sign_ins(emulator) == [200]


@POSIX
def test_a_token_of_another_user_is_not_trusted(
    url: str, folder: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = kept(url, folder)
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    with caplog.at_level(logging.WARNING, "trunkline"):
        assert ask(session(url, folder)).status == 200
        assert ask(session(url, folder)).status == 200
    (record,) = (record for record in caplog.records if record.levelno == logging.WARNING)
    assert str(path) in record.getMessage()
    assert "belongs to another user" in record.getMessage()
    assert "TRUNKLINE_TOKEN_DIR" in record.getMessage()
    assert sign_ins(emulator) == [200] * 3


@POSIX
@pytest.mark.parametrize(
    "number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EIO], ids=errno.errorcode.get
)
def test_a_disk_without_locks_is_said_once_with_the_option_and_done_without(
    url: str,
    folder: Path,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: int,
) -> None:
    import fcntl

    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with caplog.at_level(logging.WARNING, "trunkline"):
        shared = [session(url, folder) for _ in range(2)]
        assert [ask(each).status for each in (*shared, shared[0])] == [200] * 3
    (record,) = (record for record in caplog.records if record.levelno == logging.WARNING)
    assert "TRUNKLINE_TOKEN_DIR" in record.getMessage()
    assert os.strerror(number) in record.getMessage()
    assert sign_ins(emulator) == [200] * 3
    assert [path.suffix for path in folder.iterdir() if path.suffix != ".lock"] == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO], ids=errno.errorcode.get)
@pytest.mark.parametrize("call", ["open", "replace"])
def test_a_disk_that_is_full_or_read_only_is_said_once_and_done_without(
    url: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: int,
    call: str,
) -> None:
    shared = session(url, folder)
    real = os.open

    def refuse(path: Any, *more: Any, **options: Any) -> Any:
        if call == "open" and not str(path).endswith(".new"):
            return real(path, *more, **options)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(*((os, "open") if call == "open" else (os, "replace")), refuse)
    with caplog.at_level(logging.WARNING, "trunkline"):
        assert ask(shared).status == 200
        assert ask(shared).status == 200
    (record,) = (record for record in caplog.records if record.levelno == logging.WARNING)
    assert os.strerror(number) in record.getMessage()
    assert not list(folder.glob("*.new"))
    assert not list(folder.glob("*.json"))


def test_a_folder_of_a_name_that_no_disk_has_is_done_without(url: str, caplog: pytest.LogCaptureFixture) -> None:
    for folder in ("nul\0l", "x" * 5000):
        assert ask(session(url, Path(folder))).status == 200
    assert caplog.text.count("can't be kept") == 2
