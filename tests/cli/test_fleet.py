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
