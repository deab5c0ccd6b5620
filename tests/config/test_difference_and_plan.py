"""A folder differs from a PBX exactly where a plan of it has a step: random edits of an export, compared twice."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import CLIENT, KEY
from trunkline import Pbx
from trunkline.config.difference import differences
from trunkline.config.model import Configuration, Entity, Id, Place, Scope
from trunkline.config.planning.plan import plan
from trunkline.config.reading import Reading, read
from trunkline_emulator import Emulator, running

WITHOUT_PARTS = ("users", "phones")
"""A change of a phone is a step of its user."""


@pytest.fixture(scope="module")
def reading() -> Iterator[Reading]:
    """The demo company as it was read."""
    with running(Emulator(client_id=CLIENT, api_key=KEY, seed="demo")) as url, Pbx(url, CLIENT, KEY) as pbx:
        yield read(pbx)


def edited(value: Any, random: Random, *, is_top: bool = False) -> Any:
    """Return a value with some fields left out at any depth, and some that are true, false or numbers changed."""
    if isinstance(value, dict):
        kept = {name: each for name, each in value.items() if is_top or random.random() < 0.8}
        return {name: edited(each, random) for name, each in kept.items()}
    if isinstance(value, list):
        return [edited(each, random) if isinstance(each, dict) else each for each in value]
    if random.random() < 0.95:
        return value
    return not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else value


def folder(reading: Reading, random: Random) -> Configuration:
    """Return a folder that leaves most to the PBX: some of its entities, with some of their fields."""
    entities: dict[Id, Entity] = {}
    for id, entity in reading.configuration.entities.items():
        if id.kind not in WITHOUT_PARTS and random.random() < 0.7:
            keys = {"Number", "Name", "Link", "RuleName", "Gateway", "MacAddress", "TemplatePath", "IsDefault"}
            fields = {
                name: edited(value, random, is_top=name in keys)
                for name, value in copy.deepcopy(entity.fields).items()
                if name in keys or random.random() < 0.7
            }
            entities[id] = Entity(id, fields, {"": Place(f"{id}.yaml", 1)})
    return Configuration("acme", entities, Scope({}))


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_what_differs_is_what_a_plan_changes(reading: Reading, seed: int) -> None:
    wanted = folder(reading, Random(seed))
    differing = {(difference.change, difference.id) for difference in differences(reading.configuration, wanted)}
    assert differing == {("changed", step.id) for step in plan(wanted, reading).steps}


def test_an_export_differs_nowhere_and_plans_nothing(reading: Reading) -> None:
    entities = {
        id: Entity(id, entity.fields, {"": Place(f"{id}.yaml", 1)})
        for id, entity in reading.configuration.entities.items()
    }
    wanted = Configuration("acme", entities, Scope(dict.fromkeys({id.kind for id in entities}, ("*",))))
    assert differences(reading.configuration, wanted) == []
    assert plan(wanted, reading).steps == ()
