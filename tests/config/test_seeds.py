"""What emulated PBXs hold, as files have it and back: nothing of it changes on the way."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import CLIENT, KEY
from trunkline import Pbx
from trunkline.catalog import load
from trunkline.config.kinds import Kind, kinds, settings_kinds
from trunkline.config.model import Id
from trunkline.config.reading import read
from trunkline.config.spelling import Names, changed_fields, has_secret, sent, spelled
from trunkline.odata.equality import unchanged
from trunkline_emulator import Emulator, running

CATALOG = load("20.0.10")


def rows(pbx: Pbx, kind: Kind) -> list[dict[str, Any]]:
    """The first rows of a kind, whole, or the one."""
    options: dict[str, Any] = {"expand": list(kind.expand)} if kind.expand else {}
    answer = pbx.call(kind.reader, **options)
    return [answer] if kind.single else answer.page(size=100).rows


@pytest.mark.parametrize("seed", ["demo", "empty", "large"])
def test_a_row_is_not_changed_by_its_own_file(seed: str) -> None:
    with running(Emulator("20.0.10", CLIENT, KEY, seed=seed)) as url, Pbx(url, CLIENT, KEY) as pbx:
        names = read(pbx, ["outbound_rules"]).names  # departments and trunks
        for kind in (*kinds(CATALOG).values(), *settings_kinds(CATALOG).values()):
            for row in rows(pbx, kind) if kind.set else ():
                fields = spelled(CATALOG, kind, row, names)

                for name, value in sent(CATALOG, kind, fields, names, row).items():
                    assert unchanged(row.get(name), value), (kind, name)
                assert changed_fields(CATALOG, kind, fields, fields) == {}


def test_what_one_pbx_has_can_be_added_to_another() -> None:
    empty = Emulator("20.0.10", CLIENT, KEY, seed="empty")
    with running(Emulator("20.0.10", CLIENT, KEY)) as url, Pbx(url, CLIENT, KEY) as pbx:
        reading = read(pbx)
    with running(empty) as url, Pbx(url, CLIENT, KEY) as pbx:
        before = read(pbx)
        names = _add_all(pbx, reading.configuration.entities, before.names)
        after = read(pbx).configuration.entities

    for id, entity in reading.configuration.entities.items():
        if id in names and id.kind in ADDED and id not in before.names:
            wanted = {name: value for name, value in entity.fields.items() if not has_secret(value)}
            assert changed_fields(CATALOG, kinds(CATALOG)[id.kind], after[id].fields, wanted) == {}, id


ADDED = ("groups", "holidays", "trunks", "users", "fax", "parkings", "playlists", "call_flow_apps", "ring_groups")
"""Kinds whose entities in the demo refer to none that come later in the order of kinds."""


def _add_all(pbx: Pbx, entities: Any, names: Names) -> Names:
    for id, entity in entities.items():
        kind = kinds(CATALOG)[id.kind]
        if id.kind in ADDED and Id(id.kind, id.key) not in names:
            names.add(id, pbx.call(kind.creator, body=sent(CATALOG, kind, entity.fields, names)))
    return names
