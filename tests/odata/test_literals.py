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

# What JSON can hold is in tests/cases/literals.json.
TAKEN = [
    ("Int64", 9223372036854775807, "9223372036854775807"),
    ("Guid", uuid.UUID(GUID), GUID),
    ("Decimal", Decimal("1.50"), "1.50"),
    ("DateTimeOffset", dt.datetime(2026, 9, 12, tzinfo=dt.UTC), "2026-09-12T00:00:00Z"),
    ("DateTimeOffset", dt.datetime(2026, 9, 12, 1, 30, tzinfo=ZONE), "2026-09-11T23:30:00Z"),
    ("DateTimeOffset", dt.datetime(2026, 9, 12, 1, 2, 3, 999999, tzinfo=dt.UTC), "2026-09-12T01:02:03Z"),
    ("DateTimeOffset", dt.datetime(26, 9, 12, tzinfo=dt.UTC), "0026-09-12T00:00:00Z"),
]

REFUSED = [
    ("Int64", 2**63, "between"),
    ("Int32", float("nan"), "an integer"),
    ("Int32", float("inf"), "an integer"),
    ("String", b"sales", "text"),
    ("DateTimeOffset", dt.datetime(2026, 9, 12), "no zone"),
    ("DateTimeOffset", dt.date(2026, 9, 12), "zone"),
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
