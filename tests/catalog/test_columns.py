"""The columns of a table that is laid out before its rows are known."""

from __future__ import annotations

from trunkline.catalog import load
from trunkline.catalog.columns import BY_TYPE, MOST, default_columns
from trunkline.catalog.secret import is_secret


def test_a_type_of_the_table_has_its_columns() -> None:
    assert default_columns(load(), "Pbx.Queue") == tuple(BY_TYPE["Pbx.Queue"].split())


def test_any_other_type_has_its_key_first_and_then_what_names_a_thing() -> None:
    assert default_columns(load(), "Pbx.Parking")[:2] == ("Id", "Number")


def test_every_list_has_columns_that_its_type_has_and_none_is_a_secret() -> None:
    catalog = load()
    for verbs in catalog.resources.values():
        listing = verbs.get("list")
        if listing is None or listing.answer_type is None or listing.answer_type.name not in catalog.types:
            continue
        name = listing.answer_type.name
        columns = default_columns(catalog, name)
        assert 1 <= len(columns) <= MOST, name
        assert {path.partition(".")[0] for path in columns} <= catalog.fields(name).keys(), name
        assert not any(map(is_secret, columns)), name
