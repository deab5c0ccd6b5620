"""Settings that no entity set shows: what a ``Set…`` action stored its ``Get…`` function gives back."""

from __future__ import annotations

from typing import Any

from ..answers import Call
from ..archive import KEPT
from ..crud import Handler, declared
from ..evidence import ASSUMED
from ..messages import Response
from ..store import Store
from ..values import Row
from ..warning_codes import OUT_OF_THE_RANGE, refuse

_NIGHTLY = {"ScheduleType": "Daily", "Day": "Sunday", "Time": "02:00:00", "RepeatHours": 24, "RepeatMinutes": 0}
CONTENTS = {
    "CallHistory": True,
    "Recordings": False,
    "Prompts": True,
    "PhoneProvisioning": True,
    "License": True,
    "FQDN": True,
    "VoiceMails": True,
    "EncryptBackup": False,
    "DisableBackupCompression": False,
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "BackupSettings": {"ScheduleEnabled": True, "Rotation": 5, "Schedule": _NIGHTLY, "Contents": CONTENTS},
    "BackupFailoverSettings": {
        "Enabled": False,
        "Interval": 60,
        "Mode": "Active",
        "Condition": "AllService",
        "TestSIPServer": True,
    },
    "BackupRepositorySettings": {
        "Location": {"FileSystemType": "Local", "LocalPath": "/var/lib/3cxpbx/Instance1/Data/Backups"}
    },
    "RestoreSettings": {"ScheduleEnabled": False, "EncryptBackup": False, "Schedule": _NIGHTLY},
    "UpdateSettings": {"AutoUpdateEnabled": True, "Schedule": {**_NIGHTLY, "ScheduleType": "Weekly"}},
}
# The path that a kind of store needs.
PATH_OF = {
    "Local": "LocalPath",
    "Ftp": "FtpPath",
    "NetworkShare": "NsPath",
    "Sftp": "SftpPath",
    "GoogleBucket": "GbPath",
    "SharePoint": "SharePointPath",
    "AmazonS3": "S3Path",
}
RANGES = {
    "Rotation": (1, 100),
    "Interval": (1, 86_400),
    "RepeatHours": (0, 24),
    "RepeatMinutes": (0, 59),
}


def setting(store: Store, name: str) -> Row:
    """Return the settings of a type such as ``BackupSettings``, complete."""
    return store.values.complete(f"Pbx.{name}", store.kept.get(KEPT + name, _DEFAULTS[name]))


def _get(name: str) -> Handler:
    return lambda call: call.write_entity(setting(call.store, name))


def _set(name: str) -> Handler:
    """Store the fields that came; the others stay. Raises Refusal (400) for a figure out of its range or no path."""

    def handler(call: Call) -> Response:
        given = call.body()["settings"]
        _check(call.store, given)
        if "Location" in given:
            check_location(call.store, given["Location"])
        call.store.keep(KEPT + name, {**setting(call.store, name), **given})
        return Response(204)

    return handler


def _check(store: Store, given: Row) -> None:
    for field, value in given.items():
        lowest, highest = RANGES.get(field, (None, None))
        if lowest is not None and highest is not None and value is not None and not lowest <= value <= highest:
            raise refuse(store, OUT_OF_THE_RANGE, field, fact=ASSUMED)
        if field == "Schedule" and value is not None:
            _check(store, value)


def check_location(store: Store, location: Row | None) -> None:
    """Check a location. Raises Refusal (400) where the path that the kind of store needs is missing or has spaces."""
    path = PATH_OF.get((location or {}).get("FileSystemType") or "")
    if location is None or path is None:
        return
    if not location.get(path):
        raise refuse(store, "WARNINGS.BACKUP_LOCATION_CONFIG_ERROR", path, fact=ASSUMED)
    if " " in location[path]:
        raise refuse(store, "WARNINGS.XAPI.PATH_SHOULD_NOT_CONTAIN_SPACES", path, fact=ASSUMED)


_ACTIONS = {
    "backups.{}_backup_settings": "BackupSettings",
    "backups.{}_backup_failover_settings": "BackupFailoverSettings",
    "backups.{}_backup_repository_settings": "BackupRepositorySettings",
    "backups.{}_restore_settings": "RestoreSettings",
    "updates.{}_update_settings": "UpdateSettings",
}
HANDLERS = declared(
    ASSUMED,
    {
        action.format(verb): make(name)
        for action, name in _ACTIONS.items()
        for verb, make in (("get", _get), ("set", _set))
    },
)
