"""When two values are one: by their type, not by their letters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.catalog import TypeSpec, load
from trunkline.transfer.cells import same
from trunkline.transfer.equality import equal

CATALOG = load()
MONDAY = {"DayOfWeek": "Monday", "Start": "09:00:00", "Stop": "17:00:00"}
FRIDAY = {"DayOfWeek": "Friday", "Start": "09:00:00", "Stop": "13:00:00"}
GUID = "9f8e7d6c-5b4a-4392-8170-6f5e4d3c2b1a"


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("09:00:00", "09:00:00.0000000", True),
        ("09:00", "09:00:00", True),
        ("09:00:00.5", "09:00:00.5000000", True),
        ("09:00:00", "09:00:01", False),
        ("09:00:00", "09:00:00.0000001", False),
        (GUID, GUID.upper(), True),
        (GUID, GUID.replace("9f", "8f"), False),
        ("2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00", True),
        ("2027-01-01T00:00:00Z", "2026-12-31T20:00:00.0000000-04:00", True),
        ("2027-01-01T00:00:00.1234567Z", "2027-01-01T00:00:00.1234567+00:00", True),
        ("2027-01-01T00:00:00.1234567Z", "2027-01-01T00:00:00.1234568Z", False),
        ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00+01:00", False),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", False),
        ("PT60S", "PT1M", True),
        ("P1D", "PT24H", True),
        ("PT1M", "PT1H", False),
        ("Ada@Example.com", "ada@example.com", True),
        ("Ada", "ada", False),
        ("Zoe\u0308", "Zoë", True),
        (1, 1.0, True),
        (1, "1", True),
        ("1.0", 1, True),
        (Decimal("0.10"), 0.1, False),
        ("0100", 100, False),
        ("100", "100.0", False),
        ("true", True, True),
        ("false", True, False),
        ("", 0, False),
        (True, False, False),
    ],
)
def test_plain_values(one: Any, other: Any, agree: bool) -> None:
    assert equal(one, other) is agree
    assert equal(other, one) is agree


def test_enums_have_no_case() -> None:
    spec = CATALOG.fields("Pbx.User")["QueueStatus"]
    assert same("LoggedIn", "loggedin", spec, CATALOG)
    assert not same("LoggedIn", "loggedin")


@pytest.mark.parametrize(
    ("wanted", "present", "agree"),
    [
        ({"Periods": [MONDAY, FRIDAY]}, {"Periods": [FRIDAY, MONDAY]}, True),
        ({"Periods": [MONDAY]}, {"Periods": [{**MONDAY, "Start": "09:00:00.0000000"}]}, True),
        ({"Periods": [MONDAY]}, {"Periods": [FRIDAY]}, False),
        ({"Periods": [MONDAY, MONDAY]}, {"Periods": [MONDAY, FRIDAY]}, False),
        ({"Periods": []}, {}, True),
        ({"Type": "officehours"}, {"Type": "OfficeHours"}, True),
        ({"Type": ""}, {"Type": None}, True),
        ({"IgnoreHolidays": False}, {}, False),
    ],
)
def test_objects_and_sets(wanted: Any, present: Any, agree: bool) -> None:
    assert same(wanted, present, CATALOG.fields("Pbx.User")["Hours"], CATALOG) is agree


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("Phones", [{"Id": 1}, {"Id": 2, "Name": "b"}], [{"Id": 2, "Name": "b"}, {"Id": 1, "Name": "a"}]),
        ("Tags", ["MS365", "Teams"], ["Teams", "MS365"]),
        ("Groups", [{"GroupId": 2}, {"GroupId": 1}], [{"GroupId": 1}, {"GroupId": 2}]),
    ],
)
def test_lists_whose_order_means_nothing(field: str, one: Any, other: Any) -> None:
    assert same(one, other, CATALOG.fields("Pbx.User")[field], CATALOG)


def test_a_list_whose_order_may_count() -> None:
    spec = CATALOG.fields("Pbx.User")["ForwardingExceptions"]
    assert not same([{"Id": 1}, {"Id": 2}], [{"Id": 2}, {"Id": 1}], spec, CATALOG)


@given(st.times(), st.integers(0, 7))
def test_a_time_is_one_however_many_digits_it_has(time: Any, digits: int) -> None:
    whole = time.replace(microsecond=0).isoformat()
    assert equal(whole, f"{whole}.{'0' * digits}" if digits else whole)


@given(st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.floats(allow_nan=False), st.none()))
def test_a_value_is_itself(value: Any) -> None:
    assert equal(value, value)
    assert same(value, value, TypeSpec("String"), CATALOG)
