"""The arguments of reports: what is read, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from trunkline import catalog

from .conftest import Line
from .report_calls import LISTED, action_of, path_of, rows, seconds, when


def ask(line: Line, operation: Any, query: Any = "", **given: Any) -> Any:
    return line.get(f"{path_of(action_of(operation), **given)}?{query}")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("0:00:0", 0),
        ("00:00:00", 0),
        ("0:00:30", 30),
        ("0:0:5.5", 5.5),
        ("00:01", 60),
        ("23:59:59", 86399),
        ("1.00:00:00", 86400),
    ],
)
def test_time_spans(quiet: Line, text: str, length: float) -> None:
    found = rows(quiet, "GetQueueAnsweredCallsByWaitTimeData", answerInterval=text)
    every = rows(quiet, "GetQueueAnsweredCallsByWaitTimeData")
    assert found == [row for row in every if seconds(row["RingTime"]) >= length]


@pytest.mark.parametrize("text", ["x", "0:60:00", "0:00:60", "24:00:00", "-0:00:10", "30", "0:00:00:00", "0:00:1e3"])
@pytest.mark.parametrize(
    ("operation", "argument"),
    [
        ("GetAbandonedQueueCallsData", "waitInterval"),
        ("DownloadAbandonedQueueCalls", "waitInterval"),
        ("GetQueueAnsweredCallsByWaitTimeData", "answerInterval"),
        ("GetCallDistribution", "waitInterval"),
        ("GetCallLogData", "callTimeFilterFrom"),
        ("GetCallLogData", "callTimeFilterTo"),
    ],
)
def test_a_malformed_time_span_counts_as_none(quiet: Line, operation: str, argument: str, text: str) -> None:
    assert ask(quiet, operation, **{argument: text}).body == ask(quiet, operation, **{argument: "0:00:0"}).body


@pytest.mark.parametrize("zone", ["Atlantis", "8", "+8:00", "+08:60", "+15:00", "../etc/passwd", "America", "GMT\x00"])
@pytest.mark.parametrize(
    "operation",
    ["GetAgentLoginHistoryData", "GetUserActivity", "DownloadCallLog", "DownloadAuditLog", "DownloadChatLog"],
)
def test_an_unknown_time_zone_counts_as_utc(quiet: Line, operation: str, zone: str) -> None:
    assert ask(quiet, operation, clientTimeZone=zone).body == ask(quiet, operation, clientTimeZone="UTC").body


def test_a_slash_in_a_time_zone_is_percent_encoded(quiet: Line) -> None:
    """As it stands in a path, an IANA name cuts the path in two: some builds were seen to answer 404."""
    path = path_of(action_of("GetUserActivity"), clientTimeZone="Asia/Taipei")
    assert quiet.get(path).status == 200
    assert quiet.get(path.replace("%2F", "/")).status == 404


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("GetUserActivity", {"groupingType": 4}),
        ("GetCallDistribution", {"groupingType": -1}),
        ("GetQueueAnUnCallsData", {"chartBy": "Fortnight"}),
        ("GetAverageQueueWaitingTimeData", {"chartBy": ""}),
    ],
)
def test_intervals_that_nobody_knows(quiet: Line, operation: str, given: dict[str, Any]) -> None:
    assert ask(quiet, operation, **given).status == 200


@pytest.mark.parametrize(
    ("operation", "argument"),
    [
        ("GetCallLogData", "sourceType"),
        ("GetCallLogData", "destinationType"),
        ("GetCallLogData", "callsType"),
        ("GetCallLogData", "callTimeFilterType"),
        ("GetInboundCalls", "callsType"),
        ("GetCallCostByExtensionGroupData", "callClass"),
        ("GetChatLog", "chatType"),
        ("GetChatLog", "fromType"),
        ("GetChatLog", "participantType"),
        ("GetAbandonedChatsStatisticsData", "participantType"),
    ],
)
def test_codes_that_nobody_knows_select_nothing(quiet: Line, operation: str, argument: str) -> None:
    assert rows(quiet, operation)
    assert rows(quiet, operation, **{argument: 77}) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("zone", ["UTC", "+05:30", "America/St_Johns", "Asia/Taipei", "Australia/Lord_Howe"])
@pytest.mark.parametrize("unit", range(4))
def test_intervals_are_those_of_the_clients_clock(quiet: Line, zone: str, unit: Any) -> None:
    found = rows(
        quiet,
        "GetCallDistribution",
        clientTimeZone=zone,
        groupingType=unit,
        periodFrom="2026-03-01T00:00:00Z",
        periodTo="2026-05-01T00:00:00Z",
    )
    starts = [when(row["DateTimeInterval"]) for row in found]
    assert starts == sorted(set(starts))
    for start in starts:
        assert (start.minute, start.second) == (0, 0) or zone == "Australia/Lord_Howe"
        assert unit == 0 or start.hour == 0
        assert unit != 2 or start.weekday() == 0
        assert unit != 3 or start.day == 1


def test_a_day_has_twenty_four_hours(quiet: Line) -> None:
    day = {"periodFrom": "2026-06-01T00:00:00Z", "periodTo": "2026-06-02T00:00:00Z"}
    found = rows(quiet, "GetUserActivity", **day)
    assert len(found) == 24
    assert found[0] == {"AnsweredCount": 0, "DateTimeInterval": "2026-06-01T00:00:00Z", "UnansweredCount": 0}


def test_days_on_which_the_clocks_change(quiet: Line) -> None:
    """New York goes on to summer time on 8 March 2026: that Sunday has 23 hours."""
    sunday = {"periodFrom": "2026-03-08T05:00:00Z", "periodTo": "2026-03-09T04:00:00Z"}
    hours = rows(quiet, "GetUserActivity", clientTimeZone="America/New_York", **sunday)
    days = rows(quiet, "GetUserActivity", clientTimeZone="America/New_York", groupingType=1, **sunday)
    assert len(hours) == 23
    assert [row["DateTimeInterval"] for row in days] == ["2026-03-08T00:00:00-05:00"]


def test_queue_calls_can_be_left_out(quiet: Line) -> None:
    def incoming(**given: Any) -> Any:
        return sum(row["IncomingCount"] for row in rows(quiet, "GetCallDistribution", groupingType=1, **given))

    polled = rows(quiet, "GetQueuePerformanceOverviewData")
    assert incoming() > incoming(includeQueueCalls=False) > 0
    rings = sum(row.get("ExtensionAnsweredCount", 0) + row.get("ExtensionDroppedCount", 0) for row in polled)
    # Colleagues to whom an agent hands a caller on, and agents whose callback failed, came through the queue too.
    assert incoming() - incoming(includeQueueCalls=False) >= rings


def test_a_department_is_its_people(quiet: Line) -> None:
    sales = {row["Dn"] for row in rows(quiet, "GetExtensionStatisticsByGroupData", groupNumber="GRP0001")}
    assert sales == {str(n) for n in range(101, 110)}
    spread = rows(quiet, "GetUserActivity", groupNumber="GRP0001", groupingType=1)
    chosen = rows(quiet, "GetUserActivity", extensionDns=",".join(sales), groupingType=1)
    assert spread == chosen
    both = rows(quiet, "GetUserActivity", groupNumber="GRP0001", extensionDns="101,110", groupingType=1)
    assert both == rows(quiet, "GetUserActivity", extensionDns="101", groupingType=1)


@pytest.mark.parametrize("number", ["", "GRP9999"])
def test_without_its_number_a_department_has_no_report(quiet: Line, number: str) -> None:
    """Seen on a PBX: an answer of 200 with nothing in it."""
    assert rows(quiet, "GetExtensionStatisticsByGroupData", groupNumber=number) == []
    assert rows(quiet, "GetCallCostByExtensionGroupData", groupFilter=number) == []


def test_people_who_left_stay_in_the_reports(pbx: Line) -> None:
    before = rows(pbx, "GetExtensionStatisticsData", extensionFilter="102")
    assert before[0]["InboundAnsweredCount"]
    user = pbx.get("/Users(Number='102')?$select=Id").json["Id"]
    assert pbx.ask("DELETE", f"/Users({user})").status == 204
    assert rows(pbx, "GetExtensionStatisticsData", extensionFilter="102") == before


def test_login_history_is_split_at_the_clients_midnight(quiet: Line) -> None:
    found = rows(quiet, "GetAgentLoginHistoryData", clientTimeZone="Pacific/Auckland")
    assert any(when(row["LoggedOutDt"]).hour == 0 for row in found)
    for row in found:
        began, ended, day = (when(row[name]) for name in ("loggedInDt", "LoggedOutDt", "Day"))
        assert day <= began < ended <= day + timedelta(days=1)
        assert seconds(row["LoggedInInterval"]) == pytest.approx((ended - began).total_seconds())
        assert seconds(row["LoggedInInterval"]) <= seconds(row["LoggedInDayInterval"]) + 1e-6
        assert seconds(row["LoggedInDayInterval"]) <= seconds(row["LoggedInTotalInterval"]) + 1e-6


def test_only_the_first_row_of_an_abandoned_call_has_its_time(quiet: Line) -> None:
    found = rows(quiet, "GetAbandonedQueueCallsData")
    assert all("CallTimeForCsv" in row for row in found)
    with_time = [row["CallHistoryId"] for row in found if "CallTime" in row]
    assert len(with_time) == len(set(with_time))
    assert set(with_time) == {row["CallHistoryId"] for row in found}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"fromType": 1}, lambda row: not row["IsExternal"]),
        ({"fromType": 1, "fromExtension": "101,110"}, lambda row: row["FromNo"] in ("101", "110")),
        ({"fromType": 2}, lambda row: row["IsExternal"]),
        ({"fromType": 2, "fromText": "SAM"}, lambda row: row["IsExternal"] and "Sam" in row["FromName"]),
        ({"toType": 2}, lambda row: not row["IsExternal"]),
        ({"chatType": 2}, lambda row: row["ProviderType"] == "LiveChat"),
        ({"chatType": 1}, lambda row: False),
        ({"participantType": 1}, lambda row: False),
        ({"participantType": 2}, lambda row: True),
    ],
)
def test_the_chat_log(quiet: Line, given: dict[str, Any], wanted: Callable[..., Any]) -> None:
    every = rows(quiet, "GetChatLog")
    assert len(every) > 50
    assert rows(quiet, "GetChatLog", **given) == [row for row in every if wanted(row)]


@pytest.mark.parametrize("name", [action.id for action in catalog.load("20.0.10").actions if action.id in LISTED])
def test_the_ends_of_the_calendar(quiet: Line, name: Any) -> None:
    action = next(action for action in catalog.load("20.0.10").actions if action.id == name)
    ends = ("0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00")
    for start, end in (ends, ends[::-1]):
        given = {"periodFrom": start, "startDt": start, "periodTo": end, "endDt": end, "chartDate": end}
        assert quiet.get(path_of(action, **given) + "?$top=1").status == 200


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("GetAbandonedQueueCallsData", ("queueDns", "waitInterval")),
        ("GetInboundCalls", ("trunkDns",)),
        ("GetExtensionStatisticsData", ("extensionFilter",)),
        ("GetUserActivity", ("clientTimeZone", "groupNumber", "extensionDns", "waitInterval")),
        ("GetCallLogData", ("sourceFilter", "destinationFilter")),
        ("GetAgentLoginHistoryData", ("clientTimeZone", "queueDnStr", "agentDnStr")),
        ("DownloadBreachesSla", ("clientTimeZone", "queueDnStr")),
    ],
)
def test_null_is_as_nothing(quiet: Line, operation: str, arguments: tuple[Any, ...]) -> None:
    empty = path_of(action_of(operation), **dict.fromkeys(arguments, ""))
    null = empty
    for argument in arguments:
        null = null.replace(f"{argument}=''", f"{argument}=null")
    assert null.count("=null") == len(arguments)
    assert quiet.get(null).body == quiet.get(empty).body


def test_lengths_of_time_are_compared_as_such(quiet: Line) -> None:
    every = rows(quiet, "GetAbandonedQueueCallsData")
    longest = rows(quiet, "GetAbandonedQueueCallsData", "$orderby=WaitTime desc")
    waits = [seconds(row["WaitTime"]) for row in longest]
    assert waits == sorted(waits, reverse=True)
    found = rows(quiet, "GetAbandonedQueueCallsData", "$filter=WaitTime gt duration'PT1M'")
    assert found == [row for row in every if seconds(row["WaitTime"]) > 60]
