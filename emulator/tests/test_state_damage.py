"""A damaged state file is told at the start: what was written is there whole, or nothing is begun."""

from __future__ import annotations

import os
import socket
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trunkline_emulator import Emulator
from trunkline_emulator.state import StateError

PAGE = 4096


def held(emulator: Emulator) -> bytes:
    """What differs from the seed."""
    return msgspec.json.encode(emulator.snapshot(), order="sorted")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """The bytes of a state file of some pages, and what its PBX held."""
    path = tmp_path_factory.mktemp("state") / "pbx.db"
    emulator = Emulator(state=path, api_key="k")
    for number in range(60):
        emulator.ask("POST", "/Contacts", json={"FirstName": f"No {number}", "PhoneNumber": "+12025550142"})
    emulator.ask("DELETE", "/Fax(124)")
    emulator.ask("PATCH", "/Users(12)", json={"FirstName": "Ada"})
    before = held(emulator)
    emulator.close()
    return path.read_bytes(), before


def check(path: Path, content: bytes, before: bytes) -> bool:
    """Whether such a file is refused; else it has given back all that was written."""
    for leftover in path.parent.glob(f"{path.name}*"):
        leftover.unlink()
    path.write_bytes(content)
    try:
        emulator = Emulator(state=path, api_key="k")
    except StateError:
        return True
    try:
        assert held(emulator) == before
    finally:
        emulator.close()
    return False


def test_an_undamaged_file_is_taken(tmp_path: Path, written: tuple[bytes, bytes]) -> None:
    assert check(tmp_path / "pbx.db", *written) is False


@pytest.mark.parametrize("part", range(12))
def test_truncated_files(tmp_path: Path, written: tuple[bytes, bytes], part: Any) -> None:
    content, before = written
    assert check(tmp_path / "pbx.db", content[: len(content) * part // 12], before)


def test_a_database_without_its_tables_is_not_begun_anew(tmp_path: Path, written: tuple[bytes, bytes]) -> None:
    content, before = written
    path = tmp_path / "bare.db"
    path.write_bytes(content)
    db = sqlite3.connect(path)
    with db:
        db.execute("DROP TABLE changes")
        db.execute("DROP TABLE meta")
    db.close()
    assert check(tmp_path / "pbx.db", path.read_bytes(), before)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}", b'{"Users": []}', b"null", b"\x00" * 8192, b"SQLite format 3\x00", b"\xff" * 100_000]
)
def test_files_of_something_else(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pbx.db"
    path.write_bytes(content)
    with pytest.raises(StateError):
        Emulator(state=path)
    assert path.read_bytes() == content


@pytest.mark.skipif(os.name != "posix", reason="pipes, sockets and devices have names on POSIX systems")
def test_the_refusal_says_what_to_do(tmp_path: Path, written: tuple[bytes, bytes]) -> None:
    path = tmp_path / "pbx.db"
    path.write_bytes(written[0].replace(b'"No 17"', b'"No 17 '))
    with pytest.raises(StateError) as caught:
        Emulator(state=path)
    assert str(caught.value).startswith(f"The state file {path} is damaged (")
    assert str(caught.value).endswith(
        "restore it from a backup, or delete the file to start again, or name another one."
    )


def test_what_is_no_file_at_all(tmp_path: Path) -> None:
    pipe, listener = tmp_path / "pipe", tmp_path / "socket"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(listener))
        for path in (pipe, listener, Path("/dev/null"), Path("/dev/zero")):
            with pytest.raises(StateError, match="it is a pipe, socket or device, not a file"):
                Emulator(state=path)
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "nowhere")
    with pytest.raises(StateError, match="can't be opened: No such file"):
        Emulator(state=dangling)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("mode", [0o400, 0o200, 0o000])
def test_a_file_that_this_user_may_not_use(tmp_path: Path, written: tuple[bytes, bytes], mode: int) -> None:
    path = tmp_path / "pbx.db"
    path.write_bytes(written[0])
    path.chmod(mode)
    with pytest.raises(StateError, match="this user may not read and write it"):
        Emulator(state=path)
