"""``trunkline import``: the plan, the question, the doing, and what is said of it."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import closed_port
from terminal import TRUNKLINE, Terminal
from trunkline import Pbx, cli
from trunkline.transfer.kinds import CONTACTS
from trunkline.transfer.lock import import_lock

NEW = "PhoneNumber,FirstName\n" + "".join(f"+44207946{n:04},N{n}\n" for n in range(40))
MIXED = "Number,FirstName,VMPIN\n100,Changed,\n101,Tomás,4711\n102,,\n150,Ada,\n"


class Said(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def trunkline(
    system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Run:
    """Run a command line that is connected to the emulated PBX, without a terminal."""
    monkeypatch.setenv("TRUNKLINE_URL", system.url)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", CLIENT)
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", KEY)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(*argv: str, stdin: str | None = None) -> Said:
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(_Piped(stdin.encode())))
        return Said(cli.execute(list(argv)), *capsys.readouterr())

    return run


class _Piped(io.BytesIO):
    name = "<stdin>"


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[[str], str]:
    """Write a CSV; its path."""

    def write(content: str) -> str:
        path = tmp_path / "sheet.csv"
        path.write_text(content, encoding="utf-8", newline="")
        return str(path)

    return write


def nothing_sent(system: System) -> bool:
    return {entry.method for entry in system.emulator.journal if entry.path.startswith("/xapi")} <= {"GET"}


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("resource", "options"),
    [
        ("contacts", ()),
        ("users", ()),
        ("users", ("--expand", "Groups($expand=Rights,GroupRights),Phones,Greetings,ForwardingExceptions")),
        ("users", ("--expand", "ForwardingProfiles", "--show-secrets")),
        ("users", ("--columns", "Number,Tags,OfficeHoursProps,Hours,BreakTime,VMPIN")),
    ],
)
def test_what_list_writes_is_nothing_to_do(
    trunkline: Run, pbx: Pbx, sheet: Callable[[str], str], system: System, resource: str, options: tuple[str, ...]
) -> None:
    odd = {"FirstName": "=1+1", "LastName": "'=2", "Title": "'t", "CompanyName": 'two\nlines, "quoted"; \t tabs'}
    pbx.contacts.update(1, odd)  # type: ignore[arg-type]
    pbx.contacts.update(2, {"FirstName": "@x", "Title": "  spaces  ", "Department": "4.42E+11", "Tag": "\r\nx"})
    pbx.users.update(11, {"FirstName": "@x", "Hours": {"Type": "OfficeHours", "Periods": []}, "Mobile": "-5"})
    file = sheet(trunkline(resource, "list", "-o", "csv", *options).out)
    system.emulator.clear_journal()
    said = trunkline("import", resource, file, "--plan")
    assert (said.code, said.out) == (0, "")
    assert "Nothing to do: " in said.err
    assert trunkline("import", resource, file, "--apply", "--remove-missing").code == 0
    assert nothing_sent(system)


def test_a_plan_shows_and_sends_nothing(trunkline: Run, sheet: Callable[[str], str], system: System) -> None:
    file = sheet(MIXED)
    said = trunkline("import", "users", file)
    assert said == trunkline("import", "users", file, "--plan")
    assert lines(said.out) == [
        {
            "state": "not_started",
            "action": "users.update",
            "key": {"Number": "100"},
            "pbx": system.url,
            "item": 2,
            "fields": {"old": {"FirstName": "Amara"}, "new": {"FirstName": "Changed"}},
        },
        {
            "state": "not_started",
            "action": "users.update",
            "key": {"Number": "101"},
            "pbx": system.url,
            "item": 3,
            "fields": {"old": {"VMPIN": "••••••"}, "new": {"VMPIN": "••••••"}},
        },
        {
            "state": "not_started",
            "action": "users.create",
            "key": {"Number": "150"},
            "pbx": system.url,
            "item": 5,
            "fields": {"old": {}, "new": {"Number": "150", "FirstName": "Ada"}},
        },
    ]
    assert said.err.splitlines() == [
        f"1 to add, 2 to change, 0 to remove, 1 as they are; 40 users on {system.url}, matched by Number.",
        "Nothing was sent; --apply does it.",
    ]
    assert nothing_sent(system)


def test_formats_of_a_plan(trunkline: Run, sheet: Callable[[str], str]) -> None:
    file = sheet(MIXED)
    as_json = json.loads(trunkline("import", "users", file, "-o", "json").out)
    assert as_json == lines(trunkline("import", "users", file, "-o", "jsonl").out)
    rows = list(csv.DictReader(io.StringIO(trunkline("import", "users", file, "-o", "csv").out)))
    assert [(row["action"], row["item"], json.loads(row["fields"])) for row in rows] == [
        (step["action"], str(step["item"]), step["fields"]) for step in as_json
    ]
    shown = trunkline("import", "users", file, "-o", "table", "--show-secrets").out
    assert [line.split() for line in shown.splitlines()[2:]] == [
        ["~", "change", "2", "100", "Amara", "Okonkwo", "FirstName", "Amara", "Changed"],
        ["~", "change", "3", "101", "Tomás", "Lindqvist", "VMPIN", *shown.splitlines()[3].split()[-2:]],
        ["+", "add", "5", "150", "FirstName", "Ada"],
    ]
    assert shown.splitlines()[3].endswith("4711")


def test_what_nobody_sees_is_shown(trunkline: Run, sheet: Callable[[str], str]) -> None:
    file = sheet("PhoneNumber,FirstName\n\u202a+12025550102\u202c,Ce\u200blia\n+44\u00a020,Ada\u00a0Lee\n")
    for output in ("jsonl", "json"):
        out = trunkline("import", "contacts", file, "-o", output).out
        assert out.isascii()
        changed, added = lines(out) if output == "jsonl" else json.loads(out)
        assert changed["key"] == {"PhoneNumber": "+12025550102"}  # as the PBX has it
        assert changed["fields"]["new"] == {"FirstName": "Ce\u200blia"}
        assert added["fields"]["new"] == {"PhoneNumber": "+44 20", "FirstName": "Ada\u00a0Lee"}
    said = trunkline("import", "contacts", file, "-o", "table")
    assert "Ce\\u200blia" in said.out
    assert "\\u202a+12025550102\\u202c" in said.out
    assert "Ada\\u00a0Lee" in said.out
    assert not {*"\u200b\u202a\u202c\u00a0"} & {*said.out, *said.err}
    assert "There are characters that nobody sees; is that meant? line 2 FirstName." in said.err


class TestBlocklist:
    DROP = "; Spamhaus DROP List\n203.0.113.64/28 ; SBL256894\n192.0.2.44\n"

    def test_a_list_is_added_once(self, trunkline: Run, system: System, pbx: Pbx) -> None:
        argv = ("import", "blocklist", "-")
        said = trunkline(*argv, stdin=self.DROP)
        assert (said.code, nothing_sent(system)) == (0, True)
        assert [row["fields"]["new"] for row in lines(said.out)] == [
            {"IPAddrMask": "203.0.113.64/28", "Description": "SBL256894", "BlockType": "Block"}
        ]
        assert said.err.splitlines()[0] == (
            f"1 to add, 0 to change, 0 to remove, 1 as they are; 10 blocklist entries on {system.url}, "
            "matched by IPAddrMask."
        )
        assert trunkline(*argv, "--apply", "--expires", "2027-01-01T00:00:00Z", stdin=self.DROP).code == 0
        assert "Nothing to do: 2 blocklist entries" in trunkline(*argv, "--apply", stdin=self.DROP).err
        (row,) = [row for row in pbx.blocklist.list() if row["Description"] == "SBL256894"]
        assert row["ExpiresAt"].startswith("2027-01-01T00:00:00")

    @pytest.mark.parametrize(
        ("options", "code", "count"),
        [
            ((), 2, 0),
            (("--allow-private",), 2, 0),
            (("--allow-private", "--allow-wide"), 2, 0),
            (("--skip-dangerous",), 0, 1),
            (("--skip-dangerous", "--allow-wide"), 0, 2),
            (("--skip-dangerous", "--allow-wide", "--allow-private"), 0, 3),
        ],
    )
    def test_what_could_lock_people_out(
        self, trunkline: Run, system: System, options: tuple[str, ...], code: int, count: int
    ) -> None:
        content = "203.0.113.20\n192.168.0.0/16\n45.0.0.0/8\n127.0.0.0/8\n"
        said = trunkline("import", "blocklist", "-", "--apply", *options, stdin=content)
        assert (said.code, len(lines(said.out))) == (code, count)
        assert nothing_sent(system) is (code == 2)

    def test_slips(self, trunkline: Run, system: System) -> None:
        said = trunkline("import", "blocklist", "-", "--expires", "tomorrow", stdin=self.DROP)
        assert (said.code, "is not when an entry ends" in said.err) == (2, True)
        said = trunkline("import", "blocklist", "-", stdin="ip,shoe size\n203.0.113.20,40\n")
        assert (said.code, "'shoe size'" in said.err) == (2, True)
        assert not system.emulator.journal


def test_apply_does_it_and_says_what_became_of_each(
    trunkline: Run, sheet: Callable[[str], str], pbx: Pbx, system: System
) -> None:
    said = trunkline("import", "users", sheet(MIXED), "--apply")
    assert said.code == 0
    changed, secret, added = lines(said.out)
    assert changed == {
        "state": "done",
        "action": "users.update",
        "key": {"Number": "100"},
        "pbx": system.url,
        "item": 2,
        "fields": {"old": {"FirstName": "Amara"}, "new": {"FirstName": "Changed"}},
    }
    assert (secret["state"], secret["fields"]["new"]) == ("done", {"VMPIN": "••••••"})
    assert (added["state"], added["action"]) == ("done", "users.create")
    assert added["answer"] == {"Id": pbx.users.get_by_number("150")["Id"]}
    assert said.err.splitlines()[-1] == "3 done, 0 failed, 0 not started."
    assert pbx.users.get(12, select=["VMPIN"])["VMPIN"] == "4711"
    assert "Nothing to do" in trunkline("import", "users", sheet(MIXED), "--apply").err


def test_two_imports_of_contacts_at_once_would_add_twice(
    trunkline: Run, sheet: Callable[[str], str], system: System
) -> None:
    with import_lock(system.url, CONTACTS):
        said = trunkline("import", "contacts", sheet(NEW), "--apply")
        assert (said.code, said.out) == (3, "")
        assert f"Another import of contacts into {system.url} is under way." in said.err
        assert nothing_sent(system)
        assert trunkline("import", "contacts", sheet(NEW)).code == 0
        assert trunkline("import", "users", sheet(MIXED), "--apply").code == 0
    assert trunkline("import", "contacts", sheet(NEW), "--apply").code == 0


def test_where_nothing_can_be_kept_nothing_is_sent(
    trunkline: Run, sheet: Callable[[str], str], system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    said = trunkline("import", "contacts", sheet(NEW), "--apply")
    assert said.code == 3
    assert "can't be written: Not a directory" in said.err
    assert nothing_sent(system)


def test_stdin(trunkline: Run, system: System) -> None:
    said = trunkline("import", "users", "-", "--apply", stdin="Number;First name\n150;Ada\n151\n")
    assert (said.code, said.err.splitlines()[0]) == (2, "Error: stdin, line 3: 1 cells, but 2 columns.")
    said = trunkline("import", "users", "-", "--apply", stdin="Number;First name\n150;Ada\n151;Bo\n")
    assert (said.code, said.err.splitlines()[-1]) == (0, "2 done, 0 failed, 0 not started.")


def test_failures_are_named_written_and_mended(
    trunkline: Run, sheet: Callable[[str], str], tmp_path: Path, pbx: Pbx
) -> None:
    rest = tmp_path / "rest.csv"
    file = sheet(
        "Number;EmailAddress;Shoe size\n150;a@example.com;40\n151;ext100@example.com;41\n152;c@example.com;42\n"
    )
    argv = ("import", "users", file, "--apply", "--ignore-column", "Shoe Size", "--failed", str(rest))
    said = trunkline(*argv)
    assert said.code == 7
    (failure,) = [line for line in said.err.splitlines() if line.startswith("line ")]
    assert failure.startswith("line 3, Number 151: ")
    assert "EmailAddress" in failure
    assert said.err.splitlines()[-2:] == [
        "2 done, 1 failed, 0 not started.",
        f"{rest}: 1 row not done, each with its reason.",
    ]
    (row,) = csv.DictReader(rest.read_text().splitlines(), delimiter=";")
    assert (row["Number"], row["Shoe size"], row["# why"][:12]) == ("151", "41", failure.partition(": ")[2][:12])
    rest.write_text(rest.read_text().replace("ext100@", "b@"))
    again = tmp_path / "again.csv"
    said = trunkline("import", "users", str(rest), "--apply", "--ignore-column", "Shoe size", "--failed", str(again))
    assert said.code == 0
    assert again.read_text() == "Number;EmailAddress;Shoe size;# why\n"


def test_rows_that_can_not_be_written_are_said_and_what_was_done_too(
    trunkline: Run, sheet: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / ".rest.csv.part").mkdir()
    file = sheet("Number,EmailAddress\n150,a@example.com\n151,ext100@example.com\n")
    said = trunkline("import", "users", file, "--apply", "--failed", str(tmp_path / "rest.csv"))
    assert said.code == 7
    assert said.err.splitlines()[-2] == "1 done, 1 failed, 0 not started."
    assert "rest.csv can't be written: Is a directory. The same command, run again" in said.err


@pytest.mark.parametrize(
    ("argv", "content", "said"),
    [
        (("--plan", "--apply"), NEW, "give one of them"),
        (("--max-removals", "few"), NEW, "The most removals are a number such as 20"),
        (("--map", "FirstName"), NEW, "--map takes NAME=VALUE"),
        (("--failed", f"{__file__}/x.csv"), NEW, "there is no folder"),
        ((), "PhoneNumber,FristName\n1,A\n", "Did you mean FirstName"),
        (("--key", "Tag"), NEW, "The key is Tag, but no column"),
        (("--encoding", "klingon"), NEW, "no encoding 'klingon'"),
        ((), "FirstName\nA\n", "no column Id, PhoneNumber or Email"),
    ],
)
def test_slips_are_said_before_the_pbx_is_asked(
    trunkline: Run, sheet: Callable[[str], str], system: System, argv: tuple[str, ...], content: str, said: str
) -> None:
    told = trunkline("import", "contacts", sheet(content), *argv)
    assert told.code == 2
    assert said in told.err
    assert not system.emulator.journal


def test_the_failed_rows_never_take_the_place_of_a_pipe(
    trunkline: Run, sheet: Callable[[str], str], tmp_path: Path, system: System
) -> None:
    os.mkfifo(tmp_path / "pipe")
    said = trunkline("import", "users", sheet("Number,FirstName\n150,Ada\n"), "--apply", "--failed", f"{tmp_path}/pipe")
    assert (said.code, "is not an ordinary file" in said.err) == (2, True)
    assert nothing_sent(system)


def test_the_failed_rows_never_overwrite_the_file_itself(trunkline: Run, sheet: Callable[[str], str]) -> None:
    file = sheet(NEW)
    said = trunkline("import", "contacts", file, "--apply", "--failed", file)
    assert said.code == 2
    assert Path(file).read_text() == NEW


def test_mistakes_in_the_file_stop_everything(trunkline: Run, sheet: Callable[[str], str], system: System) -> None:
    said = trunkline("import", "users", sheet("Number,Enabled\n150,yes\n151,perhaps\n"), "--apply")
    assert (said.code, said.err.splitlines()) == (
        2,
        [
            "Error: sheet.csv can't be imported as it is:",
            "  line 3: Enabled must be true or false, not 'perhaps'.",
            "Nothing was sent.",
        ],
    )
    assert nothing_sent(system)


def test_no_connection_and_no_rights(
    trunkline: Run, sheet: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, system: System
) -> None:
    file = sheet(NEW)
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", VIEWER)
    monkeypatch.setenv("TRUNKLINE_CLIENT_SECRET", VIEWER_KEY)
    assert trunkline("import", "contacts", file).code == 5
    monkeypatch.setenv("TRUNKLINE_CLIENT_ID", "stranger")
    assert trunkline("import", "contacts", file).code == 4
    monkeypatch.setenv("TRUNKLINE_URL", closed_port())
    assert trunkline("import", "contacts", file).code == 6
    monkeypatch.delenv("TRUNKLINE_URL")
    assert trunkline("import", "contacts", file).code == 3


class TestRemovals:
    def keeping(self, count: int) -> str:
        return "Id\n" + "".join(f"{n}\n" for n in range(1, count + 1))

    def test_none_unless_told(self, trunkline: Run, sheet: Callable[[str], str], system: System) -> None:
        assert "Nothing to do" in trunkline("import", "contacts", sheet(self.keeping(1)), "--apply", "--yes").err
        assert not system.sent("DELETE")

    def test_without_a_terminal_they_need_yes(
        self, trunkline: Run, sheet: Callable[[str], str], system: System
    ) -> None:
        argv = ("import", "contacts", sheet(self.keeping(57)), "--remove-missing", "--apply")
        said = trunkline(*argv)
        assert (said.code, nothing_sent(system)) == (2, True)
        assert "contacts.delete would remove 3 of 60, and nobody has confirmed that." in said.err
        assert "then confirm it: `--yes`" in said.err
        assert trunkline(*argv, "--yes").code == 0
        assert sorted(system.sent("DELETE")) == [f"/xapi/v1/Contacts({n})" for n in (58, 59, 60)]

    @pytest.mark.parametrize(
        ("kept", "options", "code"),
        [
            (30, (), 0),
            (29, (), 2),
            (29, ("--max-removals", "31"), 0),
            (29, ("--max-removals", "30"), 2),
            (0, ("--max-removals", "100%"), 2),
            (54, ("--max-removals", "10%"), 0),
            (53, ("--max-removals", "10%"), 2),
        ],
    )
    def test_too_many_are_refused(
        self,
        trunkline: Run,
        sheet: Callable[[str], str],
        system: System,
        kept: int,
        options: tuple[str, ...],
        code: int,
    ) -> None:
        argv = ("import", "contacts", sheet(self.keeping(kept)), "--remove-missing", *options)
        assert ("--apply would refuse" in trunkline(*argv).err) is (code == 2)
        assert trunkline(*argv, "--apply", "--yes").code == code
        assert len(system.sent("DELETE")) == (60 - kept if code == 0 else 0)


class TestTerminal:
    """On a terminal of one's own."""

    @pytest.mark.parametrize(("answer", "code", "sent"), [("n\n", 130, 0), ("\x03", 130, 0), ("y\n", 0, 2)])
    @pytest.mark.parametrize("piped", [True, False], ids=["from a pipe", "from a file"])
    def test_the_plan_then_the_question(
        self,
        environment: dict[str, str],
        system: System,
        sheet: Callable[[str], str],
        answer: str,
        code: int,
        sent: int,
        piped: bool,
    ) -> None:
        file = sheet("Number,FirstName\n100,Changed\n101,Tomás\n102,Changed\n")
        argv = [TRUNKLINE, "import", "users", "-" if piped else file, "--apply"]
        terminal = Terminal(argv, environment, stdin=Path(file) if piped else None)
        seen = terminal.until("[y/N]")
        assert "~ change   2      100 Amara Okonkwo" in seen
        assert "0 to add, 2 to change, 0 to remove, 1 as they are" in seen
        assert f"Send 2 to {system.url}?" in seen
        terminal.type(answer)
        assert terminal.end() == code
        assert ("2 done, 0 failed" if sent else "Interrupted: nothing was sent.") in terminal.seen
        assert len(system.sent("PATCH")) == sent

    @pytest.mark.parametrize(("answer", "code"), [("n", 130), ("y", 0)])
    def test_removals_have_a_question_of_their_own(
        self, environment: dict[str, str], system: System, sheet: Callable[[str], str], answer: str, code: int
    ) -> None:
        rows = "Id,Title\n" + "".join(f"{n},{'Dr' * (n == 1)}\n" for n in range(1, 58))
        terminal = Terminal([TRUNKLINE, "import", "contacts", sheet(rows), "--apply", "--remove-missing"], environment)
        terminal.until("Send 1 to")
        terminal.type("y\n")
        assert "- remove" in terminal.until(f"REMOVE 3 of 60 contacts from {system.url}, for good? [y/N]")
        terminal.type(f"{answer}\n")
        assert terminal.end() == code
        assert (len(system.sent("PATCH")), len(system.sent("DELETE"))) == ((1, 3) if answer == "y" else (0, 0))

    def test_yes_asks_nothing(self, environment: dict[str, str], system: System, sheet: Callable[[str], str]) -> None:
        terminal = Terminal(
            [TRUNKLINE, "import", "contacts", sheet(NEW), "--apply", "--yes", "--no-pager"], environment
        )
        assert terminal.end() == 0
        assert "[y/N]" not in terminal.seen
        assert "40 done, 0 failed, 0 not started." in terminal.seen

    def test_with_the_answer_in_a_pipe_the_plan_is_on_stderr(
        self, environment: dict[str, str], system: System, sheet: Callable[[str], str], tmp_path: Path
    ) -> None:
        command = f"{TRUNKLINE} import contacts {sheet(NEW)} --apply > {tmp_path / 'out'}"
        terminal = Terminal(["sh", "-c", command], environment)
        assert "+ add PhoneNumber +442079460000" in terminal.until("[y/N]")
        terminal.type("y\n")
        assert terminal.end() == 0
        assert len(lines((tmp_path / "out").read_text())) == 40

    def test_ctrl_c_at_the_question(
        self, environment: dict[str, str], system: System, sheet: Callable[[str], str]
    ) -> None:
        terminal = Terminal([TRUNKLINE, "import", "contacts", sheet(NEW), "--apply", "--no-pager"], environment)
        terminal.until("[y/N]")
        terminal.interrupt()
        assert terminal.end() == 130
        assert "Interrupted: nothing was sent." in terminal.seen
        assert nothing_sent(system)

    def test_ctrl_c_in_the_middle_says_what_was_done_and_the_same_again_finishes(
        self, environment: dict[str, str], system: System, sheet: Callable[[str], str], tmp_path: Path, pbx: Pbx
    ) -> None:
        system.emulator.add_fault("delay=0.1@POST /Contacts")
        try:
            argv = [TRUNKLINE, "import", "contacts", sheet(NEW), "--apply", "--yes", "--no-pager"]
            terminal = Terminal([*argv, "--failed", str(tmp_path / "rest.csv")], environment)
            terminal.until("items")
            _wait(lambda: len(system.sent("POST")) > 4)
            terminal.interrupt()
            assert terminal.end() == 130
        finally:
            system.emulator.clear_faults()
        made = pbx.contacts.list().count() - 60
        assert 0 < made < 40
        assert f"{made} done, 0 failed, {40 - made} not started." in terminal.seen
        assert len((tmp_path / "rest.csv").read_text().splitlines()) == 1 + 40 - made
        assert Terminal(argv, environment).end() == 0
        assert pbx.contacts.list().count() == 100

    def test_ctrl_c_while_the_pbx_is_read(
        self, environment: dict[str, str], system: System, sheet: Callable[[str], str]
    ) -> None:
        system.emulator.add_fault("delay-after=4@GET /Contacts")
        try:
            terminal = Terminal([TRUNKLINE, "import", "contacts", sheet(NEW), "--apply"], environment)
            terminal.until("contacts read")
            _wait(lambda: bool(system.sent("GET")))
            terminal.interrupt()
            assert terminal.end() == 130
        finally:
            system.emulator.clear_faults()
        assert nothing_sent(system)


@pytest.mark.parametrize("content", [NEW, NEW.replace("PhoneNumber", "Id,PhoneNumber").replace("+44", ",+44")])
def test_after_a_crash_the_same_command_finishes_and_doubles_nothing(
    environment: dict[str, str], system: System, sheet: Callable[[str], str], pbx: Pbx, content: str
) -> None:
    match = {"method": "POST", "path": "/Contacts*", "after": 8}  # then it falls silent, so that there is no hurry
    system.emulator.add_fault({"match": match, "do": {"stall": "silence"}})
    argv = [TRUNKLINE, "import", "contacts", sheet(content), "--apply", "--yes"]
    try:
        crashed = subprocess.Popen(argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _wait(lambda: len(system.sent("POST")) > 8)
        os.kill(crashed.pid, signal.SIGKILL)
        assert crashed.wait() == -signal.SIGKILL
    finally:
        system.emulator.clear_faults()
    assert 60 < pbx.contacts.list().count() < 100
    assert subprocess.run(argv, env=environment, capture_output=True, check=False).returncode == 0
    assert pbx.contacts.list().count() == 100


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not until():
        assert time.monotonic() < end, "the PBX was not asked"
        time.sleep(0.01)


def test_a_template_is_written_without_a_file_or_a_pbx(trunkline: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRUNKLINE_URL")
    said = trunkline("import", "users", "--template")
    assert (said.code, said.out) == (0, "Extension,First name,Last name,Email,Mobile,Department,Role,Language\n")
    said = trunkline("import", "users")
    assert said.code == 2
    assert "--template" in said.err


def test_only_what_a_filter_includes_is_removed(trunkline: Run, system: System) -> None:
    rows = "PhoneNumber,FirstName\n"
    for n in range(3):
        with Pbx(system.url, CLIENT, KEY) as pbx:
            pbx.contacts.create({"FirstName": "T", "PhoneNumber": f"+44207946091{n}", "Tag": "t"})
    rows += "+442079460910,T\n"
    options = ("--only", "Tag eq 't'", "--remove-missing", "--max-removals", "2", "--apply", "--yes")
    said = trunkline("import", "contacts", "-", *options, stdin=rows)
    assert (said.code, "2 to remove, 1 as they are; 3 contacts" in said.err) == (0, True), said.err
    assert len(system.sent("DELETE")) == 2


@pytest.mark.parametrize(("option", "mails"), [("--welcome-mail", 1), ("--no-welcome-mail", 0)])
def test_a_welcome_mail_is_sent_where_it_is_asked_for(trunkline: Run, system: System, option: str, mails: int) -> None:
    rows = "Extension,Email\n150,ada@example.com\n"
    assert trunkline("import", "users", "-", "--apply", option, stdin=rows).code == 0
    assert sum("SendWelcomeEmail" in path for path in system.sent("POST")) == mails


@pytest.mark.parametrize(
    ("command", "entry", "action"),
    [("blacklist", "+442079460881", "black_list_numbers"), ("blocklist", "203.0.113.77", "blocklist")],
)
def test_lists_of_what_is_blocked_take_a_description(trunkline: Run, command: str, entry: str, action: str) -> None:
    done = trunkline("import", command, "-", "--description", "Spam", "--apply", "--yes", stdin=f"{entry}\n")
    assert done.code == 0
    ((row,),) = [[row for row in lines(trunkline(action, "list").out) if entry in row.values()]]
    assert row["Description"] == "Spam"
    again = trunkline("import", command, "-", "--description", "Other", stdin=f"{entry}\n")
    assert "Nothing to do: " in again.err
