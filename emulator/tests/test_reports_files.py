"""Every report as a list and as a file, in every version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from trunkline import catalog
from trunkline_emulator.values import Values

from .conftest import Dial, Line
from .report_calls import DOWNLOADS, LISTED, VERSIONS, action_of, cells, path_of, rows, table, when

# Reports with times in them whose files are written in the client's time zone.
SHIFTED = {
    "GetAbandonedQueueCallsData": ("DownloadAbandonedQueueCalls", "CallTimeForCsv"),
    "GetCallLogData": ("DownloadCallLog", "StartTime"),
    "GetInboundCalls": ("DownloadGetInboundCalls", "StartTime"),
    "GetOutboundCalls": ("DownloadGetOutboundCalls", "StartTime"),
    "GetBreachesSlaData": ("DownloadBreachesSla", "CallTime"),
    "GetChatLog": ("DownloadChatLog", "TimeSent"),
    "GetAuditLogData": ("DownloadAuditLog", "Timestamp"),
}


def reports(version: Any, ids: Any) -> Any:
    """The reports of a version among those with the ids."""
    return [action for action in catalog.load(version).actions if action.id in ids]


def pairs() -> Any:
    known = {action.id: action for version in VERSIONS for action in catalog.load(version).actions}
    return [(known[download], known[listed]) for download, listed in DOWNLOADS.items()]


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_are_of_the_declared_type(dial: Dial, version: Any) -> None:
    line = dial(version=version)
    known = catalog.load(version)
    values = Values(known)
    found = reports(version, LISTED)
    assert len(found) >= 28
    for action in found:
        type_name = action.answer_type.name
        answer = line.get(path_of(action) + "?$top=300")
        assert answer.rows or action.id == "report_chat_log.get_chat_log", action.id
        for row in answer.rows:
            assert values.check_object(row, known.fields(type_name), type_name) == row
            needed = {
                name for name, spec in known.fields(type_name).items() if not spec.nullable and not spec.collection
            }
            assert needed <= row.keys(), action.id


@pytest.mark.parametrize(("download", "listed"), pairs(), ids=lambda action: action.id)
def test_the_file_has_the_rows_of_the_list(dial: Dial, quiet: Line, download: Any, listed: Any) -> None:
    version = next(v for v in reversed(VERSIONS) if download in catalog.load(v).actions)
    line = quiet if version == "20.0.10" else dial(version=version)
    answer = line.get(path_of(download) + "?$top=40")
    assert answer.headers["content-disposition"] == f'attachment; filename="{listed.path.split("/")[1][6:]}.csv"'
    written = table(answer)
    shown = line.get(path_of(listed) + "?$top=40").rows
    assert shown
    columns = list(catalog.load(version).fields(listed.answer_type.name))
    assert list(written[0]) == columns
    assert written == [cells(row, columns) for row in shown]


@pytest.mark.parametrize(
    "query", ["$select=QueueDn,WaitTime", "$filter=QueueDn eq '800'", "$orderby=WaitTime desc&$skip=2"]
)
def test_the_file_obeys_the_same_options(quiet: Line, query: str) -> None:
    listed = rows(quiet, "GetAbandonedQueueCallsData", query)
    written = table(quiet.get(path_of(action_of("DownloadAbandonedQueueCalls")) + f"?{query}"))
    assert listed
    assert written == [cells(row, written[0]) for row in listed]


def test_a_part_of_an_object_is_written_as_the_object(quiet: Line) -> None:
    asked = "$select=RuleName,InOfficeRouting/Number,InOfficeRouting/To"
    written = table(quiet.get(path_of(action_of("DownloadInboundRules")) + f"?{asked}"))
    listed = rows(quiet, "GetInboundRulesData", asked)
    assert list(written[0]) == ["RuleName", "InOfficeRouting"]
    assert written == [cells(row, written[0]) for row in listed]


@pytest.mark.parametrize("listed", SHIFTED)
@pytest.mark.parametrize("zone", ["+08:00", "Asia/Kolkata", "-03:30", "America/New_York"])
def test_times_in_files_are_the_clients(quiet: Line, listed: Any, zone: str) -> None:
    download, column = SHIFTED[listed]
    shown = rows(quiet, listed, "$top=5")
    written = table(quiet.get(path_of(action_of(download), clientTimeZone=zone) + "?$top=5"))
    there = ZoneInfo(zone) if "/" in zone else None
    for row, line in zip(shown, written, strict=True):
        assert when(line[column]) == when(row[column])
        offset = (
            when(row[column]).astimezone(there).utcoffset() if there else when(f"2026-06-01T00:00:00{zone}").utcoffset()
        )
        assert when(line[column]).utcoffset() == offset != timedelta()


def test_an_empty_file_has_its_column_names(quiet: Line) -> None:
    nothing = {"periodFrom": "2030-01-01T00:00:00Z", "periodTo": "2030-01-02T00:00:00Z"}
    answer = quiet.get(path_of(action_of("DownloadGetOutboundCalls"), **nothing))
    assert answer.body.decode().startswith("Answered,CallCost,CallDuration,CallHistoryId,CdrId,")
    assert table(answer) == []


@pytest.mark.parametrize("operation", ["GetInboundRulesData", "GetAuditLogData"])
def test_reports_on_the_set_up_follow_it(pbx: Line, operation: str) -> None:
    before = rows(pbx, operation)
    assert pbx.ask("DELETE", "/InboundRules(2)").status == 204
    assert len(rows(pbx, operation)) == len(before) - 1


def test_the_groups_of_reports_are_the_departments(dial: Dial) -> None:
    line = dial(version="pre-20.0.5")
    groups = line.get("/ReportGroup").rows
    assert groups == [
        {"GroupID": group["Id"], "GroupName": group["Name"]} for group in line.get("/Groups?$select=Id,Name").rows
    ]


def test_a_fresh_pbx_has_nothing_to_report(dial: Dial) -> None:
    line = dial(seed="empty")
    for action in reports("20.0.10", LISTED):
        answer = line.get(path_of(action))
        counted = [row for row in answer.rows if not {"DateTimeInterval", "XValue", "ObjectName"} & row.keys()]
        assert counted == [], action.id
