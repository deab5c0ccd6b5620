"""Characters that nobody sees, and those that only look like others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.local.characters import cleaned, comparable, has_invisible, trimmed, visible
from trunkline.transfer.cells import key_part

UNSEEN = [
    *"\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad\u061c",
    *"\u180e\u115f\u3164\ufe0f\u2061\u206a\x00\x07\x7f\x9f\ufff9",
    "\U000e0041",
]
SPACES = [*"\u00a0\u1680\u2000\u2003\u2007\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u2800"]
DASHES = [
    *"\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u02d7\u2796\u058a\u05be\u1806\u2e3a\u2e3b\u301c\u3030",
    *"\ufe31\ufe32",
]


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_nobody_sees_is_shown_and_no_part_of_a_number(unseen: str) -> None:
    assert visible(f"a{unseen}b").isprintable()
    assert json.loads(visible(json.dumps(f"a{unseen}b", ensure_ascii=False))) == f"a{unseen}b"
    assert cleaned(f"{unseen}+4420{unseen}7946{unseen}") == "+44207946"
    assert key_part(f"{unseen}+4420{unseen}7946{unseen}") == "+44207946"
    assert comparable(f"A{unseen}da") == "ada"


@pytest.mark.parametrize("space", SPACES)
def test_other_spaces_are_spaces(space: str) -> None:
    assert cleaned(f"{space}+44{space}20{space}") == "+44 20"
    assert key_part(f"{space}+44{space}20{space}") == "+4420"
    assert key_part(f"Ada{space}Byron") == key_part("ada byron")
    assert trimmed(f"{space}Ada{space}") == "Ada"


@pytest.mark.parametrize("dash", DASHES)
def test_other_dashes_are_dashes(dash: str) -> None:
    assert cleaned(f"1{dash}2") == "1-2"
    assert key_part(f"020{dash}7946{dash}0123") == "02079460123"
    assert key_part(f"Smith{dash}Jones") == key_part("smith-jones")


@pytest.mark.parametrize("dot", "·•‧∙⋅・ーｰ")
def test_what_groups_digits_is_a_dash_between_them_and_part_of_a_word_elsewhere(dot: str) -> None:
    assert key_part(f"020{dot}7946{dot}0123") == "02079460123"
    assert "-" not in cleaned(f"ス{dot}パ")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("＋４４２０７９４６", "+44207946"),
        ("٠٢٠٧٩٤٦", "0207946"),
        ("۰۲۰۷۹۴۶", "0207946"),
        ("०२०७", "0207"),
        ("ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com"),
        ("O’Brien", "O'Brien"),
        ("Zoe\u0308", "Zoë"),
    ],
)
def test_characters_of_another_width_or_script_are_the_plain_ones(text: str, plain: str) -> None:
    assert cleaned(text) == plain
    assert key_part(text) == key_part(plain)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u202a+1202\u202c", "\\u202a+1202\\u202c"),
        ("a\u00a0b", "a\\u00a0b"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("Zoë\tmüller\n", "Zoë\tmüller\n"),
        ("100", "100"),
    ],
)
def test_how_they_are_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\u202aAda\u202c", "Ada"),
        ("\ufeff Ada\u200b ", "Ada"),
        ("A\u200bda", "A\u200bda"),
        ("Ada ❤\ufe0f", "Ada ❤\ufe0f"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u200b", ""),
    ],
)
def test_around_a_text_they_are_dropped_and_within_it_they_may_be_meant(text: str, left: str) -> None:
    assert trimmed(text) == left


@pytest.mark.parametrize(("text", "hidden"), [("A\u200bda", True), ("❤\ufe0f", False), ("Zoë", False), ("a\tb", False)])
def test_which_are_worth_a_note(text: str, hidden: bool) -> None:
    assert has_invisible(text) is hidden


@given(st.from_regex(r"\+?[0-9 ]{1,12}[0-9]", fullmatch=True), st.lists(st.sampled_from(UNSEEN + SPACES), max_size=6))
def test_a_number_is_the_same_wherever_they_stand(number: str, noise: list[str]) -> None:
    spoiled = number
    for place, character in enumerate(noise):
        at = (place * 5) % (len(spoiled) + 1)
        spoiled = spoiled[:at] + character + spoiled[at:]
    assert key_part(spoiled) == key_part(number)


@given(st.text(max_size=30))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert cleaned(cleaned(text)) == cleaned(text)
    assert comparable(comparable(text)) == comparable(text)
    assert trimmed(trimmed(text)) == trimmed(text)
