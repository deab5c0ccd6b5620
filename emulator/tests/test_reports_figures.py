"""A morning told call by call, and what each report makes of it: every figure worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from trunkline_emulator.telephony.model import CallModel, silent
from trunkline_emulator.telephony.records import (
    NONE,
    AgentShift,
    Callback,
    Direction,
    Kind,
    Leg,
    Outcome,
    Party,
    PhoneCall,
    QueueVisit,
)

from .conftest import Line
from .report_calls import rows

SALES = Party(Kind.QUEUE, "800", "800", "Sales")
TOMAS, INGRID, KENJI = (
    Party(Kind.EXTENSION, number, number, name)
    for number, name in (
        ("101", "Lindqvist, Tomás"),
        ("102", "Petrova, Ingrid"),
        ("103", "Abernathy, Kenji"),
    )
)
CUSTOMER = Party(Kind.EXTERNAL, "10000", "+442079460200", "London SIP")
ANOTHER = Party(Kind.EXTERNAL, "10001", "+12025550103", "New York SIP")


def at(hour: Any, minute: Any, second: Any = 0, day: Any = 1) -> Any:
    return datetime(2026, 6, day, hour, minute, second, tzinfo=UTC)


def s(seconds: Any) -> Any:
    return timedelta(seconds=seconds)


def to_queue(
    number: Any,
    entered: Any,
    waited: Any,
    rings: Any,
    *,
    agent: Any = None,
    talking: Any = 0,
    callback: Any = Callback.NOT_ASKED,
    caller: Any = CUSTOMER,
) -> Any:
    """A call to Sales; ``rings`` are (agent, seconds after the caller entered, seconds, taken)."""
    legs = [Leg(10 * number, caller, SALES, entered, s(waited), NONE, Outcome.WAITING)]
    for place, (rung, after, seconds, taken) in enumerate(rings, 1):
        outcome = Outcome.ANSWERED if taken else Outcome.UNANSWERED
        talked = s(talking) if taken else NONE
        legs.append(
            Leg(10 * number + place, caller, rung, entered + s(after), s(seconds), talked, outcome, sent_by=SALES)
        )
    polled = tuple(ring[0] for ring in rings)
    visit = QueueVisit(number, SALES, caller, entered, s(waited), agent, s(talking), polled, callback)
    return PhoneCall(number, entered, Direction.INBOUND, caller, "+442079460100", "Sales", tuple(legs), (visit,))


def with_leg(call: Any, leg: Any) -> Any:
    return call._replace(legs=(*call.legs, leg))


def story() -> Iterator[Any]:
    """Seven calls to Sales, one to New York and one within the house."""
    taken = to_queue(1, at(9, 0), 20, [(TOMAS, 2, 10, False), (INGRID, 12, 8, True)], agent=INGRID, talking=60)
    # Ingrid hands the customer on to Tomás, whom the queue had rung before.
    yield with_leg(taken, Leg(19, CUSTOMER, TOMAS, at(9, 1, 20), s(5), s(30), Outcome.ANSWERED, sent_by=SALES))
    yield to_queue(2, at(9, 30), 5, [])
    missed = [(TOMAS, 3, 10, False), (INGRID, 13, 10, False), (TOMAS, 23, 10, False)]
    yield to_queue(3, at(9, 40), 45, missed, caller=ANOTHER)
    # Ingrid takes the ring of a callback, and then the customer is not to be reached.
    failed = to_queue(4, at(10, 10), 31, [(INGRID, 31, 6, True)], callback=Callback.FAILED)
    yield with_leg(failed, Leg(49, INGRID, CUSTOMER, at(10, 10, 37), s(20), NONE, Outcome.UNANSWERED, sent_by=SALES))
    yield PhoneCall(
        5,
        at(10, 20),
        Direction.OUTBOUND,
        ANOTHER,
        "",
        "US",
        (Leg(50, TOMAS, ANOTHER, at(10, 20), s(4), s(90), Outcome.ANSWERED, cost=Decimal("0.10")),),
    )
    yield PhoneCall(
        6,
        at(10, 30),
        Direction.INTERNAL,
        None,
        "",
        "",
        (Leg(60, TOMAS, INGRID, at(10, 30), s(12), NONE, Outcome.UNANSWERED),),
    )
    yield to_queue(7, at(11, 0), 30, [(KENJI, 25, 5, True)], agent=KENJI, talking=100)
    yield to_queue(8, at(11, 20), 7, [(KENJI, 2, 5, True)], agent=KENJI, talking=50)
    yield to_queue(9, at(11, 40), 61, [(KENJI, 55, 6, True)], agent=KENJI, talking=10, callback=Callback.MADE)


SHIFTS = (
    AgentShift(SALES, TOMAS, at(8, 0), at(12, 0)),
    AgentShift(SALES, INGRID, at(22, 0) - timedelta(days=1), at(10, 30)),
    AgentShift(SALES, KENJI, at(11, 0), at(12, 0)),
)


class Told(CallModel):
    """A history that is written down instead of made."""

    def __init__(self) -> None:
        self.told = tuple(story())
        self.under_way = ()
        self.company = silent().company
        self.chat_model = silent().chat_model

    count = property(lambda self: len(self.told))
    legs = property(lambda self: sum(len(call.legs) for call in self.told))

    def call(self, number: Any) -> Any:
        return self.told[number - 1]

    def numbers(self, start: Any, end: Any) -> Any:
        inside = [call.number for call in self.told if start <= call.started < end]
        return range(inside[0], inside[-1] + 1) if inside else range(0)

    def shifts(self, start: Any, end: Any) -> Any:
        return (shift for shift in SHIFTS if start <= shift.logged_in < end)


@pytest.fixture
def morning(pbx: Line) -> Any:
    pbx.emulator._store.model = Told()
    return pbx


DAY = {
    "periodFrom": "2026-06-01T00:00:00Z",
    "periodTo": "2026-06-02T00:00:00Z",
    "startDt": "2026-06-01T00:00:00Z",
    "endDt": "2026-06-02T00:00:00Z",
}


def sales(line: Line, operation: Any, **given: Any) -> Any:
    return rows(line, operation, **{**DAY, **given, "queueDnStr": "800", "queueDns": "800"})


def test_the_queue(morning: Any) -> None:
    assert sales(morning, "GetDetailedQueueStatisticsData") == [
        {
            "QueueDnNumber": "800",
            "QueueDn": "Sales (800)",
            "CallsCount": 7,
            "AnsweredCount": 4,
            "RingTime": "PT1M58S",
            "AvgRingTime": "PT29.5S",
            "TalkTime": "PT3M40S",
            "AvgTalkTime": "PT55S",
            "CallbacksCount": 1,
        }
    ]
    assert sales(morning, "GetTeamQueueGeneralStatisticsData") == [
        {
            "QueueDnNumber": "800",
            "Dn": "Sales (800)",
            "AgentsInQueueCount": 5,
            "ReceivedCount": 7,
            "AnsweredCount": 4,
            "TotalTalkTime": "PT3M40S",
            "AvgTalkTime": "PT55S",
        }
    ]
    assert sales(morning, "GetQueueCallbacksData") == [
        {
            "QueueDnNumber": "800",
            "Dn": "Sales (800)",
            "ReceivedCount": 7,
            "CallbacksCount": 1,
            "FailCallbacksCount": 1,
        }
    ]
    assert sales(morning, "GetQueuePerformanceTotalsData") == [
        {
            "QueueDn": "800",
            "QueueDisplayName": "Sales (800)",
            "QueueReceivedCount": 7,
            "ExtensionAnsweredCount": 4,
            "ExtensionDroppedCount": 4,
        }
    ]


AGENTS = {
    # Answered, lost, per cent, an hour, logged in, ringing, on average, talk, on average.
    "101": (0, 3, 0, 0, "PT4H", "PT30S", "PT10S", "PT0S", "PT0S"),
    "102": (1, 1, 50, 0, "PT10H30M", "PT24S", "PT12S", "PT1M", "PT1M"),
    "103": (3, 0, 100, 3, "PT1H", "PT16S", "PT5.333333S", "PT2M40S", "PT53.333333S"),
    "104": (0, 0, 0, 0, "PT0S", "PT0S", "PT0S", "PT0S", "PT0S"),
    "105": (0, 0, 0, 0, "PT0S", "PT0S", "PT0S", "PT0S", "PT0S"),
}
COLUMNS = (
    "AnsweredCount",
    "LostCount",
    "AnsweredPercent",
    "AnsweredPerHourCount",
    "LoggedInTime",
    "RingTime",
    "AvgRingTime",
    "TalkTime",
    "AvgTalkTime",
)


def test_its_agents(morning: Any) -> None:
    found = sales(morning, "GetAgentsInQueueStatisticsData")
    assert {row["Dn"]: tuple(row[name] for name in COLUMNS) for row in found} == AGENTS


def test_its_agents_in_the_overview(morning: Any) -> None:
    found = sales(morning, "GetQueuePerformanceOverviewData")
    queue = {"QueueDn": "800", "QueueDisplayName": "Sales (800)", "QueueReceivedCount": 7, "QueueAnsweredCount": 4}
    names = ("Lindqvist, Tomás (101)", "Petrova, Ingrid (102)", "Abernathy, Kenji (103)")
    counts = (
        {"ExtensionDroppedCount": 3},
        {"ExtensionAnsweredCount": 1, "ExtensionDroppedCount": 1, "TalkTime": "PT1M"},
        {"ExtensionAnsweredCount": 3, "TalkTime": "PT2M40S"},
    )
    assert found[:3] == [
        {**queue, "ExtensionDn": str(101 + place), "ExtensionDisplayName": name, "SortOrder": place, **count}  # type: ignore[dict-item]
        for place, (name, count) in enumerate(zip(names, counts, strict=True))
    ]


def test_calls_that_nobody_took(morning: Any) -> None:
    found = sales(morning, "GetAbandonedQueueCallsData")
    assert [
        tuple(row.get(name) for name in ("CallTime", "CallTimeForCsv", "WaitTime", "ExtensionDn", "PollingAttempts"))
        for row in found
    ] == [
        ("2026-06-01T09:30:00Z", "2026-06-01T09:30:00Z", "PT5S", None, None),
        ("2026-06-01T09:40:00Z", "2026-06-01T09:40:00Z", "PT45S", "101", 2),
        (None, "2026-06-01T09:40:00Z", "PT45S", "102", 1),
        ("2026-06-01T10:10:00Z", "2026-06-01T10:10:00Z", "PT31S", "102", 1),
    ]
    assert [row.get("IsLoggedIn") for row in found] == [None, True, True, True]
    assert {row["CallerId"] for row in found} == {"+442079460200", "+12025550103"}
    (failed,) = sales(morning, "GetQueueFailedCallbacksData")
    assert failed == {
        "CallTime": "2026-06-01T10:10:00Z",
        "CallbackNo": "+442079460200",
        "Dn": "Sales (800)",
        "QueueDnNumber": "800",
        "RingTime": "PT31S",
    }


@pytest.mark.parametrize(("wait", "received"), [("0:00:05", 7), ("0:00:06", 6), ("0:00:32", 5), ("0:01:00", 4)])
def test_short_waits(morning: Any, wait: str, received: int) -> None:
    (queue,) = sales(morning, "GetDetailedQueueStatisticsData", waitInterval=wait)
    assert (queue["CallsCount"], queue["AnsweredCount"]) == (received, 4)


@pytest.mark.parametrize(("limit", "late"), [(30, ["09:40", "10:10", "11:40"]), (60, ["11:40"]), (61, []), (0, [])])
def test_callers_who_waited_longer_than_the_queue_promises(morning: Any, limit: int, late: list[Any]) -> None:
    queue = morning.get("/Queues(Number='800')").json["Id"]
    assert morning.ask("PATCH", f"/Queues({queue})", {"SLATime": limit}).status == 204
    assert [row["CallTime"][11:16] for row in sales(morning, "GetBreachesSlaData")] == late
    (counted,) = sales(morning, "GetStatisticSlaData")
    assert (counted["ReceivedCount"], counted["BadSlaCallsCount"]) == (7, len(late))


@pytest.mark.parametrize(
    ("number", "area", "counts"),
    [
        ("103", 0, {"InboundAnsweredCount": 3}),
        ("103", 1, {}),
        ("101", 1, {"OutboundUnansweredCount": 1}),
        ("101", 2, {"InboundAnsweredCount": 1, "InboundUnansweredCount": 3, "OutboundAnsweredCount": 1}),
        ("102", 0, {"InboundAnsweredCount": 2, "InboundUnansweredCount": 2, "OutboundUnansweredCount": 1}),
        ("102", 1, {"InboundUnansweredCount": 1}),
        ("102", 9, {}),
    ],
)
def test_extensions(morning: Any, number: str, area: int, counts: dict[str, Any]) -> None:
    (found,) = rows(morning, "GetExtensionStatisticsData", extensionFilter=number, callArea=area, **DAY)
    assert {name: value for name, value in found.items() if name.endswith("Count")} == counts


def test_what_new_york_cost(morning: Any) -> None:
    (call,) = rows(morning, "GetOutboundCalls", trunkDns="10001", **DAY)
    assert (call["SourceDn"], call["CallCost"], call["CallDuration"]) == ("101", 0.1, "PT1M34S")
    (billed,) = [
        row
        for row in rows(morning, "GetCallCostByExtensionGroupData", groupFilter="GRP0001", **DAY)
        if row["IsAnswered"]
    ]
    assert (billed["BillingCost"], billed["DstDn"], billed["CallType"]) == (0.1, "+12025550103", "US")


@pytest.mark.parametrize(
    ("trunks", "count"), [("10000", 13), ("10001", 4), ("10000,10001", 17), ("", 17), ("10002", 0)]
)
def test_trunks(morning: Any, trunks: str, count: int) -> None:
    assert len(rows(morning, "GetInboundCalls", trunkDns=trunks, **DAY)) == count


@pytest.mark.parametrize(
    ("given", "incoming", "outgoing"),
    [
        ({}, {9: 6, 10: 2, 11: 3}, {10: 3}),
        ({"callArea": 1}, {10: 1}, {10: 1}),
        ({"includeQueueCalls": False}, {10: 1}, {10: 2}),
        ({"extensionDns": "101"}, {9: 4}, {10: 2}),
        ({"callArea": 1, "waitInterval": "0:00:12"}, {10: 1}, {10: 1}),
        ({"callArea": 1, "waitInterval": "0:00:13"}, {}, {}),
    ],
)
def test_the_hours(morning: Any, given: dict[str, Any], incoming: dict[str, Any], outgoing: dict[str, Any]) -> None:
    found = rows(morning, "GetCallDistribution", **{**DAY, **given})
    for counts, field in ((incoming, "IncomingCount"), (outgoing, "OutgoingCount")):
        assert {hour: row[field] for hour, row in enumerate(found) if row[field]} == counts


def test_waiting_by_the_hour(morning: Any) -> None:
    """Those answered waited 20 s at nine, and 30, 7 and 61 s at eleven; those who were not 5 and 45 s, and 31 s."""
    points = rows(morning, "GetAverageQueueWaitingTimeData", chartBy="day", chartDate="2026-06-01T15:00:00Z")
    waits = {hour: (point["YValue1"], point["YValue2"]) for hour, point in enumerate(points)}
    assert {hour: pair for hour, pair in waits.items() if any(pair)} == {9: (20, 25), 10: (0, 31), 11: (33, 0)}
    counts = rows(morning, "GetQueueAnUnCallsData", chartBy="day", chartDate="2026-06-01T15:00:00Z")
    pairs = {hour: (point["YValue1"], point["YValue2"]) for hour, point in enumerate(counts)}
    assert {hour: pair for hour, pair in pairs.items() if any(pair)} == {9: (1, 2), 10: (0, 1), 11: (3, 0)}


def test_login_history(morning: Any) -> None:
    found = sales(morning, "GetAgentLoginHistoryData", agentDnStr="102", startDt="2026-05-31T00:00:00Z")
    names = ("Day", "loggedInDt", "LoggedOutDt", "LoggedInInterval", "LoggedInTotalInterval", "TalkingInterval")
    assert [tuple(row[name] for name in names) for row in found] == [
        ("2026-05-31T00:00:00Z", "2026-05-31T22:00:00Z", "2026-06-01T00:00:00Z", "PT2H", "PT12H30M", "PT0S"),
        ("2026-06-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-06-01T10:30:00Z", "PT10H30M", "PT12H30M", "PT1M"),
    ]
