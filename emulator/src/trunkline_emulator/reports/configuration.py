"""The reports on how the PBX is set up: inbound rules, departments, and the log of who changed what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ..store import Store
from ..values import Row
from ..views import peer_name
from .arguments import Arguments
from .spelling import moment

# What an entry is about, in the order in which a company is set up. The numbers are this emulator's own.
_AUDITED = ("Groups", "Users", "Trunks", "Queues", "RingGroups", "Receptionists", "InboundRules", "OutboundRules")
_SET_UP = datetime(2026, 2, 2, 9, tzinfo=UTC)
_ADDED = 1
_MOST_OF_A_KIND = 10_000


def inbound_rules(store: Store, asked: Arguments) -> Iterator[Row]:
    for rule in store.rows("InboundRules"):
        trunk = rule["TrunkDN"]
        yield {
            "Id": rule["Id"],
            "RuleName": rule["RuleName"],
            "DID": rule["Data"],
            "Trunk": trunk["Name"] if trunk else None,
            "InOfficeRouting": rule["OfficeHoursDestination"],
            "OutOfficeRouting": rule["OutOfOfficeHoursDestination"],
        }


def audit_log(store: Store, asked: Arguments) -> Iterator[Row]:
    """Yield an entry for each thing that the PBX was set up with, oldest first."""
    for kind, name in enumerate(_AUDITED):
        for row in store.rows(name) if name in store.tables else ():
            yield {
                "Id": kind * _MOST_OF_A_KIND + row["Id"],
                "Action": _ADDED,
                "Ip": "192.0.2.10",
                "NewData": json.dumps({"Id": row["Id"], "Name": _name(row)}, ensure_ascii=False),
                "ObjectName": _name(row),
                "ObjectType": kind,
                "Source": 0,
                "Timestamp": moment(_SET_UP + timedelta(days=kind, minutes=row["Id"])),
                "UserName": "admin",
            }


def _name(row: Row) -> str:
    if "RuleName" in row:
        return row["RuleName"] or ""
    return (peer_name(row) if "Number" in row else row.get("Name")) or ""


def groups(store: Store) -> list[Row]:
    """Return the departments that reports up to 20.0.5 could be about."""
    return [{"GroupID": group["Id"], "GroupName": group["Name"]} for group in store.rows("Groups")]
