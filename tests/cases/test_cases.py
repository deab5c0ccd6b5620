"""The tables of cases that this engine and the one of the n8n node (integrations/n8n) must both obey.

A record has what is given, and ``expected`` or ``refused``, the message. ``refused_n8n`` is what the other engine says
where the two must differ: it shows a value as JSON has it, and can't be given a filter built in Python. Of the
conditions, those marked ``"only": "n8n"`` are not for Python, whose filters take values of the right type alone.
"""

from __future__ import annotations

import datetime as dt
import json
import operator
from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from trunkline import catalog
from trunkline.catalog import TypeSpec, parse_type
from trunkline.errors import UsageError
from trunkline.odata import F, Filter, fill, literal, option_text, query_string
from trunkline.request import bind, build
from trunkline_emulator.odata.expressions import parse_filter

HERE = Path(__file__).parent
CATALOG = catalog.load()
NOW = dt.datetime(2026, 6, 17, 12, 30, 5, 999_000, tzinfo=dt.UTC)
"""The time at which the targets of reports are read: a Wednesday. ``requests.test.ts`` has the same."""


def cases(table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((HERE / f"{table}.json").read_text(encoding="utf-8"))
    return found


def outcome(case: dict[str, Any], answer: Any) -> None:
    """Compare what a call gives or refuses with what the case says."""
    if "refused" in case:
        with pytest.raises(UsageError) as raised:
            answer()
        assert raised.value.message == case["refused"]
    else:
        assert answer() == case["expected"]


@pytest.mark.parametrize("case", cases("literals"), ids=str)
def test_a_value_is_spelled_as_its_type_wants(case: dict[str, Any]) -> None:
    outcome(case, lambda: literal(case["value"], parse_type(case["type"])))


@pytest.mark.parametrize("case", cases("paths"), ids=str)
def test_literals_take_their_places(case: dict[str, Any]) -> None:
    outcome(case, lambda: fill(case["template"], case["literals"]))


@pytest.mark.parametrize("case", cases("options"), ids=str)
def test_an_option_is_text_or_refused(case: dict[str, Any]) -> None:
    outcome(case, lambda: option_text(case["option"], case["value"]))


@pytest.mark.parametrize("case", cases("queries"), ids=str)
def test_a_query_is_spelled_as_3cx_reads_it(case: dict[str, Any]) -> None:
    outcome(case, lambda: query_string(case["options"]))


@pytest.mark.parametrize("case", cases("targets"), ids=lambda case: f"{case['action']} {case['parameters']}")
def test_keys_and_arguments_make_the_target_of_a_whole_action(case: dict[str, Any]) -> None:
    action = CATALOG.action(case["action"])
    outcome(case, lambda: build(bind(CATALOG, action, (), case["parameters"], NOW)).target)


OPERATORS: dict[str, Callable[[Any, Any], Filter]] = {
    "equals": operator.eq,
    "notEquals": operator.ne,
    "greater": operator.gt,
    "greaterOrEqual": operator.ge,
    "less": operator.lt,
    "lessOrEqual": operator.le,
    "contains": lambda field, text: field.contains(text),
    "startsWith": lambda field, text: field.startswith(text),
    "endsWith": lambda field, text: field.endswith(text),
}


def filtered(row: str, condition: Mapping[str, Any]) -> Filter:
    """The filter that a condition means, built by hand."""
    field: Any = F
    spec: TypeSpec | None = None
    for step in condition["field"].split("/"):
        spec = CATALOG.fields(spec.name if spec else row)[step]
        field = getattr(field, step)
    assert spec is not None
    is_empty = condition["operator"] == "isEmpty"
    if is_empty or condition["operator"] == "isNotEmpty":
        if spec.collection:
            has_any: Filter = field.any()
            return ~has_any if is_empty else has_any
        null: Filter = field.__eq__(None) if is_empty else field.__ne__(None)
        if spec.name != "String":
            return null
        blank: Filter = field.__eq__("") if is_empty else field.__ne__("")
        return null | blank if is_empty else null & blank
    value = condition["value"]
    if spec.name == "DateTimeOffset":
        value = dt.datetime.fromisoformat(value)
    return OPERATORS[condition["operator"]](field, value)


@pytest.mark.parametrize("case", [case for case in cases("conditions") if "only" not in case], ids=str)
def test_conditions_are_the_filter_that_python_builds(case: dict[str, Any]) -> None:
    terms = [filtered(case["row"], condition) for condition in case["conditions"]]
    whole = reduce(operator.and_ if case["match"] == "all" else operator.or_, terms)
    assert option_text("filter", whole, CATALOG, case["row"]) == case["expected"]


@pytest.mark.parametrize("case", [case for case in cases("conditions") if case.get("expected")], ids=str)
def test_the_emulator_reads_every_filter_of_conditions(case: dict[str, Any]) -> None:
    assert parse_filter(case["expected"])
