"""When two values are one: by their type, not by their letters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.catalog import TypeSpec, load
from trunkline.transfer.cells import same

CATALOG = load()
MONDAY = {"DayOfWeek": "Monday", "Start": "09:00:00", "Stop": "17:00:00"}
FRIDAY = {"DayOfWeek": "Friday", "Start": "09:00:00", "Stop": "13:00:00"}


def test_an_e_mail_address_has_no_case() -> None:
    assert same("Ada@Example.com", "ada@example.com")
    assert not same("Ada", "ada")


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


@given(st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.floats(allow_nan=False), st.none()))
def test_a_value_is_itself(value: Any) -> None:
    assert same(value, value, TypeSpec("String"), CATALOG)
