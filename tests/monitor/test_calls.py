"""Which events there are between two looks at the calls in progress, and watching them through outages."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from conftest import CLIENT, KEY, VIEWER, VIEWER_KEY, System
from nasty import closed_port
from trunkline import AsyncPbx, Forbidden, Pbx, SignInError, TrunklineError, Unreachable
from trunkline.monitor.call_watch import Outage, Snapshot, watch_calls
from trunkline.monitor.calls import CallFilter, CallTracker

AT = datetime(2026, 6, 15, 9, 0, 30, tzinfo=UTC)


def row(number: int, caller: str = "100 Quill, Ada", callee: str = "101 Wren, Oskar", **more: Any) -> dict[str, Any]:
    times = {"EstablishedAt": "2026-06-15T09:00:00Z", "ServerNow": "2026-06-15T09:00:12.9Z"}
    return {"Id": number, "Caller": caller, "Callee": callee, "Status": "Routing", **times, **more}


# ── what counts as an event ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "now", "events"),
    [
        ([], [row(1)], [("started", 1)]),
        ([row(1)], [], [("ended", 1)]),
        ([row(1)], [row(1)], []),
        ([row(1)], [row(1, Status="Talking")], [("changed", 1)]),
        ([row(1)], [row(1, callee="102 Lund, Soraya")], [("changed", 1)]),
        ([row(1)], [row(1, ServerNow="2026-06-15T09:00:14Z", **{"@odata.etag": 'W/"2"'})], []),
        ([row(1), row(2)], [row(2), row(3)], [("ended", 1), ("started", 3)]),
        ([row(1)], [row(1, "9 X", "8 Y", EstablishedAt="2026-06-15T10:00:00Z")], [("ended", 1), ("started", 1)]),
    ],
)
def test_the_events_between_two_looks(before: list[Any], now: list[Any], events: list[tuple[str, int]]) -> None:
    calls = CallTracker()
    assert {event.event for event in calls.update(before, AT)} <= {"present"}
    assert [(event.event, event.call["Id"]) for event in calls.update(now, AT)] == events


def test_an_event_says_when_how_long_and_what_was_before() -> None:
    calls = CallTracker()
    calls.update([row(1)], AT)
    (event,) = calls.update([row(1, Status="Talking")], AT)
    assert msgspec.to_builtins(event) == {
        "event": "changed",
        "time": "2026-06-15T09:00:30.000Z",
        "duration_seconds": 12,
        "call": row(1, Status="Talking"),
        "previous": {"Status": "Routing"},
    }


@pytest.mark.parametrize("missing", ["EstablishedAt", "ServerNow"])
@pytest.mark.parametrize("written", [None, "0001-01-01T00:00:00+00:00", "now"])
def test_how_long_is_not_guessed(missing: str, written: str | None) -> None:
    (event,) = CallTracker().update([row(1, **{missing: written})], AT)  # type: ignore[arg-type]
    assert event.duration_seconds is None


def test_a_call_that_a_paged_list_lacks_once_has_not_ended() -> None:
    calls = CallTracker()
    calls.update([row(1), row(2)], AT, complete=False)
    assert calls.update([row(2)], AT, complete=False) == []
    assert calls.update([row(1), row(2)], AT, complete=False) == []
    assert calls.update([row(2)], AT, complete=False) == []
    assert [event.event for event in calls.update([row(2)], AT, complete=False)] == ["ended"]


@pytest.mark.parametrize(
    ("call_filter", "matches"),
    [
        (CallFilter(("100",)), True),
        (CallFilter(("101",)), True),
        (CallFilter(("10",)), False),
        (CallFilter(("00",)), False),
        (CallFilter(("999", "101")), True),
        (CallFilter(("+442079460123",)), True),
        (CallFilter(("442079460123",)), True),
        (CallFilter(("2079460123",)), False),
        (CallFilter(text="wren"), True),
        (CallFilter(text="ROUTING"), True),
        (CallFilter(text="talking"), False),
        (CallFilter(("100",), "talking"), False),
    ],
)
def test_calls_are_chosen_by_whole_numbers_and_by_text(call_filter: CallFilter, matches: bool) -> None:
    assert call_filter.matches(row(1, "10000 London (+442079460123)", "101 Wren, Oskar / 100")) is matches


def test_a_chosen_call_is_followed_to_its_end() -> None:
    calls = CallTracker(CallFilter(("101",)))
    assert calls.update([row(1, callee="800 Sales")], AT) == []
    assert [event.event for event in calls.update([row(1)], AT)] == ["changed"]
    assert [event.event for event in calls.update([row(1, callee="102 Lund, Soraya")], AT)] == ["changed"]
    assert (calls.total, len(calls.matching)) == (1, 1)
    assert [event.event for event in calls.update([], AT)] == ["ended"]


# ── watching ────────────────────────────────────────────────────────────────────────────────────


def test_a_watch_goes_from_snapshot_to_snapshot_through_an_outage(system: System, pbx: Pbx) -> None:
    looks: list[Snapshot | Outage] = []

    async def watch() -> None:
        async with AsyncPbx(system.url, CLIENT, KEY) as client:
            async with aclosing(watch_calls(client, CallFilter(("105",)), interval=0.5)) as watched:
                async for look in watched:
                    looks.append(look)
                    if len(looks) == 1:
                        system.emulator.add_fault("503:times=1@/ActiveCalls*")
                        await asyncio.to_thread(pbx.users.make_call, {"dn": "105", "destination": "106"})
                    if len(looks) == 3:
                        return

    asyncio.run(watch())
    first, outage, last = looks
    assert isinstance(first, Snapshot)
    assert isinstance(outage, Outage)
    assert isinstance(last, Snapshot)
    assert (first.total, first.calls, first.events, first.outage) == (4, [], [], 0.0)
    assert (outage.error.code, outage.retry_in) == ("server_error", 0.5)
    assert [(event.event, event.call["Caller"]) for event in last.events] == [("started", "105 Wren, Oskar")]
    assert (last.total, len(last.calls)) == (5, 1)
    assert last.outage >= 0.5


@pytest.mark.parametrize(
    ("where", "client", "key", "error"),
    [
        ("closed", CLIENT, KEY, Unreachable),
        ("open", CLIENT, "wrong", SignInError),
        ("open", VIEWER, VIEWER_KEY, Forbidden),
    ],
)
def test_a_watch_that_can_not_begin_ends_with_the_error(
    system: System, where: str, client: str, key: str, error: type[TrunklineError]
) -> None:
    async def watch() -> None:
        async with AsyncPbx(system.url if where == "open" else closed_port(), client, key) as pbx:
            async for _ in watch_calls(pbx):
                pytest.fail("there was nothing to see")

    with pytest.raises(error):
        asyncio.run(watch())
