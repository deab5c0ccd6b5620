"""Saved connections: which one counts, and how they are listed, chosen, renamed and removed."""

from __future__ import annotations

import csv
import io
import os
import stat
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import closed_port
from trunkline.connections.profile_file import ProfileFile
from trunkline.connections.targets import Target, find_target
from trunkline.errors import ConfigurationError
from trunkline_emulator import Emulator, running

Line = Callable[..., Any]


@pytest.fixture
def write(file: Path) -> Callable[[str], Path]:
    """Write the file of profiles, for its owner alone."""

    def now(text: str) -> Path:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
        return file

    return now


def table(name: str, url: str, client: str = CLIENT, key: str = KEY, more: str = "") -> str:
    return f'[{name}]\nurl = "{url}"\nclient_id = "{client}"\nclient_secret = "{key}"\n{more}\n'


# ── which one counts ────────────────────────────────────────────────────────────────────────────

ACME = ("https://acme.example.com", "acme", "acme-key")
OTHER = ("https://other.example.com", "other", "other-key")
FILE = table("acme", *ACME, 'ca_file = "acme.pem"\ndefault = true\n') + table("other", *OTHER)
FULL = {"TRUNKLINE_URL": "https://env.example.com", "TRUNKLINE_CLIENT_ID": "env", "TRUNKLINE_CLIENT_SECRET": "env-key"}
ENV = ("https://env.example.com", "env", "env-key")
OWN = {"url": "https://own.example.com", "client_id": "own", "client_secret": "own-key"}


@pytest.mark.parametrize(
    ("options", "variables", "found"),
    [
        ({}, {}, (*ACME, "acme.pem", "acme")),
        ({}, {"TRUNKLINE_PROFILE": "other"}, (*OTHER, True, "other")),
        ({"profile": "other"}, {"TRUNKLINE_PROFILE": "acme"}, (*OTHER, True, "other")),
        ({}, FULL, (*ENV, True, "")),
        ({}, {**FULL, "TRUNKLINE_PROFILE": "other"}, (*ENV, True, "")),
        ({"profile": "other"}, FULL, (*OTHER, True, "other")),
        (OWN, {**FULL, "TRUNKLINE_PROFILE": "other"}, (*OWN.values(), True, "")),
        ({**OWN, "profile": "other"}, FULL, (*OWN.values(), True, "other")),
        ({"url": "https://192.0.2.1", "profile": "acme"}, {}, ("https://192.0.2.1", *ACME[1:], "acme.pem", "acme")),
        ({"url": "acme.example.com/"}, {}, ("acme.example.com/", *ACME[1:], "acme.pem", "acme")),
        ({}, {"TRUNKLINE_CLIENT_SECRET": "new-key"}, (*ACME[:2], "new-key", "acme.pem", "acme")),
        ({"ca_file": "own.pem"}, {"TRUNKLINE_CA_FILE": "env.pem"}, (*ACME, "own.pem", "acme")),
        ({}, {"TRUNKLINE_CA_FILE": "env.pem"}, (*ACME, "env.pem", "acme")),
    ],
)
def test_options_go_before_the_environment_and_that_before_profiles(
    write: Callable[[str], Path], options: dict[str, str], variables: dict[str, str], found: tuple[Any, ...]
) -> None:
    path = write(FILE)
    *access, verify, profile = found
    target = find_target(options, {"TRUNKLINE_PROFILES": str(path), **variables})
    assert target == Target(*access, {"verify": verify}, profile)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("options", "variables"),
    [
        ({"url": "https://evil.example.com"}, {}),
        ({}, {"TRUNKLINE_URL": "https://evil.example.com"}),
        ({}, {"TRUNKLINE_URL": "https://evil.example.com", "TRUNKLINE_PROFILE": "acme"}),
        ({"client_id": "somebody-else"}, {}),
        ({"url": "https://bad port:x"}, {}),
    ],
)
def test_a_saved_key_goes_to_no_other_pbx_and_with_no_other_client(
    write: Callable[[str], Path], options: dict[str, str], variables: dict[str, str]
) -> None:
    path = write(FILE)
    with pytest.raises(ConfigurationError, match=r"API key .*missing") as caught:
        find_target(options, {"TRUNKLINE_PROFILES": str(path), **variables})
    assert "acme, other" in caught.value.hint.text, "there are profiles that could be named"


def test_the_profile_can_be_named_before_and_behind_the_command(
    line: Line, write: Callable[[str], Path], system: System
) -> None:
    write(table("good", system.url) + table("dead", closed_port()))
    assert line("--profile", "good", "fax", "get", "121").code == 0
    assert line("fax", "get", "121", "--profile", "good").code == 0
    assert line("--profile", "dead", "fax", "get", "121", "--profile", "good").code == 0
    assert line("--profile", "good", "fax", "get", "121", "--url", closed_port()).code == 6
    said = line("fax", "get", "121")
    assert said.code == 3
    assert "`--profile NAME`" in said.err


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_profile_that_is_not_there(
    line: Line, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    write(FILE)
    if way == "variable":
        monkeypatch.setenv("TRUNKLINE_PROFILE", "nobody")
    said = line("fax", "list", *(["--profile", "nobody"] if way == "option" else []))
    assert said.code == 3
    assert "No profile is called 'nobody'" in said.err
    assert ("TRUNKLINE_PROFILE" in said.err) is (way == "variable")
    assert "There are: acme, other." in said.err


def test_a_variable_made_of_a_file_has_an_end_of_line(
    line: Line, file: Path, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("URL", system.url), ("CLIENT_ID", CLIENT), ("CLIENT_SECRET", KEY)):
        monkeypatch.setenv(f"TRUNKLINE_{name}", f"{value}\n")
    assert line("fax", "get", "121").code == 0
    assert line("login", "acme", "--store", "file").code == 0
    assert tomllib.loads(file.read_text(encoding="utf-8"))["acme"]["client_secret"] == KEY


def test_two_defaults_are_a_mistake_that_is_told(line: Line, write: Callable[[str], Path]) -> None:
    write(table("a", *ACME, "default = true") + table("b", *OTHER, "default = true"))
    said = line("fax", "list")
    assert (said.code, "a and b" in said.err) == (3, True)
    assert "`trunkline profiles use " in said.err
    assert line("profiles", "use", "b").code == 0
    assert [row["default"] for row in line("profiles", "list").lines] == [False, True]


def test_one_profile_without_a_key_does_not_stop_the_others(
    line: Line, write: Callable[[str], Path], system: System
) -> None:
    write('[out]\nurl = "https://out.example.com"\nclient_id = "x"\n' + table("good", system.url))
    assert line("fax", "get", "121", "--profile", "good").code == 0
    said = line("fax", "get", "121", "--profile", "out")
    assert (said.code, "trunkline login out" in said.err) == (3, True)


def test_a_malformed_profile_stops_no_other_and_can_be_removed(
    line: Line, write: Callable[[str], Path], system: System
) -> None:
    path = write(table("acme", system.url, more="default = true\n") + "[bad]\nurl = 5\n")
    for connection in ([], ["--profile", "acme"]):
        assert line(*connection, "fax", "list", "--top", "1").code == 0
    assert line("profiles", "rename", "acme", "customer").code == 0
    assert line("login", "customer", "--client-id", CLIENT, "--api-key", KEY, "--store", "file").code == 0
    listed = line("profiles", "list")
    assert listed.code == 3
    assert "'bad' lacks url and client_id" in listed.err
    assert "`trunkline profiles remove bad`" in listed.err
    assert line("profiles", "remove", "bad").code == 0
    assert list(tomllib.loads(path.read_text())) == ["customer"]


def test_a_file_may_begin_with_a_bom(line: Line, write: Callable[[str], Path]) -> None:
    path = write("\ufeff# from an editor on Windows\r\n" + table("acme", *ACME).replace("\n", "\r\n"))
    assert line("profiles", "use", "acme").code == 0
    content = path.read_bytes()
    assert content.startswith(b"# from an editor on Windows")
    assert tomllib.loads(content.decode())["acme"]["default"] is True


def test_a_job_takes_several_and_the_root_one(
    line: Line, write: Callable[[str], Path], system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNKLINE_JOB_DIR", str(tmp_path / "jobs"))
    items = tmp_path / "items.jsonl"
    items.write_text('{"Id": 121}\n', encoding="utf-8")
    job = ("job", "run", "fax.get", "--set", "Id={{ $json.Id }}", "--input", str(items), "-o", "json", "--name")
    with running(Emulator(client_id=CLIENT, api_key=KEY, seed="demo")) as other:
        dead = table("dead", closed_port(), more="default = true")
        write(table("c-one", system.url) + table("c-two", other) + dead)
        many = line(*job, "many", "--profile", "c-*")
    assert many.code == 0
    assert all(name in many.out for name in ("c-one", "c-two"))
    assert line("--profile", "c-one", *job, "single").code == 0


# ── environment twins ───────────────────────────────────────────────────────────────────────────


def test_the_timeout_of_the_environment(
    line: Line, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, latency=1.0)
    with running(emulator) as url:
        write(table("slow", url, more="default = true"))
        monkeypatch.setenv("TRUNKLINE_TIMEOUT", "0.2")
        assert line("defs", "get").code == 6
        assert line("defs", "get", "--timeout", "20").code == 0


@pytest.mark.parametrize("value", ["soon", "0", "-1", "inf", "nan"])
def test_a_timeout_that_is_none(
    line: Line, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    write(FILE)
    monkeypatch.setenv("TRUNKLINE_TIMEOUT", value)
    said = line("defs", "get")
    assert (said.code, "TRUNKLINE_TIMEOUT" in said.err) == (3, True)


@pytest.mark.filterwarnings("always::trunkline.transport.options.InsecureConnection")
def test_insecure_in_the_environment(line: Line, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = Emulator(client_id=CLIENT, api_key=KEY)
    with running(emulator, tls=True) as url:
        write(table("tls", url, more="default = true"))
        assert line("defs", "get").code == 6
        monkeypatch.setenv("TRUNKLINE_INSECURE", "0")
        assert line("defs", "get").code == 6
        monkeypatch.setenv("TRUNKLINE_INSECURE", "1")
        said = line("defs", "get")
        assert (said.code, "is not verified" in said.err) == (0, True)
        assert line("defs", "get", "--ca-file", str(url.ca)).code == 0, "an option goes before, and verifies"
        monkeypatch.setenv("TRUNKLINE_INSECURE", "perhaps")
        assert line("defs", "get").code == 3


# ── trunkline profiles ──────────────────────────────────────────────────────────────────────────


def test_list_and_show_never_show_a_key(line: Line, write: Callable[[str], Path], ring: Any) -> None:
    ring.kept["trunkline", "third"] = "third-key"
    path = write(FILE + '[third]\nurl = "https://third.example.com"\nclient_id = "t"\nclient_secret_keyring = true\n')
    for argv in (("list",), ("show", "acme"), ("show", "third")):
        for form in ("table", "json", "jsonl", "yaml", "csv"):
            said = line("profiles", *argv, "-o", form)
            assert said.code == 0
            assert not any(key in said.out + said.err for key in ("acme-key", "other-key", "third-key"))
    assert line("profiles", "list").lines == [
        {
            "name": "acme",
            "default": True,
            "url": ACME[0],
            "client_id": "acme",
            "api_key": str(path),
            "verify": True,
            "ca_file": "acme.pem",
        },
        {
            "name": "other",
            "default": False,
            "url": OTHER[0],
            "client_id": "other",
            "api_key": str(path),
            "verify": True,
            "ca_file": None,
        },
        {
            "name": "third",
            "default": False,
            "url": "https://third.example.com",
            "client_id": "t",
            "api_key": "the system's keyring",
            "verify": True,
            "ca_file": None,
        },
    ]


def test_every_format_is_written_as_what_it_is(line: Line, write: Callable[[str], Path]) -> None:
    write(FILE)
    assert yaml.safe_load(line("profiles", "list", "-o", "yaml").out) == line("profiles", "list").lines
    assert (
        yaml.safe_load(line("profiles", "show", "acme", "-o", "yaml").out) == line("profiles", "show", "acme").lines[0]
    )
    for argv in (("list",), ("show", "acme")):
        first, *_ = csv.DictReader(io.StringIO(line("profiles", *argv, "-o", "csv").out))
        assert (first["name"], first["url"]) == ("acme", ACME[0])


def test_there_are_none_yet(line: Line) -> None:
    said = line("profiles", "list", "-o", "table")
    assert (said.code, said.out, "trunkline login" in said.err) == (0, "", True)
    assert line("profiles", "list", "-o", "json").out.strip() == "[]"
    for argv in (("show", "x"), ("use", "x"), ("rename", "x", "y"), ("remove", "x")):
        said = line("profiles", *argv)
        assert (said.code, "trunkline login" in said.err) == (3, True)


def test_use_moves_the_default_and_keeps_comments(line: Line, write: Callable[[str], Path]) -> None:
    path = write("# mine\n" + FILE + "# the end\n")
    path.chmod(0o600)
    assert line("profiles", "use", "other").code == 0
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    assert ("default" in tables["acme"], tables["other"]["default"]) == (False, True)
    assert path.read_text(encoding="utf-8").startswith("# mine\n")
    assert "# the end" in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ['odd = "x"\n', '[[odd]]\nurl = "x"\n'])
def test_use_of_what_is_no_table_is_told(line: Line, write: Callable[[str], Path], text: str) -> None:
    path = write(text)
    said = line("profiles", "use", "odd")
    assert (said.code, "'odd' is not a table." in said.err, path.read_text(encoding="utf-8")) == (3, True, text)


def test_rename_takes_the_key_along(line: Line, write: Callable[[str], Path], ring: Any, system: System) -> None:
    ring.kept["trunkline", "old"] = KEY
    path = write(f'[old]\nurl = "{system.url}"\nclient_id = "{CLIENT}"\nclient_secret_keyring = true\n')
    assert line("profiles", "rename", "old", "new.one").code == 0
    assert ring.kept == {("trunkline", "new.one"): KEY}
    assert path.read_text(encoding="utf-8").startswith('["new.one"]\n')
    assert line("fax", "get", "121", "--profile", "new.one").code == 0


def test_a_name_that_is_taken_and_one_that_is_none(line: Line, write: Callable[[str], Path]) -> None:
    path = write(FILE)
    for new in ("other", "acme", "*", "a b"):
        assert line("profiles", "rename", "acme", new).code == 3
    assert path.read_text(encoding="utf-8") == FILE


def test_remove_takes_key_and_token_away(line: Line, write: Callable[[str], Path], ring: Any, system: System) -> None:
    ring.kept["trunkline", "gone"] = KEY
    path = write(
        f'# stays\n[gone]\nurl = "{system.url}"\nclient_id = "{CLIENT}"\nclient_secret_keyring = true\n\n'
        + table("other", *OTHER)
    )
    assert line("fax", "get", "121", "--profile", "gone").code == 0
    tokens = Path(os.environ["TRUNKLINE_TOKEN_DIR"])
    assert list(tokens.glob("*.json"))
    assert line("profiles", "remove", "gone").code == 0
    assert (ring.kept, list(tokens.glob("*.json"))) == ({}, [])
    assert path.read_text(encoding="utf-8") == "# stays\n" + table("other", *OTHER)


def test_the_comment_above_the_next_profile_stays_where_it_is(line: Line, write: Callable[[str], Path]) -> None:
    first = table("acme", *ACME) + "# of a friend\n"
    path = write(first + table("other", *OTHER))
    assert line("profiles", "use", "acme").code == 0
    assert path.read_text(encoding="utf-8") == first.replace('key"\n', 'key"\ndefault = true\n') + table(
        "other", *OTHER
    )
    assert line("profiles", "remove", "acme").code == 0
    assert path.read_text(encoding="utf-8") == "# of a friend\n" + table("other", *OTHER)


def test_a_link_to_the_file_stays_a_link(line: Line, write: Callable[[str], Path], tmp_path: Path) -> None:
    path = write(FILE)
    real = tmp_path / "real.toml"
    path.rename(real)
    path.symlink_to(real)
    assert line("profiles", "use", "other").code == 0
    assert path.is_symlink()
    assert tomllib.loads(real.read_text(encoding="utf-8"))["other"]["default"] is True


def test_many_change_the_file_at_once(write: Callable[[str], Path]) -> None:
    path = write("# first\n")
    names = [f"pbx-{n}" for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: ProfileFile(path).change(name, {"url": name, "client_id": "c"}, new=True), names))
    saved = tomllib.loads(path.read_text(encoding="utf-8"))
    assert set(saved) == set(names)
    assert [saved[name].get("default", False) for name in names].count(True) == 1
    assert {each.name for each in path.parent.iterdir()} <= {path.name, f"{path.name}.lock"}


def test_what_another_process_removed_or_took_meanwhile_is_told(write: Callable[[str], Path]) -> None:
    path = write(FILE)
    for change in (
        lambda: ProfileFile(path).change("gone", {"client_secret": None}),
        lambda: ProfileFile(path).rename("gone", "new"),
        lambda: ProfileFile(path).rename("acme", "other"),
    ):
        with pytest.raises(ConfigurationError):
            change()
    assert path.read_text(encoding="utf-8") == FILE


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], max_examples=60)
@given(values=st.dictionaries(NAMES, TEXTS, min_size=1, max_size=4), gone=st.integers(0, 3))
@example(values={"a": 'q"\\\x7f\n[x]\n', "b.c": "\u2028 # no comment"}, gone=0)
def test_whatever_is_saved_is_read_again(write: Callable[[str], Path], values: dict[str, str], gone: int) -> None:
    path = write("# first\n")
    for name, text in values.items():
        ProfileFile(path).change(name, {"url": text, "client_id": text}, new=True, default=False)
    wanted = {name: {"url": text, "client_id": text} for name, text in values.items()}
    assert tomllib.loads(path.read_text(encoding="utf-8")) == wanted
    removed = list(values)[gone % len(values)]
    ProfileFile(path).remove(removed)
    del wanted[removed]
    assert tomllib.loads(path.read_text(encoding="utf-8")) == wanted
    assert path.read_text(encoding="utf-8").startswith("# first\n")


def test_a_client_without_rights_may_be_saved_untried(line: Line, file: Path, ring: Any, system: System) -> None:
    argv = ("--url", system.url, "--client-id", VIEWER, "--api-key", VIEWER_KEY)
    assert line("login", "viewer", *argv, "--no-test").code == 0
    assert line("fax", "list").code == 5
