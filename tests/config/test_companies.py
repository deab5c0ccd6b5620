"""The companies of the property tests: one number makes one company, and each destination in it leads somewhere."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

from trunkline_emulator import Emulator

from .companies import LEADS_TO, randoms, set_up

SETS = ("Groups", "Users", "Queues", "RingGroups", "Receptionists", "InboundRules", "OutboundRules", "Trunks")


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return Emulator(seed="empty")


def rows(emulator: Emulator, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = emulator.ask("GET", f"/{name}?$top=100").json()["value"]
    return found


def destinations(value: Any) -> list[dict[str, Any]]:
    """Every destination in a value that leads to a number of the PBX."""
    if isinstance(value, list):
        return [found for inner in value for found in destinations(inner)]
    if not isinstance(value, dict):
        return []
    own = [value] if value.get("To") in LEADS_TO else []
    return own + [found for inner in value.values() for found in destinations(inner)]


@pytest.mark.parametrize("number", [1, 7])
def test_a_number_makes_the_same_company_each_time(emulator: Emulator, number: int) -> None:
    seen = []
    for _ in range(2):
        emulator.reset()
        set_up(emulator, Random(number))
        seen.append([row.get("Name") or row.get("RuleName") for name in SETS for row in rows(emulator, name)])
    assert seen[0] == seen[1]


@settings(max_examples=25)
@given(random=randoms)
def test_destinations_lead_to_what_is_there(emulator: Emulator, random: Random) -> None:
    emulator.reset()
    set_up(emulator, random)
    numbers = {kind: {row["Number"] for row in rows(emulator, kind)} for kind in LEADS_TO.values()}
    for name in SETS:
        for each in destinations(rows(emulator, name)):
            assert each["Number"] in numbers[LEADS_TO[each["To"]]]
    assert emulator.ask("GET", "/Groups?$filter=IsDefault eq true").json()["value"] != []
