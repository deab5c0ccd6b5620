"""What an import would do, on a PBX that answers as a real one does."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any

import pytest

from conftest import CLIENT, KEY, System
from nasty import Nasty, http
from trunkline import AsyncPbx, Pbx
from trunkline.catalog.secret import MASK
from trunkline.errors import BrokenAnswer, InvalidArgument, VersionMismatch
from trunkline.transfer.importing import Import
from trunkline.transfer.kinds import CONTACTS, USERS
from trunkline.transfer.plan import Plan, Wishes
from trunkline.transfer.sheet import read_sheet
from trunkline_emulator import Emulator, running


def sheet(*rows: dict[str, str]) -> bytes:
    written = io.StringIO()
    writer = csv.DictWriter(written, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue().encode()


def planned(system: System | Nasty, kind: Any, content: bytes, **wishes: Any) -> Plan:
    imported = Import(read_sheet(content, "x.csv"), kind, Wishes(**wishes))

    async def plan() -> Plan:
        async with AsyncPbx(system.url, CLIENT, KEY) as pbx:
            return await imported.aplan(pbx)

    return asyncio.run(plan())


def done(plan: Plan) -> list[tuple[Any, ...]]:
    return [(step.change, step.line, step.id, step.old, step.new) for step in plan.steps]


def test_rows_are_matched_by_number_and_only_what_differs_is_sent(system: System) -> None:
    plan = planned(
        system,
        USERS,
        sheet(
            {"Number": "101", "FirstName": "Tomás", "LastName": "Changed"},
            {"Number": "100", "FirstName": "Amara", "LastName": "Okonkwo"},
            {"Number": "0100", "FirstName": "Ada", "LastName": ""},
        ),
    )
    assert done(plan) == [
        ("change", 2, 12, {"LastName": "Lindqvist"}, {"LastName": "Changed"}),
        ("add", 4, None, {}, {"Number": "0100", "FirstName": "Ada"}),
    ]
    assert (plan.present, plan.alike, plan.key) == (40, 1, ("Number",))
    assert system.sent("POST") == ["/connect/token"]
    assert not system.sent("PATCH")


def test_all_pages_are_read_a_hundred_rows_at_a_time_and_no_more_than_needed(system: System, pbx: Pbx) -> None:
    for n in range(190):
        pbx.contacts.create({"FirstName": f"N{n}", "PhoneNumber": f"+4420794601{n:02}"})
    system.emulator.clear_journal()
    plan = planned(system, CONTACTS, sheet({"Id": "250", "FirstName": "N189"}))
    assert (plan.present, plan.steps, plan.alike) == (250, [], 1)
    read = [entry for entry in system.emulator.journal if entry.operation == "ListContact"]
    assert len(read) == 3


@pytest.mark.parametrize(
    "row", ['{"PhoneNumber":"1"}', '{"Id":null,"PhoneNumber":"1"}', '{"Id":[1],"PhoneNumber":"1"}', "null"]
)
def test_rows_that_nothing_tells_apart_are_not_compared(row: str) -> None:
    with Nasty(lambda asked: http(200, f'{{"value":[{row}]}}')) as server, pytest.raises(BrokenAnswer):
        planned(server, CONTACTS, sheet({"PhoneNumber": "1", "FirstName": "Ada"}))


def test_phone_numbers_match_however_they_are_grouped(system: System) -> None:
    plan = planned(system, CONTACTS, sheet({"PhoneNumber": "+1 (202) 555-0101", "Title": "Dr"}))
    assert done(plan) == [("change", 2, 1, {"Title": None}, {"Title": "Dr"})]


def test_two_columns_may_be_the_key(system: System) -> None:
    rows = sheet({"First Name": "bruno", "E-Mail": "Contact1@example.com", "Title": "Dr"})
    assert done(planned(system, CONTACTS, rows, key=("FirstName", "email"))) == [
        ("change", 2, 1, {"Title": None}, {"Title": "Dr"})
    ]


def test_an_empty_cell_leaves_a_field_as_it_is_unless_told(system: System) -> None:
    rows = sheet({"Id": "1", "Tag": "", "Pager": ""})
    assert done(planned(system, CONTACTS, rows)) == []
    assert done(planned(system, CONTACTS, rows, clear_empty=True)) == [
        ("change", 2, 1, {"Tag": "customer"}, {"Tag": ""})
    ]


def test_an_added_row_is_sent_without_its_empty_and_masked_cells(system: System) -> None:
    rows = sheet({"Number": "150", "FirstName": "Ada", "VMPIN": MASK, "Mobile": ""})
    assert done(planned(system, USERS, rows, clear_empty=True)) == [
        ("add", 2, None, {}, {"Number": "150", "FirstName": "Ada"})
    ]


def test_a_masked_secret_is_left_alone_and_a_new_one_is_sent(system: System) -> None:
    rows = sheet({"Number": "100", "VMPIN": MASK}, {"Number": "101", "VMPIN": "4711"})
    plan = planned(system, USERS, rows)
    assert [(step.line, step.new) for step in plan.steps] == [(3, {"VMPIN": "4711"})]
    assert "What is masked in the file stays as it is: VMPIN." in plan.notes


def test_departments_are_compared_and_written_whole(system: System) -> None:
    same_ones, other = '[{"GroupId": 6}]', '[{"GroupId": 6}, {"GroupId": 2, "Rights": {"RoleName": "managers"}}]'
    plan = planned(system, USERS, sheet({"Number": "100", "Groups": same_ones}))
    assert plan.steps == []
    plan = planned(system, USERS, sheet({"Number": "100", "Groups": other}))
    assert [row["GroupId"] for row in plan.steps[0].new["Groups"]] == [6, 2]
    assert plan.notes == []
    plan = planned(system, USERS, sheet({"Number": "100", "Groups": '[{"GroupId": 2}]'}))
    (held,) = plan.steps[0].old["Groups"]
    assert plan.notes == [
        f"Lists are replaced completely, and lose what the file doesn't contain: line 2 Groups {held['Name']}."
    ]
    role = '[{"GroupId": 6, "Rights": {"RoleName": "system_owners"}}]'
    assert planned(system, USERS, sheet({"Number": "100", "Groups": role})).steps == []


def test_a_path_changes_one_field_within_another_and_the_whole_is_sent(system: System, pbx: Pbx) -> None:
    pbx.users.update(11, {"Hours": {"Type": "SpecificHours", "IgnoreHolidays": True}})
    plan = planned(system, USERS, sheet({"Number": "100", "hours.type": "OfficeHours"}))
    (step,) = plan.steps
    assert step.new["Hours"]["Type"] == "OfficeHours"
    assert step.new["Hours"]["IgnoreHolidays"] is True


def test_what_only_the_pbx_sets_is_not_compared(system: System) -> None:
    plan = planned(system, USERS, sheet({"Number": "100", "Id": "999", "IsRegistered": "false"}))
    assert plan.steps == []
    assert plan.notes == ["Not compared, for only the PBX sets it: Id, IsRegistered."]


def test_a_row_without_id_is_new_unless_the_same_is_there(system: System, pbx: Pbx) -> None:
    row = {"Id": "", "FirstName": "Ada", "PhoneNumber": "+442079460123", "Tag": ""}
    assert done(planned(system, CONTACTS, sheet(row))) == [
        ("add", 2, None, {}, {"FirstName": "Ada", "PhoneNumber": "+442079460123"})
    ]
    pbx.contacts.create({"FirstName": "Ada", "PhoneNumber": "+442079460123"})
    plan = planned(system, CONTACTS, sheet(row))
    assert (plan.steps, plan.alike) == ([], 1)


def test_a_row_without_id_is_known_again_where_the_pbx_writes_it_otherwise(system: System, pbx: Pbx) -> None:
    row = {"Id": "", "FirstName": "Ada", "PhoneNumber": "+44 (20) 7946-0123", "Email": "Ada@Example.com"}
    pbx.contacts.create({"FirstName": "Ada", "PhoneNumber": "+442079460123", "Email": "ada@example.com"})
    plan = planned(system, CONTACTS, sheet(row))
    assert (plan.steps, plan.alike) == ([], 1)
    with pytest.raises(InvalidArgument, match="line 3: this is line 2 again"):
        planned(system, CONTACTS, sheet(row, {**row, "Email": "ADA@example.com"}))


@pytest.mark.parametrize("written", ["1.0", "1-0", "(10)", "010"])
def test_an_id_is_matched_to_the_letter(system: System, written: str) -> None:
    with pytest.raises(InvalidArgument, match="line 2: the PBX has none with Id "):
        planned(system, CONTACTS, sheet({"Id": written, "FirstName": "Ada"}))


@pytest.mark.parametrize("held", ["+442079460123", "00442079460123", "0442079460123"])
def test_a_number_that_a_spreadsheet_has_shortened_is_nobody_new(system: System, pbx: Pbx, held: str) -> None:
    pbx.contacts.update(1, {"PhoneNumber": held})
    rows = sheet({"PhoneNumber": "442079460123", "FirstName": "Ada"})
    with pytest.raises(InvalidArgument, match=f"line 2: PhoneNumber 442079460123 is new, but the PBX has .?{held[1:]}"):
        planned(system, CONTACTS, rows)
    rows = sheet({"PhoneNumber": "442079460123"}, {"PhoneNumber": held})
    assert [(step.change, step.line) for step in planned(system, CONTACTS, rows).steps] == [("add", 2)]


def test_a_changed_number_that_a_spreadsheet_may_have_shortened_is_noted(system: System, pbx: Pbx) -> None:
    pbx.contacts.update(1, {"PhoneNumber": "+442079460123", "Business": "02079460124"})
    plan = planned(system, CONTACTS, sheet({"Id": "1", "Phone number": "442079460123", "Business": "2079460125"}))
    assert [step.new for step in plan.steps] == [{"PhoneNumber": "442079460123", "Business": "2079460125"}]
    assert plan.notes == [
        "A number loses the + or 0 in front of it, as spreadsheets drop it; is that meant? line 2 Phone number."
    ]


def test_nothing_is_removed_unless_told(system: System) -> None:
    rows = sheet({"Id": "1", "FirstName": "Bruno"}, {"Id": "", "FirstName": "Ada", "PhoneNumber": "1"})
    assert planned(system, CONTACTS, rows).count("remove") == 0
    plan = planned(system, CONTACTS, rows, remove_missing=True)
    assert (plan.count("add"), plan.count("remove")) == (1, 59)
    assert {step.id for step in plan.steps if step.change == "remove"} == set(range(2, 61))


def test_what_has_no_key_is_never_removed(system: System, pbx: Pbx) -> None:
    pbx.contacts.create({"FirstName": "Ada", "Business": "+442079460123"})
    plan = planned(system, CONTACTS, sheet({"PhoneNumber": "+12025550101"}), remove_missing=True)
    assert plan.count("remove") == 59
    assert plan.notes == ["Never removed, for they have no PhoneNumber: 1 contact."]


@pytest.mark.parametrize(
    ("kind", "rows", "wishes", "said"),
    [
        (USERS, [{"Number": "100"}, {"Number": "100 "}], {}, "line 3: Number 100 stands in line 2 already"),
        (USERS, [{"Number": "", "FirstName": "Ada"}], {}, "line 2: Number is empty"),
        (CONTACTS, [{"Tag": "customer"}], {"key": ("Tag",)}, "line 2: 40 contacts have Tag customer: Ids 1, 2"),
        (CONTACTS, [{"Id": "999", "FirstName": "Ada"}], {}, "line 2: the PBX has none with Id 999"),
        (
            USERS,
            [{"EmailAddress": "ext100@example.com", "Number": "777"}],
            {"key": ("EmailAddress",)},
            "line 2: Number can't be changed, from 100 to 777",
        ),
        (
            CONTACTS,
            [{"Id": "", "FirstName": "A"}, {"Id": "", "FirstName": "A"}],
            {},
            "line 3: this is line 2 again, and neither has an Id",
        ),
        (USERS, [{"Number": "100", "Enabled": "x"}, {"Number": "9", "Enabled": "y"}], {}, "line 3: Enabled must be"),
    ],
)
def test_what_is_ambiguous_or_wrong_is_refused_by_line(
    system: System, kind: Any, rows: list[dict[str, str]], wishes: Any, said: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        planned(system, kind, sheet(*rows), **wishes)
    assert said in caught.value.message
    assert caught.value.hint.text == "Nothing was sent."


def test_of_many_mistakes_the_first_are_told_and_the_rest_counted(system: System) -> None:
    rows = [{"Number": str(100 + n), "Enabled": "x"} for n in range(30)]
    with pytest.raises(InvalidArgument, match="… and 10 more"):
        planned(system, USERS, sheet(*rows))


def test_a_value_that_the_catalog_does_not_know_but_the_pbx_holds_is_no_mistake(system: System) -> None:
    """A newer 3CX may have written it."""
    with Pbx(system.url, CLIENT, KEY) as pbx:
        pbx.contacts.update(1, {"Title": "4.42E+11"})
    assert planned(system, CONTACTS, sheet({"Id": "1", "Title": "4.42E+11"})).steps == []


def test_a_field_that_this_version_lacks_is_refused() -> None:
    emulator = Emulator(client_id=CLIENT, api_key=KEY, version="20.0.5")
    with running(emulator) as url, pytest.raises(VersionMismatch, match=r"lack AIAgent \(added in 20\.0\.9\)"):
        planned(System(emulator, url), USERS, sheet({"Number": "100", "AIAgent": "true"}))
