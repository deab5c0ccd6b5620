"""A late build of a release: its release's actions, and fields that are listed from a later release on."""

from __future__ import annotations

import pytest

from .conftest import Dial

LATE = {
    "/Queues(61)": {"VMEmailList", "VMEmailOptions"},
    "/RingGroups(71)": {"VMEmailList", "VMEmailOptions"},
    "/SystemStatus": {"MaxUserExtensions", "UserExtensions"},
    "/Trunks(101)": {"DisableCallTransfer"},
}


@pytest.mark.parametrize("version", ["20.0.8.1109", "20.0.8.1121"])
@pytest.mark.parametrize(("path", "fields"), LATE.items())
def test_a_late_build_has_them(dial: Dial, version: str, path: str, fields: set[str]) -> None:
    answer = dial(version=version, variants={"send_nulls": True}).get(path)
    assert answer.headers["x-3cx-version"] == version
    assert fields <= answer.json.keys()


@pytest.mark.parametrize("version", ["20.0.8", "20.0.8.1108", "20.0.7.1200"])
@pytest.mark.parametrize(("path", "fields"), LATE.items())
def test_an_earlier_one_has_not(dial: Dial, version: str, path: str, fields: set[str]) -> None:
    assert not fields & dial(version=version, variants={"send_nulls": True}).get(path).json.keys()


def test_members_have_tags(dial: Dial) -> None:
    line = dial(version="20.0.8.1121")
    assert all(agent["Tags"] == [] for agent in line.get("/Queues(61)?$expand=Agents").json["Agents"])


def test_what_it_has_can_be_written(dial: Dial) -> None:
    line = dial(version="20.0.8.1121")
    change = {"VMEmailList": "ada@example.com", "VMEmailOptions": "Attachment"}
    assert line.ask("PATCH", "/Queues(61)", change).status == 204
    assert line.get("/Queues(61)").json.items() >= change.items()


def test_it_has_the_actions_of_its_release(dial: Dial) -> None:
    assert set(dial(version="20.0.8.1121").emulator.evidence) == set(dial(version="20.0.8").emulator.evidence)


@pytest.mark.parametrize("version", ["20.0.99.1", "20.0.8.x", "19.0.0.12"])
def test_a_build_of_an_unknown_release_is_refused(dial: Dial, version: str) -> None:
    with pytest.raises(ValueError, match=r"is not a build of a release that 3CX published; there are pre-20\.0\.5, 20"):
        dial(version=version)
