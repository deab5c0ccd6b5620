"""The event log and the activity log: read, and downloaded."""

from __future__ import annotations

import re

from .. import event_log
from ..answers import Call
from ..crud import declared
from ..csv_files import export
from ..evidence import ASSUMED, seen
from ..messages import Response
from ..odata.literals import read_date_time
from ..values import Row

_EXTENSION = re.compile(r"\[Extn:([^\]]+)\]")
_CALL = re.compile(r"\[CID:([^\]]+)\]")
_SEVERITY = re.compile(r"^\[(\w+)\]")


def _download(call: Call) -> Response:
    """Return the event log as CSV: the rows that the list has under the same query options."""
    return export(call, call.store.rows("EventLogs"), "Pbx.EventLog", "EventLogs.csv")


def _report(call: Call) -> Response:
    """Put an entry into the event log; its message is its parameters."""
    asked = call.body().get("request") or {}
    params = tuple(asked.get("Params") or ())
    kind, code, source = asked.get("Type", "Info"), asked.get("EventId", 0), asked.get("Source", "")
    event_log.log_event(call.store, kind, code, ", ".join(params), params=params, source=source)
    return Response(204)


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


HANDLERS = declared(seen("files"), {"event_logs.download_event_logs": _download}) | declared(
    ASSUMED,
    {
        "activity_log.get_logs": _logs,
        "activity_log.get_logs@20.0.6": _logs,
        "defs.report_log_event": _report,
    },
)
