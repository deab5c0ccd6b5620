"""What a function's argument means that is left out, or written as people write dates."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from trunkline import Pbx, catalog
from trunkline.catalog import Action, TypeSpec
from trunkline.catalog.defaults import required_of
from trunkline.errors import InvalidArgument
from trunkline.node import Node
from trunkline.node.template import Scope, World
from trunkline.request import Call, bind

CATALOG = catalog.load()
NOW = dt.datetime(2026, 6, 17, 12, 30, 5, 999, tzinfo=dt.UTC)  # a Wednesday
OVERVIEW = "report_queue_performance_overview.get_queue_performance_overview_data"
ACTIVITY = "report_user_activity.get_user_activity"
_SAMPLES: dict[str, Any] = {
    "String": "1",
    "Boolean": True,
    "Guid": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
    "DateTimeOffset": "2026-06-01T00:00:00Z",
}


def sample(spec: TypeSpec) -> Any:
    """Return a value that the type takes."""
    one = CATALOG.enum_values(spec.name)[0] if spec.name in CATALOG.enums else _SAMPLES.get(spec.name, 1)
    return [one] if spec.collection else one


def needed(action: Action) -> dict[str, Any]:
    """Return values for what an action requires, and nothing else."""
    types = {parameter.name: parameter.type for parameter in action.parameters}
    given = {name: sample(types[name]) for name in required_of(action) if name != "body"}
    if "body" in required_of(action):
        given["body"] = {"file": b"RIFF"} if action.kind == "upload" else {}
    return given


def period(action: str, **given: Any) -> tuple[str, str]:
    path = bind(CATALOG, CATALOG.action(action), (), given, NOW).path
    start, end = (path.partition(f"{name}=")[2][:20] for name in ("periodFrom", "periodTo"))
    return start, end


def refused(action: Action, given: dict[str, Any]) -> InvalidArgument | None:
    try:
        bind(CATALOG, action, (), given, NOW)
    except InvalidArgument as problem:
        return problem
    return None


def test_what_is_called_required_is_what_a_call_is_refused_without() -> None:
    """Of all actions; and nothing else is."""
    for action in CATALOG.actions:
        given = needed(action)
        assert refused(action, given) is None, action.id
        for name in given:
            problem = refused(action, {other: value for other, value in given.items() if other != name})
            assert problem is not None, (action.id, name)
            assert f"{action.id} needs " in problem.message


# How periods are written, and what is refused of them: tests/cases/targets.json.


def test_a_period_may_be_datetimes() -> None:
    until = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
    assert period(OVERVIEW, periodFrom=NOW, period_to=until) == ("2026-06-17T12:30:05Z", "2026-07-01T00:00:00Z")


def test_a_zone_that_nobody_knows_has_no_midnight() -> None:
    with pytest.raises(InvalidArgument, match="clientTimeZone") as caught:
        period(ACTIVITY, periodFrom="last-month", clientTimeZone="Mars/Olympus")
    assert caught.value.parameter == "clientTimeZone"
    assert period(ACTIVITY, periodFrom="2026-06-01T00:00:00Z", periodTo="2026-06-02T00:00Z", clientTimeZone="Mars")


def test_a_period_is_not_read_without_a_time_to_read_it_at() -> None:
    with pytest.raises(InvalidArgument, match="needs periodFrom as a date and time"):
        bind(CATALOG, CATALOG.action(OVERVIEW), (), {"periodFrom": "last-month"})


def test_a_call_that_is_bound_again_means_the_same_time() -> None:
    first = bind(CATALOG, CATALOG.action(OVERVIEW), (), {"period_from": "-1d"}, NOW)
    assert bind(CATALOG, CATALOG.action(OVERVIEW), (), first.arguments).path == first.path


def test_a_run_reads_all_its_items_at_its_own_time_and_in_its_own_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    world = World(zone="Europe/Berlin", clock=lambda: dt.datetime(2026, 6, 1, 0, 30, tzinfo=berlin).timestamp())
    node = Node(OVERVIEW, {"periodFrom": "{{ $json.when }}"}, world=world)

    def call(when: str) -> Call:
        return node.call(Scope([{"json": {"when": when}}], 0, world))

    assert "periodFrom=2026-04-30T22:00:00Z,periodTo=2026-05-31T22:00:00Z" in call("last-month").path
    assert "periodFrom=2026-05-31T22:00:00Z" in call("today").path


def test_a_report_of_a_pbx_needs_no_arguments(pbx: Pbx) -> None:
    """Each of them: what is left out is nothing that a PBX is known to refuse."""
    reports = [a for a in CATALOG.actions if a.resource.startswith("report_") and a.until is None]
    asked = [
        a.id for a in reports if a.answer_kind == "list" and not required_of(a) and list(pbx.call(a.id)) is not None
    ]
    assert len(asked) > 25
    may = pbx.report_extension_statistics.get_extension_statistics_data("2026-05")
    assert {row["Dn"] for row in may} >= {"100"}
