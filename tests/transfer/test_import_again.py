"""What people bring, imported twice: the second time there is nothing to do."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import System
from imports import apply
from trunkline import Pbx
from trunkline.errors import InvalidArgument
from trunkline.transfer.kinds import BLOCKLIST, CONTACTS, USERS, Kind

HOURS = {
    "Type": "OfficeHours",
    "IgnoreHolidays": False,
    "Periods": [
        {"DayOfWeek": "Monday", "Start": "09:00:00", "Stop": "17:00:00"},
        {"DayOfWeek": "Tuesday", "Start": "09:00:00", "Stop": "12:30:00"},
    ],
}


def sheet(*rows: dict[str, str]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, list(dict.fromkeys(name for row in rows for name in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


@pytest.mark.parametrize(
    ("held", "written"),
    [
        ("+12025550102", "\u202a+12025550102\u202c"),
        ("+12025550102", '="+12025550102"'),
        ("+12025550102", "='+12025550102"),
        ("+12025550102", "'+12025550102"),
        ("+12025550102", "’+12025550102"),
        ("+12025550102", "=+12025550102"),
        ("+12025550102", "tel:+12025550102"),
        ("+12025550102", "+1\u2011202\u2013555\u22120102"),
        ("+12025550102", "+1\u00a0202\u202f555\u20090102"),
        ("+12025550102", "＋１２０２５５５０１０２"),
        ("+12025550102", "\ufeff+1202555\u00ad0102\u200b"),
        ("\u202a+12025550102\u202c", "+12025550102"),
        ("\u200e+1 (202) 555\u20130102", "+12025550102"),
        ('="+12025550102"', "+12025550102"),
    ],
)
def test_a_contact_that_exists_is_not_added_again(system: System, pbx: Pbx, held: str, written: str) -> None:
    pbx.contacts.update(2, {"PhoneNumber": held})
    done = apply(system, CONTACTS, sheet({"PhoneNumber": written, "Title": "Dr"}))
    assert [(step.change, step.id, step.new) for step in done.plan.steps] == [("change", 2, {"Title": "Dr"})]


@pytest.mark.parametrize(
    "written", ["100\u200b", '="100"', "'100", "１００", "١٠٠", " \u00a0100\u2060", "1\u202f00", "1 00"]
)
def test_a_user_that_exists_is_not_added_again(system: System, written: str) -> None:
    done = apply(system, USERS, sheet({"Number": written, "LastName": "Changed"}))
    assert [(step.change, step.id) for step in done.plan.steps] == [("change", 11)]


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("Email", "contact2@example.com\u200b"),
        ("Email", "contact2@ex\u00adample.com"),
        ("Email", "CONTACT2@EXAMPLE.COM"),
        ("Email", "ｃontact2@example.com"),
        ("Id", "2\u200b"),
        ("Id", '="2"'),
        ("Id", "２"),
    ],
)
def test_other_keys(system: System, key: str, written: str) -> None:
    done = apply(system, CONTACTS, sheet({key: written, "Title": "Dr"}))
    assert [(step.change, step.id) for step in done.plan.steps] == [("change", 2)]


@pytest.mark.parametrize(
    ("held", "written"),
    [("Zoë", "Zoe\u0308"), ("O'Brien", "O’Brien"), ("Smith-Jones", "smith\u2010jones"), ("Ada Lee", "Ada\u00a0 Lee")],
)
def test_names_as_keys(system: System, pbx: Pbx, held: str, written: str) -> None:
    pbx.contacts.update(2, {"LastName": held})
    done = apply(system, CONTACTS, sheet({"LastName": written, "Title": "Dr"}), key=("LastName",))
    assert [(step.change, step.id) for step in done.plan.steps] == [("change", 2)]


def test_what_is_sent_is_clean(system: System) -> None:
    row = {
        "Number": '="150"',
        "FirstName": "\u202aAda\u202c",
        "EmailAddress": "mailto:ada@ex\u00adample.com\u200b",
        "Mobile": "\u202a+44\u00a020 7946\u20130923\u202c",
        "Enabled": "\u200bWAHR",
        "QueueStatus": '="loggedin"',
        "VMPIN": '="0471"',
        "PinProtectTimeout": "60.0",
    }
    assert apply(system, USERS, sheet(row)).added == [
        {
            "Number": "150",
            "FirstName": "Ada",
            "EmailAddress": "ada@example.com",
            "Mobile": "+44 20 7946-0923",
            "Enabled": True,
            "QueueStatus": "LoggedIn",
            "VMPIN": "0471",
            "PinProtectTimeout": 60,
        }
    ]


def test_dirt_that_the_pbx_holds_is_replaced_and_in_a_key_it_is_named(system: System, pbx: Pbx) -> None:
    pbx.contacts.update(2, {"PhoneNumber": "\u202a+12025550102\u202c", "Business": "+44\u00a020 7946 0002"})
    done = apply(system, CONTACTS, sheet({"PhoneNumber": "+12025550102", "Business": "+44 20 7946 0002"}))
    assert [step.new for step in done.plan.steps] == [{"Business": "+44 20 7946 0002"}]
    assert done.plan.notes == ["The PBX holds PhoneNumber with characters that nobody sees, and keeps them: Id 2."]


def test_what_nobody_sees_within_a_name_stays_and_is_named(system: System) -> None:
    done = apply(system, CONTACTS, sheet({"Id": "2", "LastName": "Cze\u200brny"}))
    assert done.plan.steps[0].new == {"LastName": "Cze\u200brny"}
    assert done.plan.notes == ["There are characters that nobody sees; is that meant? line 2 LastName."]


@pytest.mark.parametrize(
    ("kind", "rows", "message"),
    [
        (
            CONTACTS,
            [{"PhoneNumber": "+4420"}, {"PhoneNumber": "+44\u200b20"}],
            r"line 3: PhoneNumber \+44\\u200b20 stands",
        ),
        (CONTACTS, [{"PhoneNumber": "+44-20"}, {"PhoneNumber": '="+44\u201320"'}], "stands in line 2 already"),
        (USERS, [{"Number": "150"}, {"Number": "１５０"}], "line 3: Number １５０ stands in line 2 already"),
        (
            BLOCKLIST,
            [{"ip": "192.0.2.1", "note": "a"}, {"ip": "192.0.2.1/32", "note": "b"}],
            "stands in line 2 already",
        ),
    ],
)
def test_rows_that_are_one_are_refused(system: System, kind: Kind, rows: list[dict[str, str]], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        apply(system, kind, sheet(*rows))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"PhoneNumber": "4.42079E+11"}, "PhoneNumber is '4.42079E+11': a spreadsheet has shortened a long number"),
        ({"PhoneNumber": "4,42079e11"}, "PhoneNumber is '4,42079e11': a spreadsheet has shortened a long number"),
        ({"PhoneNumber": '="4.42079E+11"'}, "PhoneNumber is '4.42079E+11': a spreadsheet has shortened"),
        ({"PhoneNumber": "4.42079E\u200b+11"}, "PhoneNumber is '4.42079E+11': a spreadsheet has shortened"),
        ({"PhoneNumber": "442079460923.0"}, "PhoneNumber is '442079460923.0': a program has taken it for a number"),
        ({"PhoneNumber": "=A1&B1"}, "PhoneNumber is the formula '=A1&B1'"),
        ({"PhoneNumber": "+442079460924 ::: +442079460925"}, "PhoneNumber holds 2 numbers, and a field takes one"),
        ({"PhoneNumber": "+442079460924; +442079460925"}, "PhoneNumber holds 2 numbers"),
        ({"PhoneNumber": "+442079460924\n+442079460925"}, "PhoneNumber holds 2 numbers"),
        ({"PhoneNumber": "1", "Email": "a@example.com ::: b@example.com"}, "Email holds 2 addresses"),
        ({"PhoneNumber": "1", "Email": "a@example.com;b@example.com"}, "Email holds 2 addresses"),
        ({"PhoneNumber": "1", "Business": "#NAME?"}, "Business is '#NAME?': a spreadsheet shows that"),
    ],
)
def test_a_number_that_is_lost_or_several_is_refused_by_line(
    system: System, cells: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        apply(system, CONTACTS, sheet({"FirstName": "Ada", **cells}))
    assert f"line 2: {message}" in caught.value.message
    assert not [path for path in system.sent("POST") if path.startswith("/xapi")]


def test_a_secret_is_not_repeated_however_it_is_spoilt(system: System) -> None:
    for pin in ("12\u200b34.0", '="1234.0"', "１２３４.0", "12345 ::: 67890", "=A1"):
        with pytest.raises(InvalidArgument) as caught:
            apply(system, USERS, sheet({"Number": "150", "VMPIN": pin}))
        assert "VMPIN" in caught.value.message
        assert "••••••" in caught.value.message
        assert not {"1234", "12345", "67890", pin} & {*caught.value.message.replace("'", " ").split()}


@pytest.mark.parametrize(
    "written",
    [
        HOURS,
        {**HOURS, "Periods": HOURS["Periods"][::-1]},
        {**HOURS, "Type": "officehours"},
        {"Type": "OfficeHours"},
        {**HOURS, "Periods": [{**period, "Start": "09:00"} for period in HOURS["Periods"]]},  # type: ignore[attr-defined]
    ],
)
def test_hours_are_what_the_pbx_holds_however_they_are_written(system: System, pbx: Pbx, written: Any) -> None:
    periods: Any = HOURS["Periods"]
    held = [{**one, "Start": f"{one['Start']}.0000000", "Stop": f"{one['Stop']}.0000000"} for one in periods]
    pbx.users.update(11, {"Hours": {**HOURS, "Periods": held}})  # type: ignore[typeddict-item]
    assert pbx.users.get(11)["Hours"]["Periods"][0]["Start"].startswith("09:00:00")
    assert apply(system, USERS, sheet({"Number": "100", "Hours": json.dumps(written)})).plan.steps == []


def test_an_address_in_another_case_is_no_change(system: System) -> None:
    assert apply(system, USERS, sheet({"Number": "100", "EmailAddress": "EXT100@Example.com"})).plan.steps == []


@pytest.mark.parametrize(
    ("field", "written"),
    [("Enabled", "1"), ("Enabled", "WAHR"), ("Enabled", "Yes"), ("Enabled", "1.0"), ("PrimaryGroupId", "{}.0")],
)
def test_values_in_other_words_are_no_change(system: System, pbx: Pbx, field: str, written: str) -> None:
    present = pbx.users.get(11)[field]  # type: ignore[literal-required]
    assert apply(system, USERS, sheet({"Number": "100", field: written.format(present)})).plan.steps == []


SPOILT = st.sampled_from(["{}", "\u202a{}\u202c", '="{}"', "'{}", "\ufeff{}\u200b", "\u00a0{}\u00a0", "{}\u2060"])
DIGITS = st.integers(1000, 9999).map(str)
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(DIGITS, SPOILT, NAMES, NAMES), min_size=1, max_size=4, unique_by=lambda row: row[0]))
def test_contacts_whatever_is_in_them(system: System, rows: list[tuple[str, str, str, str]]) -> None:
    cells = [
        {"PhoneNumber": how.format(f"+4420794{digits}"), "FirstName": f"N{first}", "CompanyName": last}
        for digits, how, first, last in rows
    ]
    apply(system, CONTACTS, sheet(*cells))


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(DIGITS, SPOILT, NAMES, st.booleans()), min_size=1, max_size=3, unique_by=lambda row: row[0]))
def test_users_whatever_is_in_them(system: System, rows: list[tuple[str, str, str, bool]]) -> None:
    system.emulator.reset()
    cells = [
        {"Number": how.format(f"5{digits[1:]}"), "FirstName": f"N{first}", "Enabled": how.format(enabled)}
        for digits, how, first, enabled in {row[0][1:]: row for row in rows}.values()
    ]
    apply(system, USERS, sheet(*cells))


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.ip_addresses(), st.integers(9, 32), SPOILT), min_size=1, max_size=5))
def test_addresses_whatever_they_are(system: System, rows: list[tuple[Any, int, str]]) -> None:
    lines = [how.format(f"{address}/{length}") for address, length, how in rows]
    lines = [line for line in lines if not line.startswith(("'", "="))]
    apply(system, BLOCKLIST, "\n".join(["198.51.100.200", *lines]), skip_dangerous=True)
