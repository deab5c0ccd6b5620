"""Drift of several emulated PBXs, and its metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from conftest import CLIENT, KEY, System
from trunkline import AsyncPbx, Pbx
from trunkline.config.difference import Difference, FieldChange
from trunkline.config.drift import MOST_KEPT, Drift, adrift
from trunkline.config.drift_metrics import exposition
from trunkline.config.model import Configuration, Entity, Id, Place, Scope
from trunkline.errors import Forbidden, InvalidArgument, SignInError

SALES = Id("queues", "800")


class Somewhere(NamedTuple):
    """A PBX of a fleet, as `trunkline.connections.targets.Target` is one."""

    name: str
    url: str
    key: str = KEY

    def open(self) -> AbstractContextManager[Any]:
        return Pbx(self.url, CLIENT, self.key)

    def aopen(self) -> AbstractAsyncContextManager[Any]:
        return AsyncPbx(self.url, CLIENT, self.key)


def folder(*queues: tuple[str, str], manage: tuple[str, ...] = ("*",)) -> Configuration:
    """A folder that manages queues, and has some by number and name."""
    ids = {Id("queues", number): name for number, name in queues}
    entities = {
        id: Entity(id, {"Number": id.key, "Name": name}, {"": Place(f"{id}.yaml", 1)}) for id, name in ids.items()
    }
    return Configuration("standard", entities, Scope({"queues": manage}))


def drifts(
    places: list[Somewhere],
    configuration: Configuration | Callable[[str], Configuration],
    kinds: Collection[str] | None = None,
    at_once: int = 2,
) -> list[Drift]:
    async def run() -> list[Drift]:
        return [each async for each in adrift(places, configuration, kinds=kinds, at_once=at_once)]

    return asyncio.run(run())


@pytest.fixture
def names(pbx: Pbx) -> dict[str, str]:
    """The queues of the demo company."""
    return {row["Number"]: row["Name"] for row in pbx.call("queues.list")}


def test_a_pbx_that_is_as_its_folder_has_it_does_not_drift(system: System, names: dict[str, str]) -> None:
    (drift,) = drifts([Somewhere("acme", system.url)], folder(*names.items()))
    assert drift == Drift("acme", system.url, drift.version, compared=len(names))
    assert drift.version
    assert drift.is_known


def test_what_differs_is_counted_by_kind_and_change(system: System, pbx: Pbx, names: dict[str, str]) -> None:
    wanted = folder(*names.items(), ("898", "Night"))
    pbx.call("queues.create", Number="859", Name="By hand")
    (row,) = pbx.call("queues.list", filter="Number eq '800'")
    pbx.call("queues.update", Id=row["Id"], Name="Renamed")
    (drift,) = drifts([Somewhere("acme", system.url)], wanted)
    assert dict(drift.counts) == {("queues", "added"): 1, ("queues", "removed"): 1, ("queues", "changed"): 1}
    assert [(each.change, each.id.key) for each in drift.differences] == [
        ("changed", "800"),
        ("added", "859"),
        ("removed", "898"),
    ]
    assert drift.differences[0].fields == (FieldChange("Name", names["800"], "Renamed"),)
    assert drift.total == 3


def test_only_what_the_folder_speaks_for_is_read(system: System, names: dict[str, str]) -> None:
    system.emulator.journal.clear()
    drifts([Somewhere("acme", system.url)], folder(*names.items()))
    paths = " ".join(system.sent("GET"))
    assert "/Queues" in paths
    assert not any(f"/{other}?" in paths for other in ("Contacts", "InboundRules", "Holidays", "Receptionists"))


def test_a_kind_of_which_nothing_is_managed_is_not_read(system: System) -> None:
    system.emulator.journal.clear()
    (drift,) = drifts([Somewhere("acme", system.url)], folder(manage=()))
    assert drift.total == 0
    assert not any(path.startswith("/Queues") for path in system.sent("GET"))


def test_each_pbx_has_its_own_outcome(system: System, names: dict[str, str]) -> None:
    places = [
        Somewhere("away", "http://127.0.0.1:9"),
        Somewhere("acme", system.url),
        Somewhere("other", system.url, key="wrong-key-0123456789"),
    ]
    away, acme, other = drifts(places, folder(*names.items()))
    assert [drift.pbx for drift in (away, acme, other)] == ["away", "acme", "other"]
    assert away.error is not None
    assert isinstance(other.error, SignInError)
    assert acme.is_known
    assert not away.is_known


def test_each_pbx_may_have_a_folder_of_its_own(system: System, names: dict[str, str]) -> None:
    def of(name: str) -> Configuration:
        if name == "unknown":
            raise InvalidArgument("There is no folder unknown.")
        return folder(*names.items(), *([("898", "Night")] if name == "night" else []))

    places = [Somewhere(name, system.url) for name in ("day", "night", "unknown")]
    day, night, unknown = drifts(places, of)
    assert (day.total, night.total) == (0, 1)
    assert isinstance(unknown.error, InvalidArgument)


def test_a_kind_that_is_not_asked_for_is_not_compared(system: System) -> None:
    (drift,) = drifts([Somewhere("acme", system.url)], folder(("898", "Night")), kinds={"users"})
    assert (drift.total, drift.compared) == (0, 0)


def test_only_the_first_differences_are_kept_and_all_are_counted(system: System) -> None:
    wanted = folder(*((f"{number:04}", "Unknown") for number in range(MOST_KEPT + 5)), manage=())
    (drift,) = drifts([Somewhere("acme", system.url)], wanted)
    assert len(drift.differences) == MOST_KEPT
    assert drift.total == MOST_KEPT + 5


def test_more_pbxs_at_once_than_may_be_are_refused(system: System) -> None:
    with pytest.raises(InvalidArgument, match="at_once"):
        drifts([Somewhere("acme", system.url)], folder(), at_once=0)


def test_metrics_are_what_prometheus_reads() -> None:
    name = 'Müller & "Söhne"\\\n€'
    drifted = Drift(
        name,
        "https://pbx.example.com",
        compared=2,
        differences=(Difference(SALES, "changed", ()),),
        counts={("queues", "changed"): 1, ("users", "added"): 12},
    )
    same = Drift("same", "https://same.example.com", unread={"users": Forbidden("No right.", status=403)})
    away = Drift("away", "https://away.example.com", error=InvalidArgument("No folder."))
    text = exposition([drifted, same, away], 1_780_000_000.25)
    samples = {
        (sample.name.removeprefix("trunkline_config_drift"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples == {
        ("", name): 1,
        ("", "same"): 0,
        ("_up", name): 1,
        ("_up", "same"): 1,
        ("_up", "away"): 0,
        ("_unread_kinds", name): 0,
        ("_unread_kinds", "same"): 1,
        ("_entities", name, "queues", "changed"): 1,
        ("_entities", name, "users", "added"): 12,
        ("_timestamp_seconds",): 1_780_000_000.25,
    }
    assert text.count("# HELP ") == text.count("# TYPE ") == 5
