"""The event log and the activity log: read, downloaded, emptied."""

from __future__ import annotations

import re

from ..answers import Call
from ..crud import declared
from ..csv_files import export
from ..evidence import ASSUMED
from ..messages import Response
from ..odata.literals import read_date_time
from ..values import Row
from .bulk import purge

_EXTENSION = re.compile(r"\[Extn:([^\]]+)\]")
_CALL = re.compile(r"\[CID:([^\]]+)\]")
_SEVERITY = re.compile(r"^\[(\w+)\]")


def _download(call: Call) -> Response:
    """Return the event log as CSV: the rows that the list has under the same query options."""
    return export(call, call.store.rows("EventLogs"), "Pbx.EventLog", "EventLogs.csv")


def _marked(pattern: re.Pattern[str], row: Row) -> str:
    match = pattern.search(row["Message"] or "")
    return match[1] if match else ""


def _logs(call: Call) -> Response:
    """Return the activity of a period, both ends included, of one extension, call and severity where they are told.

    An empty or null argument tells nothing; a severity counts in any letter case. Up to 20.0.6 a text to search for
    and the page come as arguments.
    """
    given = call.arguments
    start, end = (read_date_time(str(given[name])) for name in ("startDate", "endDate"))
    wanted = {pattern: given.get(name) for pattern, name in ((_EXTENSION, "extension"), (_CALL, "call"))}
    severity = str(given.get("severity") or "").lower()
    search = str(given.get("search") or "").lower()
    rows = [
        row
        for row in call.store.rows("ActivityLog")
        if start <= read_date_time(row["TimeStamp"]) <= end
        and all(not value or _marked(pattern, row) == value for pattern, value in wanted.items())
        and (not severity or _marked(_SEVERITY, row).lower() == severity)
        and search in (row["Message"] or "").lower()
    ]
    if "top" in given:
        skip = int(str(given["skip"]))
        rows = rows[skip : skip + int(str(given["top"]))]
    return call.write_list(rows)


def _filter(call: Call) -> Response:
    """Which extensions there is activity of, and of which calls."""
    calls: dict[str, list[str]] = {}
    for row in call.store.rows("ActivityLog"):
        extension, one = _marked(_EXTENSION, row), _marked(_CALL, row)
        if extension:
            known = calls.setdefault(extension, [])
            if one and one not in known:
                known.append(one)
    extensions = [{"Number": number, "CallIds": ids} for number, ids in sorted(calls.items())]
    return call.write_entity(call.store.values.complete("Pbx.ActivityLogsFilter", {"Extensions": extensions}))


HANDLERS = declared(
    ASSUMED,
    {
        "event_logs.purge_event_log": purge("EventLogs"),
        "event_logs.download_event_logs": _download,
        "activity_log.purge_logs": purge("ActivityLog"),
        "activity_log.get_logs": _logs,
        "activity_log.get_logs@20.0.6": _logs,
        "activity_log.get_filter": _filter,
    },
)
