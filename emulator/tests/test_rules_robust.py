"""Bodies that fit their types and nothing else: they are taken or refused, never more than that."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trunkline import catalog
from trunkline.catalog import Action, TypeSpec
from trunkline_emulator import Emulator
from trunkline_emulator.behaviours import HANDLERS
from trunkline_emulator.rules import RULES

from . import bodies, valid
from .conftest import Answer, Line
from .test_rules_agreement import check_agreement, snapshot

CATALOG = catalog.load("20.0.10")
WORDS = st.sampled_from(
    ["", "1", "100", "800", "10000", "GRP0001", "Sales", "Away", "805EC0000001", "x" * 60, "\u0000"]
)
NUMBERS = st.sampled_from([0, -1, 1, 2, 12, 61, 101, 2**31 - 1])


def values(spec: TypeSpec, depth: int) -> st.SearchStrategy[object]:
    """Any value of a type; lists and objects are short."""
    if spec.name in CATALOG.types:
        fields = CATALOG.fields(spec.name)
        one = objects(fields, depth + 1) if depth < 4 else st.just({})  # type: ignore[arg-type]
    elif spec.name in CATALOG.enums:
        one = st.sampled_from(list(CATALOG.enum_values(spec.name)))
    elif spec.name == "String":
        one = WORDS.map(lambda word: word[: spec.max_length])  # type: ignore[arg-type, return-value]
    elif spec.name in ("Int32", "Int64"):
        one = NUMBERS  # type: ignore[assignment]
    else:
        one = st.just(valid.VALUES[spec.name])
    if spec.collection:
        return st.lists(one, max_size=2)
    return one | st.none() if spec.nullable else one


def objects(fields: dict[str, TypeSpec], depth: int) -> st.SearchStrategy[dict[str, object]]:
    @st.composite
    def drawn(draw: st.DrawFn) -> Any:
        names = draw(st.lists(st.sampled_from(sorted(fields)), max_size=4, unique=True)) if fields else []
        return {name: draw(values(fields[name], depth)) for name in names}

    return drawn()


def ruled(action: Action) -> bool:
    owner = action.path[1:].partition("/")[0].partition("(")[0]
    writes = action.kind in ("create", "update") and owner in {*RULES, "MyUser", "MyGroup"}
    if action.kind == "upload":
        return False
    return action.method != "GET" and action.body is not None and (writes or action.id in HANDLERS)


ACTIONS = sorted((action for action in CATALOG.actions if ruled(action)), key=lambda action: action.id)
KEYS = {"Id": 12, "Link": "sales", "Name": "Jazz", "MacAddress": "C074AD000099"}


@pytest.fixture(scope="module")
def strict(runner: asyncio.Runner) -> Line:
    return Line(Emulator(strict=True), runner).sign_in()


def send(line: Line, action: Action, data: st.DataObject) -> list[Answer]:
    """Send a drawn body, to the first rows of its set where it needs a row."""
    fields = dict(CATALOG.spec_fields(action.body))
    start = bodies.fitting(CATALOG, action, {}) if action.id in bodies.ACTIONS else {}
    body = {**start, **data.draw(objects(fields, 0))}
    owner = action.path[1:].partition("/")[0].partition("(")[0]
    rows = line.get(f"/{owner}?$top=3").json.get("value") if "{" in action.path else None
    targets = [
        valid.path(action, {**KEYS, **{name: row[name] for name in KEYS if name in row}}) for row in rows or [{}]
    ]
    return [line.ask(action.method, target, body) for target in targets]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_body_of_the_declared_types_is_refused_on_a_guess(quiet: Line, action: Any, data: Any) -> None:
    for answer in send(quiet, action, data):
        assert answer.status in (200, 201, 204, 400, 404), answer.body
        assert answer.status < 400 or answer.headers["x-trunkline-evidence"] in ("seen", "published"), answer.body


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_strict_pbx_takes_any_body_or_refuses_it(strict: Line, action: Any, data: Any) -> None:
    for answer in send(strict, action, data):
        assert answer.status in (200, 201, 204, 400, 404), answer.body


def test_and_afterwards_everything_agrees(strict: Line) -> None:
    """Runs after all the above, on what they left."""
    check_agreement(snapshot(strict))
