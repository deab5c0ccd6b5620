"""What happened: entries of the event log and of the activity log, written by what happens here.

Event codes beside those of the seeds are the emulator's own: 3CX publishes no list of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .store import Store

EventType = Literal["Error", "Warning", "Info"]

SOURCE = "3CX PhoneSystem"
BACKUP_DONE, BACKUP_RESTORED, BACKUP_DELETED, DATA_ARCHIVED = 41, 42, 43, 44
SERVICE_STOPPED, SERVICE_STARTED, OS_RESTARTED = 4100, 4101, 4102
LICENCE_CHANGED, UPDATE_INSTALLED, REMOTE_ACCESS, DATABASE_MAINTENANCE = 4110, 4111, 4112, 4113
ADDRESS_BLOCKED = 12289
# The log forgets the oldest entries beyond so many.
MOST_EVENTS = 10_000


def stamp(moment: datetime) -> str:
    """Return a moment as a PBX writes it: UTC, up to six decimals (docs/pbx.md, Answers)."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def log_event(
    store: Store, kind: EventType, code: int, text: str, *, params: tuple[str, ...] = (), source: str = SOURCE
) -> None:
    """Add an entry to the event log, at the store's time."""
    store.create(
        "EventLogs",
        {
            "EventId": code,
            "Type": kind,
            "Message": text,
            "Params": list(params),
            "Source": source,
            "Group": "GRP0000",
            "GroupName": "DEFAULT",
            "TimeGenerated": stamp(store.now()),
        },
    )
    rows = store.tables["EventLogs"].rows
    if len(rows) > MOST_EVENTS:
        store.remove("EventLogs", [next(iter(rows))])


def log_activity(store: Store, text: str, *, extension: str = "", call: str = "", severity: EventType = "Info") -> None:
    """Add a line to the activity log, at the store's time.

    An entry has no fields for extension, call and severity, so its text carries them, as in a PBX's own log files.
    """
    index = max((row["Index"] for row in store.rows("ActivityLog")), default=0) + 1
    line = activity_line(text, extension=extension, call=call, severity=severity)
    store.put("ActivityLog", {"Index": index, "TimeStamp": stamp(store.now()), "Message": line})


def activity_line(text: str, *, extension: str = "", call: str = "", severity: EventType = "Info") -> str:
    """``[Info] [Extn:101] [CID:7] Call ended``."""
    marks = (f"[{severity}]", f"[Extn:{extension}]" if extension else "", f"[CID:{call}]" if call else "")
    return " ".join(part for part in (*marks, text) if part)
