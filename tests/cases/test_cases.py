"""The tables of cases that this engine and the one of the n8n node (integrations/n8n) must both obey.

A record has what is given, and ``expected`` or ``refused``, the message. ``refused_n8n`` is what the other engine says
where the two must differ: it shows a value as JSON has it, and can't be given a filter built in Python.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from trunkline import catalog
from trunkline.catalog import parse_type
from trunkline.errors import UsageError
from trunkline.odata import fill, literal, option_text, query_string
from trunkline.request import bind, build

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
