"""Fields as YAML text: read again they are the same, by us and by every other reader of YAML."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from trunkline.config.folder import emission
from trunkline.config.folder.document import read
from trunkline.config.folder.faults import Faults
from trunkline.config.folder.values import Values, escaped
from trunkline.config.model import Secret

AWKWARD = [
    *("0100", "+44 7700 900123", "100", "1_000", "0x1F", "1e5", ".5", "1:30", "12:30:45", "2026-09-12", ".inf", ".NaN"),
    *("yes", "No", "ON", "off", "y", "N", "true", "False", "null", "~", "NULL", "", " ", "  x", "x  "),
    *("#", "a #b", "a#b", "a: b", "a:", ":", "- x", "-", "?", "? x", "|", ">", "!x", "!secret x", "&a", "*a", "%", "@"),
    *("'", '"', "\\", "\\n", "{", "}", "[a]", "a, b", ",", "=", "<<", "---", "...", "--- x", "`"),
    *("${", "$${", "$$${x}", "${x}", "$", "$$"),
    *("a\nb", "a\nb\n", "a\n\nb", "a\n", "\n", "\na", " a\nb", "a \nb", "a\n b\n", "a\n#b\nc", "a\tb\nc"),
    *("a\n...\nb", "a\n---\nb", "a\r\nb", "\t", "\u2028", "\x85", "\ufeff", "\xa0", "\x7f", "\u202e"),
    *("é", "e\u0301", "Ｎo", "日本", "😀"),
]
texts = st.sampled_from(AWKWARD) | st.text(alphabet=st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    texts | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)
objects = st.dictionaries(texts, values, max_size=4)


def with_escapes(value: Any) -> Any:
    """What a reader sees that knows nothing of values in braces."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, dict):
        return {with_escapes(name): with_escapes(inner) for name, inner in value.items()}
    return [with_escapes(inner) for inner in value] if isinstance(value, list) else value


@given(objects)
def test_what_is_written_is_read_as_it_was(fields: dict[str, Any]) -> None:
    faults = Faults()
    node = Values(faults).filled(read(emission.text(fields), "a.yaml"))
    faults.check()
    assert node.plain() == fields


def has_floats(value: Any) -> bool:
    """Whether there are floats in a value: YAML 1.1 takes 1e+16 for a text."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, float) or any(map(has_floats, inner))


@given(objects.filter(lambda fields: not has_floats(fields)))
def test_other_readers_of_yaml_see_the_same(fields: dict[str, Any]) -> None:
    text = emission.text(fields)
    assert yaml.safe_load(text) == with_escapes(fields)  # YAML 1.1
    assert YAML(typ="rt").load(text) == with_escapes(fields)  # YAML 1.2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Sales", "Sales"),
        ("Zürich Nord (2)", "Zürich Nord (2)"),
        ("100", '"100"'),
        ("No", '"No"'),
        ('say "hi" \\ tab\t', '"say \\"hi\\" \\\\ tab\\t"'),
        ("\u202eevil", '"\\u202eevil"'),
        ("😀 ", '"😀 "'),
        ("", '""'),
        ([], "[]"),
        ({}, "{}"),
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (Secret("users/100/AuthPassword"), "!secret users/100/AuthPassword"),
        (Secret("trunks/#1/Pin"), '!secret "trunks/#1/Pin"'),
        ("one\ntwo", "|-\n  one\n  two"),
        ("one\n\n  two\n", "|\n  one\n\n    two"),
        (["100", {"Number": "101", "SkillGroup": "2"}], '\n  - "100"\n  - Number: "101"\n    SkillGroup: "2"'),
        ({"Sales": "users"}, "\n  Sales: users"),
        ([["a"], []], "\n  - - a\n  - []"),
        ([{"a": ["b"]}], "\n  - a:\n      - b"),
    ],
)
def test_values_are_written_as_a_person_would(value: Any, text: str) -> None:
    separator = "" if text.startswith("\n") else " "
    assert emission.text({"Field": value}) == f"Field:{separator}{text}\n"


@given(texts)
def test_nothing_that_is_written_steers_a_terminal_or_hides_from_a_reader(text: str) -> None:
    assert all(character.isprintable() or character == "\n" for character in emission.text({"Name": text}))
    assert not re.search(r"[ \t]$", emission.text({"Name": text}), re.M)
