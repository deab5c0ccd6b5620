"""What a command writes: formats, columns, queries, secrets, pages; and what it shows instead of sending."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from certificates import Authority
from conftest import CLIENT, KEY, System
from terminal import TRUNKLINE, Terminal
from trunkline import Pbx, cli
from trunkline.catalog import load
from trunkline.catalog.secret import MASK
from trunkline.cli.columns import BY_TYPE, MOST, at, picked
from trunkline.cli.output import yaml_text


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def trunkline(system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command line with the emulated PBX in the environment."""
    monkeypatch.setenv("TRUNKLINE_URL", system.url)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", CLIENT)
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", KEY)

    def run(*argv: str, stdin: str | None = None) -> Result:
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        return Result(cli.execute(list(argv)), *capsys.readouterr())

    return run


@pytest.fixture
def environment(system: System) -> dict[str, str]:
    found = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "PAGER", "LESS", "FORCE_COLOR")}
    return {
        **found,
        "TRUNKLINE_URL": system.url,
        "TRUNKLINE_CLIENT_ID": CLIENT,
        "TRUNKLINE_CLIENT_SECRET": KEY,
        "TERM": "xterm-256color",
    }


# ── formats ─────────────────────────────────────────────────────────────────────────────────────

READ = {
    "json": json.loads,
    "jsonl": lambda text: [json.loads(line) for line in text.splitlines()],
    "yaml": yaml.safe_load,
}


@pytest.mark.parametrize("output", READ)
def test_formats_that_keep_values_say_the_same(trunkline: Any, pbx: Pbx, output: str) -> None:
    rows = pbx.website_links.list().all()
    assert READ[output](trunkline("website-links", "list", "-o", output).out) == rows
    one = READ[output](trunkline("website-links", "get", rows[0]["Link"], "-o", output).out)
    assert (one[0] if output == "jsonl" else one)["Name"] == rows[0]["Name"]


def test_csv_has_a_header_and_nested_values_as_json(trunkline: Any, pbx: Pbx) -> None:
    rows = list(csv.DictReader(io.StringIO(trunkline("website-links", "list", "-o", "csv").out)))
    links = pbx.website_links.list().all()
    assert [row["Link"] for row in rows] == [link["Link"] for link in links]
    nested = [name for name, value in links[0].items() if isinstance(value, dict | list)]
    assert nested
    assert [json.loads(rows[0][name]) for name in nested] == [links[0][name] for name in nested]
    assert not any(name.startswith("@odata") for name in rows[0])


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "\tx", "-1+cmd|'/C calc'!A1", "+A1"])
def test_csv_holds_no_formulas(trunkline: Any, pbx: Pbx, name: str) -> None:
    made = pbx.contacts.create({"FirstName": name, "PhoneNumber": "+442079460111"})
    text = trunkline(
        "contacts", "list", "--filter", f"Id eq {made['Id']}", "--columns", "FirstName,PhoneNumber", "-o", "csv"
    ).out
    (row,) = csv.DictReader(io.StringIO(text))
    assert row == {"FirstName": f"'{pbx.contacts.get(made['Id'])['FirstName']}", "PhoneNumber": "+442079460111"}


def test_a_csv_of_nothing_still_has_its_columns(trunkline: Any) -> None:
    result = trunkline("fax", "list", "--filter", "Number eq 'none'", "--select", "Id,Number", "-o", "csv")
    assert result.out == "Id,Number\n"
    assert trunkline("fax", "list", "--filter", "Number eq 'none'", "-o", "yaml").out == "[]\n"
    nothing = trunkline("fax", "list", "--filter", "Number eq 'none'", "-o", "table")
    assert (nothing.out, nothing.err) == ("", "Nothing.\n")


def test_csv_is_written_as_pages_come(trunkline: Any, pbx: Pbx, system: System) -> None:
    for number in range(80):
        pbx.contacts.create({"FirstName": f"No {number}", "PhoneNumber": "+442079460000"})
    lines = trunkline("contacts", "list", "-o", "csv").out.splitlines()
    assert len(lines) == 141
    assert lines[0].startswith("Id,") or ",Id," in lines[0]


# ── columns and queries ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("A", {"B": [{"C": 1}, {"D": 2}]}),
        ("A.B.C", [1, None]),
        ("A.X.Y", None),
        ("n.o", "whole"),
        ("no", None),
    ],
)
def test_a_column_is_a_path(path: str, value: object) -> None:
    row = {"A": {"B": [{"C": 1}, {"D": 2}]}, "n.o": "whole"}
    assert at(row, path) == value
    assert picked(row, [path]) == {path: value}


def test_columns_come_in_the_order_asked(trunkline: Any) -> None:
    text = trunkline("users", "list", "--top", "2", "--columns", "LastName,Number,Hours.Type", "-o", "jsonl").out
    assert [list(json.loads(line)) for line in text.splitlines()] == [["LastName", "Number", "Hours.Type"]] * 2
    table = trunkline("users", "list", "--top", "1", "--columns", "LastName,Number", "-o", "table").out
    assert table.split()[:2] == ["LastName", "Number"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--columns", "Numbr"], "Did you mean Number"),
        (["--query", "[?"], "--query is no JMESPath"),
        (["-o", "xml"], "'xml' is not one of"),
        (["--columns", "Number", "--top", "x"], "top"),
    ],
)
def test_a_slip_is_said_before_anything_is_sent(trunkline: Any, system: System, argv: list[str], said: str) -> None:
    result = trunkline("users", "list", *argv)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert system.emulator.journal == []


def test_a_file_has_no_columns(trunkline: Any, system: System) -> None:
    result = trunkline("event-logs", "download-event-logs", "--columns", "Id")
    assert (result.code, system.emulator.journal) == (2, [])
    assert "answers a file" in result.err


def test_a_query_takes_what_it_wants(trunkline: Any, pbx: Pbx) -> None:
    faxes = pbx.fax.list().all()
    assert trunkline("fax", "list", "--query", "length(@)").out == f"{len(faxes)}\n"
    assert trunkline("fax", "list", "--query", "[].Number | [:2]", "-o", "json").out.split() == [
        "[",
        '"888",',
        '"889"',
        "]",
    ]
    rows = trunkline("fax", "list", "--query", "[?Number=='888'].{no: Number, id: Id}", "-o", "csv").out
    assert rows == f"no,id\n888,{faxes[0]['Id']}\n"
    assert trunkline("fax", "get", "121", "--query", "Number", "-o", "table").out == "888\n"
    for query in ("abs(Number)", "Number < `1`", "[Id][::0]"):
        impossible = trunkline("fax", "get", "121", "--query", query)
        assert (impossible.code, impossible.out) == (2, "")
        assert impossible.err.startswith("Error: --query can't be answered")
    assert trunkline("fax", "get", "121", "--query", f"[{'9' * 5000}]").code == 2


@pytest.mark.parametrize("output", ["json", "jsonl", "yaml", "csv", "table"])
def test_no_format_column_or_query_uncovers_a_secret(trunkline: Any, pbx: Pbx, output: str) -> None:
    user = next(iter(pbx.users.list()))
    for argv in (["--columns", "Id,AuthPassword"], ["--query", "{Id: Id, shown: AuthPassword}"]):
        hidden = trunkline("users", "get", str(user["Id"]), *argv, "-o", output).out
        assert user["AuthPassword"] not in hidden
        assert MASK in hidden or "2022" in hidden  # JSON may escape it
        assert (
            user["AuthPassword"]
            in trunkline("users", "get", str(user["Id"]), *argv, "-o", output, "--show-secrets").out
        )


def test_the_columns_of_a_type_are_its_fields() -> None:
    catalog = load("20.0.10")
    for name, columns in BY_TYPE.items():
        for column in columns.split():
            head, _, rest = column.partition(".")
            inner = catalog.fields(catalog.fields(name)[head].name) if rest else {"": None}
            assert rest in inner, f"{name} {column}"
        assert len(columns.split()) <= MOST, name
        assert catalog.key(name)[0] in columns.split() or name.endswith(("LogData", "HistoryView")), name


# ── on a terminal ───────────────────────────────────────────────────────────────────────────────


def on_a_terminal(argv: list[str], environment: Mapping[str, str], rows: int = 24, types: str = "") -> tuple[int, str]:
    """The exit code of a command on a terminal of 100 columns, and what it shows; ``types`` is a line typed into it."""
    terminal = Terminal(argv, {**environment, "COLUMNS": "100", "LINES": str(rows)})
    if types:
        terminal.type(f"{types}\n")
    return terminal.end(), terminal.seen


def test_a_long_table_goes_through_the_pager(environment: dict[str, str], tmp_path: Path) -> None:
    paged = tmp_path / "paged"
    pager = tmp_path / "pager"
    pager.write_text(f"#!/bin/sh\ncat > {paged}\n", encoding="utf-8")
    pager.chmod(0o755)
    argv = [TRUNKLINE, "contacts", "list"]
    code, seen = on_a_terminal(argv, {**environment, "PAGER": str(pager)})
    assert code == 0
    assert "Ashgrove" not in seen
    assert "Ashgrove" in paged.read_text(encoding="utf-8")
    paged.unlink()
    code, seen = on_a_terminal([TRUNKLINE, "actions", "--no-pager"], {**environment, "PAGER": str(pager)})
    assert (code, paged.exists()) == (0, False)
    assert "website_links.update" in seen
    for more, variables in (
        (["--no-pager"], {"PAGER": str(pager)}),
        ([], {"PAGER": ""}),
        (["--top", "3"], {"PAGER": str(pager)}),
    ):
        code, seen = on_a_terminal([*argv, *more], {**environment, **variables})
        assert code == 0
        assert "FirstName" in seen
        assert not paged.exists()


def test_wide_values_are_cut_to_the_terminal(environment: dict[str, str], pbx: Pbx) -> None:
    pbx.contacts.create({"FirstName": "A" * 50, "LastName": "B" * 50, "PhoneNumber": "+442079460222"})
    code, seen = on_a_terminal(
        [TRUNKLINE, "contacts", "list", "--filter", "startswith(FirstName,'AAA')"], {**environment, "NO_COLOR": "1"}
    )
    assert code == 0
    assert "…" in seen
    assert "+442079460222" in seen
    assert re.search(r"Id.*FirstName.*LastName", seen)
    assert max(map(len, re.sub("\x1b\\[[0-9;]*m", "", seen).splitlines())) <= 100


@pytest.mark.parametrize("name", ["\x1b]0;owned\x1b\\Ada", "A\x9b2Jda", "A\rda\x7f\b"])
def test_no_name_in_a_table_commands_the_terminal(environment: dict[str, str], pbx: Pbx, name: str) -> None:
    made = pbx.contacts.create({"FirstName": name, "LastName": "Example", "PhoneNumber": "+442079460222"})
    code, seen = on_a_terminal(
        [TRUNKLINE, "contacts", "list", "--filter", f"Id eq {made['Id']}"], {**environment, "NO_COLOR": "1"}
    )
    assert code == 0
    assert "Example" in seen
    assert not re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]", re.sub(r"\x1b\[\d*m", "", seen))
    assert "\r" not in seen.replace("\r\n", "\n")


def test_a_table_has_dates_whole_and_to_the_second(environment: dict[str, str]) -> None:
    code, seen = on_a_terminal([TRUNKLINE, "recordings", "list", "--top", "3"], {**environment, "NO_COLOR": "1"})
    assert code == 0
    assert len(re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ", seen)) >= 3
    assert not re.search(r"\d{4}-[\dT:.-]*…", seen)


def test_what_a_row_is_called_is_whole_so_that_it_can_be_typed(environment: dict[str, str]) -> None:
    code, seen = on_a_terminal([TRUNKLINE, "actions", "delete", "contact", "--no-pager"], environment)
    assert code == 0
    for name in ("contacts.delete_contacts_by_type", "contacts.delete_personal_contacts_by_type"):
        assert f"{name} " in seen
    assert "…" in seen


def test_a_table_reaches_into_objects(environment: dict[str, str]) -> None:
    code, seen = on_a_terminal([TRUNKLINE, "trunks", "list"], {**environment, "NO_COLOR": "1"})
    assert code == 0
    assert "Gateway.Name" in seen
    assert "London SIP" in seen


def test_no_colour_where_none_is_wanted(environment: dict[str, str]) -> None:
    _, seen = on_a_terminal([TRUNKLINE, "fax", "list"], {**environment, "NO_COLOR": "1"})
    assert not any(f"\x1b[{code}" in seen for code in ("3", "9", "4", "38"))
    piped = subprocess.run(
        [TRUNKLINE, "fax", "list", "-o", "table"], env=environment, capture_output=True, text=True, check=True
    )
    assert "\x1b" not in piped.stdout


@pytest.mark.parametrize("output", ["jsonl", "csv", "yaml", "json", "table"])
def test_a_reader_that_leaves_ends_it_quietly(environment: dict[str, str], output: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{TRUNKLINE} contacts list -o {output} | true; exit ${{PIPESTATUS[0]}}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_help_loads_no_library_of_the_output() -> None:
    code = "from trunkline.cli import execute\nexecute(['--help'])\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"jmespath", "rich", "yaml", "csv", "markdown_it", "msgspec", "asyncio"}
    code = "from trunkline.cli import execute\nexecute(['fax', 'list', '--help'])\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.splitlines()[-1].split()) & {"jmespath", "rich", "yaml", "markdown_it", "quickjs"}


# ── instead of sending ──────────────────────────────────────────────────────────────────────────


CURL = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")


@CURL
def test_a_curl_line_does_what_the_command_would(trunkline: Any, pbx: Pbx, system: System) -> None:
    body = json.dumps({"FirstName": 'O\'Neil $HOME `x` "y"', "PhoneNumber": "+442079460333"})
    line = trunkline("contacts", "create", "--body", body, "--curl").out
    assert system.emulator.journal == []
    assert KEY not in line
    token = bearer(system)
    done = subprocess.run(
        ["sh", "-c", line.replace("curl ", "curl -sS ", 1)],
        env={**os.environ, "TRUNKLINE_TOKEN": token},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["FirstName"] == 'O\'Neil $HOME `x` "y"'


def run_by_a_shell(line: str, system: System) -> str:
    """What a curl line prints: the body of the answer and, after it, the status."""
    done = subprocess.run(
        ["sh"],
        input=line.replace("curl ", "curl -sS -w '%{http_code}' ", 1),
        env={**os.environ, "TRUNKLINE_TOKEN": bearer(system)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@CURL
@pytest.mark.parametrize("name", ["plain.wav", "a;b, c.wav", '"q" and\\.wav', 'x;"y\\,.wav'])
def test_a_curl_line_sends_the_file_whatever_it_is_called(
    trunkline: Any, system: System, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"RIFF")
    line = trunkline("custom-prompts", "upload", "--file", str(tmp_path / name), "--curl").out
    assert run_by_a_shell(line, system)[-3:] in ("200", "201", "204", "400")
    assert system.emulator.journal[-1].operation == "UploadCustomPrompt"


@CURL
def test_a_curl_line_has_room_for_a_body_that_no_argument_could_hold(trunkline: Any, system: System) -> None:
    long = "ü'$x`" * 40_000
    line = trunkline("contacts", "create", "--body", json.dumps({"LastName": long}), "--curl").out
    said = run_by_a_shell(line, system)
    assert "LastName" in said, said[:200]


@CURL
def test_a_curl_line_without_its_secrets_changes_nothing(trunkline: Any, system: System) -> None:
    before = trunkline("users", "get", "11", "--show-secrets").out
    shown = trunkline("users", "update", "11", "--auth-password", "hush-hush-1", "--curl")
    assert "--show-secrets" in shown.err
    done = subprocess.run(
        ["sh", "-c", shown.out.replace("curl ", "curl -sS -w '%{http_code}' ", 1)],
        env={**os.environ, "TRUNKLINE_TOKEN": bearer(system)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.endswith("400")
    assert trunkline("users", "get", "11", "--show-secrets").out == before


def test_what_was_written_masked_is_not_sent_back(trunkline: Any, system: System, tmp_path: Path) -> None:
    written = tmp_path / "user.json"
    written.write_text(trunkline("users", "get", "11", "--columns", "FirstName,AuthPassword").out)
    before = len(system.emulator.journal)
    result = trunkline("users", "update", "11", "--body", f"@{written}")
    assert result.code == 2
    assert "AuthPassword of users.update is masked" in result.err
    assert len(system.emulator.journal) == before


def bearer(system: System) -> str:
    """A token, as any client gets one."""
    done = subprocess.run(
        [
            "curl",
            "-sS",
            f"{system.url}/connect/token",
            *("-d", "grant_type=client_credentials", "-d", f"client_id={CLIENT}", "-d", f"client_secret={KEY}"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    token: str = json.loads(done.stdout)["access_token"]
    return token


def test_a_curl_line_has_what_the_connection_needs(trunkline: Any, tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    trusted = Authority(folder).ca_file
    line = trunkline("website-links", "get", "o'brien", "--select", "Link", "--insecure", "--curl").out
    assert line.startswith("curl --insecure '")
    assert "%27%27brien" in line
    assert f"--cacert '{trusted}'" in trunkline("fax", "list", "--ca-file", str(trusted), "--curl").out
    assert "-X DELETE" in trunkline("fax", "delete", "121", "--if-match", 'W/"1"', "--curl").out


@pytest.mark.parametrize("option", ["--dry-run", "--curl"])
def test_what_is_shown_instead_of_sent_has_no_secrets(trunkline: Any, system: System, option: str) -> None:
    argv = ["users", "update", "7", "--auth-password", "hush-hush-1", "--first-name", "Ada", option]
    shown = trunkline(*argv)
    assert "hush-hush-1" not in shown.out
    assert "Ada" in shown.out
    assert "hush-hush-1" in trunkline(*argv, "--show-secrets").out
    assert system.emulator.journal == []


@pytest.mark.parametrize(
    ("options", "goes_on"),
    [([], True), (["--top", "500", "--skip", "3"], True), (["--top", "5"], False), (["--filter", "Id gt 1"], True)],
)
def test_of_a_list_the_first_page_is_shown_as_it_is_asked_for(
    trunkline: Any, system: System, options: list[str], goes_on: bool
) -> None:
    shown = {option: trunkline("fax", "list", *options, option) for option in ("--dry-run", "--curl")}
    over_items = trunkline("run", "fax.list", "--dry-run", *_settings(options), stdin="{}")
    assert system.emulator.journal == []
    trunkline("fax", "list", *options)
    (asked,) = (entry.path for entry in system.emulator.journal if "/Fax" in entry.path)
    target = asked.removeprefix("/xapi/v1")
    assert over_items.out == f"item 0: GET {target}\n"
    for result in shown.values():
        assert f"{system.url}{asked}" in result.out
        assert ("first page" in result.err) is goes_on


def _settings(options: list[str]) -> list[str]:
    pairs = zip(options[::2], options[1::2], strict=True)
    return [word for name, value in pairs for word in ("--set", f"{name.removeprefix('--')}={value}")]


# ── deleting what a pipe names ──────────────────────────────────────────────────────────────────


def remaining(pbx: Pbx) -> list[int]:
    return [fax["Id"] for fax in pbx.fax.list()]


@pytest.mark.parametrize(
    "text",
    [
        '{"Id": 121}\n{"Id": 122}\n',
        '[{"Id": 121}, {"Id": 122}]',
        '{"json": {"Id": 121}}\n{"json": {"Id": 122}}',
        "[121, 122]",
        "121\n122\n",
        "Id,Number\n121,888\n122,889\n",
        "\ufeffNumber;Id\r\n888;121\r\n889;122\r\n",
    ],
    ids=["lines", "array", "items", "numbers", "a number a line", "csv", "csv of a spreadsheet"],
)
def test_delete_reads_keys_from_a_pipe(trunkline: Any, pbx: Pbx, text: str) -> None:
    before = remaining(pbx)
    result = trunkline("fax", "delete", "-", "--yes", stdin=text)
    assert (result.code, result.err) == (0, "2 done, 0 failed, 0 not started.\n")
    assert remaining(pbx) == [key for key in before if key not in (121, 122)]


def test_delete_reads_a_file_and_goes_on_after_a_failure(trunkline: Any, pbx: Pbx, tmp_path: Path) -> None:
    path = tmp_path / "gone.csv"
    path.write_text("Id\n121\n999\n122\n", encoding="utf-8")
    result = trunkline("fax", "delete", "--input", str(path), "--yes")
    assert result.code == 7
    assert "item 1: No fax with Id 999" in result.err
    assert "2 done, 1 failed, 0 not started." in result.err
    assert [json.loads(line).get("error", {}).get("status") for line in result.out.splitlines()] == [None, 404, None]
    assert not {121, 122} & set(remaining(pbx))


@pytest.mark.parametrize(
    ("argv", "text", "said"),
    [
        (["-"], '{"Number": "888"}', "Line 1 of the input has no Id; it has Number."),
        (["-"], '{"Id": 121}\n{"Id": null}', "Line 2 of the input has nothing as its Id."),
        (["-"], "Id\n121\nmany\n", "Line 3 of the input can't be meant: Id must be an integer (Int32), not 'many'."),
        (["-"], "- Id: 121\n  Number: 888\n", "JSON, JSON Lines, CSV or bare keys are read."),
        (["-"], "121\n{", "Line 2 of the input is no JSON"),
        (["-"], "[121", "The input is no JSON"),
        (["-"], "Nr,Name\n1,x\n", "has no Id"),
        (["-"], "Id,Name\n121,x\n1.2E+02,y\n", "Line 3 of the input can't be meant: Id must be an integer"),
        (["-", "--curl"], "121", "give a key"),
        (["121", "--input", "-"], "121", "not both"),
    ],
)
def test_input_that_names_nothing_deletes_nothing(
    trunkline: Any, system: System, argv: list[str], text: str, said: str
) -> None:
    result = trunkline("fax", "delete", *argv, "--yes", stdin=text)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert system.emulator.journal == []


def test_a_batch_that_refuses_some_has_failed(trunkline: Any) -> None:
    result = trunkline("users", "batch-delete", "--ids", "[12, 9999]", "-o", "jsonl")
    assert (result.code, json.loads(result.out)["ExtensionNumber"]) == (7, "9999")
    assert result.err.startswith("1 failed, each with its Error")
    assert trunkline("users", "batch-delete", "--ids", "[13]").code == 0


def test_delete_from_a_pipe_shows_and_keeps_to_etags(trunkline: Any, pbx: Pbx, system: System) -> None:
    shown = trunkline("fax", "delete", "-", "--dry-run", stdin="121\n122")
    assert shown.out.splitlines() == ["item 0: DELETE /Fax(121)", "item 1: DELETE /Fax(122)"]
    assert system.sent("DELETE") == []
    stale = json.dumps({"Id": 121, "@odata.etag": 'W/"old"'})
    result = trunkline("fax", "delete", "-", "--if-match", '{{ $json["@odata.etag"] }}', "--yes", stdin=stale)
    assert result.code == 7
    assert 121 in remaining(pbx)


def test_delete_asks_on_a_terminal_before_several(
    environment: dict[str, str], system: System, pbx: Pbx, tmp_path: Path
) -> None:
    path = tmp_path / "gone.jsonl"
    path.write_text("121\n122\n", encoding="utf-8")
    for answer, code, gone in (("n", 130, 0), ("y", 0, 2)):
        before = len(remaining(pbx))
        ended, seen = on_a_terminal([TRUNKLINE, "fax", "delete", "--input", str(path)], environment, types=answer)
        assert "2 items on" in seen
        assert ended == code
        assert before - len(remaining(pbx)) == gone


def test_a_list_pipes_into_delete(environment: dict[str, str], pbx: Pbx) -> None:
    filter_ = "startswith(Link,'p')"
    gone = [link["Link"] for link in pbx.website_links.list(filter=filter_)]
    assert gone
    done = subprocess.run(
        f'{TRUNKLINE} website-links list --filter "{filter_}" -o jsonl | {TRUNKLINE} website-links delete - --yes',
        shell=True,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == f"{len(gone)} done, 0 failed, 0 not started.\n"
    assert pbx.website_links.list(filter=filter_).all() == []


# ── actions ─────────────────────────────────────────────────────────────────────────────────────


def test_diff_says_what_came_went_and_changed(trunkline: Any) -> None:
    result = trunkline("actions", "diff", "20.0.7", "20.0.10", "-o", "json")
    records = {record["action"]: record for record in json.loads(result.out)}
    old, new = load("20.0.7"), load("20.0.10")
    names = [
        {f"{r}.{v}" for r, verbs in c.resources.items() for v, a in verbs.items() if a.published} for c in (old, new)
    ]
    assert {n for n, record in records.items() if record["change"] == "added"} == names[1] - names[0]
    assert {n for n, record in records.items() if record["change"] == "dropped"} == names[0] - names[1]
    assert records["contacts.delete_contacts_by_id"] == {
        "action": "contacts.delete_contacts_by_id",
        "change": "added",
        "what": [],
    }
    assert "body mode added" in records["crm_integration.test"]["what"]
    assert "answer: Contact.ContactType: String? → Pbx.ContactSource?" in records["contacts.get"]["what"]
    assert trunkline("actions", "diff", "20.0.10", "20.0.10", "-o", "jsonl").out == ""
    assert trunkline("actions", "diff", "old", "20.0.10").code == 2
    back = json.loads(trunkline("actions", "diff", "20.0.10", "20.0.7", "-o", "json").out)
    assert {r["action"] for r in back if r["change"] == "dropped"} == names[1] - names[0]


@pytest.mark.parametrize("opens", [True, False])
def test_open_shows_the_page_or_says_where_it_is(
    trunkline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opens: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: asked.append(url) or opens)
    monkeypatch.setattr("webbrowser.get", lambda: webbrowser.BackgroundBrowser("browser"))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path)
    result = trunkline("actions", "open", "DeleteFax")
    page = tmp_path / "actions" / "fax.delete.html"
    assert asked == [page.as_uri()]
    assert result.out == ("" if opens else f"{page}\n")
    text = page.read_text(encoding="utf-8")
    assert "<h2>Troubleshooting</h2>" in text
    assert "<table>" in text
    assert trunkline("actions", "open", "nothing").code == 2


def test_a_browser_that_draws_on_a_terminal_is_not_started_without_one(
    trunkline: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("webbrowser.get", lambda: webbrowser.GenericBrowser("lynx"))
    monkeypatch.setattr("webbrowser.open", lambda url: pytest.fail("it was started"))
    assert Path(trunkline("actions", "open", "fax.delete").out.rstrip()).is_file()


@pytest.mark.parametrize("output", ["jsonl", "csv", "json"])
def test_rows_of_another_resource_delete_nothing(trunkline: Any, system: System, output: str) -> None:
    users = trunkline("users", "list", "--top", "2", "-o", output).out
    result = trunkline("contacts", "delete", "-", "--yes", stdin=users)
    assert result.code == 2
    assert "is a row of users, not of contacts" in result.err
    assert "--columns Id" in result.err
    assert system.sent("DELETE") == []


@pytest.mark.parametrize(
    "row",
    [
        '{"Id": 121, "Name": "mine"}',
        '{"Id": 121, "Number": "888", "Why": "closed", "Until": "2026-01-01"}',
        '{"Id": 121, "@odata.etag": "x", "Number": "888"}',
    ],
)
def test_columns_of_one_s_own_are_no_other_resource(trunkline: Any, row: str) -> None:
    assert trunkline("fax", "delete", "-", "--yes", "--dry-run", stdin=row).out == "item 0: DELETE /Fax(121)\n"


@pytest.mark.parametrize(
    ("options", "shown"),
    [((), '{"VMPIN":"••••••"}'), (("--show-secrets",), '{"VMPIN":"4711"}')],
    ids=["masked", "asked for"],
)
def test_a_dry_run_over_items_masks_what_it_would_send(trunkline: Any, options: tuple[str, ...], shown: str) -> None:
    body = "body={{ ({VMPIN: $json.Pin}) }}"
    run = ("run", "users.update", "--set", "Id={{ $json.Id }}", "--set", body, "--dry-run", *options)
    assert trunkline(*run, stdin='{"Id": 3, "Pin": "4711"}').out == f"item 0: PATCH /Users(3) {shown}\n"


def test_neither_a_job_nor_a_flow_shows_secrets_in_a_dry_run(trunkline: Any, tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text('{"Id": 3, "Pin": "4711"}\n', encoding="utf-8")
    flow = tmp_path / "flow.yaml"
    body = "{{ ({VMPIN: $json.Pin}) }}"
    flow.write_text(
        f"steps:\n  - read: {items}\n  - action: users.update\n"
        f"    with: {{Id: '{{{{ $json.Id }}}}', body: '{body}'}}\n",
        encoding="utf-8",
    )
    job = ("job", "run", "users.update", "--name", "dry", "--set", "Id={{ $json.Id }}", "--set", f"body={body}")
    for argv in ((*job, "--input", str(items)), ("flow", "run", str(flow))):
        said = trunkline(*argv, "--dry-run")
        assert 'PATCH /Users(3) {"VMPIN":"••••••"}' in said.out, said
        assert "4711" not in said.out + said.err


def test_text_that_only_newer_yaml_takes_for_a_number_is_quoted() -> None:
    texts = ["1e5", "805e00123456", "1.0e5", "0o17", "1.", "10 Hill Road", "1e", "+44 20 7946 0123"]
    written = yaml_text([*texts, 15, 1.5, 1e20])
    assert yaml.safe_load(written) == [*texts, 15, 1.5, 1e20]
    lines = written.splitlines()
    assert [line[2] == "'" for line in lines] == [True] * 5 + [False] * 6, written


# ── text that others wrote ──────────────────────────────────────────────────────────────────────

DRIVING = "\x1b]0;mine\x07\x9b31m\u202egnp\x00\rover"


def test_what_a_pbx_holds_does_not_drive_the_terminal(trunkline: Any, pbx: Pbx) -> None:
    made = pbx.contacts.create({"FirstName": DRIVING, "LastName": "עברית", "Title": "a\tb", "PhoneNumber": "1"})
    unseen = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
    for options in ((), ("--query", "FirstName")):
        shown = trunkline("contacts", "get", str(made["Id"]), "-o", "table", *options).out
        assert "]0;mine" in shown
        assert not unseen.search(shown), shown
    assert "עברית" in trunkline("contacts", "get", str(made["Id"]), "-o", "table").out
    assert trunkline("contacts", "get", str(made["Id"]), "-o", "json", "--query", "FirstName").out == (
        json.dumps(DRIVING, ensure_ascii=False) + "\n"
    )
    refused = trunkline("website-links", "get", DRIVING)
    assert refused.code == 5
    assert not unseen.search(refused.err)
    piped = trunkline("website-links", "delete", "-", "--yes", stdin=json.dumps({"Link": DRIVING}))
    assert piped.code == 7
    assert not unseen.search(piped.err), piped.err
    item = json.dumps({"FirstName": DRIVING})
    line = trunkline("run", "contacts.create", "--set", "FirstName={{ $json.FirstName }}", "--dry-run", stdin=item).out
    assert not unseen.search(line), line
    assert json.loads(line.partition("/Contacts ")[2]) == {"FirstName": DRIVING}


def test_a_column_is_called_what_a_query_calls_it(trunkline: Any) -> None:
    query = '[].{"[/b]": Id, "[red]": Number, ":smile:": Id}'
    head = trunkline("fax", "list", "--top", "1", "-o", "table", "--query", query).out.splitlines()[0]
    assert head.split() == ["[/b]", "[red]", ":smile:"]


def test_a_table_has_all_fields_that_a_query_names_in_their_order(trunkline: Any) -> None:
    fields = {"z": "FirstName", "Number": "Number", "AuthPassword": "AuthPassword", "nothing": "Nothing"}
    fields |= {f"a{n}": "Id" for n in range(8)}
    query = f"[].{{{', '.join(f'{name}: {field}' for name, field in fields.items())}}}"
    for asked in (query, f"sort_by({query}, &Number) | [0:2]"):
        shown = trunkline("users", "list", "--top", "2", "-o", "table", "--query", asked)
        assert shown.out.splitlines()[0].split() == [*fields]


def test_rows_of_two_kinds_that_a_query_makes_keep_their_fields(trunkline: Any) -> None:
    query = "[[].{a: Id}, [].{b: Id}][]"
    rows = json.loads(trunkline("fax", "list", "--top", "1", "-o", "json", "--query", query).out)
    assert [list(row) for row in rows] == [["a"], ["b"]]


# ── secrets that a name beside them tells ───────────────────────────────────────────────────────


def test_a_value_that_its_name_makes_a_secret_is_shown_to_nobody_who_leaves_the_name_out(
    trunkline: Any, pbx: Pbx, system: System
) -> None:
    made = pbx.parameters.create({"Name": "MAILPASSWORD", "Value": "hush", "Description": "It is invented."})
    system.emulator.clear_journal()
    for argv in (("list",), ("get", str(made["Id"]))):
        for select in ("Value", "Id,Value"):
            refused = trunkline("parameters", *argv, "--select", select)
            assert (refused.code, refused.out) == (2, "")
            assert "--columns Value" in refused.err
        assert system.emulator.journal == []
        for options in (("--columns", "Value"), ("--select", "Name,Value"), ("--query", "[].Value || Value")):
            assert "hush" not in trunkline("parameters", *argv, *options).out
        assert "hush" in trunkline("parameters", *argv, "--select", "Value", "--show-secrets").out
        system.emulator.clear_journal()
