"""n8n's functions in templates, beside what n8n-workflow 2.41 answered for the same expressions (n8n_answers.json)."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.errors import TemplateError
from trunkline.node import Template, World, as_item
from trunkline.node.template import Scope

NOW = 1795352709.25  # 2026-11-22T13:05:09.250Z, the clock of the answers
ANSWERS: dict[str, Any] = json.loads(Path(__file__).with_name("n8n_answers.json").read_text(encoding="utf-8"))
PAGE = (Path(__file__).parents[2] / "docs" / "node-semantics.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("## n8n's functions in templates")[2]
DATES = "(v => DateTime.isDateTime(v) ? {DateTime: v.toISO()} : v instanceof Date ? {Date: v.toISOString()} : v)"


def value(expression: str, zone: str = "UTC", **fields: Any) -> Any:
    scope = Scope([as_item(fields)], 0, World(clock=lambda: NOW, zone=zone))
    return Template(f"{{{{ {expression} }}}}").value(scope, "p")


@pytest.mark.parametrize("expression", ANSWERS)
def test_the_answer_is_n8n_s(expression: str) -> None:
    if ANSWERS[expression] == "no value":  # undefined, NaN, an invalid date or an error there; always an error here
        with pytest.raises(TemplateError, match="Nothing was sent"):
            value(f"{DATES}({expression})")
    else:
        assert value(f"{DATES}({expression})") == ANSWERS[expression]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("null.isEmpty()", r"\$ifEmpty"),
        ("[].average()", "empty list"),
        ("''.toNumber()", "not a number"),
        ("'***'.base64Decode()", "not base64"),
        ("'/w=='.base64Decode()", "not text in UTF-8"),
        ("'hello'.hash('sha3')", "knows no sha3; it knows md5"),
        ("'日本'.replaceSpecialChars()", "no ASCII for 日"),
        ("(1.5).format('de-DE')", "as en-US does"),
        ("({a: {b: 1}}).urlEncode()", "fields that are not objects"),
        ("'5/4/2026'.toDateTime()", r"give its format: \.toDateTime"),
        ("[NaN]", "0 in the value is NaN"),
        ("({a: {b: [1 / 0]}})", "in the value is Infinity"),
        ("({at: new Date('soon')})", "at in the value is not a date"),
        ("DateTime.fromISO('2026-01-01T00:00:00+99:99').toISO()", "not an ISO date"),
        ("$now.setZone('UTC+99')", "no zone"),
        ("Promise.resolve(1)", "a promise"),
        ("$items('Users').length", r"another node's.*\$json"),
    ],
)
def test_where_n8n_answers_something_that_nobody_means_it_is_an_error(expression: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said):
        value(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("({a: 1}).hasField('toString')", False),
        ("[{a: null, b: 1}, [null, 1]].compact()", [{"b": 1}, [1]]),
        ("'a\\nb'.toTitleCase()", "A\nB"),
        ("$now.diffTo()", 0),
        ("$now.setZone('europe/berlin').hour", 14),
        ("$now.setZone('America/new_york').hour", 8),
    ],
)
def test_where_n8n_answers_oddly_the_answer_is_the_plain_one(expression: str, expected: Any) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'2026-03-28T12:00:00Z'.toDateTime().toISO()", "2026-03-28T12:00:00.000Z"),
        ("'2026-03-28T12:00:00+05:00'.toDateTime().toISO()", "2026-03-28T12:00:00.000+05:00"),
        ("'2026-03-28T12:00:00'.toDateTime().toISO()", "2026-03-28T12:00:00.000+01:00"),
        ("DateTime.fromISO('2026-03-28T12:00:00Z').toISO()", "2026-03-28T13:00:00.000+01:00"),
    ],
)
def test_text_keeps_its_offset_as_in_n8n(expression: str, expected: str) -> None:
    assert value(expression, "Europe/Berlin") == expected


def test_fields_of_an_object_are_not_hidden_by_methods() -> None:
    fields: dict[str, Any] = {"keys": 5, "values": None, "compact": "x", "item": {"isEmpty": False, "hasField": "h"}}
    assert value("[$json.keys, $json.compact, $json.item.isEmpty, $json.item.hasField]", **fields) == [
        5,
        "x",
        False,
        "h",
    ]
    assert value("$json.missing ?? $json.item.keys ?? 'none'", **fields) == "none"
    assert value("$json.keys()", **fields) == ["keys", "values", "compact", "item"]
    assert value("$json.item . hasField ( 'isEmpty' ) && $json?.item?.hasField('x') === false", **fields) is True
    with pytest.raises(TemplateError, match="no field hasField"):
        value("$json.hasField", **fields)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[...new Map([[1, 2]]).keys()]", [1]),
        ("[...[7].values()]", [7]),
        ("Object.keys({a: 1})", ["a"]),
        ("Object.values({a: 1}).first()", 1),
        ("new (class { keys() { return 'own' } })().keys()", "own"),
        ("({values: () => 'own'}).values()", "own"),
        ("'.keys() ' + /.keys()/.source + `.keys() ${({a: 1}).keys()}` /* .keys() */", ".keys() .keys().keys() a"),
        ("(({...keys}) => keys)({a: 1}).keys().concat([...[1]].values().toArray())", ["a", 1]),
    ],
)
def test_a_value_s_own_method_comes_first_and_text_stays_as_it_is(expression: str, expected: Any) -> None:
    assert value(expression) == expected


def rows() -> list[tuple[list[str], str, str]]:
    """The page's table: names, what they belong to, and what they do here."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines() if line[:3] == "| `"]
    return [(re.findall(r"`([^`]+)`", names), owner, here) for names, owner, here in cells]


OWNERS = {
    "String": "'a'", "Number": "(1)", "Boolean": "true", "Array": "[1]", "Object": "({a: 1})", "DateTime": "$now",
}  # fmt: skip
ROWS = [(name, owner, here) for names, owner, here in rows() for name in names]


@pytest.mark.parametrize(("name", "owner", "here"), ROWS, ids=lambda part: part[:20])
def test_the_page_s_table_says_the_truth(name: str, owner: str, here: str) -> None:
    expression = f"{OWNERS[owner]}.{name}()" if owner else f"{name}.x" if "(" in name else f"{name}(1, 2)"
    if here.startswith("says what to use"):
        with pytest.raises(TemplateError, match=r"not available here|there is none here|depends on a locale"):
            value(expression)
    elif owner:
        try:
            value(expression)
        except TemplateError as error:
            refusal = str(error)
        else:
            refusal = ""
        assert "no function" not in refusal
        assert "not a function" not in refusal
    else:
        assert value(f"typeof {name}") != "undefined"


def test_the_page_lists_each_function_that_n8n_was_asked_for() -> None:
    listed = {name for name, _, _ in ROWS}
    asked = {
        name for expression in ANSWERS for name in re.findall(r"^(?:'[^']*'|\[.*\]|\(\S*\))\.([a-zA-Z]+)\(", expression)
    }
    assert len(asked) > 40
    assert asked - listed <= {"toISO", "toString", "replace", "length", "append"}


@settings(max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_hashes_and_base64_are_python_s(text: str) -> None:
    for algorithm in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        wanted = hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()
        assert value(f"$json.t.hash('{algorithm}')", t=text) == wanted
    assert value("$json.t.base64Encode().base64Decode()", t=text) == text


@settings(max_examples=100)
@given(st.dictionaries(st.text(max_size=5).filter(lambda name: name != "__proto__"), st.integers(0, 9), max_size=4))
def test_an_object_s_fields_are_its_keys(fields: dict[str, int]) -> None:
    assert set(value("$json.o.keys()", o=fields)) == set(fields)
    assert sorted(value("$json.o.values()", o=fields)) == sorted(fields.values())
    assert value("$json.o.isEmpty()", o=fields) is (not fields)


@pytest.mark.parametrize("day", ["2026-07-01", "2026-01-01"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Sydney", "UTC", "Asia/Kolkata"])
def test_summer_time_is_python_s(day: str, zone: str) -> None:
    import datetime as dt
    from zoneinfo import ZoneInfo

    wanted = dt.datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).dst() != dt.timedelta()
    assert value(f"DateTime.fromISO('{day}', {{zone: '{zone}'}}).isDst()") is wanted
