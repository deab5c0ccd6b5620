"""What a command writes: formats, columns, queries, secrets, pages."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import CLIENT, KEY, System
from nasty import Nasty, http
from terminal import TRUNKLINE, Terminal
from trunkline import Pbx
from trunkline.catalog import load
from trunkline.catalog.columns import BY_TYPE, MOST, at, picked
from trunkline.catalog.secret import MASK
from trunkline.cli.output import yaml_text


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

READ: dict[str, Callable[[str], Any]] = {
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
    assert [json.loads(rows[0][name]) for name in nested] == [links[0][name] for name in nested]  # type: ignore[literal-required]
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
        (["--query", "[?"], "--query is not JMESPath"),
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


def on_a_terminal(argv: list[str], environment: Mapping[str, str], rows: int = 24) -> tuple[int, str]:
    """The exit code of a command on a terminal of 100 columns, and what it shows."""
    terminal = Terminal(argv, {**environment, "COLUMNS": "100", "LINES": str(rows)})
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
    trunkline: Any, pbx: Pbx
) -> None:
    made = pbx.parameters.create({"Name": "MAILPASSWORD", "Value": "hush", "Description": "It is invented."})
    for argv in (("list",), ("get", str(made["Id"]))):
        for select in ("Value", "Id,Value"):
            masked = trunkline("parameters", *argv, "--select", select)
            assert masked.code == 0
            assert MASK in masked.out
            assert "hush" not in masked.out
        for options in (("--columns", "Value"), ("--select", "Name,Value"), ("--query", "[].Value || Value")):
            assert "hush" not in trunkline("parameters", *argv, *options).out
        assert "hush" in trunkline("parameters", *argv, "--select", "Value", "--show-secrets").out


def test_a_value_without_the_name_that_tells_what_it_is_is_masked(trunkline: Any, pbx: Pbx) -> None:
    ran = trunkline("run", "parameters.list", "--set", "select=Value", "-o", "jsonl", stdin="{}\n")
    assert ran.code == 0
    assert {item["json"]["Value"] for item in ran.lines} <= {MASK, "", None}
    assert trunkline("run", "parameters.list", "--set", "select=Value", "--show-secrets", stdin="{}\n").out != ran.out


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "text/plain; charset=utf-8", ""])
@pytest.mark.parametrize("action", [("users", "get", "1"), ("users", "list"), ("users", "export-extensions")])
def test_json_is_masked_whatever_it_is_called(
    line: Callable[..., Any], content_type: str, action: tuple[str, ...]
) -> None:
    body = '{"value":[{"Id":1,"AuthPassword":"pA55-1"}],"Id":1,"AuthPassword":"pA55-1","Note":"x pA55-1"}'
    with Nasty(lambda asked: http(200, body, content_type)) as server:
        options = ("--url", server.url, "--client-id", "id", "--client-secret", "a-key-of-mine")
        said = line(*action, *options)
        assert "pA55-1" not in said.out + said.err
        assert "pA55-1" in line(*action, *options, "--show-secrets").out


def test_a_hint_of_an_option_never_says_the_opposite(line: Callable[..., Any]) -> None:
    said = line("users", "update", "1", "--disabled", "true")
    assert said.code == 2
    assert "--enabled" not in said.err
