"""Settings that no entity set shows: what a ``Set…`` action stored its ``Get…`` function gives back."""

from __future__ import annotations

from typing import Any

from ..answers import Call
from ..archive import KEPT
from ..crud import Handler, declared
from ..evidence import published
from ..messages import Response
from ..store import Store
from ..values import Row

# The actions of each pair, and the type of its settings.
_PAIRS = {
    "backups.{}_backup_settings": "BackupSettings",
    "backups.{}_backup_failover_settings": "BackupFailoverSettings",
    "backups.{}_backup_repository_settings": "BackupRepositorySettings",
    "backups.{}_restore_settings": "RestoreSettings",
    "contacts.{}_dir_search_settings": "ContactsDirSearchSettings",
    "recordings.{}_recording_repository_settings": "RecordingRepositorySettings",
    "updates.{}_update_settings": "UpdateSettings",
}
_DATA = "/var/lib/3cxpbx/Instance1/Data"
_NIGHTLY = {"ScheduleType": "Daily", "Day": "Sunday", "Time": "02:00:00", "RepeatHours": 24, "RepeatMinutes": 0}
# What they are on a fresh PBX.
_AT_FIRST: dict[str, dict[str, Any]] = {
    "BackupSettings": {
        "ScheduleEnabled": True,
        "Rotation": 5,
        "Schedule": _NIGHTLY,
        "Contents": {
            **dict.fromkeys(("CallHistory", "Prompts", "PhoneProvisioning", "License", "FQDN", "VoiceMails"), True),
            **dict.fromkeys(("Recordings", "EncryptBackup", "DisableBackupCompression"), False),
        },
    },
    "BackupFailoverSettings": {"Enabled": False, "Interval": 60, "Mode": "Active", "Condition": "AllService"},
    "BackupRepositorySettings": {"Location": {"FileSystemType": "Local", "LocalPath": f"{_DATA}/Backups"}},
    "RestoreSettings": {"ScheduleEnabled": False, "EncryptBackup": False, "Schedule": _NIGHTLY},
    "RecordingRepositorySettings": {
        "AutoDeleteRecordingDays": 30,
        "AutoDeleteRecordingEnabled": False,
        "IsRecordingArchiveEnabled": False,
        "RecordingPath": f"{_DATA}/Recordings",
        "RecordingDiskSpace": 102_400,
        "RecordingsQuota": 10_240,
    },
    "UpdateSettings": {"AutoUpdateEnabled": True, "Schedule": {**_NIGHTLY, "ScheduleType": "Weekly"}},
}


def setting(store: Store, name: str) -> Row:
    """Return the settings of a type such as ``BackupSettings``, complete."""
    return store.values.complete(f"Pbx.{name}", store.kept.get(KEPT + name, _AT_FIRST.get(name, {})))


def switch(name: str) -> Handler:
    """Return a handler that keeps whether something is on, its body's ``enable``."""

    def handler(call: Call) -> Response:
        call.store.keep(KEPT + name, call.body().get("enable"))
        return Response(204)

    return handler


def is_on(store: Store, name: str, *, at_first: bool) -> bool:
    return bool(store.kept.get(KEPT + name, at_first))


def _get(name: str) -> Handler:
    return lambda call: call.write_entity(setting(call.store, name))


def _set(name: str) -> Handler:
    """Return a handler that stores the fields that came; the others stay."""

    def handler(call: Call) -> Response:
        given = next(iter(call.body().values()), None) or {}
        call.store.keep(KEPT + name, {**setting(call.store, name), **given})
        return Response(204)

    return handler


HANDLERS = declared(
    published("answers"),
    {
        actions.format(verb): make(name)
        for actions, name in _PAIRS.items()
        for verb, make in (("get", _get), ("set", _set))
    },
)
