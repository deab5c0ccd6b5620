"""Exit codes and the environment, each as a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import closed_port
from trunkline.cli.root import cli
from trunkline_emulator import Emulator, running

Line = Callable[..., Any]


@pytest.fixture
def connection(line: Line, system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    for name, value in (("URL", system.url), ("CLIENT_ID", CLIENT), ("CLIENT_SECRET", KEY)):
        monkeypatch.setenv(f"TRUNKLINE_{name}", value)
    return system


@pytest.mark.parametrize(
    ("code", "argv"),
    [
        (0, ("contacts", "get", "7")),
        (1, ("event-logs", "download-event-logs", "--save", "{full}")),
        (2, ("contacts", "gett", "7")),
        (2, ("contacts", "get", "seven")),
        (3, ("contacts", "get", "7", "--url", "ftp://pbx.example.com")),
        (3, ("contacts", "get", "7", "--profile", "nobody")),
        (4, ("contacts", "get", "7", "--api-key", "wrong-key-0123456789")),
        (5, ("contacts", "get", "999999")),
        (5, ("users", "list", "--client-id", VIEWER, "--api-key", VIEWER_KEY)),
        (6, ("contacts", "get", "7", "--url", "{closed}")),
        (7, ("contacts", "delete", "--input", "{items}", "--yes")),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else " ".join(value[:3]),
)
def test_exit_codes(line: Line, connection: System, tmp_path: Path, code: int, argv: tuple[str, ...]) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text('{"Id": 1}\n{"Id": 999999}\n', encoding="utf-8")
    places = {"closed": closed_port(), "items": str(items), "full": str(tmp_path / "x")}
    if code == 1:
        (tmp_path / "x").mkdir()
        places["full"] = "/proc/nothing"  # a folder in which nobody can make a file
    said = line(*(word.format(**places) for word in argv))
    assert said.code == code, said.err
    if code:
        assert said.err


FLOW = """
name: old contacts
steps:
  - list: contacts
    with: {filter: Id eq 1}
  - delete: contacts
"""
ONLY = ("--attempts", "1", "--patience", "0")
SURFACES = {
    "run": ("run", "contacts.delete", "--set", "Id={{ $json.Id }}", "--input", "{items}"),
    "delete": ("contacts", "delete", "--input", "{items}"),
    "job": ("job", "run", "contacts.delete", "--name", "x", "--set", "Id={{ $json.Id }}", "--input", "{items}", *ONLY),
    "flow": ("flow", "run", "{flow}"),
}


@pytest.mark.parametrize("surface", SURFACES)
def test_an_exit_code_means_the_same_of_one_and_of_many(
    line: Line, connection: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, surface: str
) -> None:
    monkeypatch.setenv("TRUNKLINE_JOB_DIR", str(tmp_path / "jobs"))
    monkeypatch.setenv("TRUNKLINE_TOKEN_DIR", "off")
    (tmp_path / "items").write_text('{"Id": 1}\n', encoding="utf-8")
    (tmp_path / "flow").write_text(FLOW, encoding="utf-8")
    places = {name: str(tmp_path / name) for name in ("items", "flow")}
    argv = [word.format(**places) if word in ("{items}", "{flow}") else word for word in SURFACES[surface]]

    def code(*more: str) -> int:
        found: int = line(*argv, "--yes", *more).code
        if surface == "job":
            line("job", "remove", "x")
        return found

    assert code("--api-key", "wrong-key-0123456789") == 4
    assert code("--url", closed_port()) == 6
    assert code() == 0


def test_130_is_an_interruption(environment: dict[str, str]) -> None:
    """More of them in test_manners_interrupts.py."""
    from terminal import TRUNKLINE, Terminal

    terminal = Terminal([TRUNKLINE, "login", "acme"], {**environment, "TRUNKLINE_URL": ""})
    terminal.until("Address of the PBX: ")
    terminal.interrupt_question()
    assert terminal.end() == 130


# ── environment ─────────────────────────────────────────────────────────────────────────────────


def test_each_option_of_the_root_has_a_variable() -> None:
    several = ("all_profiles", "at_once")  # what a command does, and not where it finds a PBX
    for option in cli.params:
        if isinstance(option, click.Option) and option.name not in ("version", "help", *several):
            name = f"TRUNKLINE_{option.opts[0].removeprefix('--').replace('-', '_').upper()}"
            assert name in (option.help or ""), f"--{option.name} does not say {name}"


@pytest.fixture
def three(line: Line, file: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Three PBXs that tell themselves by a contact, each in one place: an option, the environment, the profile."""
    with (
        running(Emulator(client_id="option", api_key="key-of-the-option")) as option,
        running(Emulator(client_id="variable", api_key="key-of-the-variable")) as variable,
        running(Emulator(client_id="profile", api_key="key-of-the-profile")) as profile,
    ):
        file.parent.mkdir(parents=True)
        tables = (("saved", profile, "profile", "true"), ("named", variable, "variable", "false"))
        file.write_text(
            "".join(
                f'[{name}]\nurl = "{url}"\nclient_id = "{who}"\n'
                f'client_secret = "key-of-the-{who}"\ndefault = {default}\n'
                for name, url, who, default in tables
            )
        )
        file.chmod(0o600)
        yield {"option": option, "variable": variable, "profile": profile}


@pytest.mark.parametrize(
    ("options", "variables", "winner"),
    [
        ((), (), "profile"),
        ((), ("url", "client_id", "client_secret"), "variable"),
        (("url", "client_id", "client_secret"), (), "option"),
        (("url", "client_id", "client_secret"), ("url", "client_id", "client_secret"), "option"),
        ((), ("profile",), "variable"),
        (("profile",), ("url", "client_id", "client_secret"), "profile"),
    ],
    ids=[
        "the default profile",
        "environment over the default profile",
        "options over the default profile",
        "options over the environment",
        "TRUNKLINE_PROFILE over the default profile",
        "--profile over the environment",
    ],
)
def test_option_then_environment_then_profile(
    line: Line,
    three: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    variables: tuple[str, ...],
    winner: str,
) -> None:
    def values(who: str, profile: str) -> dict[str, str]:
        return {"url": three[who], "client_id": who, "client_secret": f"key-of-the-{who}", "profile": profile}

    for name in variables:
        monkeypatch.setenv(f"TRUNKLINE_{name.upper()}", values("variable", "named")[name])
    given = [word for name in options for word in (f"--{name.replace('_', '-')}", values("option", "saved")[name])]
    shown = line("contacts", "get", "7", "--dry-run", *given)
    assert shown.out.startswith(f"GET {three[winner]}/")
    assert line("contacts", "list", "--top", "1", *given).code == 0  # with the key that belongs to it


@pytest.mark.parametrize(
    ("option", "variable", "value", "code"),
    [
        ("--timeout", "TRUNKLINE_TIMEOUT", "0", 3),
        ("--timeout", "TRUNKLINE_TIMEOUT", "30", 0),
        ("--ca-file", "TRUNKLINE_CA_FILE", "/no/such/file.pem", 3),
    ],
)
def test_an_option_and_its_variable_do_the_same(
    line: Line, connection: System, monkeypatch: pytest.MonkeyPatch, option: str, variable: str, value: str, code: int
) -> None:
    assert line("contacts", "get", "7", option, value).code == code
    monkeypatch.setenv(variable, value)
    assert line("contacts", "get", "7").code == code
    if option == "--timeout":
        assert line("contacts", "get", "7", option, "30").code == 0


def test_the_format_has_no_variable(line: Line, connection: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script must get what it got yesterday, whatever its user likes to see."""
    monkeypatch.setenv("TRUNKLINE_OUTPUT", "yaml")
    assert json.loads(line("contacts", "get", "7").out)["Id"] == 7
