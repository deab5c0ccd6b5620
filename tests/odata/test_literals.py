"""Python values as OData literals, and what is refused."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.catalog import parse_type
from trunkline.errors import InvalidArgument
from trunkline.odata import literal

ZONE = dt.timezone(dt.timedelta(hours=2))
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"

TAKEN = [
    ("Int32", 42, "42"),
    ("Int32", -42, "-42"),
    ("Int32", 0, "0"),
    ("Int32", 2147483647, "2147483647"),
    ("Int32", -2147483648, "-2147483648"),
    ("Int64", 9223372036854775807, "9223372036854775807"),
    ("Byte", 255, "255"),
    ("Int32", "42", "42"),
    ("Int32", " 42 ", "42"),
    ("Int32", 42.0, "42"),
    ("String", "sales", "'sales'"),
    ("String", "", "''"),
    ("String", "it's", "'it''s'"),
    ("String", "''", "''''''"),
    ("String", 100, "'100'"),
    ("String", 100.0, "'100'"),
    ("String(5)", "12345", "'12345'"),
    ("String", "null", "'null'"),
    ("String?", None, "null"),
    ("Int32?", None, "null"),
    ("Boolean", True, "true"),
    ("Boolean", False, "false"),
    ("Boolean", "TRUE", "true"),
    ("Boolean", "false", "false"),
    ("Guid", GUID, GUID),
    ("Guid", uuid.UUID(GUID), GUID),
    ("Double", 1.5, "1.5"),
    ("Decimal", Decimal("1.50"), "1.50"),
    ("DateTimeOffset", dt.datetime(2026, 9, 12, tzinfo=dt.UTC), "2026-09-12T00:00:00Z"),
    ("DateTimeOffset", dt.datetime(2026, 9, 12, 1, 30, tzinfo=ZONE), "2026-09-11T23:30:00Z"),
    ("DateTimeOffset", dt.datetime(2026, 9, 12, 1, 2, 3, 999999, tzinfo=dt.UTC), "2026-09-12T01:02:03Z"),
    ("DateTimeOffset", "2026-09-12T00:00:00Z", "2026-09-12T00:00:00Z"),
    ("DateTimeOffset", "2026-09-12T01:30:00+02:00", "2026-09-11T23:30:00Z"),
    ("DateTimeOffset", "2026-09-12T01:30:00.123456Z", "2026-09-12T01:30:00Z"),
    ("DateTimeOffset", dt.datetime(26, 9, 12, tzinfo=dt.UTC), "0026-09-12T00:00:00Z"),
]

REFUSED = [
    ("Int32", 2147483648, "between -2147483648 and 2147483647"),
    ("Int32", -2147483649, "between"),
    ("Int64", 2**63, "between"),
    ("Byte", 256, "between 0 and 255"),
    ("Byte", -1, "between"),
    ("Int32", True, "an integer"),
    ("Int32", False, "an integer"),
    ("Int32", 1.5, "an integer"),
    ("Int32", float("nan"), "an integer"),
    ("Int32", float("inf"), "an integer"),
    ("Int32", "", "an integer"),
    ("Int32", "4 2", "an integer"),
    ("Int32", "0x2a", "an integer"),
    ("Int32", "1_000", "an integer"),
    ("Int32", "42)/Pbx.Purge(", "an integer"),
    ("Int32", [42], "an integer"),
    ("Int32", None, "missing"),
    ("String", None, "missing"),
    ("String", True, "text"),
    ("String", b"sales", "text"),
    ("String", ["sales"], "text"),
    ("String(5)", "123456", "at most 5 characters"),
    ("Boolean", "yes", "true or false"),
    ("Boolean", 2, "true or false"),
    ("Boolean", None, "missing"),
    ("Guid", "sales", "a GUID"),
    ("Guid", GUID + "0", "a GUID"),
    ("Guid", f"{{{GUID}}}", "a GUID"),
    ("Double", "much", "Double"),
    ("Double", True, "Double"),
    ("DateTimeOffset", dt.datetime(2026, 9, 12), "no zone"),
    ("DateTimeOffset", "2026-09-12T00:00:00", "no zone"),
    ("DateTimeOffset", "2026-09-12", "zone"),
    ("DateTimeOffset", dt.date(2026, 9, 12), "zone"),
    ("DateTimeOffset", "yesterday", "date and time"),
    ("DateTimeOffset", "", "date and time"),
    ("DateTimeOffset", 1789171200, "date and time"),
    ("DateTimeOffset", "2026-02-30T00:00:00Z", "date and time"),
    ("DateTimeOffset", "0001-01-01T00:00:00+14:00", "date and time"),
]


@pytest.mark.parametrize(("spec", "value", "expected"), TAKEN, ids=lambda v: repr(v)[:40])
def test_a_value_is_spelled_as_its_type_wants(spec: str, value: Any, expected: str) -> None:
    assert literal(value, parse_type(spec)) == expected


@pytest.mark.parametrize(("spec", "value", "why"), REFUSED, ids=lambda v: repr(v)[:40])
def test_a_value_that_its_type_can_t_take_is_refused_with_the_reason(spec: str, value: Any, why: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        literal(value, parse_type(spec))
    assert why in str(raised.value)


@given(st.text())
def test_any_text_is_quoted_once_around_and_every_quote_inside_is_doubled(text: str) -> None:
    spelled = literal(text, parse_type("String"))
    assert spelled[0] == spelled[-1] == "'"
    inside = spelled[1:-1]
    assert re.fullmatch(r"([^']|'')*", inside, re.DOTALL)
    assert inside.replace("''", "'") == text


@given(st.integers(-(2**31), 2**31 - 1))
def test_every_32_bit_number_reads_back(number: int) -> None:
    assert int(literal(number, parse_type("Int32"))) == number


@given(st.integers().filter(lambda n: not -(2**31) <= n < 2**31))
def test_no_other_number_passes_for_a_32_bit_one(number: int) -> None:
    with pytest.raises(InvalidArgument):
        literal(number, parse_type("Int32"))


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))


@given(st.datetimes(dt.datetime(1000, 1, 2), dt.datetime(9999, 12, 30), timezones=ZONES))
def test_a_point_in_time_stays_the_same_point_to_the_second_in_utc(when: dt.datetime) -> None:
    spelled = literal(when, parse_type("DateTimeOffset"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", spelled)
    assert dt.datetime.fromisoformat(spelled) == when.replace(microsecond=0)
