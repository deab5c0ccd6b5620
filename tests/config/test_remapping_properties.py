"""Companies made at random take other numbers and names, nothing else changes, and the way back is the original."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings

from conftest import CLIENT, KEY, System
from trunkline import Pbx
from trunkline.catalog import load
from trunkline.config.cloning.mapping import RenameMap, Renaming
from trunkline.config.cloning.remapping import remapped
from trunkline.config.kinds import kind_of
from trunkline.config.model import Configuration, Id
from trunkline.config.reading import read
from trunkline.config.spelling import references
from trunkline_emulator import Emulator, running

from .companies import randoms, set_up

CATALOG = load()


@pytest.fixture(scope="module")
def empty() -> Iterator[System]:
    """A PBX to be set up, again and again."""
    emulator = Emulator(client_id=CLIENT, api_key=KEY, seed="empty")
    with running(emulator) as url:
        yield System(emulator, url)


def company(empty: System, random: Random) -> Configuration:
    empty.emulator.reset()
    set_up(empty.emulator, random)
    with Pbx(empty.url, CLIENT, KEY) as pbx:
        return read(pbx).configuration


def renamings(configuration: Configuration, random: Random) -> list[Renaming]:
    """New numbers for some of what has one, and new names for some departments."""
    rows = []
    for line, id in enumerate(sorted(configuration.entities), 2):
        if random.random() < 0.5:
            continue
        if kind_of(CATALOG, id).key == ("Number",) and id.key.isdigit():
            rows.append(Renaming(line, "", id.key, f"7{id.key}"))
        elif id.kind == "groups" and id.key != "DEFAULT" and id.key.isprintable():
            rows.append(Renaming(line, "groups", id.key, f"New {id.key}"))
    return rows


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(randoms)
def test_what_refers_to_what_stays_the_same_and_the_way_back_leads_to_the_original(
    empty: System, random: Random
) -> None:
    source = company(empty, random)
    rows = renamings(source, random)
    moved = remapped(CATALOG, source, RenameMap(rows))
    new = {(row.kind, row.old): row.new for row in rows}
    for (id, before), (other, after) in zip(source.entities.items(), moved.entities.items(), strict=True):
        kind = kind_of(CATALOG, id)
        wanted = [
            new.get((each.kind if each.kind == "groups" else "", each.key), each.key)
            for each in references(CATALOG, kind, before.fields)
        ]
        assert [each.key for each in references(CATALOG, kind, after.fields)] == wanted
        assert other == Id(id.kind, new.get((id.kind if id.kind == "groups" else "", id.key), id.key))
    back = remapped(CATALOG, moved, RenameMap([row._replace(old=row.new, new=row.old) for row in rows]))
    assert {id: entity.fields for id, entity in back.entities.items()} == {
        id: entity.fields for id, entity in source.entities.items()
    }
