"""Calls in progress: they are made, they end, and then they are in the call log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from trunkline_emulator.seeds.calls import demo

from .conftest import Line
from .report_calls import call_of, segment_of
from .test_telephony_lists import EVERY_LEG, count


def active(line: Line) -> Any:
    return line.get("/ActiveCalls").rows


def make(line: Line, **body: Any) -> Any:
    return line.ask("POST", "/Users/Pbx.MakeCall", {"dn": None, "contact": None, "testCall": False, **body})


def drop(line: Line, number: Any) -> Any:
    return line.ask("POST", f"/ActiveCalls({number})/Pbx.DropCall")


def counted(line: Line) -> Any:
    """How many calls the system status and the list speak of."""
    return line.get("/SystemStatus").json["CallsActive"], len(active(line))


def logged_today(line: Line) -> Any:
    """Rows of the call log since an hour ago, oldest first."""
    now = datetime.now(UTC)
    times = [f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in (-1, 1)]
    path = f"GetCallLogData(periodFrom={times[0]},periodTo={times[1]},{EVERY_LEG})?$orderby=StartTime"
    return line.get(f"/ReportCallLogData/Pbx.{path}").rows


def test_the_demo_has_calls_in_progress(quiet: Line) -> None:
    rows = active(quiet)
    assert [(row["Caller"], row["Callee"], row["Status"]) for row in rows] == [
        ("10000 London SIP (+442079460123)", "101 Lindqvist, Tomás", "Talking"),
        ("122 Pemberton, Jürgen", "10001 New York SIP (+12025550155)", "Talking"),
        ("132 Delacroix, Hanna", "137 Mwangi, Stefan", "Routing"),
        ("10000 London SIP (+442079460207)", "801 Support", "Routing"),
    ]
    for row in rows:
        began, changed, now = (
            datetime.fromisoformat(row[name]) for name in ("EstablishedAt", "LastChangeStatus", "ServerNow")
        )
        assert began <= changed <= now < began + timedelta(hours=1)
        assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
    assert counted(quiet) == (4, 4)


def test_times_stay_while_the_pbx_runs(pbx: Line) -> None:
    before, after = active(pbx), active(pbx)
    assert [row["EstablishedAt"] for row in before] == [row["EstablishedAt"] for row in after]


@pytest.mark.parametrize(
    ("number", "legs"),
    [
        (1, [("10000", "800", "Waiting"), ("10000", "101", "Answered")]),
        (2, [("122", "10001", "Answered")]),
        (3, [("132", "137", "Unanswered")]),
        (4, [("10000", "801", "Waiting")]),
    ],
)
def test_a_call_that_is_dropped_is_in_the_call_log(pbx: Line, number: int, legs: list[Any]) -> None:
    segments = count(pbx, "CallHistoryView")
    began = next(row["EstablishedAt"] for row in active(pbx) if row["Id"] == number)
    assert drop(pbx, number).status == 204
    assert number not in {row["Id"] for row in active(pbx)}
    assert counted(pbx) == (3, 3)
    rows = logged_today(pbx)
    assert [(row["SourceDn"], row["DestinationDn"], row["Status"]) for row in rows] == legs
    assert {call_of(row) for row in rows} == {demo().count + 1}
    assert [segment_of(row) for row in rows] == list(range(demo().legs + 1, demo().legs + 1 + len(legs)))
    assert rows[0]["StartTime"] == began
    assert count(pbx, "CallHistoryView") == segments + len(legs)
    last = pbx.get(f"/CallHistoryView?$skip={segments}").rows
    assert [row["SegmentId"] for row in last] == [segment_of(row) for row in rows]
    assert pbx.get("/LastCdrAndChatMessageTimestamp").rows[0]["LastCdrStartedAt"] == began


def test_an_unknown_call_is_not_dropped(pbx: Line) -> None:
    assert drop(pbx, 99).status == 404
    assert drop(pbx, 1).status == 204
    assert drop(pbx, 1).status == 404
    assert count(pbx, "CallHistoryView") == demo().legs + 2


@pytest.mark.parametrize(
    ("destination", "callee", "dn"),
    [
        ("110", "110 O'Dwyer, Siobhán", "110"),
        ("800", "800 Sales", "800"),
        ("810", "810 Reception", "810"),
        ("820", "820 Main menu", "820"),
        ("+442079460300", "10000 London SIP (+442079460300)", "10000"),
        ("999", "10000 London SIP (999)", "10000"),
        ("12025550155", "10001 New York SIP (12025550155)", "10001"),
    ],
)
def test_a_call_is_made_and_ends(pbx: Line, destination: str, callee: str, dn: str) -> None:
    answer = make(pbx, dn="105", destination=destination)
    assert answer.status == 200
    assert answer.json["FinalStatus"] == "Success"
    assert answer.headers["x-trunkline-evidence"] == "assumed"
    row = active(pbx)[-1]
    assert (row["Caller"], row["Callee"], row["Status"]) == ("105 Wren, Oskar", callee, "Routing")
    assert counted(pbx) == (5, 5)
    assert drop(pbx, row["Id"]).status == 204
    (logged,) = logged_today(pbx)
    assert (logged["SourceDn"], logged["DestinationDn"]) == ("105", dn)
    assert logged["Direction"] == ("Outbound" if dn in ("10000", "10001") else "Internal")
    assert counted(pbx) == (4, 4)


@pytest.mark.parametrize(
    ("destination", "seconds", "status", "logged"),
    [
        ("102", 5, "Routing", ("Unanswered", "PT5S", "PT0S")),
        ("102", 6, "Talking", ("Answered", "PT6S", "PT0S")),
        ("102", 66, "Talking", ("Answered", "PT6S", "PT1M")),
        ("+442079460300", 66, "Talking", ("Answered", "PT6S", "PT1M")),
        ("800", 66, "Routing", ("Waiting", "PT1M6S", "PT0S")),
    ],
)
def test_a_person_takes_a_call_after_six_seconds(
    pbx: Line, monkeypatch: pytest.MonkeyPatch, destination: str, seconds: int, status: str, logged: tuple[Any, ...]
) -> None:
    now = [datetime.now(UTC)]
    monkeypatch.setattr(pbx.emulator._store, "now", lambda: now[0])
    make(pbx, dn="101", destination=destination)
    now[0] += timedelta(seconds=seconds)
    row = active(pbx)[-1]
    assert row["Status"] == status
    began, changed = (datetime.fromisoformat(row[name]) for name in ("EstablishedAt", "LastChangeStatus"))
    assert changed - began == timedelta(seconds=6 if status == "Talking" else 0)
    drop(pbx, row["Id"])
    (leg,) = logged_today(pbx)
    assert (leg["Status"], leg["RingingDuration"], leg["TalkingDuration"]) == logged


def test_without_a_number_the_user_who_signed_in_calls(pbx: Line) -> None:
    assert make(pbx, destination="110").status == 200
    assert active(pbx)[-1]["Caller"] == "100 Okonkwo, Amara"


@pytest.mark.parametrize(
    "body",
    [
        {"dn": "199", "destination": "101"},
        {"dn": "800", "destination": "101"},
        {"dn": "101", "destination": "199"},
        {"dn": "101", "destination": "0anything"},
        {"dn": "101"},
    ],
)
def test_a_number_that_leads_nowhere_rings_all_the_same(pbx: Line, body: dict[str, Any]) -> None:
    assert make(pbx, **body).status == 200
    assert counted(pbx) == (5, 5)


def test_the_rule_with_the_longest_prefix_leads_out(pbx: Line) -> None:
    assert make(pbx, dn="101", destination="+12025550155").status == 200
    rule = {"Name": "Washington", "Prefix": "001202", "Priority": 9, "Routes": [{"TrunkId": 102}]}
    assert pbx.ask("POST", "/OutboundRules", rule).status == 201
    assert make(pbx, dn="101", destination="+12025550155").status == 200
    assert [row["Callee"][:5] for row in active(pbx)[-2:]] == ["10000", "10001"]


def test_calls_made_are_purged_with_the_others(pbx: Line) -> None:
    drop(pbx, 1)
    assert pbx.ask("POST", "/PurgeCalls", {"period": {"All": True}}).status == 204
    assert count(pbx, "CallHistoryView") == 0
    assert logged_today(pbx) == []
    drop(pbx, 2)
    # The call began before the purge and ended after it, and is numbered on.
    (logged,) = logged_today(pbx)
    assert call_of(logged) == demo().count + 2


def test_a_call_made_after_a_purge_is_logged(pbx: Line) -> None:
    pbx.ask("POST", "/PurgeCalls", {"period": {"All": True}})
    make(pbx, dn="101", destination="102")
    drop(pbx, active(pbx)[-1]["Id"])
    assert [row["SourceDn"] for row in logged_today(pbx)] == ["101"]


def test_the_numbers_of_calls_are_never_given_twice(pbx: Line) -> None:
    first = [row["Id"] for row in active(pbx)]
    drop(pbx, first[-1])
    make(pbx, dn="101", destination="102")
    assert active(pbx)[-1]["Id"] == first[-1] + 1
