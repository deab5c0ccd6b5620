"""From cells and headers to fields and values, and when a value is what the PBX has already."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.catalog import load
from trunkline.catalog.secret import MASK
from trunkline.errors import InvalidArgument, UnknownName, UsageError
from trunkline.transfer.cells import as_written, cleared, completed, key_part, left_out, parsed, same
from trunkline.transfer.headers import chosen_key, columns_of
from trunkline.transfer.kinds import CONTACTS, USERS

CATALOG = load()


def value(field: str, text: str, kind: Any = USERS) -> Any:
    column = columns_of([field], kind, CATALOG)[0]
    return parsed(text, column.spec, column.path, kind.action(CATALOG, "create"), CATALOG)


@pytest.mark.parametrize(
    ("field", "text", "meant"),
    [
        ("FirstName", " Ada ", "Ada"),
        ("FirstName", "'=SUM(A1)", "=SUM(A1)"),
        ("FirstName", "'t Hooft", "'t Hooft"),
        ("FirstName", "#1 Sales!", "#1 Sales!"),
        ("FirstName", "2.0", "2.0"),
        ("Mobile", "+44 20 7946 0123,,5", "+44 20 7946 0123,,5"),
        ("Mobile", "02207 / 1234567", "02207 / 1234567"),
        ("Mobile", "\u201c+442079460123\u201d", "+442079460123"),
        ("Mobile", "'+442079460123'", "+442079460123"),
        ("EmailAddress", "Ada Byron <ada@example.com>", "ada@example.com"),
        ("EmailAddress", "mailto:ada@example.com", "ada@example.com"),
        ("Mobile", "+44 20 7946 0123", "+44 20 7946 0123"),
        ("Number", "0100", "0100"),
        ("Number", "1\u202f008", "1008"),
        ("Enabled", "TRUE", True),
        ("Enabled", "no", False),
        ("Enabled", "1", True),
        ("PrimaryGroupId", "12", 12),
        ("QueueStatus", "loggedin", "LoggedIn"),
        ("Groups", '[{"GroupId": 3}]', [{"GroupId": 3}]),
        ("Hours.Type", "officehours", "OfficeHours"),
    ],
)
def test_a_cell_is_read_by_the_type_of_its_field(field: str, text: str, meant: Any) -> None:
    assert value(field, text) == meant


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("Enabled", "maybe", "must be true or false, not 'maybe'"),
        ("PrimaryGroupId", "twelve", "must be an integer"),
        ("PrimaryGroupId", "1_000", "must be an integer"),
        ("PrimaryGroupId", "99999999999", "must be between -2147483648 and"),
        ("QueueStatus", "Here", "It is one of LoggedOut, LoggedIn"),
        ("Mobile", "4.42E+11", "a spreadsheet has shortened a long number"),
        ("Mobile", "4,42079E+11", "a spreadsheet has shortened a long number"),
        ("Number", "100.0", "is '100.0': a program has taken it for a number"),
        ("FirstName", "#NAME?", "a spreadsheet shows that where it has no value"),
        ("FirstName", "#N/A", "a spreadsheet shows that where it has no value"),
        ("Mobile", "########", "a spreadsheet shows that where it has no value"),
        *(
            ("Mobile", text, "a spreadsheet shows that where it has no value")
            for text in ("#N/V", "#N/D", "#¡VALOR!", "#¿NOMBRE?", "#ÜBERLAUF!", "#NOM?", "Err:502", "Fehler:502")
        ),
        *(
            ("Mobile", f"+442079460123{between}+442079460124", "holds 2 numbers, and a field takes one")
            for between in (" ::: ", "; ", "\n", " / ", "/", ", ", " ", " or ", " und ", " & ", "|")
        ),
        *(
            ("EmailAddress", f"a@example.com{between}b@example.com", "holds 2 addresses, and a field takes one")
            for between in (" ::: ", "; ", ", ", " ", "/", "|", "\n")
        ),
        ("FirstName", "Ada ::: Bo", "holds several values, and a field takes one"),
        ("Blfs", "x" * 20_481, "at most 20480 characters"),
        ("Groups", "Sales", "must be a list as JSON, not 'Sales'"),
        ("Groups", '{"GroupId": 3}', "must be a list"),
        ("Phones", '[{"Secret": "x-secret-x"', "must be a list as JSON, and this is not: "),
        ("Hours", "[]", "must be an object"),
        *(
            ("Hours", f'{{"Periods": [{{"DayOfWeek": "Monday", "Start": "{time}"}}]}}', "must be a time of day")
            for time in ("24:00", "25:00:00", "09:60", "09:00:60", "9:00", "9am", "")
        ),
    ],
)
def test_a_cell_that_can_not_be_is_refused_with_what_could(field: str, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        value(field, text)
    assert said in caught.value.message
    assert "x-secret-x" not in caught.value.message


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+44 20 7946-0123", "+442079460123"),
        ("(020) 7946.0123", "02079460123"),
        ("Ada@Example.com ", "ada@example.com"),
        ("'=x", "=x"),
        ("(+44) 20 79460123", "+442079460123"),
        ("\u201c+442079460123\u201d", "+442079460123"),
        ("'+442079460123'", "+442079460123"),
        ("\u00ab+442079460123\u00bb", "+442079460123"),
        ("=\u201c+442079460123\u201d", "+442079460123"),
        ('="+442079460123', "+442079460123"),
        ("mailto:Ada@example.com", "ada@example.com"),
        ("<ada@example.com>", "ada@example.com"),
        ("Ada Byron <ada@example.com>", "ada@example.com"),
    ],
)
def test_keys_that_mean_the_same(one: str, other: str) -> None:
    assert key_part(one) == key_part(other)


@pytest.mark.parametrize(
    ("one", "other"), [("100", "0100"), ("AB-12", "AB12"), ("+100", "100"), ("442079460.0", "4420794600")]
)
def test_keys_that_differ(one: str, other: str) -> None:
    assert key_part(one) != key_part(other)


@pytest.mark.parametrize(
    ("wanted", "present", "agree"),
    [
        ("a", "a", True),
        ("a", None, False),
        (MASK, "secret", True),
        (MASK, 4711, True),
        (MASK, "", False),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": None}, {}, True),
        ({"a": 1}, None, False),
        ([1, 2], [2, 1], False),
        ([{"GroupId": 2}, {"GroupId": 1}], [{"GroupId": 1, "x": 0}, {"GroupId": 2}], True),
        ([{"GroupId": 2}], [{"GroupId": 1}, {"GroupId": 2}], False),
        ({"GroupId": 2, "GroupRights": {"RoleName": "users"}}, {"GroupId": 2}, True),
    ],
)
def test_a_value_is_there_when_all_that_it_names_is(wanted: Any, present: Any, agree: bool) -> None:
    assert same(wanted, present) is agree


def test_a_masked_secret_is_what_the_pbx_holds() -> None:
    assert completed({"Id": 1, "Password": MASK}, {"Id": 1, "Password": "old"}) == {"Id": 1, "Password": "old"}
    phones = [{"Id": 2, "Secret": MASK, "Name": "b"}, {"Id": 1, "Secret": MASK}]
    present = [{"Id": 1, "Secret": "one"}, {"Id": 2, "Secret": "two"}]
    assert [row["Secret"] for row in completed(phones, present)] == ["two", "one"]
    assert completed({"Name": "new", "Password": MASK}, None) == {"Name": "new"}
    with pytest.raises(InvalidArgument, match="secrets shown"):
        completed([{"Secret": MASK}], [{"Secret": "one"}])


def test_rows_of_a_list_are_sent_whole() -> None:
    present = [{"GroupId": 1, "Name": "a", "Rights": {"RoleName": "users", "CanBargeIn": True}}, {"GroupId": 2}]
    wanted = [{"GroupId": 1}, {"GroupId": 3, "Rights": {"RoleName": "managers"}}]
    assert completed(wanted, present) == [present[0], wanted[1]]
    promoted = [{"GroupId": 1, "Rights": {"RoleName": "managers"}}]
    assert completed(promoted, present) == [{"GroupId": 1, "Name": "a", "Rights": {"RoleName": "managers"}}]


@pytest.mark.parametrize(
    ("wanted", "present", "gone"),
    [
        ([], [{"GroupId": 1, "Name": "Sales"}, {"GroupId": 2}], ["Sales", "2"]),
        ([{"Id": 5, "Name": "x"}, {"Id": 7}], [{"Id": 5, "Name": "a"}, {"Id": 6, "Name": "b"}], ["b"]),
        ([{"Name": "a"}], [{"Name": "a"}, {"Name": ""}], []),
        (["x"], ["x", "y"], ["y"]),
        ("", "text", []),
        ([{"Id": 1}], None, []),
    ],
)
def test_what_a_list_would_lose(wanted: Any, present: Any, gone: list[str]) -> None:
    assert left_out(wanted, present) == gone


@pytest.mark.parametrize(
    ("field", "held", "written"),
    [
        ("FirstName", "=1", "'=1"),
        ("Mobile", None, ""),
        ("Enabled", True, "true"),
        ("VMPIN", "1234", MASK),
        ("Phones", [{"Id": 1, "Secret": "x"}], f'[{{"Id":1,"Secret":"{MASK}"}}]'),
    ],
)
def test_what_the_command_line_writes_is_known_again(field: str, held: Any, written: str) -> None:
    assert as_written(field, held) == written


def test_an_emptied_field() -> None:
    fields = CATALOG.fields("Pbx.User")
    assert (cleared(fields["Mobile"]), cleared(fields["Groups"]), cleared(fields["PinProtectTimeout"])) == (
        "",
        [],
        None,
    )
    with pytest.raises(InvalidArgument, match="can't be empty"):
        cleared(fields["Id"])


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (["FirstName", "email address", "LAST_NAME"], ["FirstName", "EmailAddress", "LastName"]),
        (["Hours.Type", "break time.type"], ["Hours.Type", "BreakTime.Type"]),
        (["Number", "# why", "#"], ["Number"]),
        (["MS365 Sign In Enabled"], ["MS365SignInEnabled"]),
    ],
)
def test_headers_are_3cx_names_however_they_are_written(header: list[str], fields: list[str]) -> None:
    assert [".".join(column.path) for column in columns_of(header, USERS, CATALOG)] == fields


def test_headers_can_be_mapped_and_ignored() -> None:
    header = ["Mobile Phone", "Shoe size", "Id"]
    columns = columns_of(header, CONTACTS, CATALOG, renamed={"mobile phone": "mobile2"}, ignored=("SHOE SIZE",))
    assert [(column.title, column.field) for column in columns] == [("Mobile Phone", "Mobile2"), ("Id", "Id")]


@pytest.mark.parametrize(
    ("header", "options", "said"),
    [
        (["FristName"], {}, "Did you mean FirstName"),
        (["Shoe", "Size"], {}, "2 of the columns"),
        (["A"], {"renamed": {"B": "FirstName"}}, "There is no column 'B' to be mapped"),
        (["A"], {"ignored": ("B",)}, "There is no column 'B' to be ignored"),
        (["A"], {"renamed": {"A": "Frist"}}, "There is no field 'Frist'"),
        (["First Name", "FirstName"], {}, "both fill FirstName"),
        (["Hours", "Hours.Type"], {}, "both fill Hours"),
        (["Groups.GroupId"], {}, "it takes JSON"),
        (["Mobile.Phone"], {}, "it takes JSON"),
    ],
)
def test_headers_that_lead_nowhere(header: list[str], options: Any, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        columns_of(header, USERS, CATALOG, **options)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("kind", "header", "asked", "key"),
    [
        (CONTACTS, ["Email", "Id"], (), ("Id",)),
        (CONTACTS, ["Email", "PhoneNumber"], (), ("PhoneNumber",)),
        (CONTACTS, ["Email", "Tag"], (), ("Email",)),
        (CONTACTS, ["Id", "first name", "LastName"], ("firstname", "LastName"), ("FirstName", "LastName")),
        (USERS, ["Id", "Number"], (), ("Number",)),
    ],
)
def test_the_key(kind: Any, header: list[str], asked: tuple[str, ...], key: tuple[str, ...]) -> None:
    assert chosen_key(kind, columns_of(header, kind, CATALOG), asked, CATALOG) == key


@pytest.mark.parametrize(
    ("kind", "header", "asked", "said"),
    [
        (CONTACTS, ["Tag"], (), "no column Id, PhoneNumber or Email"),
        (USERS, ["FirstName"], (), "no column Number"),
        (USERS, ["Number"], ("Mobile",), "The key is Mobile, but no column"),
        (USERS, ["Number", "Groups"], ("Groups",), "holds more than one value"),
        (USERS, ["Number", "VMPIN"], ("VMPIN",), "it is a secret"),
    ],
)
def test_no_key(kind: Any, header: list[str], asked: tuple[str, ...], said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        chosen_key(kind, columns_of(header, kind, CATALOG), asked, CATALOG)


def test_a_key_that_is_no_field() -> None:
    with pytest.raises(UnknownName, match="Did you mean Email"):
        chosen_key(CONTACTS, columns_of(["Email"], CONTACTS, CATALOG), ("Emial",), CATALOG)
