"""Markdown that nothing in a cell can break, and words for counts."""

from __future__ import annotations

import pytest

from trunkline_prefect.tables import MOST_ROWS, counted, error_text, key_of, table


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"done": 498, "failed": 2, "unknown": 0}, "498 done, 2 failed"),
        ({"not_started": 12_000, "done": 0}, "12,000 not started"),
        ({"done": 0}, "nothing to do"),
        ({}, "nothing to do"),
    ],
)
def test_counts_in_words(counts: dict[str, int], words: str) -> None:
    assert counted(counts) == words


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("acme | <b>x</b>", r"acme \| \<b\>x\</b\>"),
        ("two\nlines\r\nand more", "two lines and more"),
        ("[a](http://x)", r"\[a\](http://x)"),
        (r"back\slash", r"back\\slash"),
        (1_234_567, "1,234,567"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_a_cell_stays_a_cell(cell: object, shown: str) -> None:
    assert table(("PBX",), [(cell,)]).splitlines()[2] == f"| {shown} |"


def test_a_long_table_says_what_it_leaves_out() -> None:
    lines = table(("PBX",), ((n,) for n in range(MOST_ROWS + 5))).splitlines()
    assert len(lines) == MOST_ROWS + 4
    assert lines[-1] == "5 more PBXs are not shown."


@pytest.mark.parametrize(("name", "key"), [("Old.Faxes_2", "old-faxes-2"), ("a", "a"), ("x--", "x"), ("...", "job")])
def test_keys_are_such_as_prefect_takes(name: str, key: str) -> None:
    assert key_of(name) == key


def test_an_error_is_one_line_with_its_next_step() -> None:
    hint = {"text": "Look at\nthe key.", "action": "", "arguments": {}}
    error = {"code": "sign_in", "status": 401, "message": "acme refuses\nthe key.", "hint": hint}
    assert error_text(error) == "acme refuses the key. Look at the key."
    assert error_text(None) == ""
