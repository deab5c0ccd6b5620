"""The state of the system, computed when it is read: what is counted is what the store holds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from .. import event_log
from ..answers import Call
from ..crud import Handler, declared
from ..evidence import ASSUMED
from ..messages import Response
from ..odata.literals import read_date_time
from ..seeds.fresh import MEMORY
from ..store import Store
from ..values import Row
from ..views import PEER_TYPES, peer_name
from .firewall import passed
from .kept_settings import setting
from .services import running
from .version import version_of

CHAT_LOG = "settings chat log"
MULTI_COMPANY = "settings multi company"
_MAINTENANCE = "database maintenance"
MAINTENANCE_LASTS = timedelta(seconds=5)
# Bytes that one of a kind takes.
_RECORDING, _CALL, _CHAT, _EVENT = 480_000, 1_200, 600, 400
# Sets whose numbers the PBX answers itself.
_SYSTEM_PEERS = ("Queues", "RingGroups", "Receptionists", "Fax", "Parkings", "CallFlowApps")


def count(store: Store, name: str) -> int:
    return len(store.rows(name)) if name in store.tables else 0


def chat_log_on(store: Store) -> bool:
    return bool(store.kept.get(CHAT_LOG, True))


def _maintained(store: Store) -> bool:
    """Whether the database is being maintained at this moment."""
    until = store.kept.get(_MAINTENANCE)
    return until is not None and store.now() < read_date_time(until)


def _used(store: Store) -> dict[str, int]:
    """Disk space by what takes it, in bytes."""
    chats = count(store, "ChatHistoryView") + count(store, "ChatMessagesHistoryView")
    return {
        "recordings": _RECORDING * count(store, "Recordings"),
        "calls": _CALL * (count(store, "CallHistoryView") + count(store, "ReportCallLogData")),
        "chats": _CHAT * chats,
        "log": _EVENT * (count(store, "EventLogs") + count(store, "ActivityLog")),
        "backups": sum(row["Size"] or 0 for row in store.rows("Backups")),
    }


def _extension_registered(row: Row) -> bool:
    return bool(row.get("IsRegistered"))


def status(store: Store) -> Row:
    """``SystemStatus`` as it is now: what the seed says, and what follows from the rest of the store."""
    row = store.singletons["SystemStatus"]
    users, trunks, licence = store.rows("Users"), store.rows("Trunks"), store.singletons["LicenseStatus"]
    used = _used(store)
    total = row["TotalDiskSpace"] or 0
    free = max(0, (row["FreeDiskSpace"] or 0) - sum(used.values()))
    backups = [backup["CreationTime"] for backup in store.rows("Backups") if backup["CreationTime"]]
    location = setting(store, "BackupRepositorySettings")["Location"] or {}
    computed = {
        "FQDN": store.singletons["NetworkSettings"]["PbxPublicFQDN"],
        "Version": version_of(store),
        "ExtensionsTotal": len(users),
        "ExtensionsRegistered": sum(_extension_registered(user) for user in users),
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
        "RemoteStorageEnabled": location.get("FileSystemType") not in (None, "Local"),
        "RemoteStorageStatus": remote_storage(store),
        "IsChatLogEnabled": chat_log_on(store),
        "DBMaintenanceInProgress": _maintained(store),
    }
    return {**row, **{name: value for name, value in computed.items() if name in row}}


_LICENCE = (
    "Activated",
    "ExpirationDate",
    "LicenseActive",
    "LicenseKey",
    "MaintenanceExpiresAt",
    "MaxSimCalls",
    "ProductCode",
    "ResellerName",
    "Support",
)


def remote_storage(store: Store) -> str:
    """Whether anything is archived to a store elsewhere: ``Pbx.RemoteStorageStatus``."""
    settings = store.singletons["RemoteArchivingSettings"]
    parts = [settings[name] for name in ("Backups", "Chats", "Faxes", "Recordings", "Voicemails") if settings.get(name)]
    archived = [part for part in parts if part["Enabled"]]
    if not archived:
        return "NotConfigured"
    return "Configured" if (settings["Location"] or {}).get("FileSystemType") else "PartiallyConfigured"


def system_extensions(store: Store) -> list[Row]:
    """Every number that is not a user's or trunk's, and whether it answers; none does without the SIP service."""
    up = all(row["Status"] == "Running" for row in store.rows("Services") if row["Name"] == "SIPService")
    return [
        {"Number": row["Number"], "Name": peer_name(row), "Type": PEER_TYPES[name], "IsRegistered": up}
        for name in _SYSTEM_PEERS
        for row in store.rows(name)
    ]


def health(store: Store) -> Row:
    """Trunks all registered, phones all of known make, the last firewall check passed."""
    trunks = store.rows("Trunks")
    custom = [row for name in ("PhoneTemplates", "TrunkTemplates") for row in store.rows(name) if row.get("IsCustom")]
    known = {row["Version"] for row in store.rows("Firmwares")}
    outdated = [row for row in store.rows("DeviceInfos") if row["Assigned"] and row["FirmwareVersion"] not in known]
    return {
        "Id": 1,
        "Firewall": passed(store),
        "Trunks": all(trunk["IsOnline"] for trunk in trunks),
        "Phones": not outdated,
        "CustomTemplatesCount": len(custom),
        "UnsupportedFirmwaresCount": len(outdated),
    }


def _entity(type_name: str, make: Any) -> Handler:
    """Return an entity computed from the store."""
    return lambda call: call.write_entity(call.store.values.complete(type_name, make(call.store)))


def _database(store: Store) -> Row:
    used = _used(store)
    return {
        "Id": 1,
        "CallsUsedSpace": used["calls"],
        "ChatsUsedSpace": used["chats"],
        "ChatFilesCount": 0,
        "EventLogUsedSpace": used["log"],
    }


def _extensions(call: Call) -> Response:
    users = [
        {"Number": u["Number"], "Name": peer_name(u), "Type": "Extension", "IsRegistered": _extension_registered(u)}
        for u in call.store.rows("Users")
    ]
    return call.write_list([*users, *system_extensions(call.store)])


def _set_chat_log(call: Call) -> Response:
    call.store.keep(CHAT_LOG, call.body()["enable"])
    return Response(204)


def _set_multi_company(call: Call) -> Response:
    call.store.keep(MULTI_COMPANY, call.body()["enable"])
    return Response(204)


def _maintain(call: Call) -> Response:
    """Start maintaining the database; it takes five seconds, and starting again meanwhile changes nothing."""
    if not _maintained(call.store):
        call.store.keep(_MAINTENANCE, event_log.stamp(call.store.now() + MAINTENANCE_LASTS))
        event_log.log_event(call.store, "Info", event_log.DATABASE_MAINTENANCE, "Database maintenance was started")
    return Response(204)


def _samples(now: datetime) -> Iterator[tuple[int, str]]:
    """Yield the last hour in steps of a minute, oldest first, each with a number that changes with the time."""
    start = now.replace(second=0, microsecond=0) - timedelta(minutes=59)
    for step in range(60):
        moment = start + timedelta(minutes=step)
        yield int(50 + 50 * math.sin(moment.timestamp() / 600)), event_log.stamp(moment)


def _system_telemetry(call: Call) -> Response:
    """Return the last hour by the minute; what is free now is what the status says."""
    now = status(call.store)
    rows = [
        {
            "Time": time,
            "CpuUsage": 3 + level / 10,
            "TickCount": 60_000 * number,
            "FreeDiskSpace": now["FreeDiskSpace"],
            "TotalDiskSpace": now["TotalDiskSpace"],
            "TotalPhysicalMemory": MEMORY,
            "FreePhysicalMemory": MEMORY - _memory(call.store) - 1_000_000 * level,
            "TotalVirtualMemory": 2 * MEMORY,
            "FreeVirtualMemory": 2 * MEMORY - _memory(call.store) - 1_000_000 * level,
        }
        for number, (level, time) in enumerate(_samples(call.store.now()), 1)
    ]
    return call.write_list([call.store.values.complete("Pbx.SystemTelemetry", row) for row in rows])


def _memory(store: Store) -> int:
    return sum(row["MemoryUsed"] or 0 for row in store.rows("Services"))


# How the telemetry's enum spells a service whose own name it doesn't have.
_TELEMETRY_NAMES = {"QueueManager": "QueueMananger", "EventNotificationManager": "EventNotiificationManager"}


def _service_telemetry(call: Call) -> Response:
    """Return what each running service takes now, as the list of services has it."""
    known = call.store.catalog.enum_values("Pbx.PhoneSystemService")
    rows = [
        {
            "Time": event_log.stamp(call.store.now()),
            "Service": _TELEMETRY_NAMES.get(row["Name"], row["Name"]),
            "ProcessCount": 1,
            "PrivateMemory": row["MemoryUsed"],
            "ThreadCount": row["ThreadCount"],
            "HandleCount": row["HandleCount"],
        }
        for row in call.store.rows("Services")
        if row["Status"] == "Running" and _TELEMETRY_NAMES.get(row["Name"], row["Name"]) in known
    ]
    return call.write_list([call.store.values.complete("Pbx.ProcessTelemetry", row) for row in rows])


def _network_telemetry(call: Call) -> Response:
    """Return the last hour by the minute for each network interface: some 87 kbit/s each way for every call."""
    calls = count(call.store, "ActiveCalls")
    rows = [
        {"Id": interface["Id"], "Time": time, "KbpsReceived": 2 + 87 * calls, "KbpsSent": 2 + 87 * calls}
        for interface in call.store.rows("NetworkInterfaces")
        for _, time in _samples(call.store.now())
    ]
    return call.write_list([call.store.values.complete("Pbx.NetworkTelemetry", row) for row in rows])


HANDLERS = declared(
    ASSUMED,
    {
        "system_status.get": lambda call: call.write_entity(status(call.store)),
        "system_status.system_health_status": _entity("Pbx.SystemHealthStatus", health),
        "system_status.system_database_information": _entity("Pbx.SystemDatabaseInformation", _database),
        "system_status.get_version_type": _entity("Pbx.VersionUpdateType", lambda store: {"Type": "Release"}),
        "system_status.system_extensions": _extensions,
        "system_status.set_chat_log_status": _set_chat_log,
        "system_status.set_multi_company_mode": _set_multi_company,
        "system_status.start_db_maintenance": _maintain,
        "system_status.system_telemetry": _system_telemetry,
        "system_status.service_telemetry": _service_telemetry,
        "system_status.network_telemetry": _network_telemetry,
        # No phone app has ever asked anything here.
        "system_status.my_phone_request_id_telemetry": lambda call: call.write_list([]),
    },
)
