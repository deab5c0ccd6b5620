"""What happened: entries of the event log, written by what happens here.

Event codes beside those of the seeds are the emulator's own: 3CX publishes no list of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .store import Store

EventType = Literal["Error", "Warning", "Info"]

SOURCE = "3CX PhoneSystem"
BACKUP_DONE, BACKUP_RESTORED, BACKUP_DELETED = 41, 42, 43
SERVICE_STOPPED, SERVICE_STARTED, OS_RESTARTED, LICENCE_CHANGED = 4100, 4101, 4102, 4110
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
