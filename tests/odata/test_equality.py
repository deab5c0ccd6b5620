"""When two values are one: by their type, not by their letters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.odata.equality import equal, unchanged

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
        (f"{{{GUID}}}", GUID, True),
        (f"{{{GUID.upper()}}}", f"{{{GUID}}}", True),
        (f"{{{GUID}", GUID, False),
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
        ("PT540M", "PT9H", True),
        ("Ada@Example.com", "ada@example.com", False),
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
        (True, 1, False),
        (False, 0, False),
        (None, "", False),
        (None, False, False),
    ],
)
def test_plain_values(one: Any, other: Any, agree: bool) -> None:
    assert equal(one, other) is agree
    assert equal(other, one) is agree


@pytest.mark.parametrize(
    ("before", "now", "agree"),
    [
        ({"Tag": None, "Id": 1}, {"Id": 1}, True),
        ({"Id": 1}, {"Id": 1, "Tag": None}, True),
        ({"Id": 1}, {"Id": 1, "Tag": ""}, False),
        ({"Id": 1}, {"Id": True}, False),
        ({"@odata.type": "#Pbx.Hours", "Id": 1}, {"Id": 1}, True),
        (
            {"Hours": {"Periods": [{"Start": "09:00", "Note": None}]}},
            {"Hours": {"Periods": [{"Start": "09:00:00.0"}]}},
            True,
        ),
        ({"Hours": {"Periods": [{"Start": "09:00"}]}}, {"Hours": {"Periods": []}}, False),
        ([1, 2], [2, 1], False),
        ({"Hours": {}}, {"Hours": []}, False),
    ],
)
def test_objects_and_lists(before: Any, now: Any, agree: bool) -> None:
    assert unchanged(before, now) is agree
    assert unchanged(now, before) is agree


@given(st.times(), st.integers(0, 7))
def test_a_time_is_one_however_many_digits_it_has(time: Any, digits: int) -> None:
    whole = time.replace(microsecond=0).isoformat()
    assert equal(whole, f"{whole}.{'0' * digits}" if digits else whole)


@given(st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.floats(allow_nan=False), st.none()))
def test_a_value_is_itself(value: Any) -> None:
    assert equal(value, value)
    assert unchanged([{"a": value}], [{"a": value}])
