"""Commands on several PBXs: `--profile 'customer-*'`, `--all-profiles`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import System
from healthy import Serve
from nasty import closed_port
from trunkline.config import drift
from trunkline.monitor import survey
from trunkline.transfer import backups
from trunkline.work import fleet

Line = Callable[..., Any]
Saved = Callable[..., None]


def user(number: int, name: str) -> dict[str, Any]:
    return {"Id": number, "Number": str(number), "FirstName": name, "LastName": "Quill", "AuthPassword": "hunter-22"}


@pytest.fixture
def three(saved: Saved, serve: Serve) -> list[System]:
    """Three saved PBXs, of which the second has one user more and the third is not a customer's."""
    systems = [
        serve(Users=[user(100, "Ada")]),
        serve(Users=[user(100, "Bo"), user(101, "Cy")]),
        serve(Users=[user(100, "Di")]),
    ]
    saved(**{"customer-b": systems[0].url, "customer-a": systems[1].url, "own": systems[2].url})
    return systems


# ── which PBXs ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("options", "pbxs"),
    [
        (("--profile", "customer-*"), ["customer-b", "customer-a", "customer-a"]),
        (("--profile", "own", "--profile", "customer-b"), ["own", "customer-b"]),
        (("--all-profiles", "--at-once", "1"), ["customer-b", "customer-a", "customer-a", "own"]),
        (("--profile", "o*"), ["own"]),
    ],
)
def test_rows_come_in_the_order_of_the_profiles(
    line: Line, three: list[System], options: tuple[str, ...], pbxs: list[str]
) -> None:
    after = line("users", "list", "--select", "Number", *options)
    before = line(*options, "users", "list", "--select", "Number")
    assert (after.code, after.err) == (0, "")
    assert after.out == before.out, "the root takes the same options"
    assert [row["pbx"] for row in after.lines] == pbxs
    assert after.out.startswith('{"pbx":')


def test_one_profile_is_one_pbx_as_ever(line: Line, three: list[System]) -> None:
    shown = line("users", "list", "--select", "Number", "--profile", "own")
    assert "pbx" not in shown.lines[0]


def test_a_name_that_looks_like_a_pattern_is_one_pbx(line: Line, file: Path, saved: Saved, serve: Serve) -> None:
    saved(x=serve().url)
    file.write_text(file.read_text(encoding="utf-8").replace("[x]", '["x[1]"]'), encoding="utf-8")
    assert "pbx" not in line("users", "list", "--select", "Number", "--top", "1", "--profile", "x[1]").out


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("users", "list", "--profile", "nobody-*"), 3, "No profile is called 'nobody-*'."),
        (("users", "list", "--all-profiles", "--profile", "own"), 2, "leave --profile out"),
        (("users", "list", "--all-profiles", "--url", "https://pbx.example.com"), 2, "--url goes with one PBX"),
        (("users", "list", "--all-profiles", "--at-once", "0"), 2, "--at-once"),
        (("calls", "watch", "--profile", "own", "--profile", "customer-a"), 2, "This is for one PBX"),
        (("users", "list", "--all-profiles", "--columns", "Nummer"), 2, "no field 'Nummer'"),
        (("users", "list", "--all-profiles", "--top", "many"), 2, "many"),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    line: Line, three: list[System], argv: tuple[str, ...], code: int, said: str
) -> None:
    shown = line(*argv)
    assert (shown.code, shown.out) == (code, "")
    assert said in shown.err
    assert not any(system.sent("GET") for system in three)


# ── how rows are written ────────────────────────────────────────────────────────────────────────


def test_each_format_begins_with_the_pbx(line: Line, three: list[System]) -> None:
    def shown(*options: str) -> str:
        out = line("users", "list", "--profile", "customer-*", "--select", "Number,FirstName", *options).out
        assert isinstance(out, str)
        return out

    rows = list(csv.reader(io.StringIO(shown("-o", "csv"))))
    assert [row[0] for row in rows] == ["pbx", "customer-b", "customer-a", "customer-a"]
    assert shown("-o", "table").split()[0] == "pbx"
    assert [list(row) for row in json.loads(shown("-o", "json", "--columns", "Number"))] == [["pbx", "Number"]] * 3
    assert shown("--query", "[?FirstName=='Cy'].pbx") == '"customer-a"\n'
    assert shown("--filter", "Number eq '7'", "-o", "csv").startswith("pbx,")


def test_an_entity_is_a_row_and_secrets_stay_masked(line: Line, three: list[System]) -> None:
    shown = line("users", "get", "100", "--all-profiles")
    assert [(row["pbx"], row["FirstName"]) for row in shown.lines] == [
        ("customer-b", "Ada"),
        ("customer-a", "Bo"),
        ("own", "Di"),
    ]
    assert "hunter-22" not in shown.out


# ── what fails ──────────────────────────────────────────────────────────────────────────────────


def test_one_that_fails_has_its_error_and_the_others_their_rows(line: Line, saved: Saved, serve: Serve) -> None:
    saved(("out",), down=closed_port(), fine=serve(Users=[user(100, "Ada")]).url, out="https://pbx.example.com")
    shown = line("users", "list", "--all-profiles", "--columns", "Number")
    assert (shown.code, shown.out) == (7, '{"pbx":"fine","Number":"100"}\n')
    assert "down: " in shown.err
    assert "`trunkline login out`" in shown.err
    assert shown.err.endswith("2 of 3 PBXs failed.\n")


def test_half_a_list_is_not_written(line: Line, saved: Saved, serve: Serve) -> None:
    broken, fine = serve(Users=[user(n, "Ada") for n in range(100, 250)]), serve(Users=[user(100, "Bo")])
    broken.emulator.add_fault({"match": {"path": "/Users*", "after": 1}, "do": {"status": 403}})
    saved(broken=broken.url, fine=fine.url)
    shown = line("users", "list", "--all-profiles", "--columns", "Number")
    assert (shown.code, [row["pbx"] for row in shown.lines]) == (7, ["fine"]), shown.err


# ── what changes several ────────────────────────────────────────────────────────────────────────

RENAME = ("users", "update", "100", "--first-name", "Eve")


def test_a_change_of_several_needs_a_yes(line: Line, three: list[System]) -> None:
    refused = line(*RENAME, "--profile", "customer-*")
    assert (refused.code, refused.out) == (2, "")
    assert "users.update would change 2 PBXs (customer-b, customer-a); give --yes" in refused.err
    assert not any(system.sent("PATCH") for system in three)


def test_a_change_with_a_yes_is_made_on_each(line: Line, three: list[System]) -> None:
    three[0].emulator.add_fault("403@PATCH /*")
    done = line(*RENAME, "--profile", "customer-*", "--yes")
    assert (done.code, done.lines) == (7, [{"pbx": "customer-a", "success": True, "Id": 100}])
    assert [len(system.sent("PATCH")) for system in three] == [1, 1, 0]


def test_what_may_have_been_done_is_not_called_failed(line: Line, three: list[System]) -> None:
    three[0].emulator.add_fault("reset-after@POST /Contacts")
    argv = ("contacts", "create", "--first-name", "Fay", "--phone-number", "+12025550142")
    done = line(*argv, "--profile", "customer-*", "--yes")
    assert done.code == 7
    assert "customer-b: " in done.err
    assert "It may have been carried out." in done.err


def test_two_profiles_of_one_pbx_are_refused(line: Line, saved: Saved, serve: Serve) -> None:
    system = serve()
    saved(one=system.url, other=system.url)
    shown = line(*RENAME, "--all-profiles", "--yes")
    assert (shown.code, shown.out) == (3, "")
    assert "'one' and 'other' are the same PBX" in shown.err


def test_a_dry_run_shows_the_request_to_each_and_sends_nothing(line: Line, three: list[System]) -> None:
    shown = line(*RENAME, "--profile", "customer-*", "--dry-run")
    assert shown.code == 0
    assert [text for text in shown.out.splitlines() if text.startswith(("#", "PATCH"))] == [
        "# customer-b",
        f"PATCH {three[0].url}/xapi/v1/Users(100)",
        "# customer-a",
        f"PATCH {three[1].url}/xapi/v1/Users(100)",
    ]
    assert not any(system.sent("PATCH") for system in three)


# ── the other commands ──────────────────────────────────────────────────────────────────────────


def test_doctor_examines_each(line: Line, saved: Saved, serve: Serve) -> None:
    saved(("out",), down=closed_port(), fine=serve().url, out="https://pbx.example.com")
    shown = line("doctor", "--all-profiles", "-o", "jsonl")
    last = {row["pbx"]: (row["check"], row["result"]) for row in shown.lines}
    assert last == {"down": ("port", "failed"), "fine": ("version", "ok"), "out": ("address", "failed")}
    assert (shown.code, shown.err) == (7, "A check failed on 2 of 3 PBXs.\n")
    reports = json.loads(line("doctor", "--all-profiles", "-o", "json").out)
    assert [(report["pbx"], report["exit_code"]) for report in reports] == [("down", 6), ("fine", 0), ("out", 3)]
    table = line("doctor", "--all-profiles", "-o", "table").out
    assert [text.split(":")[0] for text in table.splitlines() if not text.startswith((" ", "FAILED", "warning"))] == [
        "down",
        "fine",
        "out",
    ]


DAY = ("export", "call-log", "--from", "2026-06-01", "--to", "2026-06-02")


def test_an_export_has_a_file_for_each(
    line: Line, saved: Saved, system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(acme=system.url, down=closed_port())
    shown = line(*DAY, "--all-profiles", "--out", "exports/{pbx}/june.csv", "--outcomes", "outcomes.jsonl")
    assert (shown.code, shown.out) == (7, "")
    assert shown.err.endswith("1 of 2 PBXs failed.\n")
    assert len(Path("exports/acme/june.csv").read_text(encoding="utf-8").splitlines()) > 100
    assert not Path("exports/down/june.csv").exists()
    states = [json.loads(text)["state"] for text in Path("outcomes.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sorted(states) == ["done", "failed"]


def test_an_export_takes_a_named_period(line: Line, saved: Saved, system: System, tmp_path: Path) -> None:
    saved(acme=system.url)
    named, dated = tmp_path / "named.csv", tmp_path / "dated.csv"
    where = ("--profile", "acme")
    assert line("export", "call-log", "--period", "2026-06-01", "--out", str(named), *where).code == 0
    assert line(*DAY, "--out", str(dated), *where).code == 0
    assert named.read_bytes() == dated.read_bytes()
    both = line(*DAY, "--period", "2026-06")
    assert (both.code, "Give --period, or --from and --to." in both.err) == (2, True)


def test_a_backup_of_each_in_its_folder(
    line: Line, saved: Saved, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "_PAUSE", 0.01)
    saved(a=serve().url, down=closed_port(), b=serve().url)
    shown = line("backup", "now", "--all-profiles", "--download", str(tmp_path / "{pbx}"), "--keep", "1")
    assert (shown.code, [row["pbx"] for row in shown.lines]) == (7, ["a", "b"]), shown.err
    assert shown.err.endswith("1 of 3 PBXs failed.\n")
    assert [Path(row["file"]).parent.name for row in shown.lines] == ["a", "b"]
    assert all(Path(row["file"]).stat().st_size == row["size"] for row in shown.lines)
    together = line("backup", "now", "--profile", "a", "--profile", "b", "--name", "x", "--download", str(tmp_path))
    assert (together.code, len(list(tmp_path.glob("*-x.zip")))) == (0, 2), together.err


def test_two_names_of_one_pbx_get_no_backup(line: Line, saved: Saved, system: System) -> None:
    saved(a=system.url, b=system.url)
    shown = line("backup", "now", "--all-profiles")
    assert (shown.code, "are the same PBX" in shown.err) == (3, True), shown.err
    assert system.sent("POST") == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "give --out with {pbx}"),
        (("--out", "june.csv"), "june.csv would be the file of 2 PBXs"),
        (("--out", "{pbx}.csv", "--since-last", "--watermark", "mark"), "mark would be the file of 2 PBXs"),
    ],
)
def test_one_file_for_several_is_refused(
    line: Line, saved: Saved, system: System, options: tuple[str, ...], said: str
) -> None:
    saved(acme=system.url, other="https://pbx.example.com")
    shown = line(*DAY, "--all-profiles", *options)
    assert (shown.code, said in shown.err) == (2, True), shown.err
    assert system.sent("GET") == []


def test_a_file_that_an_action_answers_is_saved_for_each(line: Line, three: list[System], tmp_path: Path) -> None:
    argv = ("users", "export-extensions", "--profile", "customer-*")
    refused = line(*argv)
    assert (refused.code, "give --save with {pbx}" in refused.err) == (2, True)
    shown = line(*argv, "--save", str(tmp_path / "{pbx}.csv"))
    assert [row["pbx"] for row in shown.lines] == ["customer-b", "customer-a"], shown.err
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["customer-a.csv", "customer-b.csv"]


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def fill(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    return fill


RUN = ("run", "users.update", "--set", "Id={{ $json.Id }}", "--set", "First Name=Eve")


def test_items_go_to_each_pbx_or_to_the_one_that_they_are_from(
    line: Line, three: list[System], pipe: Callable[[str], None]
) -> None:
    pipe('{"Id":100}\n')
    everywhere = line(*RUN, "--profile", "customer-*", "--yes")
    assert everywhere.code == 0, everywhere.err
    assert [(row["pbx"], row["json"]["Id"]) for row in everywhere.lines] == [("customer-b", 100), ("customer-a", 100)]
    assert everywhere.err.splitlines()[0] == "customer-b: 1 done, 0 failed, 0 not started."
    pipe('{"pbx":"customer-a","Id":101}\n{"pbx":"customer-b","Id":100}\n{"pbx":"customer-a","Id":100}\n')
    routed = line(*RUN, "--profile", "customer-*", "--yes")
    assert [(row["pbx"], row["json"]["Id"], row["pairedItem"]["item"]) for row in routed.lines] == [
        ("customer-b", 100, 1),
        ("customer-a", 101, 0),
        ("customer-a", 100, 2),
    ]
    assert [len(system.sent("PATCH")) for system in three] == [2, 3, 0]


@pytest.mark.parametrize(
    ("items", "options", "said"),
    [
        ('{"Id":100}\n', (), "users.update (2 items) would change 2 PBXs"),
        ('{"Id":100,"pbx":"own"}\n', ("--yes",), "Item 0 is of the PBX 'own', which is not among those chosen."),
        ('{"Id":100,"pbx":"customer-a"}\n{"Id":101}\n', ("--yes",), "Item 1 names no PBX, as others do."),
        ('{"Id":"x"}\n', ("--yes",), "x"),
    ],
)
def test_a_run_that_is_refused_changes_no_pbx(
    line: Line,
    three: list[System],
    pipe: Callable[[str], None],
    items: str,
    options: tuple[str, ...],
    said: str,
) -> None:
    pipe(items)
    shown = line(*RUN, "--profile", "customer-*", *options)
    assert shown.code != 0
    assert said in shown.err
    assert not any(system.sent("PATCH") for system in three)


def test_what_was_listed_on_several_is_deleted_where_it_is(
    line: Line, saved: Saved, serve: Serve, pipe: Callable[[str], None]
) -> None:
    one = {"Id": 1, "FirstName": "Ada", "PhoneNumber": "+12025550142"}
    systems = [serve(Contacts=[one]), serve(Contacts=[one, {**one, "Id": 2}])]
    saved(a=systems[0].url, b=systems[1].url)
    listed = line("contacts", "list", "--all-profiles", "--filter", "Id eq 2")
    pipe(listed.out)
    shown = line("contacts", "delete", "-", "--unchanged", "--all-profiles", "--yes", "-o", "csv")
    assert (shown.code, shown.out.splitlines()[0].split(",")[0]) == (0, "pbx"), shown.err
    assert [system.sent("DELETE") for system in systems] == [[], ["/xapi/v1/Contacts(2)"]]


FLOW = """
vars: {pbx: nowhere}
steps:
  - action: users.list
    with: {Select: "Id,FirstName"}
  - action: users.update
    with: {Id: "{{ $json.Id }}", Last Name: "{{ $vars.pbx }}"}
"""


def test_a_flow_is_asked_for_once_and_knows_its_pbx(line: Line, three: list[System], tmp_path: Path) -> None:
    flow = tmp_path / "rename.yaml"
    flow.write_text(FLOW, encoding="utf-8")
    argv = ("flow", "run", str(flow), "--profile", "customer-*")
    refused = line(*argv)
    assert (refused.code, "rename would change 2 PBXs" in refused.err) == (2, True), refused.err
    dry = line(*argv, "--dry-run")
    assert dry.code == 0
    assert dry.out.count("would send PATCH") == 3
    assert not any(system.sent("PATCH") for system in three)
    done = line(*argv, "--yes")
    assert done.code == 0, done.err
    assert [row["pbx"] for row in done.lines] == ["customer-b", "customer-a", "customer-a"]
    names = line("users", "list", "--profile", "customer-*", "--columns", "LastName")
    assert {row["pbx"]: row["LastName"] for row in names.lines} == {n: n for n in ("customer-a", "customer-b")}


def test_a_flow_that_saves_one_file_for_all_is_refused(line: Line, three: list[System], tmp_path: Path) -> None:
    flow = tmp_path / "list.yaml"
    text = "vars: {pbx: one}\nsteps:\n  - action: users.list\n    with: {Select: Id}\n  - save: FILE\n"
    flow.write_text(text.replace("FILE", "users.csv"), encoding="utf-8")
    refused = line("flow", "run", str(flow), "--all-profiles")
    assert (refused.code, "users.csv would be the file of several PBXs" in refused.err) == (2, True)
    flow.write_text(text.replace("FILE", '"{{ $vars.pbx }}.csv"'), encoding="utf-8")
    assert line("flow", "run", str(flow), "--all-profiles").code == 0
    assert {path.stem for path in tmp_path.glob("*.csv")} == {"customer-a", "customer-b", "own"}


@pytest.fixture
def sheet(tmp_path: Path) -> str:
    file = tmp_path / "users.csv"
    file.write_text("Number,FirstName\n100,Eve\n", encoding="utf-8")
    return str(file)


def test_an_import_shows_the_plan_of_each_and_asks_once(line: Line, three: list[System], sheet: str) -> None:
    argv = ("import", "users", sheet, "--profile", "customer-*")
    plan = line(*argv)
    assert plan.code == 0, plan.err
    assert [(row["pbx"], row["fields"]["old"]["FirstName"]) for row in plan.lines] == [
        ("customer-b", "Ada"),
        ("customer-a", "Bo"),
    ]
    assert plan.out.startswith('{"pbx":"customer-b","state":"not_started"')
    refused = line(*argv, "--apply")
    assert (refused.code, refused.out) == (2, "")
    assert "import users (0 to add, 2 to change, 0 to remove) would change 2 PBXs" in refused.err
    assert not any(system.sent("PATCH") for system in three)
    done = line(*argv, "--apply", "--yes")
    assert (done.code, [row["state"] for row in done.lines]) == (0, ["done", "done"]), done.err
    assert [len(system.sent("PATCH")) for system in three] == [1, 1, 0]


def test_an_import_that_fails_on_one_is_done_on_the_others(
    line: Line, three: list[System], sheet: str, tmp_path: Path
) -> None:
    three[0].emulator.add_fault("403@PATCH /*")
    argv = ("import", "users", sheet, "--all-profiles", "--apply", "--yes")
    one = line(*argv, "--failed", str(tmp_path / "rest.csv"))
    assert (one.code, "would be the file of 3 PBXs" in one.err) == (2, True)
    done = line(*argv, "--failed", str(tmp_path / "{pbx}-rest.csv"))
    assert (done.code, {row["pbx"]: row["state"] for row in done.lines}) == (
        7,
        {"customer-b": "failed", "customer-a": "done", "own": "done"},
    )
    assert "customer-b: 1 failed." in done.err
    assert "Eve" in (tmp_path / "customer-b-rest.csv").read_text(encoding="utf-8")


def test_names_of_departments_and_roles_mean_each_pbx_s_own(
    line: Line, saved: Saved, serve: Serve, tmp_path: Path
) -> None:
    """The same department has another Id on each PBX, and the plan of one is not that of another."""

    def sales(key: int) -> dict[str, Any]:
        rights = [{"RoleName": "users"}, {"RoleName": "managers"}]
        return {"Id": key, "Name": "Sales", "Number": f"GRP{key:04}", "Rights": rights}

    systems = [serve(Groups=[sales(key)], Users=[user(100, "Ada")]) for key in (300, 400)]
    saved(a=systems[0].url, b=systems[1].url)
    file = tmp_path / "users.csv"
    file.write_text("Number,First name,Department,Role,PrimaryGroupId\n150,Eve,Sales,manager,Sales\n", encoding="utf-8")
    done = line("import", "users", str(file), "--all-profiles", "--apply", "--yes")
    assert [row["state"] for row in done.lines] == ["done", "done"], done.err
    argv = ("--filter", "Number eq '150'", "--expand", "Groups($expand=Rights)")
    rows = {row["pbx"]: row for row in line("users", "list", "--all-profiles", *argv).lines}
    assert {name: row["PrimaryGroupId"] for name, row in rows.items()} == {"a": 300, "b": 400}
    for name, key in {"a": 300, "b": 400}.items():
        members = [(one["GroupId"], one["Rights"]["RoleName"]) for one in rows[name]["Groups"]]
        assert members == [(key, "managers")]
    assert line("import", "users", str(file), "--all-profiles").err.count("Nothing to do") == 2


@pytest.mark.parametrize(
    ("command", "at_once"),
    [(("config", "export"), fleet.AT_ONCE), (("config", "drift"), drift.AT_ONCE), (("status",), survey.AT_ONCE)],
)
def test_the_help_says_how_many_are_asked_at_a_time(trunkline: Any, command: tuple[str, ...], at_once: int) -> None:
    text = " ".join(trunkline(*command, "--help").out.split())
    assert f"How many of several PBXs at a time. Default: {at_once}." in text
