"""No secret of a PBX stands in a file, a plan, a ledger, a log or an output, over the whole life of a configuration."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from trunkline import Pbx
from trunkline.catalog.secret import secrets_in
from trunkline.config.kinds import kinds, settings_kinds
from trunkline_emulator import Emulator, running

Line = Callable[..., Any]
GIVEN = {f"users/{number}/{field}": f"given-{field}-{number}" for number in (101, 2101) for field in ("AuthPassword",)}


@pytest.fixture
def berlin() -> Iterator[System]:
    """A PBX that nobody has set up yet."""
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="empty")
    with running(emulator) as url:
        yield System(emulator, url)


@pytest.fixture
def folder(
    tmp_path: Path, saved: Callable[..., None], system: System, berlin: System, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The current folder: both PBXs are saved, and a file of secrets is given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUNKLINE_APPLY_DIR", str(tmp_path / "applies"))
    saved(acme=system.url, berlin=berlin.url)
    given = tmp_path / "given.yaml"
    given.touch(mode=0o600)
    given.write_text("".join(f"{path}: {value}\n" for path, value in GIVEN.items()))
    return tmp_path


def secrets_of(pbx: Pbx) -> set[str]:
    """Every secret in the raw rows of whatever files may hold, with all that comes only when it is expanded."""
    found: set[str] = set()
    for kind in [*kinds(pbx.catalog).values(), *settings_kinds(pbx.catalog).values()]:
        if kind.reader:
            options: dict[str, Any] = {"expand": list(kind.expand)} if kind.expand else {}
            answer = pbx.call(kind.reader, **options)
            found |= set(secrets_in([answer] if kind.is_single else list(answer)))
    return found


def check_clean(secrets: set[str], text: str | bytes, where: str) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    leaked = [secret for secret in secrets if secret.encode() in data]
    assert not leaked, f"{len(leaked)} secrets in {where}"


def test_no_secret_is_anywhere(
    line: Line, folder: Path, system: System, berlin: System, pbx: Pbx, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for user in pbx.call(
        "users.list", select=["Id", "Number"]
    ):  # the PINs of the seed are all alike, and too short to look for
        pbx.call("users.update", user["Id"], {"VMPIN": f"93{user['Number']}7"})
    secrets = secrets_of(pbx) | set(GIVEN.values()) | {KEY}
    assert {"not-a-real-password", "931007", "auth100", "trunk10000", "fax888"} <= secrets
    assert not {secret for secret in secrets if len(secret) < 5}

    written: list[tuple[str, str]] = []

    def life(*argv: str, code: int = 0) -> None:
        result = line("config", *argv)
        written.append((" ".join(argv), result.out + result.err))
        assert result.code == code, result

    for output in ("table", "json", "jsonl"):
        life("export", "--profile", "acme", "--out", f"acme-{output}", "-o", output)
    life("validate", "acme-json")
    queue = folder / "acme-json" / "queues" / "800.yaml"
    queue.write_text(queue.read_text().replace("RingTimeout: 20", "RingTimeout: 25"))
    (folder / "acme-json" / "sbcs" / "100000000001.yaml").unlink()  # it has a password
    for output in ("table", "json", "jsonl", "markdown"):
        life("diff", "acme-json", "profile:acme", "-o", output, "--full", code=8)
        life("diff", "acme-json", "profile:berlin", "-o", output, "--full", code=8)
    for output in ("table", "json", "jsonl", "prometheus"):
        life("drift", "acme-json", "--all-profiles", "-o", output, code=8)
    secret = ("--secrets", "given.yaml")
    for output in ("table", "json", "jsonl"):
        life("plan", "acme-json", "--profile", "acme", "-o", output, "--remove", *secret)
        life("plan", "acme-json", "--profile", "berlin", "-o", output, *secret)
    life("plan", "acme-json", "--profile", "acme", "--save", "saved.json", *secret)
    life("apply", "saved.json", "--profile", "acme", "--yes", "-o", "json", *secret)
    (folder / "numbers.csv").write_text("old,new\n1xx,21xx\n8xx,88xx\n")
    clone = ("clone", "--from", "acme", "--to", "berlin", "--map", "numbers.csv", *secret)
    life(*clone, "--dry-run", "-o", "table")
    life(*clone, "--yes", "-o", "json")
    life(*clone, "--yes", "-o", "jsonl")
    life("export", "--profile", "berlin", "--out", "berlin", "-o", "jsonl")

    with Pbx(berlin.url, CLIENT, KEY) as other:
        held = secrets_of(other)
        assert (
            GIVEN["users/2101/AuthPassword"] in held
        )  # what was given has arrived, and nothing else of the source has
        assert not {"931007", "auth100", "trunk10000", "fax888", "not-a-real-password"} & held
    secrets |= {secret for secret in held if len(secret) > 4}  # a PIN of four digits stands in any number
    for command, text in written:
        check_clean(secrets, text, f"the output of {command}")
    check_clean(secrets, caplog.text, "the log")
    files = [path for path in folder.rglob("*") if path.is_file()]
    ours = [path for path in files if path.name not in ("given.yaml", "profiles.toml")]
    assert {path.suffix for path in ours} >= {".yaml", ".json", ".csv"}
    assert any("applies" in path.parts for path in ours)
    for path in ours:
        check_clean(secrets, path.read_bytes(), str(path.relative_to(folder)))
