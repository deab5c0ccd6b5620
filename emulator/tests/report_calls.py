"""Reports asked for by the operationId of their action, every argument filled in."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from trunkline import catalog
from trunkline.catalog import Action
from trunkline_emulator.reports.table import REPORTS

from . import valid

DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")
VERSIONS = ("pre-20.0.5", "20.0.6", "20.0.7", "20.0.10")
FROM, TO = "2026-06-01T00:00:00Z", "2026-06-08T00:00:00Z"
USUAL = {
    "periodFrom": FROM,
    "startDt": FROM,
    "periodTo": TO,
    "endDt": TO,
    "chartDate": "2026-06-03T12:00:00Z",
    "chartBy": "Week",
    "waitInterval": "0:00:0",
    "answerInterval": "0:00:0",
    "callTimeFilterFrom": "0:00:0",
    "callTimeFilterTo": "0:00:0",
    "hidePcalls": False,
    "clientTimeZone": "UTC",
    # A department must be named; this one has the people of Sales.
    "groupFilter": "GRP0001",
}
DEPARTMENTS = tuple(f"GRP{n:04}" for n in range(6))
LISTED = (
    *(report.listed for report in REPORTS),
    "report_call_log_data.get_call_log_data",
    "report_call_log_data.get_old_call_log_data",
)
DOWNLOADS = {download: report.listed for report in REPORTS for download in report.downloads} | {
    "report_call_log_data.download_call_log": "report_call_log_data.get_call_log_data"
}


def action_of(operation: str, version: str = "20.0.10") -> Action:
    """The action with an operationId."""
    return next(action for action in catalog.load(version).actions if action.operation_id == operation)


def path_of(action: Action, **given: Any) -> str:
    """Its path, with what is given and else the usual arguments: 0, nothing and yes."""
    others = {"String": "", "Int32": 0, "Boolean": True}
    known = {
        parameter.name: given.get(parameter.name, USUAL.get(parameter.name, others.get(parameter.type.name)))
        for parameter in action.parameters
    }
    # The group number of the statistics of one department is filled in, that of a filter is empty.
    if "groupNumber" in known and "groupNumber" not in given and "ByGroup" in action.path:
        known["groupNumber"] = USUAL["groupFilter"]
    return valid.path(action, known)


def rows(line: Any, operation: str, query: str = "", **given: Any) -> list[dict[str, Any]]:
    return line.get(f"{path_of(action_of(operation), **given)}?{query}").rows


def table(answer: Any) -> list[dict[str, str]]:
    """A CSV file by its column names."""
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


def cells(row: dict[str, Any], columns: Iterable[str]) -> dict[str, str]:
    """A row of a list as the file should have it."""
    return {name: _cell(row.get(name)) for name in columns}


def _cell(value: Any) -> str:
    if value is None or value == []:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)


def seconds(duration: str | None) -> float:
    """An ISO 8601 duration."""
    match = DURATION.fullmatch(duration or "PT0S")
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=rest).total_seconds()


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def segment_of(row: dict[str, Any]) -> int:
    """The number of a leg: the call log shows it in `CdrId` only."""
    return int(row["CdrId"].rpartition("-")[2], 16)


def call_of(row: dict[str, Any]) -> int:
    """The number of a call: the call log shows it in `CallHistoryId` only."""
    return int(row["CallHistoryId"].rpartition("-")[2], 16)


def is_extension(number: str) -> bool:
    return len(number) == 3 and number.startswith("1")


def is_trunk(number: str) -> bool:
    return len(number) == 5
