"""The call log: its rows, all its arguments, its oddities (docs/pbx.md, Pages), and how its calls sounded."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline_emulator import Variants
from trunkline_emulator.seeds.calls import demo_company
from trunkline_emulator.telephony.model import CallModel

from .conftest import Dial, Line
from .report_calls import action_of, call_of, is_trunk, path_of, rows, seconds, table, when

LOG = "GetCallLogData"
CALL_LOG_CAP = Variants().call_log_cap
ALWAYS_ONE = (
    "ActionDnType",
    "ActionType",
    "CallId",
    "DestinationType",
    "Indent",
    "SegmentId",
    "SourceType",
    "SubrowDescNumber",
)


def log(line: Line, query: Any = "", **given: Any) -> Any:
    return rows(line, LOG, query, **given)


def outside(row: Any, end: Any) -> Any:
    return is_trunk(row[f"{end}Dn"])


def test_rows_tell_who_called_whom(quiet: Line) -> None:
    found = log(quiet)
    assert len({row["CdrId"] for row in found}) == len(found) > 400
    assert {row["Direction"] for row in found} == {"Inbound", "Inbound Queue", "Outbound", "Internal"}
    assert {row["Status"] for row in found} == {"Answered", "Unanswered", "Waiting"}
    assert {row["CallType"] for row in found} >= {"Extension", "Queue", "External", "Digital Receptionist", "System"}
    inbound = [row for row in found if outside(row, "Source")]
    assert {row["SourceDn"] for row in inbound} <= {"10000", "10001"}
    assert all(row["SourceCallerId"].startswith("+") for row in inbound)
    for row in found:
        assert None not in row.values()
        assert ("RecordingUrl" in row) == bool(row["Recordings"]) == ("SrcRecId" in row or "DstRecId" in row)
    assert {tuple(kept) for row in found for kept in row["Recordings"]} == {("Id",)}


def test_the_legs_of_a_call_share_its_id(quiet: Line) -> None:
    found = log(quiet)
    assert len({row["CdrId"] for row in found}) == len(found) > len({row["CallHistoryId"] for row in found})
    for row in found:
        assert row["MainCallHistoryId"] == row["CallHistoryId"]
        assert {row[name] for name in ALWAYS_ONE} == {1}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"sourceType": 1}, lambda row: not outside(row, "Source")),
        ({"sourceType": 2}, lambda row: outside(row, "Source")),
        ({"destinationType": 1}, lambda row: not outside(row, "Destination")),
        ({"destinationType": 2}, lambda row: outside(row, "Destination")),
        ({"sourceFilter": "101"}, lambda row: row["SourceDn"] == "101"),
        ({"sourceType": 1, "sourceFilter": "101;102, 103"}, lambda row: row["SourceDn"] in ("101", "102", "103")),
        ({"destinationFilter": "110-117"}, lambda row: "110" <= row["DestinationDn"] <= "117"),
        ({"destinationFilter": "800"}, lambda row: row["CallType"] == "Queue" and row["DestinationDn"] == "800"),
        ({"sourceFilter": "+1202*"}, lambda row: row["SourceCallerId"].startswith("+1202")),
        ({"sourceFilter": "*55*"}, lambda row: "55" in row["SourceCallerId"] or "55" in row["SourceDn"]),
        ({"sourceFilter": 60 * "*" + "x"}, lambda row: False),
        ({"sourceFilter": "(+["}, lambda row: False),
        ({"sourceType": 1, "sourceFilter": "10000"}, lambda row: False),
        ({"sourceType": 2, "sourceFilter": "10000"}, lambda row: row["SourceDn"] == "10000"),
        ({"callsType": 1}, lambda row: row["Answered"]),
        ({"callsType": 2}, lambda row: not row["Answered"]),
        (
            {"callTimeFilterType": 1, "callTimeFilterFrom": "0:01:0"},
            lambda row: seconds(row["TalkingDuration"]) >= 60,
        ),
        (
            {"callTimeFilterType": 2, "callTimeFilterTo": "0:00:10"},
            lambda row: seconds(row["RingingDuration"]) <= 10,
        ),
        (
            {"callTimeFilterType": 3, "callTimeFilterFrom": "0:00:30", "callTimeFilterTo": "0:02:0"},
            lambda row: 30 <= round(seconds(row["RingingDuration"]) + seconds(row["TalkingDuration"]), 6) <= 120,
        ),
        ({"callTimeFilterFrom": "0:01:0", "callTimeFilterTo": "0:02:0"}, lambda row: True),
        (
            {"sourceType": 2, "destinationType": 1, "callsType": 1, "destinationFilter": "101-105"},
            lambda row: outside(row, "Source") and "101" <= row["DestinationDn"] <= "105" and row["Answered"],
        ),
    ],
)
def test_arguments(quiet: Line, given: dict[str, Any], wanted: Callable[..., Any]) -> None:
    every = log(quiet)
    chosen = [row for row in every if wanted(row)]
    assert log(quiet, **given) == chosen
    assert chosen or wanted(every[0]) is False


def test_calls_that_rang_elsewhere_at_the_same_time_can_be_hidden(quiet: Line) -> None:
    every, fewer = log(quiet), log(quiet, hidePcalls=True)
    hidden = [row for row in every if row not in fewer]
    assert hidden
    assert [row for row in every if row not in hidden] == fewer
    for row in hidden:
        assert (row["CallType"], row["Answered"]) == ("Extension", False)
        legs = [other for other in every if other["CallHistoryId"] == row["CallHistoryId"]]
        assert any(other["Answered"] and other["CallType"] == "Extension" for other in legs)


def test_the_newest_come_first(quiet: Line) -> None:
    starts = [when(row["StartTime"]) for row in log(quiet)]
    assert starts == sorted(starts, reverse=True)
    assert [when(row["StartTime"]) for row in log(quiet, "$orderby=StartTime asc")] == starts[::-1]


def test_pages_put_together_are_the_whole(quiet: Line) -> None:
    for order in ("", "&$orderby=StartTime asc", "&$orderby=CdrId desc"):
        pages = [log(quiet, f"$top=100&$skip={skip}{order}") for skip in range(0, 2000, 100)]
        assert list(itertools.chain(*pages)) == log(quiet, order[1:])
    assert log(quiet, "$top=500") == log(quiet)[:500]


def test_the_page_is_cut_before_it_is_filtered(quiet: Line) -> None:
    first = log(quiet, "$top=200")
    answer = quiet.get(path_of(action_of(LOG)) + "?$top=200&$count=true&$filter=Status eq 'Waiting'")
    assert answer.rows == [row for row in first if row["Status"] == "Waiting"]
    assert answer.json["@odata.count"] == len(answer.rows) < 200


@settings(max_examples=25)
@given(moments=st.lists(st.integers(0, 20 * 86400), min_size=3, max_size=3).map(sorted))
def test_windows_put_together_are_the_whole(quiet: Line, moments: Any) -> None:
    start, between, end = (
        (datetime(2026, 5, 28, tzinfo=UTC) + timedelta(seconds=n)).strftime("%Y-%m-%dT%H:%M:%SZ") for n in moments
    )
    whole = log(quiet, periodFrom=start, periodTo=end)
    earlier, later = log(quiet, periodFrom=start, periodTo=between), log(quiet, periodFrom=between, periodTo=end)
    assert later + earlier == whole
    assert all(when(start) <= when(row["StartTime"]) < when(end) for row in whole)


@pytest.mark.parametrize("cap", [1, 150, None])
def test_it_ends_where_this_pbx_ends_it(dial: Dial, quiet: Line, cap: int | None) -> None:
    every = log(quiet)
    line = dial(variants={"call_log_cap": cap})
    assert log(line) == every[:cap]
    assert log(line, "$top=100&$skip=100") == every[:cap][100:200]
    assert log(line, "$orderby=CdrId asc") == sorted(every, key=lambda row: row["CdrId"])[:cap]


def test_the_period_may_be_ignored(dial: Dial, quiet: Line) -> None:
    line = dial(variants={"call_log_period": "ignored"})
    assert log(line, "$top=500") == log(quiet, "$top=500", **LONG)


def test_times_may_have_the_offset_of_the_pbx(dial: Dial, quiet: Line) -> None:
    shown = [row["StartTime"] for row in log(dial(variants={"call_log_times": "offset"}))]
    assert {text[-6:] for text in shown} == {"+01:00"}
    assert [when(text) for text in shown] == [when(row["StartTime"]) for row in log(quiet)]


def test_zeros_may_be_left_out(dial: Dial, quiet: Line) -> None:
    every, fewer = log(quiet), log(dial(variants={"report_zeros": "left_out"}))
    assert all(0 not in [value for value in row.values() if value is not False] for row in fewer)
    assert fewer == [{name: value for name, value in row.items() if value is False or value != 0} for row in every]
    assert fewer != every
    assert any(row["Answered"] is False for row in fewer)


def test_the_old_log_and_the_file_have_the_same_rows(quiet: Line) -> None:
    found = log(quiet, "$top=50")
    assert rows(quiet, "GetOldCallLogData", "$top=50") == found
    written = table(quiet.get(path_of(action_of("DownloadCallLog")) + "?$top=50"))
    assert [row["CdrId"] for row in written] == [row["CdrId"] for row in found]


def test_a_purge_leaves_no_report(pbx: Line) -> None:
    assert log(pbx)
    assert pbx.ask("POST", "/PurgeCalls", {"period": {"All": True}}).status == 204
    assert log(pbx) == []
    assert rows(pbx, "GetInboundCalls") == []
    assert all(row["CallsCount"] == 0 for row in rows(pbx, "GetDetailedQueueStatisticsData"))


@pytest.fixture(scope="module")
def busy(runner: asyncio.Runner) -> Any:
    """A company with some 40,000 legs."""
    from trunkline_emulator import Emulator

    line = Line(Emulator(), runner).sign_in()
    line.emulator._store.model = CallModel(demo_company(), days=60, calls_per_day=500)
    return line


LONG = {"periodFrom": "2026-01-01T00:00:00Z", "periodTo": "2027-01-01T00:00:00Z"}


def test_it_ends_at_20_000_rows(busy: Any) -> None:
    newest = log(busy, **LONG)
    assert len(newest) == CALL_LOG_CAP == 20_000
    assert newest[0]["StartTime"].startswith("2026-06-15")
    assert log(busy, f"$top=100&$skip={CALL_LOG_CAP - 10}", **LONG) == newest[-10:]
    assert log(busy, f"$top=100&$skip={CALL_LOG_CAP}", **LONG) == []


def test_under_an_order_the_newest_are_lost(busy: Any) -> None:
    ordered = log(busy, "$orderby=StartTime desc&$select=StartTime", **LONG)
    assert len(ordered) == CALL_LOG_CAP
    assert ordered[0]["StartTime"] < log(busy, "$top=1", **LONG)[0]["StartTime"][:10]


def test_a_page_makes_only_its_own_calls(busy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    model = busy.emulator._store.model
    monkeypatch.setattr(model, "_call", lambda place, call=model._call: made.append(place) or call(place))
    assert len(log(busy, "$top=100", **LONG)) == 100
    assert len(made) < 1000


def quality(line: Line, cdr: Any, **given: Any) -> Any:
    return line.get(path_of(action_of("GetCallQualityReport"), cdrId=cdr, srcNumber="101", dstNumber="102", **given))


def test_the_quality_of_a_leg_follows_it(quiet: Line) -> None:
    sounded = [row for row in log(quiet) if row["QualityReport"]][:20]
    for row in sounded:
        answer = quality(quiet, row["CdrId"])
        report = answer.json
        assert answer.json == quality(quiet, row["CdrId"]).json
        assert 1 <= report["MOS"] <= 4.5
        talked = int(seconds(row["TalkingDuration"]))
        for party, end in (("Party1", "Source"), ("Party2", "Destination")):
            assert report[party]["Number"] == (row[f"{end}CallerId"] or row[f"{end}Dn"])
            assert report[party]["Duration"] == talked
            assert report[party]["RxPackets"] == 50 * talked
    assert len({quality(quiet, row["CdrId"]).json["MOS"] for row in sounded}) > 5


def test_without_sound_there_is_no_quality(quiet: Line) -> None:
    silent = next(row for row in log(quiet) if not row["QualityReport"])
    for cdr in (silent["CdrId"], "abc", "", "ffffffffff-0", "6a1cc0de-01db-4000-8000-000000000001"):
        assert quality(quiet, cdr).status == 404


def test_older_versions_ask_by_call(dial: Dial, quiet: Line) -> None:
    call = next(call_of(row) for row in log(quiet) if row["QualityReport"])
    for version, operation in (("pre-20.0.5", "GetCallQualityReport"), ("20.0.10", "GetOldCallQualityReport")):
        line = dial(version=version)
        action = action_of(operation, version)
        assert line.get(path_of(action, call_id=call)).json["MOS"] > 1
        assert line.get(path_of(action, call_id=999_999)).status == 404
        assert line.get(path_of(action, call_id=-1)).status == 404
