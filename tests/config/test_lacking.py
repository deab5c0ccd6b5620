"""What of files the version of a PBX lacks."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.catalog import load
from trunkline.config.kinds import kinds
from trunkline.config.lacking import lacking_sentences, narrowed, unanswered, unpublished
from trunkline.config.model import Configuration, Entity, Id, Scope

SALES = Id("queues", "800")


def pbx(*paths: str, absent: tuple[str, ...] = ()) -> Configuration:
    lacking = {"queues": frozenset(paths)} if paths else {}
    return Configuration("pbx", {}, Scope({}), "20.0.7.0", absent=absent, lacking=lacking)


def folder(**fields: Any) -> Configuration:
    return Configuration("acme", {SALES: Entity(SALES, fields)}, Scope({}))


@pytest.mark.parametrize(
    ("paths", "fields", "left", "said"),
    [
        (("Music",), {"Name": "Sales", "Music": None}, {"Name": "Sales"}, ["Music"]),
        (("Route.To",), {"Route": {"To": "1", "Number": "2"}}, {"Route": {"Number": "2"}}, ["Route.To"]),
        (
            ("Agents.Skill",),
            {"Agents": [{"Skill": 1}, {"Skill": 2}, "101"]},
            {"Agents": [{}, {}, "101"]},
            ["Agents.Skill"],
        ),
        (("Route",), {"Route": {"To": "1"}}, {}, ["Route"]),
        (("Music",), {"MusicOnHold": "a.wav"}, {"MusicOnHold": "a.wav"}, []),
        ((), {"Music": "a.wav"}, {"Music": "a.wav"}, []),
    ],
)
def test_what_a_version_lacks_is_left_out_at_any_depth(
    paths: tuple[str, ...], fields: dict[str, Any], left: dict[str, Any], said: list[str]
) -> None:
    entity, left_out = narrowed(Entity(SALES, fields), pbx(*paths))
    assert (entity.fields, left_out) == (left, said)


def test_a_field_that_any_answer_has_is_not_lacking_even_if_it_is_null() -> None:
    paths = ("Music", "Route.To", "Agents.Skill", "Gone")
    rows: list[dict[str, Any]] = [{"Music": None, "Route": None}, {"Route": {"To": 1}, "Agents": [{}, {"Skill": 2}]}]
    assert unanswered(paths, rows) == {"Gone"}
    assert unanswered(paths, []) == set(paths)


def test_the_user_of_a_phone_is_in_files_only_and_lacks_nowhere() -> None:
    phones = kinds(load())["phones"]
    assert "User" not in unpublished(load(), load("20.0.7"), phones)


def test_what_is_not_compared_is_a_sentence_for_each_field_and_for_what_is_not_there_at_all() -> None:
    assert lacking_sentences(pbx("Music"), folder(Music="a.wav", Name="Sales")) == [
        "3CX 20.0.7.0 has not published the field Music of queues, so it is not compared: queues/800."
    ]
    assert lacking_sentences(pbx(absent=("queues",)), folder(Name="Sales")) == [
        "3CX 20.0.7.0 has not published queues, so it is not compared: queues/800."
    ]
    assert lacking_sentences(pbx("Music"), folder(Name="Sales")) == []
