"""Connections are saved once they work, and their keys are kept where nobody else reads them."""

from __future__ import annotations

import os
import stat
import sys
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import closed_port
from terminal import Terminal
from trunkline.connections.secrets import ExposedSecret
from trunkline_emulator import Emulator, running

TRUNKLINE = str(Path(sys.executable).with_name("trunkline"))

Line = Callable[..., Any]


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n", encoding="utf-8")
    path.chmod(0o600)
    return str(path)


@pytest.fixture
def answers(system: System, key_file: str) -> tuple[str, ...]:
    return "--url", system.url, "--client-id", CLIENT, "--api-key-file", key_file


def tables(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


# ── without a terminal ──────────────────────────────────────────────────────────────────────────


def test_the_key_goes_to_the_keyring_and_the_profile_works(
    line: Line, ring: Any, file: Path, answers: tuple[str, ...], system: System
) -> None:
    said = line("login", "acme", *answers)
    assert said.code == 0
    assert "3CX 20.0.10.0" in said.err
    assert "Saved as acme (default)" in said.out
    assert "keyring" in said.out
    assert tables(file) == {
        "acme": {"url": system.url, "client_id": CLIENT, "client_secret_keyring": True, "default": True}
    }
    assert ring.kept == {("trunkline", "acme"): KEY}
    assert KEY not in said.out + said.err
    assert line("fax", "get", "121").code == 0


@pytest.mark.parametrize("mood", ["locked", "broken", "forgetful"])
def test_where_no_keyring_works_the_key_goes_to_a_file_for_one_alone(
    line: Line, ring: Any, file: Path, answers: tuple[str, ...], mood: str
) -> None:
    ring.mood = mood
    ring_said = line("login", "acme", *answers)
    assert "takes no key" in ring_said.err
    assert tables(file)["acme"]["client_secret"] == KEY
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert line("fax", "get", "121").code == 0


def test_the_place_of_the_key_can_be_chosen(line: Line, ring: Any, file: Path, answers: tuple[str, ...]) -> None:
    assert line("login", "acme", *answers).code == 0
    assert line("login", "acme", *answers, "--store", "file").code == 0
    assert tables(file)["acme"]["client_secret"] == KEY
    assert ring.kept == {}, "the old place has the key no more"
    ring.mood = "locked"
    said = line("login", "other", *answers, "--store", "keyring")
    assert (said.code, "--store file" in said.err) == (3, True)
    assert "other" not in tables(file)


def test_the_key_from_standard_input(
    line: Line, ring: Any, system: System, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    typed = tmp_path / "stdin"
    typed.write_text(KEY, encoding="utf-8")
    typed.chmod(0o600)
    with typed.open(encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert line("login", "a", "--url", system.url, "--client-id", CLIENT, "--api-key-file", "-").code == 0
    assert ring.kept == {("trunkline", "a"): KEY}


def test_the_environment_answers_too_but_its_key_goes_to_its_own_pbx_only(
    line: Line, ring: Any, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNKLINE_URL", system.url)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", CLIENT)
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", KEY)
    assert line("login", "acme").code == 0
    assert ring.kept == {("trunkline", "acme"): KEY}
    said = line("login", "other", "--url", "https://pbx.example.com", "--no-test")
    assert said.code == 3
    assert "--api-key-file" in said.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "--url, or set TRUNKLINE_URL"),
        (["--url", "https://pbx.example.com"], "--client-id, or set TRUNKLINE_CLIENT_ID"),
        (["--url", "https://pbx.example.com", "--client-id", "c"], "--api-key-file"),
        (["--url", "ftp://pbx.example.com"], "https://pbx.example.com"),
        (["--url", "https://pbx.example.com", "--timeout", "0"], "seconds above 0"),
    ],
)
def test_what_is_missing_is_named(line: Line, file: Path, argv: list[str], said: str) -> None:
    told = line("login", "acme", *argv)
    assert told.code == 3
    assert said in told.err
    assert not file.exists()


@pytest.mark.parametrize("content", ["", " \n", "two words"])
def test_a_file_without_a_key(line: Line, file: Path, tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    said = line("login", "a", "--url", "https://pbx.example.com", "--client-id", "c", "--api-key-file", str(path))
    assert said.code == 3
    assert str(path) in said.err


@pytest.mark.parametrize("name", ["*", "a b", "", "../a", "[a]"])
def test_a_name_that_is_none(line: Line, file: Path, answers: tuple[str, ...], name: str) -> None:
    assert line("login", name, *answers).code == (3 if name else 0), "an empty name is the host's"
    assert file.exists() == (not name)


# ── nothing is stored if the test fails ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(("client", "key", "code"), [(CLIENT, "wrong", 4), ("nobody", KEY, 4), (VIEWER, VIEWER_KEY, 5)])
def test_nothing_is_saved_if_it_does_not_work(
    line: Line, ring: Any, file: Path, system: System, client: str, key: str, code: int
) -> None:
    said = line("login", "acme", "--url", system.url, "--client-id", client, "--api-key", key)
    assert said.code == code
    assert "Nothing was saved" in said.err
    assert "trunkline doctor" in said.err
    assert (ring.kept, file.exists()) == ({}, False)


def test_nobody_there_and_saved_all_the_same(line: Line, ring: Any, file: Path) -> None:
    argv = ("login", "acme", "--url", closed_port(), "--client-id", CLIENT, "--api-key", KEY)
    assert line(*argv).code == 6
    assert not file.exists()
    assert line(*argv, "--no-test").code == 0
    assert ring.kept == {("trunkline", "acme"): KEY}


@pytest.mark.filterwarnings("always::trunkline.transport.options.InsecureConnection")
def test_how_a_certificate_is_trusted_is_saved(line: Line, ring: Any, file: Path) -> None:
    emulator = Emulator(client_id=CLIENT, api_key=KEY)
    with running(emulator, tls=True) as url:
        argv = ("login", "acme", "--url", url, "--client-id", CLIENT, "--api-key", KEY)
        refused = line(*argv)
        assert (refused.code, file.exists()) == (6, False)
        assert line(*argv, "--ca-file", str(url.ca)).code == 0
        assert tables(file)["acme"]["ca_file"] == str(url.ca)
        assert line("defs", "get").code == 0
        assert line("login", "loud", *argv[2:], "--insecure").code == 0
        assert tables(file)["loud"]["verify"] is False
        said = line("defs", "get", "--profile", "loud")
        assert (said.code, "is not verified" in said.err) == (0, True)


# ── again ───────────────────────────────────────────────────────────────────────────────────────


def test_a_second_profile_is_not_the_default_unless_it_is_to_be(
    line: Line, ring: Any, file: Path, answers: tuple[str, ...]
) -> None:
    line("login", "one", *answers)
    line("login", "two", *answers)
    assert [name for name, table in tables(file).items() if table.get("default")] == ["one"]
    line("login", "three", *answers, "--default")
    assert [name for name, table in tables(file).items() if table.get("default")] == ["three"]


def test_logging_in_again_asks_for_the_key_alone_and_keeps_the_rest_of_the_file(
    line: Line, ring: Any, file: Path, key_file: str, system: System
) -> None:
    file.parent.mkdir()
    file.write_text(
        "# our PBXs\n"
        f'[acme]\nurl = "{system.url}"  # in the cellar\nclient_id = "{CLIENT}"\nclient_secret_env = "OLD"\n\n'
        '# of a friend\n["b.c"]\nurl = "https://b.example.com"\nclient_id = "b"\nclient_secret_env = "B"\n',
        encoding="utf-8",
    )
    assert line("login", "acme", "--api-key-file", key_file).code == 0
    assert file.read_text(encoding="utf-8") == (
        "# our PBXs\n"
        f'[acme]\nurl = "{system.url}"  # in the cellar\nclient_id = "{CLIENT}"\nclient_secret_keyring = true\n\n'
        '# of a friend\n["b.c"]\nurl = "https://b.example.com"\nclient_id = "b"\nclient_secret_env = "B"\n'
    )


def test_a_profile_in_braces_stays_in_braces(line: Line, ring: Any, file: Path, key_file: str, system: System) -> None:
    file.parent.mkdir()
    file.write_text(
        f'acme = {{ url = "{system.url}", client_id = "{CLIENT}", client_secret_env = "A" }} # ours\n', encoding="utf-8"
    )
    assert line("login", "acme", "--api-key-file", key_file).code == 0
    text = file.read_text(encoding="utf-8")
    assert (text.startswith("acme = {"), text.endswith("} # ours\n")) == (True, True)
    assert tables(file)["acme"] == {"url": system.url, "client_id": CLIENT, "client_secret_keyring": True}


def test_a_file_that_can_not_be_changed_stays_as_it_is(line: Line, ring: Any, file: Path) -> None:
    file.parent.mkdir()
    written = 'acme.url = "https://a.example.com"\nacme.client_id = "a"\nacme.client_secret_env = "A"\n'
    file.write_text(written, encoding="utf-8")
    said = line("profiles", "rename", "acme", "other")
    assert said.code == 3
    assert "Nothing was changed" in said.err
    assert file.read_text(encoding="utf-8") == written
    assert [path.name for path in file.parent.iterdir() if path.suffix != ".lock"] == ["profiles.toml"]


# ── logout ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("store", ["keyring", "file"])
def test_logout_forgets_key_and_token_and_keeps_the_rest(
    line: Line, ring: Any, file: Path, answers: tuple[str, ...], system: System, store: str
) -> None:
    line("login", "acme", *answers, "--store", store)
    tokens = Path(os.environ["TRUNKLINE_TOKEN_DIR"])
    assert list(tokens.glob("*.json"))
    assert line("logout", "acme").code == 0
    assert ring.kept == {}
    assert KEY not in file.read_text(encoding="utf-8")
    assert not list(tokens.glob("*.json"))
    assert tables(file) == {"acme": {"url": system.url, "client_id": CLIENT, "default": True}}
    said = line("fax", "list")
    assert said.code == 3
    assert "trunkline login acme" in said.err
    assert line("login", "acme", *answers[4:]).code == 0, "address and client id are known"
    assert line("fax", "list").code == 0


def test_logout_of_nobody(line: Line, ring: Any) -> None:
    said = line("logout", "acme")
    assert said.code == 3
    assert "trunkline login" in said.err


@pytest.mark.parametrize("mood", ["locked", "broken"])
def test_a_keyring_that_does_not_work_stops_a_logout(
    line: Line, ring: Any, file: Path, answers: tuple[str, ...], mood: str
) -> None:
    line("login", "acme", *answers)
    before = file.read_text(encoding="utf-8")
    ring.mood = mood
    said = line("logout", "acme")
    assert said.code == 3
    assert "Unlock" in said.err
    assert file.read_text(encoding="utf-8") == before


# ── on a terminal ───────────────────────────────────────────────────────────────────────────────


class Person(Terminal):
    """Somebody at a terminal, who reads what is asked and types."""

    def asked(self, question: str, answer: str) -> None:
        self.until(f"{question}: ")  # to its last character: only then is what is typed hidden
        self.type(f"{answer}\n")


@pytest.fixture
def person(file: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Person]:
    environment = {name: value for name, value in os.environ.items() if name not in _CONNECTION}
    environment |= {"TERM": "xterm", "COLUMNS": "120", "NO_COLOR": "1"}
    return lambda *argv: Person([TRUNKLINE, *argv], environment)


_CONNECTION = {f"TRUNKLINE_{name}" for name in ("URL", "CLIENT_ID", "CLIENT_SECRET", "CA_FILE", "PROFILE")}


def test_a_person_is_asked_and_the_key_is_not_shown(person: Callable[..., Person], file: Path, system: System) -> None:
    terminal = person("login")
    terminal.asked("Address of the PBX", system.url)
    terminal.asked("Name of the profile [127.0.0.1]", "acme")
    terminal.asked("Client id", CLIENT)
    terminal.asked("API key (it isn't shown)", KEY)
    assert terminal.end() == 0
    assert "Signed in to" in terminal.seen
    assert "Saved as acme (default)" in terminal.seen
    assert KEY not in terminal.seen
    assert tables(file)["acme"]["client_secret"] == KEY, "no keyring works there"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no Ctrl-Z")
def test_the_key_is_not_shown_after_ctrl_z_either(file: Path, environment: dict[str, str], system: System) -> None:
    login = f"{TRUNKLINE} login acme --client-id {CLIENT} --url {system.url}"
    environment = {name: value for name, value in environment.items() if name not in _CONNECTION}
    terminal = Terminal(["bash", "-c", f"set -m; {login}; stty echo; echo stopped; fg"], environment)
    terminal.until("API key (it isn't shown): ")
    terminal.type("\x1a")
    terminal.seen = terminal.until("stopped\r\n").partition("stopped\r\n")[2]
    terminal.until("API key (it isn't shown): ")
    terminal.type(f"{KEY}\n")
    assert terminal.end() == 0
    assert "Saved as acme" in terminal.seen
    assert KEY not in terminal.seen


def test_a_person_keeps_what_the_profile_has(
    person: Callable[..., Person], line: Line, ring: Any, file: Path, answers: tuple[str, ...], system: System
) -> None:
    line("login", "acme", *answers, "--store", "file")
    terminal = person("login", "acme")
    terminal.asked(f"Address of the PBX [{system.url}]", "")
    terminal.asked(f"Client id [{CLIENT}]", "")
    terminal.asked("API key (it isn't shown)", "a-wrong-key")
    assert terminal.end() == 4
    assert "Nothing was saved" in terminal.seen
    assert tables(file)["acme"]["client_secret"] == KEY


def test_a_key_in_place_of_a_path_is_not_repeated(line: Callable[..., Any]) -> None:
    key = "aKeyOf30LettersInPlaceOfAPath1"
    said = line("login", "acme", "--api-key-file", key)
    assert said.code == 2
    assert key not in said.out + said.err
    assert "not the key" in said.err


@pytest.mark.parametrize(
    "words",
    [
        "logout {}",
        "--profile {} fax list",
        "--url http://{} --client-id x --client-secret y fax list",
        "--url http://pbx_.example.com --client-id x --client-secret {} --profile {} fax list",
        "--url http://127.0.0.1:9 --client-id x --client-secret y --ca-file {} fax list",
        "emulator --control-key-file {}",
    ],
)
def test_a_key_in_place_of_a_name_or_an_address_is_not_repeated(line: Callable[..., Any], words: str) -> None:
    key = "Kx7pQ9zLm2wV4tR8sYb1AAzz"
    said = line(*(word.format(key) for word in words.split()))
    assert said.code
    assert key.lower() not in (said.out + said.err).lower()


def test_a_long_name_with_a_year_is_no_key(line: Callable[..., Any]) -> None:
    assert "'AcmeCommunications2024'" in line("--profile", "AcmeCommunications2024", "fax", "list").err


@pytest.mark.parametrize("way", ["client_secret_file", "client_secret_env"])
def test_a_key_in_place_of_where_it_is_is_not_repeated(line: Callable[..., Any], file: Path, way: str) -> None:
    key = "aKeyOf30LettersInPlaceOfAPath1"
    file.parent.mkdir(parents=True)
    file.write_text(f'[acme]\nurl = "https://pbx.example.com"\nclient_id = "x"\n{way} = "{key}"\n', encoding="utf-8")
    for argv in (("fax", "list", "--profile", "acme"), ("profiles", "show", "acme"), ("profiles", "list"), ("doctor",)):
        said = line(*argv)
        assert key not in said.out + said.err


def test_a_key_file_that_others_can_read_is_warned_of(line: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("a-key-of-mine", encoding="utf-8")
    path.chmod(0o644)
    with warnings.catch_warnings():
        warnings.simplefilter("always", ExposedSecret)
        said = line("login", "acme", "--url", "https://[", "--client-id", "x", "--api-key-file", str(path))
    assert f"Warning: The API key in {path} can be read by others on this machine; chmod 600 it." in said.err
