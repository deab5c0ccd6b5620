"""A user without a home, as a container has that runs under a number of its own: what needs a folder says so."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, System

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the folders of Windows are not in the environment")
Line = Callable[..., Any]
CONNECTED = ("--url", "https://pbx.example.com", "--client-id", CLIENT, "--client-secret", KEY)


@pytest.fixture
def homeless(line: Line, monkeypatch: pytest.MonkeyPatch) -> Line:
    def unknown(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in (
        *("HOME", "TRUNKLINE_PROFILES", "TRUNKLINE_TOKEN_DIR", "TRUNKLINE_JOB_DIR"),
        *("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    return line


def test_what_needs_no_folder_works(homeless: Line, system: System) -> None:
    said = homeless("fax", "list", "--url", system.url, "--client-id", CLIENT, "--client-secret", KEY)
    assert (said.code, said.err) == (0, "")
    assert said.lines


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("fax", "list"), "The address of the PBX, the client id and the API key are missing."),
        (("fax", "list", "--profile", "acme"), "no folder for saved connections.\nName a file in TRUNKLINE_PROFILES."),
        (("profiles", "list"), "no folder for saved connections.\nName a file in TRUNKLINE_PROFILES."),
        (("status", "--all"), "no folder for saved connections.\nName a file in TRUNKLINE_PROFILES."),
        (
            ("login", "acme", "--store", "file", "--no-test", *CONNECTED),
            "no folder for saved connections.\nName a file",
        ),
        (("actions", "open", "fax.delete"), "no folder for pages.\n`trunkline actions show fax.delete` prints it."),
        (("job", "list"), "no folder for jobs.\nName one in TRUNKLINE_JOB_DIR."),
        (
            ("export", "call-log", "--since-last", *CONNECTED),
            "no folder for watermarks.\nName a file: `--watermark FILE`",
        ),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_what_needs_one_says_how_to_name_it(homeless: Line, argv: tuple[str, ...], said: str) -> None:
    answer = homeless(*argv)
    assert (answer.code, answer.out) == (3, "")
    assert said in answer.err


def test_an_import_needs_one_before_it_sends_anything(homeless: Line, system: System, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("PhoneNumber,FirstName\n+442079460000,Ada\n", encoding="utf-8")
    connected = ("--url", system.url, "--client-id", CLIENT, "--client-secret", KEY)
    answer = homeless("import", "contacts", str(sheet), "--apply", "--yes", *connected)
    assert answer.code == 3
    assert "no folder for what imports keep.\nXDG_STATE" in answer.err
    assert [path for path in system.sent("POST") if path != "/connect/token"] == []
