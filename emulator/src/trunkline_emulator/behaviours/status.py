"""The state of the system, computed when it is read: what is counted is what the store holds."""

from __future__ import annotations

import math

from ..answers import Call
from ..crud import declared
from ..evidence import ASSUMED, published, seen
from ..messages import Response
from ..odata.literals import read_date_time
from ..store import Store, own_zone
from ..values import Row
from ..views import PEER_TYPES, peer_name
from .services import running
from .settings import is_on, setting, switch
from .version import version_of

CHAT_LOG, MULTI_COMPANY = "chat log", "multi company"
# Bytes that one of a kind takes.
_RECORDING, _CALL, _CHAT, _EVENT = 480_000, 1_200, 600, 400
# Sets whose numbers the PBX answers itself.
_SYSTEM_PEERS = ("Queues", "RingGroups", "Receptionists", "Fax", "Parkings", "CallFlowApps")
_LICENCE = (
    "Activated", "ExpirationDate", "LicenseActive", "LicenseKey", "MaintenanceExpiresAt", "MaxSimCalls", "ProductCode",
    "ResellerName", "Support",
)  # fmt: skip
_TIMES = (
    "ExpirationDate", "LastBackupDateTime", "LastCheckForUpdates", "LastSuccessfulUpdate", "MaintenanceExpiresAt",
)  # fmt: skip


def count(store: Store, name: str) -> int:
    return len(store.rows(name)) if name in store.tables else 0


def _used(store: Store) -> dict[str, int]:
    """Return the disk space by what takes it, in bytes."""
    return {
        "recordings": _RECORDING * count(store, "Recordings"),
        "calls": _CALL * (count(store, "CallHistoryView") + count(store, "ReportCallLogData")),
        "chats": _CHAT * (count(store, "ChatHistoryView") + count(store, "ChatMessagesHistoryView")),
        "log": _EVENT * (count(store, "EventLogs") + count(store, "ActivityLog")),
        "backups": sum(row["Size"] or 0 for row in store.rows("Backups")),
    }


def _local(store: Store, moment: str | None) -> str | None:
    """Return a moment with the PBX's own offset and seven digits, as its status has it (docs/pbx.md, Answers)."""
    if not moment:
        return None
    local = read_date_time(moment).astimezone(own_zone(store))
    text = local.isoformat(timespec="microseconds")
    return f"{text[:26]}0{text[26:]}"


def status(store: Store) -> Row:
    """Return ``SystemStatus`` as it is now: what the seed says, and what follows from the rest of the store."""
    row = store.singletons["SystemStatus"]
    users, trunks, licence = store.rows("Users"), store.rows("Trunks"), store.singletons["LicenseStatus"]
    used = _used(store)
    total = row["TotalDiskSpace"] or 0
    free = max(0, (row["FreeDiskSpace"] or 0) - sum(used.values()))
    backups = [backup["CreationTime"] for backup in store.rows("Backups") if backup["CreationTime"]]
    computed = {
        "FQDN": store.singletons["NetworkSettings"]["PbxPublicFQDN"],
        "Version": version_of(store),
        "ExtensionsTotal": len(users),
        "ExtensionsRegistered": sum(bool(user.get("IsRegistered")) for user in users),
        "UserExtensions": len(users),
        "TrunksTotal": len(trunks),
        "TrunksRegistered": sum(bool(trunk["IsOnline"]) for trunk in trunks),
        "CallsActive": count(store, "ActiveCalls"),
        "OutboundRules": count(store, "OutboundRules"),
        "HasNotRunningServices": not running(store),
        "HasUnregisteredSystemExtensions": any(not one["IsRegistered"] for one in system_extensions(store)),
        **{name: licence[name] for name in _LICENCE if name in licence},
        "FreeDiskSpace": free,
        "DiskUsage": math.ceil(100 * (total - free) / total) if total else 0,
        "RecordingUsedSpace": used["recordings"],
        "ChatUsedSpace": used["chats"],
        "LogUsedSpace": used["log"],
        "LastBackupDateTime": max(backups, default=None),
        "BackupScheduled": bool(setting(store, "BackupSettings")["ScheduleEnabled"]),
        "AutoUpdateEnabled": bool(setting(store, "UpdateSettings")["AutoUpdateEnabled"]),
        "RemoteStorageEnabled": stores_elsewhere(store),
        "IsChatLogEnabled": is_on(store, CHAT_LOG, at_first=True),
        "DBMaintenanceInProgress": False,
    }
    now = {**row, **{name: value for name, value in computed.items() if name in row}}
    return {**now, **{name: _local(store, now[name]) for name in _TIMES if name in now}}


def stores_elsewhere(store: Store) -> bool:
    """Whether backups go to another machine."""
    location = setting(store, "BackupRepositorySettings")["Location"] or {}
    return location.get("FileSystemType") not in (None, "Local")


def system_extensions(store: Store) -> list[Row]:
    """Return the numbers that the PBX answers itself; without the SIP service it answers none."""
    up = all(row["Status"] == "Running" for row in store.rows("Services") if row["Name"] == "SIPService")
    return [
        {"Number": row["Number"], "Name": peer_name(row), "Type": PEER_TYPES[name], "IsRegistered": up}
        for name in _SYSTEM_PEERS
        for row in store.rows(name)
    ]


def _extensions(call: Call) -> Response:
    users = [
        {
            "Number": row["Number"],
            "Name": peer_name(row),
            "Type": "Extension",
            "IsRegistered": bool(row.get("IsRegistered")),
        }
        for row in call.store.rows("Users")
    ]
    return call.write_list([*users, *system_extensions(call.store)])


def _health(call: Call) -> Response:
    trunks = all(trunk["IsOnline"] for trunk in call.store.rows("Trunks"))
    health = {"Id": 1, "Firewall": True, "Trunks": trunks, "Phones": True}
    return call.write_entity(call.store.values.complete("Pbx.SystemHealthStatus", health))


HANDLERS = (
    declared(seen("answers"), {"system_status.get": lambda call: call.write_entity(status(call.store))})
    | declared(
        published("answers"),
        {
            "system_status.set_chat_log_status": switch(CHAT_LOG),
            "system_status.set_multi_company_mode": switch(MULTI_COMPANY),
        },
    )
    | declared(
        ASSUMED,
        {
            "system_status.system_health_status": _health,
            "system_status.system_extensions": _extensions,
        },
    )
)
