"""What each field means is written down, and says more than its name does."""

from __future__ import annotations

import re

from trunkline.catalog import load
from trunkline.catalog.descriptions.fields import EVERYWHERE, described_types, field_description
from trunkline.catalog.names import words

# What a sentence needs and a name does not; it says nothing about the field.
_FILLING = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by can comes each for from has have how if in is it its may much many not of on only or "
        "own read set such than that the their them they to what when where whether which who with",
    )
)


def test_every_field_of_every_type_has_a_description() -> None:
    missing = [
        f"{type_name}.{field}"
        for type_name in load().types
        for field in load().fields(type_name)
        if field_description(load(), type_name, field) is None
    ]
    assert missing == []


def test_a_description_is_one_sentence_that_says_more_than_the_name() -> None:
    malformed, respelled = [], []
    for type_name in load().types:
        for field in load().fields(type_name):
            text = getattr(field_description(load(), type_name, field), "text", "")
            if not re.fullmatch(r"[A-Z`].{8,158}\.", text):
                malformed.append(f"{type_name}.{field}: {text}")
            if not _content(text) - _stems(field) - _stems(type_name):
                respelled.append(f"{type_name}.{field}: {text}")
    assert malformed == []
    assert respelled == []


def test_each_description_belongs_to_a_field_that_there_is() -> None:
    for type_name, fields in described_types().items():
        if type_name != EVERYWHERE:
            assert type_name in load().types
            assert fields <= {*load().fields(type_name)}, type_name


def test_each_description_for_every_type_serves_one_that_has_no_other() -> None:
    written = described_types()
    serving = {field for name in load().types for field in load().fields(name) if field not in written.get(name, ())}
    assert written[EVERYWHERE] <= serving


def test_a_type_has_the_descriptions_of_the_type_that_it_is_built_on() -> None:
    own = field_description(load(), "Pbx.User", "Number")
    assert own == field_description(load(), "Pbx.DN", "Number") != field_description(load(), "Pbx.QueueAgent", "Number")


def test_what_follows_from_a_name_only_says_so() -> None:
    found = field_description(load(), "Pbx.Contact", "Tag")
    assert found is not None
    assert found.inferred
    assert str(found).endswith(" (inferred from its name).")


def test_a_field_that_nobody_described_has_no_description() -> None:
    assert field_description(load(), "Pbx.User", "Colour") is None
    assert field_description(load(), "Pbx.Nothing", "Colour") is None


def _stems(name: str) -> set[str]:
    return {_stem(word) for word in words(name.removeprefix("Pbx."))}


def _content(text: str) -> set[str]:
    return {_stem(word) for word in re.findall(r"\w+", text) if word.lower() not in _FILLING}


def _stem(word: str) -> str:
    return re.sub(r"(ed|ing|es|s|e)$", "", word.lower())
