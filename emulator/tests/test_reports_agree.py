"""The reports agree with one another, whatever the period: what one counts, another lists."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import Line
from .report_calls import DEPARTMENTS, is_extension, is_trunk, rows, seconds, when

Ask = Callable[..., list[dict[str, Any]]]
Figures = dict[Any, float]
ZERO = timedelta()


def sums(rows: Iterable[dict[str, Any]], key: str, value: str) -> Figures:
    """A field added up by another; lengths of time in seconds. Zeros don't count, as some reports leave them out."""
    found: dict[Any, float] = defaultdict(float)
    for row in rows:
        field = row.get(value) or 0
        found[row[key]] += seconds(field) if isinstance(field, str) else field
    return {name: round(figure, 4) for name, figure in found.items() if figure}


def once(rows: Iterable[dict[str, Any]], key: str, value: str) -> Figures:
    """A field that is repeated in each row of one key."""
    return {row[key]: row[value] for row in rows if row.get(value)}


def number(rows: Iterable[dict[str, Any]], key: str, wanted: Callable[[Any], Any] = bool) -> Figures:
    """How many rows there are for each key."""
    return dict(Counter(row[key] for row in rows if wanted(row)))


def minus(left: Figures, right: Figures) -> Figures:
    return {name: figure for name in left if (figure := left[name] - right.get(name, 0))}


def plus(*parts: Figures) -> Figures:
    total: dict[Any, float] = defaultdict(float)
    for part in parts:
        for name, figure in part.items():
            total[name] += figure
    return {name: round(figure, 4) for name, figure in total.items() if figure}


def total(rows: Iterable[dict[str, Any]], *fields: str) -> Figures:
    """All of some fields together."""
    return {"all": sum(row.get(field) or 0 for row in rows for field in fields)}


def together(figures: Figures) -> Figures:
    return {"all": sum(figures.values())}


def overview(ask: Any) -> Any:
    return ask("GetQueuePerformanceOverviewData")


def detailed(ask: Any) -> Any:
    return ask("GetDetailedQueueStatisticsData")


def agents(ask: Any) -> Any:
    return ask("GetAgentsInQueueStatisticsData")


def log(ask: Any) -> Any:
    return ask("GetCallLogData")


def to_queue(row: Any) -> Any:
    return row["CallType"] == "Queue"


def in_every_department(ask: Any, operation: Any, argument: Any) -> Any:
    return [row for number in DEPARTMENTS for row in ask(operation, **{argument: number})]


def at_extensions(ask: Any, field: Any) -> Any:
    return sums(ask("GetExtensionStatisticsData"), "Dn", field)


# What is counted, and each report that counts or lists it.
RULES: dict[str, tuple[Callable[[Ask], Figures], ...]] = {
    "calls to each queue": (
        lambda ask: once(overview(ask), "QueueDn", "QueueReceivedCount"),
        lambda ask: sums(ask("GetQueuePerformanceTotalsData"), "QueueDn", "QueueReceivedCount"),
        lambda ask: sums(detailed(ask), "QueueDnNumber", "CallsCount"),
        lambda ask: sums(ask("GetTeamQueueGeneralStatisticsData"), "QueueDnNumber", "ReceivedCount"),
        lambda ask: sums(ask("GetQueueCallbacksData"), "QueueDnNumber", "ReceivedCount"),
        lambda ask: sums(ask("GetStatisticSlaData"), "QueueDnNumber", "ReceivedCount"),
        lambda ask: number(log(ask), "DestinationDn", to_queue),
    ),
    "calls that each queue answered": (
        lambda ask: once(overview(ask), "QueueDn", "QueueAnsweredCount"),
        lambda ask: sums(overview(ask), "QueueDn", "ExtensionAnsweredCount"),
        lambda ask: sums(ask("GetQueuePerformanceTotalsData"), "QueueDn", "ExtensionAnsweredCount"),
        lambda ask: sums(detailed(ask), "QueueDnNumber", "AnsweredCount"),
        lambda ask: sums(ask("GetTeamQueueGeneralStatisticsData"), "QueueDnNumber", "AnsweredCount"),
        lambda ask: sums(agents(ask), "Queue", "AnsweredCount"),
        lambda ask: number(ask("GetQueueAnsweredCallsByWaitTimeData"), "DnNumber"),
        lambda ask: number(log(ask), "DestinationDn", lambda row: to_queue(row) and row["Answered"]),
    ),
    "calls that each queue lost": (
        lambda ask: minus(
            sums(detailed(ask), "QueueDnNumber", "CallsCount"), sums(detailed(ask), "QueueDnNumber", "AnsweredCount")
        ),
        lambda ask: number(ask("GetAbandonedQueueCallsData"), "QueueDn", lambda row: "CallTime" in row),
        lambda ask: number(log(ask), "DestinationDn", lambda row: to_queue(row) and not row["Answered"]),
    ),
    "calls that each agent answered": (
        lambda ask: sums(agents(ask), "Dn", "AnsweredCount"),
        lambda ask: sums(overview(ask), "ExtensionDn", "ExtensionAnsweredCount"),
    ),
    "rings that each agent missed": (
        lambda ask: sums(agents(ask), "Dn", "LostCount"),
        lambda ask: sums(overview(ask), "ExtensionDn", "ExtensionDroppedCount"),
    ),
    "rings missed in each queue": (
        lambda ask: sums(agents(ask), "Queue", "LostCount"),
        lambda ask: sums(ask("GetQueuePerformanceTotalsData"), "QueueDn", "ExtensionDroppedCount"),
    ),
    "talk in each queue": (
        lambda ask: sums(detailed(ask), "QueueDnNumber", "TalkTime"),
        lambda ask: sums(ask("GetTeamQueueGeneralStatisticsData"), "QueueDnNumber", "TotalTalkTime"),
        lambda ask: sums(agents(ask), "Queue", "TalkTime"),
        lambda ask: sums(overview(ask), "QueueDn", "TalkTime"),
    ),
    "waiting of those answered": (
        lambda ask: sums(detailed(ask), "QueueDnNumber", "RingTime"),
        lambda ask: sums(ask("GetQueueAnsweredCallsByWaitTimeData"), "DnNumber", "RingTime"),
    ),
    "callbacks": (
        lambda ask: sums(detailed(ask), "QueueDnNumber", "CallbacksCount"),
        lambda ask: sums(ask("GetQueueCallbacksData"), "QueueDnNumber", "CallbacksCount"),
    ),
    "failed callbacks": (
        lambda ask: sums(ask("GetQueueCallbacksData"), "QueueDnNumber", "FailCallbacksCount"),
        lambda ask: number(ask("GetQueueFailedCallbacksData"), "QueueDnNumber"),
    ),
    "callers who waited too long": (
        lambda ask: sums(ask("GetStatisticSlaData"), "QueueDnNumber", "BadSlaCallsCount"),
        lambda ask: number(ask("GetBreachesSlaData"), "QueueDnNumber"),
        lambda ask: number(
            log(ask), "DestinationDn", lambda row: to_queue(row) and seconds(row["RingingDuration"]) > 30
        ),
    ),
    "time logged in": (
        lambda ask: sums(agents(ask), "Dn", "LoggedInTime"),
        lambda ask: sums(ask("GetAgentLoginHistoryData"), "AgentNo", "LoggedInInterval"),
        lambda ask: sums(
            {(row["QueueNo"], row["AgentNo"]): row for row in ask("GetAgentLoginHistoryData")}.values(),
            "AgentNo",
            "LoggedInTotalInterval",
        ),
    ),
    "calls that extensions took": (
        lambda ask: at_extensions(ask, "InboundAnsweredCount"),
        lambda ask: sums(
            in_every_department(ask, "GetExtensionStatisticsByGroupData", "groupNumber"), "Dn", "InboundAnsweredCount"
        ),
        lambda ask: number(log(ask), "DestinationDn", lambda row: row["CallType"] == "Extension" and row["Answered"]),
    ),
    "calls that extensions missed": (
        lambda ask: at_extensions(ask, "InboundUnansweredCount"),
        lambda ask: number(
            log(ask), "DestinationDn", lambda row: row["CallType"] == "Extension" and not row["Answered"]
        ),
    ),
    "calls that extensions made": (
        lambda ask: plus(at_extensions(ask, "OutboundAnsweredCount"), at_extensions(ask, "OutboundUnansweredCount")),
        lambda ask: number(log(ask), "SourceDn", lambda row: is_extension(row["SourceDn"])),
    ),
    "talk at extensions": (
        lambda ask: at_extensions(ask, "InboundAnsweredTalkingDur"),
        lambda ask: sums(
            [row for row in log(ask) if row["CallType"] == "Extension" and row["Answered"]],
            "DestinationDn",
            "TalkingDuration",
        ),
    ),
    "internal and external together": (
        lambda ask: at_extensions(ask, "InboundAnsweredCount"),
        lambda ask: plus(
            *(sums(ask("GetExtensionStatisticsData", callArea=n), "Dn", "InboundAnsweredCount") for n in (1, 2))
        ),
    ),
    "what rang at extensions": (
        lambda ask: together(
            plus(at_extensions(ask, "InboundAnsweredCount"), at_extensions(ask, "InboundUnansweredCount"))
        ),
        *(
            lambda ask, unit=unit: total(ask("GetCallDistribution", groupingType=unit), "IncomingCount")
            for unit in range(4)
        ),
    ),
    "what extensions began": (
        lambda ask: together(
            plus(at_extensions(ask, "OutboundAnsweredCount"), at_extensions(ask, "OutboundUnansweredCount"))
        ),
        *(
            lambda ask, unit=unit: total(ask("GetCallDistribution", groupingType=unit), "OutgoingCount")
            for unit in range(4)
        ),
    ),
    "what was answered at either end": (
        lambda ask: together(
            plus(at_extensions(ask, "InboundAnsweredCount"), at_extensions(ask, "OutboundAnsweredCount"))
        ),
        *(
            lambda ask, unit=unit: total(ask("GetUserActivity", groupingType=unit), "AnsweredCount")
            for unit in range(4)
        ),
    ),
    "calls from outside": (
        lambda ask: number(ask("GetInboundCalls"), "CdrId"),
        lambda ask: number(log(ask), "CdrId", lambda row: is_trunk(row["SourceDn"])),
    ),
    "calls to outside": (
        lambda ask: number(ask("GetOutboundCalls"), "CdrId"),
        lambda ask: number(log(ask), "CdrId", lambda row: is_trunk(row["DestinationDn"])),
        lambda ask: number(in_every_department(ask, "GetCallCostByExtensionGroupData", "groupFilter"), "SegId"),
    ),
    "what calls cost": (
        lambda ask: sums(ask("GetOutboundCalls"), "SourceDn", "CallCost"),
        lambda ask: sums(log(ask), "SourceDn", "CallCost"),
        lambda ask: sums(
            in_every_department(ask, "GetCallCostByExtensionGroupData", "groupFilter"), "SrcDn", "BillingCost"
        ),
    ),
    "calls to ring groups": (
        lambda ask: sums(ask("GetRingGroupStatisticsData"), "RingGroupDn", "RingGroupReceivedCount"),
        lambda ask: once(ask("GetExtensionsStatisticsByRingGroupsData"), "RingGroupDn", "RingGroupReceivedCount"),
        lambda ask: number(log(ask), "DestinationDn", lambda row: row["CallType"] == "Ring Group"),
    ),
    "calls that ring groups answered": (
        lambda ask: sums(ask("GetRingGroupStatisticsData"), "RingGroupDn", "RingGroupAnsweredCount"),
        lambda ask: sums(ask("GetExtensionsStatisticsByRingGroupsData"), "RingGroupDn", "ExtensionAnsweredCount"),
        lambda ask: number(log(ask), "DestinationDn", lambda row: row["CallType"] == "Ring Group" and row["Answered"]),
    ),
    "chats": (
        lambda ask: sums(ask("GetQueueChatPerformanceData"), "Queue", "IncomingCount"),
        lambda ask: plus(
            sums(ask("GetQueueAgentsChatStatisticsTotalsData"), "Queue", "AnsweredCount"),
            number(ask("GetAbandonedChatsStatisticsData"), "QueueNo"),
        ),
    ),
    "chats answered": (
        lambda ask: sums(ask("GetQueueChatPerformanceData"), "Queue", "AnsweredCount"),
        lambda ask: sums(ask("GetQueueAgentsChatStatisticsData"), "Queue", "AnsweredCount"),
    ),
    "chats dealt with": (
        lambda ask: sums(ask("GetQueueAgentsChatStatisticsTotalsData"), "Queue", "DealtWithCount"),
        lambda ask: sums(ask("GetQueueAgentsChatStatisticsData"), "Queue", "DealtWithCount"),
    ),
    "chats abandoned": (
        lambda ask: sums(ask("GetQueueChatPerformanceData"), "Queue", "AbandonedCount"),
        lambda ask: number(ask("GetAbandonedChatsStatisticsData"), "QueueNo"),
    ),
}
# What is counted by when it began, so that a period is the sum of its parts.
PARTS = sorted(RULES.keys() - {"time logged in"})


def asker(line: Line, start: datetime, end: datetime) -> Ask:
    period = {name: start.strftime("%Y-%m-%dT%H:%M:%SZ") for name in ("periodFrom", "startDt")}
    period |= {name: end.strftime("%Y-%m-%dT%H:%M:%SZ") for name in ("periodTo", "endDt")}
    return lambda operation, **given: rows(line, operation, **{**period, **given})


JUNE = datetime(2026, 6, 1, tzinfo=UTC)
WEEK = (JUNE, JUNE + timedelta(days=7))
MOMENTS = st.integers(0, 40 * 86400).map(lambda n: datetime(2026, 5, 8, tzinfo=UTC) + timedelta(seconds=n))


@pytest.mark.parametrize("rule", RULES)
def test_a_week(quiet: Line, rule: Any) -> None:
    first, *others = (figures(asker(quiet, *WEEK)) for figures in RULES[rule])
    assert any(first.values())
    for other in others:
        assert other == first


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=5)
@given(moments=st.tuples(MOMENTS, MOMENTS).map(sorted))
def test_any_period(quiet: Line, rule: Any, moments: Any) -> None:
    first, *others = (figures(asker(quiet, *moments)) for figures in RULES[rule])
    for other in others:
        assert other == pytest.approx(first, abs=1e-3)


@pytest.mark.parametrize("rule", PARTS)
@settings(max_examples=5)
@given(moments=st.tuples(MOMENTS, MOMENTS, MOMENTS).map(sorted))
def test_adjoining_periods_add_up(quiet: Line, rule: Any, moments: Any) -> None:
    start, between, end = moments
    for figures in RULES[rule]:
        parts = plus(figures(asker(quiet, start, between)), figures(asker(quiet, between, end)))
        assert parts == pytest.approx({k: v for k, v in figures(asker(quiet, start, end)).items() if v}, abs=1e-3)


@settings(max_examples=5)
@given(moments=st.tuples(MOMENTS, MOMENTS, MOMENTS).map(sorted))
def test_time_logged_in_adds_up(quiet: Line, moments: Any) -> None:
    start, between, end = moments
    for figures in RULES["time logged in"]:
        parts = plus(figures(asker(quiet, start, between)), figures(asker(quiet, between, end)))
        assert parts == pytest.approx(figures(asker(quiet, start, end)), abs=1e-3)


QUEUE_REPORTS = (
    ("GetQueuePerformanceOverviewData", "queueDns", "QueueDn"),
    ("GetQueuePerformanceTotalsData", "queueDns", "QueueDn"),
    ("GetAbandonedQueueCallsData", "queueDns", "QueueDn"),
    ("GetDetailedQueueStatisticsData", "queueDnStr", "QueueDnNumber"),
    ("GetTeamQueueGeneralStatisticsData", "queueDnStr", "QueueDnNumber"),
    ("GetQueueCallbacksData", "queueDnStr", "QueueDnNumber"),
    ("GetQueueFailedCallbacksData", "queueDnStr", "QueueDnNumber"),
    ("GetStatisticSlaData", "queueDnStr", "QueueDnNumber"),
    ("GetBreachesSlaData", "queueDnStr", "QueueDnNumber"),
    ("GetQueueAnsweredCallsByWaitTimeData", "queueDnStr", "DnNumber"),
    ("GetAgentsInQueueStatisticsData", "queueDnStr", "Queue"),
    ("GetAgentLoginHistoryData", "queueDnStr", "QueueNo"),
    ("GetQueueChatPerformanceData", "queueDnStr", "Queue"),
    ("GetQueueAgentsChatStatisticsData", "queueDnStr", "Queue"),
    ("GetQueueAgentsChatStatisticsTotalsData", "queueDnStr", "Queue"),
    ("GetAbandonedChatsStatisticsData", "queueDnStr", "QueueNo"),
)


@pytest.mark.parametrize(("operation", "argument", "field"), QUEUE_REPORTS)
@settings(max_examples=6)
@given(queues=st.sets(st.sampled_from(["800", "801", "802", "899"]), min_size=1), separator=st.sampled_from(",; "))
def test_some_queues_are_those_rows_of_all(
    quiet: Line, operation: Any, argument: Any, field: Any, queues: Any, separator: Any
) -> None:
    every = rows(quiet, operation)
    chosen = rows(quiet, operation, **{argument: separator.join(sorted(queues))})
    assert chosen == [row for row in every if row[field] in queues]
    assert {row[field] for row in every} <= {"800", "801", "802"}


@settings(max_examples=10)
@given(people=st.sets(st.sampled_from([str(n) for n in range(100, 140)]), min_size=1, max_size=6))
def test_some_extensions_are_those_of_all(quiet: Line, people: Any) -> None:
    listed = ",".join(sorted(people))
    chosen = rows(quiet, "GetExtensionStatisticsData", extensionFilter=listed)
    assert chosen == [row for row in rows(quiet, "GetExtensionStatisticsData") if row["Dn"] in people]
    spread = rows(quiet, "GetUserActivity", extensionDns=listed)
    counted = total(chosen, "InboundAnsweredCount", "OutboundAnsweredCount")
    assert total(spread, "AnsweredCount") == counted


@pytest.mark.parametrize(("unit", "length"), [("Day", 24), ("Week", 7), ("Month", 30), ("Year", 12)])
def test_charts_have_a_point_for_each_part(quiet: Line, unit: str, length: int) -> None:
    points = rows(quiet, "GetQueueAnUnCallsData", chartBy=unit)
    assert len(points) == length
    assert [when(point["XValue"]) for point in points] == sorted({when(point["XValue"]) for point in points})
    waits = rows(quiet, "GetAverageQueueWaitingTimeData", chartBy=unit)
    assert [point["XValue"] for point in waits] == [point["XValue"] for point in points]
    for counted, waited in zip(points, waits, strict=True):
        assert bool(counted["YValue1"]) >= bool(waited["YValue1"])


def test_a_chart_of_a_week_is_the_statistics_of_the_week(quiet: Line) -> None:
    points = rows(quiet, "GetQueueAnUnCallsData", chartBy="Week")
    queues = rows(quiet, "GetDetailedQueueStatisticsData")
    assert total(points, "YValue1") == total(queues, "AnsweredCount")
    assert total(points, "YValue1", "YValue2") == total(queues, "CallsCount")


def test_the_talk_of_each_stretch_is_the_agents_talk(quiet: Line) -> None:
    """Agents who stay at lunch or late are logged in whenever a queue rings them."""
    talked = sums(rows(quiet, "GetAgentLoginHistoryData"), "AgentNo", "TalkingInterval")
    assert talked == pytest.approx(sums(rows(quiet, "GetAgentsInQueueStatisticsData"), "Dn", "TalkTime"), abs=1e-3)


def test_callers_who_gave_up_soon_are_left_out(quiet: Line) -> None:
    lost = rows(quiet, "GetAbandonedQueueCallsData")
    patient = rows(quiet, "GetAbandonedQueueCallsData", waitInterval="0:00:30")
    assert 0 < len(patient) < len(lost)
    assert patient == [row for row in lost if seconds(row["WaitTime"]) >= 30]
    short = len({row["CallHistoryId"] for row in lost}) - len({row["CallHistoryId"] for row in patient})
    for operation, field in (
        ("GetDetailedQueueStatisticsData", "CallsCount"),
        ("GetStatisticSlaData", "ReceivedCount"),
        ("GetTeamQueueGeneralStatisticsData", "ReceivedCount"),
    ):
        every, fewer = (total(rows(quiet, operation, waitInterval=wait), field)["all"] for wait in ("", "0:00:30"))
        assert every - fewer == short


def all_pages(line: Line, path: Any) -> Any:
    found: list[Any] = []
    while page := line.get(f"{path}&$top=100&$skip={len(found)}").rows:
        found += page
    return found


DAY = "ge 2026-06-02T00:00:00Z and {0} lt 2026-06-03T00:00:00Z"
ONE_DAY = {"periodFrom": "2026-06-02T00:00:00Z", "periodTo": "2026-06-03T00:00:00Z"}


@pytest.mark.parametrize(
    ("listed", "time", "id_", "operation", "field"),
    [
        ("CallHistoryView", "SegmentStartTime", "SegmentStartTime", "GetCallLogData", "StartTime"),
        ("ChatMessagesHistoryView", "TimeSent", "Message", "GetChatLog", "Message"),
        ("ChatMessagesHistoryView", "TimeSent", "ConversationId", "GetChatLog", "ConversationId"),
    ],
)
def test_the_lists_tell_the_same_history(
    quiet: Line, listed: str, time: str, id_: str, operation: str, field: str
) -> None:
    told = all_pages(quiet, f"/{listed}?$filter={time} {DAY.format(time)}")
    reported = rows(quiet, operation, **ONE_DAY)
    assert reported
    assert Counter(row[id_] for row in told) == Counter(row[field] for row in reported)


def test_the_recordings_are_those_of_the_call_log(quiet: Line) -> None:
    told = all_pages(quiet, f"/Recordings?$filter=StartTime {DAY.format('StartTime')}")
    reported = [row for row in rows(quiet, "GetCallLogData", **ONE_DAY) if row["Recordings"]]
    assert reported
    assert {row["Id"] for row in told} == {kept["Id"] for row in reported for kept in row["Recordings"]}


@settings(max_examples=10)
@given(moments=st.tuples(MOMENTS, MOMENTS, MOMENTS).map(sorted))
def test_the_chat_log_of_adjoining_periods(quiet: Line, moments: Any) -> None:
    start, between, end = moments
    parts = asker(quiet, start, between)("GetChatLog") + asker(quiet, between, end)("GetChatLog")
    whole = asker(quiet, start, end)("GetChatLog")
    assert sorted(map(repr, parts)) == sorted(map(repr, whole))
