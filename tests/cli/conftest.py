"""What tests of the command line share: one with profiles of its own, one that is connected, a keyring in memory."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from conftest import CLIENT, KEY, System
from trunkline import cli


class Said(NamedTuple):
    """What a command line said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Memory(KeyringBackend):
    """A keyring of this test; ``mood`` may be locked, broken, or forgetful: one that keeps nothing."""

    priority = 0.1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.mood = ""

    def _willing(self) -> None:
        if self.mood == "locked":
            raise KeyringLocked("locked")
        if self.mood == "broken":
            raise RuntimeError("as backends raise what their system's library does")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._willing()
        if self.mood != "forgetful":
            self.kept[service, username] = password

    def get_password(self, service: str, username: str) -> str | None:
        self._willing()
        return self.kept.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        self._willing()
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("not there")


@pytest.fixture
def ring() -> Iterator[Memory]:
    before = keyring.get_keyring()
    memory = Memory()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of profiles of this test; there is none yet."""
    path = tmp_path / "own" / "profiles.toml"
    monkeypatch.setenv("TRUNKLINE_PROFILES", str(path))
    return path


@pytest.fixture
def saved(file: Path) -> Callable[..., None]:
    """Save connections by name and address; one without a key was signed out of."""

    def now(keyless: tuple[str, ...] = (), **urls: str) -> None:
        file.parent.mkdir(exist_ok=True)
        tables = [
            f'[{name}]\nurl = "{url}"\nclient_id = "{CLIENT}"\n'
            + ("" if name in keyless else f'client_secret = "{KEY}"\n')
            for name, url in urls.items()
        ]
        file.write_text("\n".join(tables), encoding="utf-8")
        file.chmod(0o600)

    return now


@pytest.fixture
def line(file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command line without any connection in the environment, and without a terminal."""
    for name in ("URL", "CLIENT_ID", "CLIENT_SECRET", "CA_FILE", "PROFILE", "TIMEOUT", "INSECURE"):
        monkeypatch.delenv(f"TRUNKLINE_{name}", raising=False)

    def run(*argv: str) -> Said:
        code = cli.execute(list(argv))
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def trunkline(system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command line with the emulated PBX in the environment."""
    monkeypatch.setenv("TRUNKLINE_URL", system.url)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", CLIENT)
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", KEY)

    def run(*argv: str, stdin: str | None = None) -> Said:
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        return Said(cli.execute(list(argv)), *capsys.readouterr())

    return run
