"""When two values are one: by their type, not by their letters. The table is `tests/cases/equality.json`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.odata.equality import equal, unchanged


@pytest.mark.parametrize(("one", "other", "agree"), [(Decimal("0.10"), 0.1, False), (Decimal("0.50"), "0.5", True)])
def test_a_decimal_is_compared_by_its_digits(one: Decimal, other: Any, agree: bool) -> None:
    assert equal(one, other) is agree
    assert equal(other, one) is agree


@given(st.times(), st.integers(0, 7))
def test_a_time_is_one_however_many_digits_it_has(time: Any, digits: int) -> None:
    whole = time.replace(microsecond=0).isoformat()
    assert equal(whole, f"{whole}.{'0' * digits}" if digits else whole)


@given(st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.floats(allow_nan=False), st.none()))
def test_a_value_is_itself(value: Any) -> None:
    assert equal(value, value)
    assert unchanged([{"a": value}], [{"a": value}])
