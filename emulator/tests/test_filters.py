"""$filter: what it means, what it refuses, and whether another parser reads it the same way."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odatapy.data import Entity
from odatapy.server.eval import evaluate_filter
from odatapy.server.uri.expression_parser import ExpressionParser

from trunkline import catalog
from trunkline.catalog import TypeSpec
from trunkline_emulator.odata.evaluation import bind_filter
from trunkline_emulator.odata.expressions import parse_filter
from trunkline_emulator.refusals import Refusal

from .conftest import Line

CATALOG = catalog.load("20.0.10")
USER = {
    "Id": 5,
    "Number": "100",
    "FirstName": "Siobhán",
    "LastName": "O'Dwyer",
    "EmailAddress": None,
    "Enabled": True,
    "Internal": False,
    "PinProtected": None,
    "PrimaryGroupId": 3,
    "PinProtectTimeout": None,
    "QueueStatus": "LoggedIn",
    "TranscriptionMode": "Voicemail, Recordings",
    "Tags": ["MS", "AI"],
    "Hours": {"Type": "OfficeHours", "Periods": [{"DayOfWeek": "Monday", "Start": "09:00:00"}]},
    "Groups": [{"Name": "Sales", "GroupId": 3}, {"Name": None, "GroupId": 7}],
    "Phones": [],
}
RECORDING = {"Id": 1, "StartTime": "2026-06-01T10:30:15.5Z", "EndTime": None, "FromDn": "10000"}
CALL = {"TalkingDuration": "PT1M12.577027S", "RingingDuration": None, "StartTime": "2026-06-01T10:30:15.577027Z"}
CLIENT = {"Id": "7b0c3a5e-0000-4000-8000-00000000000a", "CreatedAt": "2026-03-02T10:00:00+02:00"}
ROWS = {"Pbx.User": USER, "Pbx.Recording": RECORDING, "Pbx.CallLogData": CALL, "Pbx.OAuthClient": CLIENT}


def holds(text: Any, type_name: Any = "Pbx.User", row: Any = None) -> Any:
    return bind_filter(parse_filter(text), TypeSpec(type_name), CATALOG)(row or ROWS[type_name])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Number eq '100'", True),
        ("'100' eq Number", True),
        ("Number ne '100'", False),
        ("LastName eq 'O''Dwyer'", True),
        ("Id gt 4 and Id lt 6", True),
        ("Id ge 6 or Id le 4", False),
        ("not (Id eq 4)", True),
        ("not Enabled", False),
        ("not Enabled eq false", True),
        ("Enabled", True),
        ("Enabled eq true and not Internal", True),
        ("Id in (1, 5, 7)", True),
        ("Number in ('100')", True),
        ("Number in ('1','2')", False),
        ("EmailAddress in ('a', null)", True),
        ("Id add 2 eq 7 and Id sub 2 eq 3 and Id mul 2 eq 10", True),
        ("Id div 2 eq 2 and Id mod 2 eq 1", True),
        ("-Id div 2 eq -2 and -Id mod 2 eq -1", True),
        ("Id div 2.0 eq 2.5", True),
        ("2 add 3 mul 2 eq 8", True),
        ("(2 add 3) mul 2 eq 10", True),
        ("EmailAddress eq null", True),
        ("EmailAddress ne null", False),
        ("null eq null", True),
        ("EmailAddress eq 'x'", False),
        ("EmailAddress ne 'x'", True),
        ("PinProtectTimeout gt 1 or PinProtectTimeout le 1", False),
        ("not (PinProtectTimeout gt 1)", True),
        ("PinProtectTimeout add 1 eq null", True),
        ("contains(EmailAddress,'x')", False),
        ("not contains(EmailAddress,'x')", False),
        ("PinProtected or Enabled", True),
        ("PinProtected and Internal", False),
        ("not (PinProtected and Enabled)", False),
        ("QueueStatus eq 'LoggedIn'", True),
        ("'LoggedOut' ne QueueStatus", True),
        ("QueueStatus eq Pbx.QueueStatusType'LoggedIn'", True),
        ("QueueStatus in ('LoggedOut','LoggedIn')", True),
        ("QueueStatus gt 'LoggedOut'", True),
        ("TranscriptionMode has 'Recordings'", True),
        ("TranscriptionMode has Pbx.TranscriptionType'Voicemail,Recordings'", True),
        ("TranscriptionMode has 'Both'", False),
        ("TranscriptionMode eq 'Recordings,Voicemail'", True),
        ("contains(FirstName,'bhán') and startswith(FirstName,'Sio') and endswith(FirstName,'n')", True),
        ("tolower(FirstName) eq 'siobhán' and toupper(Number) eq '100'", True),
        ("length(FirstName) eq 7 and indexof(FirstName,'b') eq 3 and indexof(FirstName,'z') eq -1", True),
        ("substring(FirstName,3) eq 'bhán' and substring(FirstName,0,3) eq 'Sio'", True),
        ("concat(concat(LastName,', '),FirstName) eq 'O''Dwyer, Siobhán'", True),
        ("trim('  x ') eq 'x'", True),
        ("round(2.5) eq 3 and round(-2.5) eq -3 and floor(2.9) eq 2 and ceiling(2.1) eq 3", True),
        ("Hours/Type eq 'OfficeHours'", True),
        ("BreakTime/Type eq null", True),
        ("Hours/Periods/any(p: p/DayOfWeek eq 'Monday' and p/Start le 09:00:00)", True),
        ("Groups/any(g: g/Name eq 'Sales')", True),
        ("Groups/any(g: g/Name eq 'Sales' and g/GroupId eq $it/PrimaryGroupId)", True),
        ("Groups/all(g: g/GroupId gt 2)", True),
        ("Groups/all(g: g/Name eq 'Sales')", False),
        ("Groups/any() and not Phones/any()", True),
        ("Phones/all(p: p/Name eq 'x')", True),
        ("Groups/$count eq 2", True),
        ("Tags/any(t: t eq 'AI')", True),
        ("ForwardingProfiles/any()", False),
        ("Groups/any(g: Hours/Periods/any(p: p/DayOfWeek eq 'Monday' and g/GroupId eq 3))", True),
        ("Groups/any(g: g/Name eq null) and Groups/any(g: g/GroupId eq PrimaryGroupId)", True),
        ("Groups/$count($filter=Name eq 'Sales') eq 1 and Tags/$count eq 2", True),
        ("Hours/Periods/$count($filter=DayOfWeek eq 'Sunday') gt 0", False),
        ("'AI' in Tags", True),
        ("not ('Teams' in Tags)", True),
        ("Tags/any(t: t eq Pbx.UserTag'AI') and Tags/all(t: t in ('MS','AI'))", True),
        ("Id EQ 5 And Number eQ '100' aNd NOT Internal", True),
        ("CONTAINS(FirstName,'bhán') and Groups/ANY(g: g/Name eq 'Sales')", True),
        ("firstname eq 'Siobhán'", True),
        ("matchesPattern(FirstName,'^S.*n$') and not matchesPattern(FirstName,'^b')", True),
        ("Id divby 2 eq 2.5", True),
        ("5L eq Id and 5.0m eq Id and 5d eq Id and 5f eq Id", True),
        ("Id lt INF and Id gt -INF and NaN ne NaN", True),
        ("binary'AQID' eq binary'AQID' and binary'AQID' ne binary'AQIE'", True),
        ("FirstName lt 'T' and FirstName ge 'S'", True),
        ("cast(Id,Edm.String) eq '5' and cast(Number,'Edm.Int32') add 1 eq 101", True),
        ("cast(FirstName,Edm.Int32) eq null and cast(Id,Edm.Byte) eq 5 and cast(300,Edm.Byte) eq null", True),
        ("cast(QueueStatus,Edm.String) eq 'LoggedIn' and cast('LoggedIn',Pbx.QueueStatusType) eq QueueStatus", True),
        ("cast(QueueStatus,Edm.Int32) eq 1", True),
        ("isof(Id,Edm.Int32) and not isof(Id,Edm.String) and not isof(EmailAddress,Edm.String)", True),
        ("isof(Pbx.User) and isof(Pbx.DN) and not isof(Pbx.Fax)", True),
        ("$it/Number eq '100' and $it/Pbx.DN/Number eq Pbx.User/Number", True),
    ],
)
def test_meaning(text: str, expected: bool) -> None:
    assert holds(text) is expected


@pytest.mark.parametrize(
    ("type_name", "text", "expected"),
    [
        ("Pbx.Recording", "StartTime gt 2026-06-01T10:30:15Z", True),
        ("Pbx.Recording", "StartTime lt 2026-06-01T12:30:16+02:00", True),
        ("Pbx.Recording", "StartTime ge 2026-06-01", True),
        ("Pbx.Recording", "EndTime gt 2026-01-01T00:00:00Z", False),
        ("Pbx.Recording", "date(StartTime) eq 2026-06-01 and time(StartTime) gt 10:30:00", True),
        ("Pbx.Recording", "year(StartTime) eq 2026 and month(StartTime) eq 6 and day(StartTime) eq 1", True),
        ("Pbx.Recording", "hour(StartTime) eq 10 and minute(StartTime) eq 30 and second(StartTime) eq 15", True),
        ("Pbx.Recording", "StartTime add duration'PT1H' gt 2026-06-01T11:30:00Z", True),
        ("Pbx.Recording", "StartTime lt now() or StartTime ge now()", True),
        ("Pbx.CallLogData", "TalkingDuration gt duration'PT1M12S'", True),
        ("Pbx.CallLogData", "TalkingDuration lt duration'P1DT1S' and -TalkingDuration lt duration'PT0S'", True),
        ("Pbx.CallLogData", "RingingDuration gt duration'PT0S'", False),
        ("Pbx.OAuthClient", "Id eq 7B0C3A5E-0000-4000-8000-00000000000A", True),
        ("Pbx.OAuthClient", "CreatedAt eq 2026-03-02T08:00:00Z", True),
        ("Pbx.OAuthClient", "totaloffsetminutes(CreatedAt) eq 120 and hour(CreatedAt) eq 10", True),
        ("Pbx.OAuthClient", "cast('7b0c3a5e-0000-4000-8000-00000000000a',Edm.Guid) eq Id", True),
        ("Pbx.Recording", "fractionalseconds(StartTime) eq 0.5", True),
        ("Pbx.Recording", "StartTime gt mindatetime() and StartTime lt maxdatetime()", True),
        ("Pbx.Recording", "2026-06-02T00:00:00Z sub StartTime gt duration'PT13H'", True),
        (
            "Pbx.Recording",
            "cast('2026-06-01',Edm.Date) eq date(StartTime) and cast(StartTime,Edm.Date) eq 2026-06-01",
            True,
        ),
        ("Pbx.Recording", "cast('nonsense',Edm.DateTimeOffset) eq null", True),
        ("Pbx.CallLogData", "totalseconds(TalkingDuration) gt 72 and totalseconds(TalkingDuration) lt 73", True),
        (
            "Pbx.CallLogData",
            "TalkingDuration mul 2 gt duration'PT2M' and 2 mul TalkingDuration gt duration'PT2M'",
            True,
        ),
        (
            "Pbx.CallLogData",
            "TalkingDuration div 2 lt duration'PT40S' and TalkingDuration divby 2 gt duration'PT30S'",
            True,
        ),
        ("Pbx.CallLogData", "cast('PT1M',Edm.Duration) lt TalkingDuration", True),
    ],
)
def test_dates_durations_and_guids(type_name: str, text: str, expected: bool) -> None:
    assert holds(text, type_name) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Foo eq 1", "Could not find a property named 'Foo' on type 'Pbx.User'."),
        ("Hours/Foo eq 1", "Could not find a property named 'Foo' on type 'Pbx.Schedule'."),
        ("Number/Foo eq 1", "Could not find a property named 'Foo' on type 'Edm.String'."),
        ("Groups/Name eq 'x'", "must be a single value, not a collection"),
        ("Groups/any(g: g/Foo eq 1)", "Could not find a property named 'Foo' on type 'Pbx.UserGroup'."),
        ("Number/any(x: x eq 1)", "Any/All may only be used following a collection."),
        ("Groups/any(g: g/GroupId)", "The Any/All query expression is not boolean."),
        ("", "Syntax error at position 0"),
        ("Id", "The filter expression must evaluate to a single boolean value."),
        ("Id eq", "Syntax error at position 5"),
        ("Id eq 1 2", "Syntax error at position 8"),
        ("Id = 1", "Syntax error at position 3"),
        ("(Id eq 1", "Syntax error at position 8"),
        ("Id eq 1)", "Syntax error at position 7"),
        ("Id equals 1", "Syntax error"),
        ("Groups/any(g: Phones/any(g: g/Name eq 'x'))", "The range variable 'g' has already been declared."),
        ("Hours/$count eq 1", "The $count segment can only follow a collection."),
        ("Groups/$count($top=1) eq 1", "Syntax error at position 14"),
        ("Groups/$count($filter=Nope eq 1) eq 1", "Could not find a property named 'Nope' on type 'Pbx.UserGroup'."),
        ("Groups/$count($filter=Name) eq 1", "The filter expression must evaluate to a single boolean value."),
        ("cast(Id,Edm.Nope) eq 1", "The child type 'Edm.Nope' in a cast"),
        ("cast(Edm.Int32) eq 1", "Cast or IsOf Function must have a type"),
        ("cast(Id,Edm.String,1) eq '1'", "Invalid argument count for function 'cast'. The count was '3'"),
        ("isof(Pbx.Nope)", "The child type 'Pbx.Nope' in a cast"),
        ("$it/Pbx.Fax/Number eq 'x'", "Encountered invalid type cast. 'Pbx.Fax' is not assignable from 'Pbx.User'."),
        ("'1' in Number", "The right operand of the 'in' operator must be a collection."),
        ("1 in Tags", "incompatible types"),
        ("'Nope' in Tags", "The string 'Nope' is not a valid enumeration type constant."),
        ("matchesPattern(FirstName,'(')", "Invalid pattern '('."),
        (f"matchesPattern('{'a' * 40}!','^(a+)+$')", "Too costly a pattern '^(a+)+$'."),
        ("@unknown gt 1 and Number", "incompatible types"),
        ("binary'A' eq binary'AQID'", "Unrecognized 'Edm.Binary' literal"),
        ("5000000000 eq Number", "Found operand types 'Edm.Int64' and 'Edm.String' for operator kind 'Equal'."),
        ("Number eq '100", "Syntax error at position 10"),
        ("Number+eq+'100'", "Syntax error at position 6"),
        ('Number eq "100"', "Syntax error"),
        ("Number eq 100", "Found operand types 'Edm.String' and 'Edm.Int32' for operator kind 'Equal'."),
        ("Id eq '1'", "incompatible types"),
        ("Id in ('1')", "incompatible types"),
        ("Id and Enabled", "incompatible types"),
        ("Enabled gt false", "incompatible types"),
        ("Id has 'x'", "incompatible types"),
        ("Number add 1 eq 2", "incompatible types"),
        ("not Number", "A unary operator with an incompatible type"),
        ("Groups eq 'x'", "incompatible types"),
        ("QueueStatus eq 'Nope'", "The string 'Nope' is not a valid enumeration type constant."),
        ("QueueStatus eq Pbx.QueueStatusType'Nope'", "not a valid enumeration type constant"),
        ("QueueStatus eq Pbx.PeerType'Queue'", "incompatible types"),
        ("QueueStatus eq Nope'LoggedIn'", "The type 'Nope' is not an enumeration."),
        ("frob(Number)", "An unknown function with name 'frob' was found."),
        ("contains(Number)", "No function signature for the function with name 'contains'"),
        ("contains(Id,'1')", "No function signature"),
        ("Id div 0 eq 1", "Attempted to divide by zero."),
        ("Id eq 99999999999999999999", "Unrecognized 'Edm.Int32' literal"),
        ("now() gt 2026-02-30T00:00:00Z", "Unrecognized 'Edm.DateTimeOffset' literal"),
        ("now() add duration'P9999999D' gt now()", "resulted in an overflow"),
        ("duration'x' eq duration'PT1S'", "Unrecognized 'Edm.Duration' literal"),
        ("(" * 200 + "Enabled" + ")" * 200, "Recursion depth exceeded allowed limit."),
        ("not " * 200 + "Enabled", "Recursion depth exceeded allowed limit."),
        (" add ".join("1" * 200) + " eq 1", "Recursion depth exceeded allowed limit."),
    ],
)
def test_refusals(text: Any, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        holds(text)
    assert caught.value.status == 400
    assert caught.value.message.startswith("The query specified in the URI is not valid. ")
    assert message in caught.value.message


def test_a_filter_of_many_terms_is_no_deep_tree() -> None:
    assert holds(" or ".join(f"Id eq {number}" for number in range(2000)))


def test_over_the_wire(quiet: Line) -> None:
    answer = quiet.get("/Users?$filter=contains(tolower(LastName),'o''') and Enabled&$select=Number,LastName")
    assert answer.rows == [{"Number": "110", "LastName": "O'Dwyer"}]
    assert quiet.get("/Users?$filter=Foo eq 1").status == 400
    assert quiet.get("/Peers?$filter=Type eq 'Queue'&$count=true").json["@odata.count"] == 3
    assert quiet.get("/NetworkSettings/Pbx.GetIfaces()?$filter=endswith($it,'10')").rows == ["192.0.2.10"]


def test_an_alias_stands_for_an_expression(quiet: Line) -> None:
    asked = "/Users?$filter=LastName eq @name and @more&@name='O''Dwyer'&@more=Id gt @low&@low=0&$select=Number"
    assert quiet.get(asked).rows == [{"Number": "110"}]
    assert quiet.get("/Users?$filter=EmailAddress eq @nothing").status == 200
    assert "Recursion depth" in quiet.get("/Users?$filter=@a&@a=not @a").message


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=6)
STRINGS = st.sampled_from(["FirstName", "LastName", "Number"])
INTEGERS = st.sampled_from(["Id", "PrimaryGroupId"])
NUMBERS = st.integers(-9, 9)


def quoted(text: Any) -> Any:
    return "'" + text.replace("'", "''") + "'"


sums = st.one_of(
    INTEGERS,
    NUMBERS.map(str),
    st.builds("{} {} {}".format, INTEGERS, st.sampled_from(["add", "sub", "mul"]), NUMBERS),
    st.builds("length({})".format, STRINGS),
    st.builds("indexof({},{})".format, STRINGS, TEXTS.map(quoted)),
)
words = st.one_of(
    STRINGS,
    TEXTS.map(quoted),
    st.builds("tolower({})".format, STRINGS),
    st.builds("concat({},{})".format, STRINGS, STRINGS),
)
tests = st.one_of(
    st.builds("{} {} {}".format, sums, st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]), sums),
    st.builds("{} {} {}".format, words, st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]), words),
    st.builds("{}({},{})".format, st.sampled_from(["contains", "startswith", "endswith"]), words, words),
    st.builds("{} eq null".format, st.sampled_from(["EmailAddress", "FirstName", "Id"])),
    st.builds("Id in ({})".format, st.lists(NUMBERS.map(str), min_size=1, max_size=3).map(",".join)),
    st.builds(
        "Groups/{}(g: g/GroupId {} {})".format, st.sampled_from(["any", "all"]), st.sampled_from(["gt", "eq"]), NUMBERS
    ),
    st.sampled_from(["Enabled", "Internal", "not Enabled", "Groups/any()", "Groups/$count gt 1"]),
)
filters = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)


@given(text=filters)
def test_another_parser_agrees(text: Any) -> None:
    """odatapy, written by others, reads and evaluates the same filters to the same end."""
    entity = Entity()
    for name, value in USER.items():
        entity.set_property(name, value)
    theirs = evaluate_filter(entity, ExpressionParser.parse_string(text))
    assert holds(text) is theirs


MOMENTS = st.datetimes(datetime(2026, 5, 30), datetime(2026, 6, 3)).map(lambda found: found.isoformat() + "Z")
COMPARE = st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"])
PARTS = st.sampled_from(["year", "month", "day", "hour", "minute", "second"])
times = st.one_of(
    st.builds("StartTime {} {}".format, COMPARE, MOMENTS),
    st.builds("{}(StartTime) {} {}".format, PARTS, COMPARE, st.integers(0, 31)),
    st.builds("{}({}) {} {}(StartTime)".format, PARTS, MOMENTS, COMPARE, PARTS),
    st.builds("date(StartTime) {} {}".format, COMPARE, MOMENTS.map(lambda text: text[:10])),
    st.builds("fractionalseconds(StartTime) {} 0.5".format, COMPARE),
    st.builds("totaloffsetminutes(StartTime) {} {}".format, COMPARE, NUMBERS),
    st.builds("{} sub {} {} duration'PT{}H'".format, MOMENTS, MOMENTS, COMPARE, st.integers(0, 48)),
    st.builds("{} add duration'PT{}M' {} {}".format, MOMENTS, st.integers(0, 5000), COMPARE, MOMENTS),
    st.builds("TalkingDuration {} duration'PT{}S'".format, COMPARE, st.integers(0, 100)),
    st.builds("totalseconds(TalkingDuration) {} {}".format, COMPARE, st.integers(0, 100)),
    st.builds("cast(Id,Edm.String) {} '{}'".format, COMPARE, NUMBERS),
    st.builds("cast('{}',Edm.Int32) {} Id".format, NUMBERS, COMPARE),
    st.builds("round({0}.5) {1} {0}".format, st.integers(0, 5), COMPARE),
    st.builds("Id divby 2 {} {}".format, COMPARE, NUMBERS),
)


@given(text=times)
def test_another_parser_agrees_about_times_and_casts(text: Any) -> None:
    started = datetime(2026, 6, 1, 10, 30, 15, 500000, tzinfo=UTC)
    talked = timedelta(minutes=1, seconds=12.577027)
    entity = Entity()
    for name, value in {"Id": 5, "StartTime": started, "TalkingDuration": talked}.items():
        entity.set_property(name, value)
    row = {"Id": 5, "StartTime": "2026-06-01T10:30:15.5Z", "TalkingDuration": CALL["TalkingDuration"]}
    theirs = evaluate_filter(entity, ExpressionParser.parse_string(text))
    spec = TypeSpec("Pbx.CallLogData") if "TalkingDuration" in text else TypeSpec("Pbx.Recording")
    assert bind_filter(parse_filter(text), spec, CATALOG)(row) is theirs


@given(text=st.text("()'/,:-$abeqndot IdEnabled01", max_size=40))
def test_any_text_is_read_or_refused(text: Any) -> None:
    with suppress(Refusal):
        holds(text)


def test_now_is_now() -> None:
    row = {**RECORDING, "StartTime": (datetime.now(UTC) - timedelta(minutes=1)).isoformat()}
    assert holds("StartTime lt now() and StartTime gt now() sub duration'PT2M'", "Pbx.Recording", row)
