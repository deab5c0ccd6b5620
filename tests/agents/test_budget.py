"""No answer is longer than its budget, whatever a PBX answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_client import Agent
from trunkline.catalog import load
from trunkline.errors import TrunklineError
from trunkline.mcp.arguments import ListRows
from trunkline.mcp.content import (
    LEAST,
    MOST,
    NOTICE,
    RESERVED,
    USUAL,
    Budget,
    as_json,
    clean,
    described_error,
    in_one_line,
)
from trunkline.mcp.finding import described_action
from trunkline.mcp.reading import _Rows
from trunkline.work.permission import Permission

TEXTS = st.text(max_size=300) | st.text(alphabet='\u202e\x1b"\\\U000e0041é\ud800', max_size=400)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXTS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXTS, inner, max_size=6),
    max_leaves=12,
)
ROWS = st.lists(st.dictionaries(st.text(max_size=40), VALUES, max_size=5), max_size=15)


@pytest.mark.parametrize("budget", [LEAST, USUAL])
def test_the_description_of_every_action_fits(budget: int) -> None:
    sizes = {a.id: len(as_json(clean(described_action(a, Permission(), budget)))) for a in load().actions}
    assert {id: size for id, size in sizes.items() if size > budget} == {}


@settings(max_examples=15)
@given(rows=ROWS, budget=st.integers(LEAST, MOST), limit=st.integers(1, 1_000), skip=st.integers(0, 10**7))
def test_rows_fit_and_none_is_lost(rows: list[dict[str, Any]], budget: int, limit: int, skip: int) -> None:
    asked = ListRows(action="users.list", budget=budget, limit=limit, skip=skip)
    reader = _Rows(asked)
    rows = rows * 20  # more than fits the smallest budgets
    reader.take(rows, is_paged=True)
    answer = reader.answer("p" * 100, load().action("users.list"), skip + len(rows))
    text = f"{NOTICE}\n{as_json(clean(answer))}"
    assert len(text) <= budget
    assert json.loads(text.splitlines()[1])["rows"] == clean(rows)[: len(answer.rows)]
    if answer.truncated:
        assert answer.next_skip == skip + len(answer.rows)
    else:
        assert len(answer.rows) == min(len(rows), limit)


@settings(max_examples=40)
@given(entity=st.dictionaries(TEXTS, VALUES, max_size=12), budget=st.integers(LEAST, MOST))
def test_fields_of_an_entity_fit(entity: dict[str, Any], budget: int) -> None:
    fields = Budget(budget).fitting_fields(clean(entity))
    assert len(as_json(fields)) <= budget - RESERVED + 2


@settings(max_examples=40)
@given(value=VALUES)
def test_what_is_clean_is_printable_and_stays_so(value: Any) -> None:
    shown = clean(value)
    assert clean(shown) == shown
    text = as_json(shown)
    assert not any(character in text for character in "\u202e\u2066\u200b\u2028\x85\x1b\x7f\U000e0041\ufeff")
    assert json.loads(text) == shown


@settings(max_examples=40)
@given(message=TEXTS, hint=TEXTS)
def test_errors_are_bounded(message: str, hint: str) -> None:
    error = TrunklineError(message * 40, hint=hint * 40)
    assert len(as_json({"untrusted_content": True, "error": described_error(error)})) < 4 * LEAST
    assert len(in_one_line(message * 40, 100)) <= 100


def test_a_plan_shows_all_that_it_would_do_or_is_not_made(writer: Agent) -> None:
    items = [{"FirstName": f"{n:03}", "PhoneNumber": "+15550100", "CompanyName": "x" * 3_000} for n in range(15)]
    plan = writer.answer("plan_change", action="contacts.create", items=items, budget=LEAST)
    assert [step["item"] for step in plan["steps"]] == list(range(15))
    one = writer.answer("plan_change", action="contacts.create", items=items[:1], budget=LEAST)
    assert "… (3," in one["steps"][0]["request"], "how long it is"
    error = writer.error("plan_change", action="contacts.create", items=items * 6, budget=LEAST)
    assert "90 changes" in error["message"]
    outcomes = writer.answer("apply_plan", plan=plan["plan"], budget=LEAST)["outcomes"]
    assert sorted(each["item"] for each in outcomes) == list(range(15))
    assert all(each["answer"]["Id"] for each in outcomes)
