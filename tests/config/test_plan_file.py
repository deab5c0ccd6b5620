"""A plan as JSON: it comes back as it was, without the value of any secret, and for its owner only."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.config.model import Id, Secret
from trunkline.config.planning.model import Note, Plan, Step
from trunkline.errors import ConfigurationError, InvalidArgument

_KEYS = st.text(max_size=8)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31)
    | st.text(max_size=12)
    | st.builds(Secret, st.text(max_size=9)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_characters="!"), max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
_FIELDS = st.dictionaries(st.text(st.characters(exclude_characters="!"), max_size=8), _VALUES, max_size=4)
_IDS = st.builds(Id, st.sampled_from(["users", "queues", "groups"]), _KEYS)
_STEPS = st.builds(
    Step,
    st.integers(0, 99),
    st.integers(0, 9),
    st.sampled_from(["add", "change", "finish", "remove"]),
    _IDS,
    _FIELDS,
    _FIELDS,
    st.lists(_IDS, max_size=3).map(tuple),
)
_PLAN = Plan(
    "https://pbx.example.com",
    "20.0.10",
    (
        Step(0, 0, "add", Id("users", "100"), {"Number": "100", "AuthPassword": Secret("users/100/AuthPassword")}, {}),
        Step(1, 0, "change", Id("users", "101"), {"Mobile": None}, {"Mobile": "+442079460001"}),
        Step(2, 1, "add", Id("queues", "800"), {"Agents": ["100"]}, {}, (Id("users", "100"),)),
    ),
    (Note("secret", "users/100/AuthPassword is not given."),),
    3,
    {"users": 9},
    {Id("users", "100"): "", Id("users", "101"): "abc"},
    given=("users/100/AuthPassword",),
)


@given(st.lists(_STEPS, max_size=4))
def test_a_plan_comes_back_as_it_was(steps: list[Step]) -> None:
    plan = _PLAN._replace(steps=tuple(steps))
    assert Plan.from_record(json.loads(json.dumps(plan.as_record()))) == plan._replace(is_saved=True)


def test_a_saved_plan_comes_back_as_it_was_and_is_its_owners_only(tmp_path: Path) -> None:
    file = tmp_path / "acme.plan"
    _PLAN.save(file)
    assert Plan.load(file) == _PLAN._replace(is_saved=True)
    assert os.name == "nt" or file.stat().st_mode & 0o777 == 0o600


def test_waves_are_ranges_of_steps() -> None:
    assert _PLAN.waves == [range(2), range(2, 3)]
    assert _PLAN.secrets == ["users/100/AuthPassword"]


@pytest.mark.parametrize("text", ["", "[]", "{}", "not JSON", '{"format": 1}', '{"format": 1, "url": "x", "steps": 7}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.plan"
    file.write_text(text)
    with pytest.raises(InvalidArgument, match=r"x\.plan"):
        Plan.load(file)


def test_a_plan_of_a_later_format_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="format 2"):
        Plan.from_record({**_PLAN.as_record(), "format": 2})


def test_a_plan_that_cannot_be_read_or_written_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        Plan.load(tmp_path / "missing.plan")
    with pytest.raises(ConfigurationError, match="can't be written"):
        _PLAN.save(tmp_path / "missing" / "x.plan")
