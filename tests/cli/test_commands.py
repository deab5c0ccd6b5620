"""The command line, mostly in process; what needs a process or a terminal of its own is in test_terminal.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conftest import CLIENT, KEY, System
from nasty import Nasty, closed_port, http
from trunkline import Pbx, catalog, cli
from trunkline.catalog.secret import MASK


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def trunkline(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command line without any connection in the environment."""
    for name in ("URL", "CLIENT_ID", "CLIENT_SECRET", "CA_FILE"):
        monkeypatch.delenv(f"TRUNKLINE_{name}", raising=False)

    def run(*argv: str) -> Result:
        code = cli.execute(list(argv))
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture
def connected(trunkline: Any, system: System, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command line with the emulated PBX in the environment."""
    monkeypatch.setenv("TRUNKLINE_URL", system.url)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", CLIENT)
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", KEY)
    return trunkline


@pytest.fixture
def items(tmp_path: Path) -> Any:
    """Write a file of items, one a line; its path."""

    def write(*values: Any) -> str:
        path = tmp_path / "items.jsonl"
        path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
        return str(path)

    return write


# ── finding actions ─────────────────────────────────────────────────────────────────────────────


def test_actions_as_json_are_all_that_3cx_published(trunkline: Any) -> None:
    result = trunkline("actions", "-o", "json")
    rows = json.loads(result.out)
    assert len({row["id"] for row in rows}) == len(rows) == 638
    live = [row for row in rows if row["until"] is None]
    assert len(live) == len({(row["method"], row["path"]) for row in live}) == 601
    dropped = next(row for row in rows if row["operation_id"] == "ExportContacts")
    assert (dropped["since"], dropped["until"]) == ("pre-20.0.5", "20.0.8")
    assert dropped["versions"] == ["pre-20.0.5", "20.0.5", "20.0.6", "20.0.7", "20.0.8"]
    assert {"id", "operation_id", "resource", "method", "path", "since", "until"} <= rows[0].keys()
    assert "upload" in result.err


def test_actions_of_one_version(trunkline: Any) -> None:
    rows = trunkline("actions", "--api-version", "20.0.5", "-o", "jsonl").lines
    assert len(rows) == 531
    assert trunkline("actions", "--api-version", "newest").code == 2
    assert "stands in" not in trunkline("actions", "--api-version", "20.0.7.1112").err
    later = trunkline("actions", "diff", "20.0.7", "20.0.99", "-o", "jsonl")
    assert "3CX 20.0.99 is not known here; 20.0.10 stands in for it." in later.err


def test_actions_are_found_by_words(trunkline: Any) -> None:
    assert trunkline("actions", "delete", "contact", "-o", "jsonl").lines[0]["id"] == "contacts.delete"
    assert trunkline("actions", "upload", "-o", "jsonl").lines[0]["id"] == "custom_prompts.upload"
    nothing = trunkline("actions", "frobnicate")
    assert (nothing.code, nothing.out) == (2, "")
    assert "find" not in nothing.err
    some = trunkline("actions", "delete", "fax", "tomorrow", "-o", "jsonl")
    assert (some.code, some.lines[0]["id"]) == (0, "fax.delete")
    assert "some of them" in some.err


@pytest.mark.parametrize("name", ["fax.delete", "DeleteFax", "Delete Fax", "Fax: Delete Fax"])
def test_show_takes_every_name_of_an_action(trunkline: Any, name: str) -> None:
    page = trunkline("actions", "show", name).out
    for section in ("Overview", "Properties", "Output", "Dependencies", "Troubleshooting"):
        assert f"## {section}\n" in page
    assert "If Match" in page


def test_an_unknown_action_names_the_nearest(trunkline: Any) -> None:
    result = trunkline("actions", "show", "fax.delte")
    assert result.code == 2
    assert "Did you mean fax.delete" in result.err


# ── every action is a command ───────────────────────────────────────────────────────────────────


def test_every_action_has_a_command_that_explains_itself(trunkline: Any) -> None:
    for resource, verbs in catalog.load().resources.items():
        assert trunkline(resource.replace("_", "-"), "--help").code == 0
        for verb, action in verbs.items():
            result = trunkline(resource, verb.replace("_", "-"), "--help")
            assert result.code == 0, action.id
            assert action.summary.split()[0] in result.out
            for name in action.keys:
                assert catalog.names.snake(name).upper() in result.out, action.id


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ("users create", "In every version. Needs the role System Admin."),
        ("users create", "before they may call or write from the web page. Both, Name, Email or None."),
        ("users create", "--ai-agent Boolean Whether an AI agent answers this extension"),
        ("users create", "--groups JSON Departments that it belongs to, with the role in each;"),
        ("users create", "as XML in one text. At most 20480 characters."),
        ("users create", "Example: trunkline users create --first-name Ada --last-name Example"),
        ("queues update", "SkillBasedRouting_RoundRobin or SkillBasedRouting_FewestAnswered."),
        ("fax delete", "What it removes can't be restored."),
        (
            "fax bulk-fax-delete",
            "--ids JSON Ids of the fax extensions, as `fax list` shows them. List of Int32.",
        ),
        ("fax get-by-number", "Added in 20.0.8."),
        (
            "report-call-log-data get-call-log-data",
            "or a time with its zone. Default: 30 days before the end. --period-to",
        ),
        ("report-call-log-data get-call-quality-report", "--cdr-id String"),
        ("report-call-log-data get-call-log-data", "--call-time-filter-from 0:00:0"),
        ("report-call-log-data get-call-log-data", "`trunkline export call-log` reads any period"),
        (
            "contacts",
            "delete-contacts-by-type Remove the phone book entries that came from one source, such as Microsoft 365.",
        ),
    ],
)
def test_the_help_of_an_action_says_types_values_versions_and_an_example(trunkline: Any, argv: str, said: str) -> None:
    assert said in " ".join(trunkline(*argv.split(), "--help-all" if " " in argv else "--help").out.split())


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["fx", "list"], "Did you mean fxs or fax?"),
        (["extensions", "list"], "Did you mean users?"),
        (["departments"], "Did you mean groups?"),
        (["help"], "Did you mean --help?"),
        (["website_link", "list"], "Did you mean website-links?"),
        (["fax", "dlete", "1"], "Did you mean delete?"),
        (["fax", "list", "--all", "--top", "3"], "--all is every row"),
        (["fax", "delete"], "Missing argument 'ID'"),
        (["fax", "delete", "1", "--if-mach", "x"], "No such option"),
        (["run"], "Missing argument 'ACTION'"),
        (["run", "fax.delete", "--set", "Id"], "--set takes NAME=VALUE"),
    ],
)
def test_a_slip_ends_with_2_and_a_way_on(trunkline: Any, argv: list[str], said: str) -> None:
    result = trunkline(*argv)
    assert result.code == 2
    assert said in result.err
    assert result.out == ""


# ── connections ─────────────────────────────────────────────────────────────────────────────────


def test_a_missing_connection_ends_with_3_and_names_the_variables(trunkline: Any) -> None:
    result = trunkline("fax", "list", "--url", "pbx.example.com")
    assert result.code == 3
    assert "TRUNKLINE_CLIENT_ID, TRUNKLINE_CLIENT_SECRET" in result.err
    assert "start the emulator" in result.err


@pytest.mark.parametrize("url", ["ftp://pbx.example.com", "https://", "https://a:b@pbx.example.com", "https://pbx:x"])
def test_an_address_that_is_none_ends_with_3(trunkline: Any, url: str) -> None:
    result = trunkline("fax", "list", "--url", url, "--client-id", "a", "--api-key", "hidden-key")
    assert result.code == 3
    assert "https://pbx.example.com" in result.err
    assert "hidden-key" not in result.err


def test_options_go_before_the_environment_and_stand_anywhere(connected: Any, system: System) -> None:
    assert connected("--client-id", "nobody", "fax", "get", "121").code == 4
    assert connected("fax", "get", "121", "--client-id", "nobody").code == 4
    assert connected("--url", closed_port(), "fax", "get", "121", "--url", system.url).code == 0


# ── reading and writing ─────────────────────────────────────────────────────────────────────────


def test_a_list_in_each_format(connected: Any) -> None:
    rows = connected("fax", "list", "--select", "Id,Number", "--top", "2").lines
    assert [row["Number"] for row in rows] == ["888", "889"]
    assert json.loads(connected("fax", "list", "--top", "2", "-o", "json").out)[1]["Number"] == "889"
    table = connected("fax", "list", "--top", "2", "-o", "table").out.splitlines()
    assert table[0].split()[:2] == ["Id", "Number"]
    assert len(table) == 4


def test_a_long_list_is_read_to_its_end(connected: Any, pbx: Pbx) -> None:
    for number in range(80):
        pbx.contacts.create({"FirstName": f"No {number}", "PhoneNumber": "+442079460000"})
    assert len(connected("contacts", "list").lines) == 140
    assert len(connected("contacts", "list", "--all").lines) == 140
    assert len(connected("contacts", "list", "--top", "130").lines) == 130


def test_secrets_are_masked_unless_asked_for(connected: Any, pbx: Pbx) -> None:
    user = next(iter(pbx.users.list()))
    secret = user["AuthPassword"]
    assert secret
    shown = connected("users", "get", str(user["Id"])).out
    assert secret not in shown
    assert MASK in shown
    assert secret not in connected("users", "list", "-o", "table").out
    assert connected("users", "get", str(user["Id"]), "--show-secrets").lines[0]["AuthPassword"] == secret


def test_a_secret_that_is_an_object_is_masked_too_and_a_slip_in_it_not_repeated(connected: Any) -> None:
    held = ("mail-settings", "update", "--mail-password", '{"Concealed": false, "Value": "hush"}')
    for shown in ("--dry-run", "--curl"):
        assert "hush" not in connected(*held, shown).out
    assert connected(*held).code == 0
    assert connected("mail-settings", "get").lines[0]["MailPassword"] == {"Concealed": False, "Value": MASK}
    assert connected("mail-settings", "get", "--show-secrets").lines[0]["MailPassword"]["Value"] == "hush"
    slip = connected("mail-settings", "update", "--mail-password", "hush")
    assert slip.code == 2
    assert "must be an object" in slip.err
    assert "hush" not in slip.err


def test_a_contact_from_options_a_file_and_a_body(connected: Any, tmp_path: Path) -> None:
    made = connected("contacts", "create", "--first-name", "Ada", "--phone-number", "+442079460001").lines[0]
    assert made["FirstName"] == "Ada"
    body = tmp_path / "body.json"
    body.write_text('{"LastName": "Example"}', encoding="utf-8")
    updated = connected("contacts", "update", str(made["Id"]), "--body", f"@{body}", "--company-name", "Example Ltd")
    assert updated.lines == [{"success": True, "Id": made["Id"]}]
    read = connected("contacts", "get", str(made["Id"])).lines[0]
    assert (read["FirstName"], read["LastName"], read["CompanyName"]) == ("Ada", "Example", "Example Ltd")


@pytest.mark.parametrize("depth", [100_000, 600])
def test_what_nests_too_deeply_is_no_traceback(connected: Any, system: System, tmp_path: Path, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    body = tmp_path / "body.json"
    body.write_text('{"FirstName": ' + nested + "}", encoding="utf-8")
    for argv in (("create", "--body", f"@{body}"), ("create", "--id", nested), ("delete", "--input", str(body))):
        refused = connected("contacts", *argv)
        assert (refused.code, refused.out, "Traceback" in refused.err) == (2, "", False), refused.err[:200]
    assert (system.sent("POST"), system.sent("DELETE")) == ([], [])


def test_a_body_as_windows_saves_it_is_read_or_refused(connected: Any, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"FirstName": "Ada"}', encoding="utf-8-sig")
    assert '"FirstName": "Ada"' in connected("contacts", "create", "--body", f"@{body}", "--dry-run").out
    body.write_text('{"FirstName": "Ada"}', encoding="utf-16")
    refused = connected("contacts", "create", "--body", f"@{body}", "--dry-run")
    assert (refused.code, refused.out) == (2, "")
    assert "The body is not JSON: 'utf-8' codec can't decode" in refused.err
    assert "--skeleton prints one" in refused.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["contacts", "create", "--body", "{"], "is not JSON"),
        (["contacts", "create", "--body", "[]"], "must be a JSON object"),
        (["contacts", "create", "--body", "@/no/such/file"], "can't be read"),
        (["contacts", "create"], "needs a body"),
        (["contacts", "create", "--contact-type", "Company"], "ContactType"),
        (["fax", "delete", "many"], "must be an integer"),
        (["users", "list", "--select", "Number", "--columns", "FirstName"], "FirstName, which --select leaves out"),
        (["trunks", "list", "--columns", "Gateway.Nam"], "Pbx.Gateway has no field 'Nam'. Did you mean Name?"),
        (["users", "update", "7", "--enabled", "yes"], "Enabled of users.update must be true or false, not 'yes'."),
        (["users", "update", "7", "--groups", "Sales"], "must be a list of Pbx.UserGroup as JSON"),
        (["fax", "list", "--top", "-1"], "at least 0"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    connected: Any, system: System, argv: list[str], said: str
) -> None:
    result = connected(*argv)
    assert result.code == 2
    assert said in result.err
    assert system.emulator.journal == []


def test_a_column_that_only_expand_fills_is_warned_of(connected: Any) -> None:
    columns = ("users", "list", "--top", "1", "--columns", "Groups.Name")
    assert "Groups is empty without --expand Groups." in connected(*columns).err
    expanded = connected(*columns, "--expand", "Groups($select=Name)")
    assert expanded.err == ""
    assert expanded.lines[0]["Groups.Name"]


def test_dry_run_shows_the_request_and_sends_nothing(connected: Any, system: System) -> None:
    result = connected("contacts", "update", "7", "--first-name", "Ada", "--dry-run")
    assert f"PATCH {system.url}/xapi/v1/Contacts(7)" in result.out
    assert '"FirstName": "Ada"' in result.out
    assert "Bearer …" in result.out
    assert KEY not in result.out
    assert system.emulator.journal == []


def test_a_file_that_does_not_come_is_not_said_to_be_saved(connected: Any, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    with Nasty(lambda asked: http(204)) as server:
        result = connected("--url", server.url, "event-logs", "download-event-logs", "--save", str(path))
    assert result.code == 6
    assert f"nothing was saved to {path}" in result.err
    assert not path.exists()


def test_a_file_is_written_where_it_should_be(connected: Any, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    result = connected("event-logs", "download-event-logs", "--save", str(path))
    assert result.code == 0
    assert path.stat().st_size > 0
    assert str(path) in result.err
    assert connected("event-logs", "download-event-logs", "--save", "-").out.encode() == path.read_bytes()


def test_a_file_is_uploaded_from_its_path(connected: Any, tmp_path: Path, pbx: Pbx) -> None:
    path = tmp_path / "welcome.wav"
    path.write_bytes(b"RIFF....WAVE")
    assert connected("custom-prompts", "upload", "--file", str(path)).lines == [{"success": True}]
    assert "welcome.wav" in [row["Filename"] for row in pbx.custom_prompts.list()]
    missing = connected("custom-prompts", "upload", "--file", str(tmp_path / "none.wav"))
    assert missing.code == 2
    assert "none.wav" in missing.err


# ── run ─────────────────────────────────────────────────────────────────────────────────────────

ID = ("--set", "Id={{ $json.Id }}")


def test_run_reads_objects_and_items_and_keeps_their_order(connected: Any, items: Any, system: System) -> None:
    path = items({"Id": 122}, {"json": {"Id": 121}, "pairedItem": {"item": 9}}, {"Id": 123})
    result = connected("run", "fax.delete", *ID, "--input", path)
    assert result.code == 0
    assert result.lines == [
        {"json": {"success": True, "Id": key}, "pairedItem": {"item": index}}
        for index, key in enumerate([122, 121, 123])
    ]
    assert "3 done, 0 failed, 0 not started." in result.err


def test_run_without_a_body_says_how_to_give_one(connected: Any, items: Any, system: System) -> None:
    result = connected("run", "contacts.create", "--input", items({"FirstName": "Ann"}))
    assert result.code == 2
    assert "body={{ $json }} for whole items" in result.err
    assert system.emulator.journal == []


def test_run_tells_in_a_table_what_was_made(connected: Any, items: Any) -> None:
    made = items({"FirstName": "Ann", "PhoneNumber": "+442079460101"})
    result = connected("run", "contacts.create", "--set", "body={{ $json }}", "--input", made, "-o", "table")
    assert '"FirstName":"Ann"' in result.out
    assert "@odata" not in result.out


def test_run_reads_an_array(connected: Any, tmp_path: Path) -> None:
    path = tmp_path / "items.json"
    path.write_text('[{"Id": 121}, {"Id": 122}]', encoding="utf-8")
    assert len(connected("run", "fax.get", *ID, "--input", str(path)).lines) == 2


def test_run_stops_at_the_first_failure_and_says_what_was_not_started(connected: Any, items: Any) -> None:
    path = items({"Id": 121}, {"Id": 999}, {"Id": 122}, {"Id": 123})
    result = connected("run", "fax.delete", *ID, "--input", path, "--concurrency", "1")
    assert result.code == 5
    assert [line["pairedItem"]["item"] for line in result.lines] == [0, 1]
    assert result.lines[1]["json"] == {"Id": 999}
    assert result.lines[1]["error"]["status"] == 404
    assert "1 done, 1 failed, 2 not started." in result.err
    assert "No fax with Id 999" in result.err


def test_run_continues_and_ends_with_7(connected: Any, items: Any) -> None:
    path = items({"Id": 121}, {"Id": 999}, {"Nr": 1}, {"Id": 122})
    result = connected("run", "fax.delete", *ID, "--input", path, "--on-error", "continue")
    assert result.code == 7
    assert [line.get("error", {}).get("type") for line in result.lines] == [None, "NotFound", "TemplateError", None]
    assert "2 done, 2 failed, 0 not started." in result.err


def test_run_splits_failures_into_a_file(connected: Any, items: Any, tmp_path: Path) -> None:
    failed = tmp_path / "failed.jsonl"
    path = items({"Id": 121}, {"Id": 999})
    result = connected("run", "fax.delete", *ID, "--input", path, "--on-error", "split", "--failed", str(failed))
    assert result.code == 7
    assert [line["json"] for line in result.lines] == [{"success": True, "Id": 121}]
    assert json.loads(failed.read_text(encoding="utf-8"))["json"] == {"Id": 999}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"Id": 1}\n{"Id"', "Line 2 of the input"),
        ("[1]", "must be an object"),
        ("[{", "not a JSON array"),
        ("3", "Line 1"),
    ],
)
def test_run_refuses_input_that_is_no_items(
    connected: Any, system: System, tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "items"
    path.write_text(content, encoding="utf-8")
    result = connected("run", "fax.delete", *ID, "--input", str(path))
    assert result.code == 2
    assert said in result.err
    assert system.emulator.journal == []


def test_run_refuses_parameters_that_the_action_lacks(connected: Any, items: Any, system: System) -> None:
    result = connected("run", "fax.delete", "--set", "Nummer=1", "--input", items({"Id": 1}))
    assert result.code == 2
    assert "no parameter 'Nummer'" in result.err
    assert "needs Id" in connected("run", "fax.delete", "--input", items({"Id": 1})).err
    assert system.emulator.journal == []


def test_run_dry_run_shows_each_request(connected: Any, items: Any, system: System) -> None:
    path = items({"Id": 121, "etag": 'W/"1"'}, {"Nr": 2}, {"Id": 122, "etag": ""})
    result = connected("run", "fax.delete", *ID, "--set", "If Match={{ $json.etag }}", "--input", path, "--dry-run")
    assert result.code == 7
    assert result.out.splitlines() == ['item 0: DELETE /Fax(121) If-Match: W/"1"', "item 2: DELETE /Fax(122)"]
    assert "item 1: " in result.err
    assert system.emulator.journal == []


def test_run_lists_give_an_item_a_row(connected: Any, items: Any) -> None:
    path = items({"from": "888", "to": "890"})
    filter_ = "--set", "filter=Number ge '{{ $json.from }}' and Number le '{{ $json.to }}'"
    lines = connected("run", "fax.list", *filter_, "--set", "select=Number", "--input", path).lines
    assert [line["json"]["Number"] for line in lines] == ["888", "889", "890"]
    assert {line["pairedItem"]["item"] for line in lines} == {0}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no full device")
def test_output_on_a_full_disk_is_told_without_a_traceback() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "trunkline", "actions", "delete", "-o", "jsonl"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The output can't be written: the disk is full.")
    assert "Traceback" not in done.stderr


def test_failed_items_need_a_file_that_can_be_written_before_anything_is_sent(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "trunkline", "run", "fax.delete", "--set", "Id=1", "--on-error", "split"),
            *("--failed", str(tmp_path / "no" / "such"), "--url", f"http://127.0.0.1:{closed_port()}"),
        ],
        input="{}",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "No such file or directory" in done.stderr


def test_items_may_begin_with_a_byte_order_mark() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "trunkline", "run", "fax.delete", "--set", "Id={{ $json.Id }}", "--dry-run"],
        input=b'\xef\xbb\xbf{"Id":121}',
        capture_output=True,
        check=False,
    )
    assert done.stdout.strip() == b"item 0: DELETE /Fax(121)"
