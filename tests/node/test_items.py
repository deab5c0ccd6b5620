"""Items as workflows know them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.errors import InvalidArgument
from trunkline.node import as_item


@pytest.mark.parametrize(
    ("value", "item"),
    [
        ({"Id": 1}, {"json": {"Id": 1}}),
        ({}, {"json": {}}),
        ({"json": {"Id": 1}}, {"json": {"Id": 1}}),
        ({"json": {"Id": 1}, "pairedItem": {"item": 0}}, {"json": {"Id": 1}, "pairedItem": {"item": 0}}),
        ({"json": {"Id": 1}, "binary": {"data": {}}}, {"json": {"Id": 1}, "binary": {"data": {}}}),
        ({"json": {}, "error": {"status": 404}}, {"json": {}, "error": {"status": 404}}),
        ({"json": 5}, {"json": {"json": 5}}),
        ({"json": {"Id": 1}, "Id": 2}, {"json": {"json": {"Id": 1}, "Id": 2}}),
        ({"binary": {}}, {"json": {"binary": {}}}),
    ],
    ids=repr,
)
def test_a_plain_object_becomes_the_json_of_an_item_and_an_item_stays_one(value: Any, item: Any) -> None:
    assert as_item(value) == item


@pytest.mark.parametrize("value", [None, 5, "text", b"bytes", [1], [("Id", 1)], True], ids=repr)
def test_anything_else_is_no_item(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="must be an object"):
        as_item(value)


@given(st.dictionaries(st.text(), st.integers()))
def test_an_item_made_twice_is_the_same(value: dict[str, int]) -> None:
    once = as_item(value)
    assert as_item(once) == once
    assert once["json"] == value
