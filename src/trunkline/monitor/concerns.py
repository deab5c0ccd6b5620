"""What needs attention on a PBX, judged from what was read of it, each with what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from ..errors import NotFound, VersionMismatch
from .readings import Backup, CallCount, Disk, Extensions, Licence, Readings, Services, Trunks
from .records import ErrorRecord, HintRecord

BACKUP_DAYS = 7.0
"""3CX backs up daily or weekly as a rule: after a week even a weekly backup has been missed."""
LICENCE_DAYS = 30
"""Quote, order and renewal through a partner take weeks; without a licence a PBX stops."""
DISK_PERCENT = 90.0
"""A PBX that runs out of disk stops recording, then taking backups; the last tenth goes in days with recordings on."""
MISSING = (NotFound.code, VersionMismatch.code)
"""The codes of a part that a version lacks, which nobody can change."""


class Limits(NamedTuple):
    """When a backup is old, and a licence about to end; both in days."""

    backup_days: float = BACKUP_DAYS
    licence_days: int = LICENCE_DAYS


TEXTS: Mapping[str, str | tuple[str, str]] = MappingProxyType(
    {
        "licence_ends": (
            "The licence ends in {number} day ({date}).",
            "The licence ends in {number} days ({date}).",
        ),
        "licence_ended": "The licence has ended ({date}).",
        "licence_inactive": "The licence is not active.",
        "maintenance_ends": (
            "The maintenance of the licence ends in {number} day ({date}).",
            "The maintenance of the licence ends in {number} days ({date}).",
        ),
        "maintenance_ended": "The maintenance of the licence has ended ({date}).",
        "services_not_running": "Not running: {names}.",
        "some_services_not_running": "Some services are not running.",
        "trunks_not_registered": "Not registered: {names}.",
        "some_trunks_not_registered": "{count} of {total} trunks are not registered.",
        "no_extension_registered": "None of {total} extensions is registered.",
        "system_extensions_not_registered": "Queues, ring groups or other system extensions are not registered.",
        "calls_in_use": "All {licensed} calls of the licence are in use: the next one is refused.",
        "disk_full": "The disk is {percent:g} % full.",
        "disk_stopped": "Stopped for lack of disk space: {names}.",
        "quota_reached": "The quota of {name} is reached.",
        "no_backup": "There is no backup.",
        "no_backup_scheduled": "There is no backup, and none is scheduled.",
        "backup_old": "The last backup is {days:.0f} days old.",
        "backup_old_none_scheduled": "The last backup is {days:.0f} days old, and none is scheduled.",
        "unavailable": "These parts could not be read: {names}.",
    }
)
"""The message of each kind of concern; of two texts the first is for a ``number`` of 1."""


class Concern(msgspec.Struct, frozen=True):
    """Something that needs attention. ``field`` is the field of the status that shows it.

    ``kind`` is a key of `TEXTS`, and ``values`` are what its text has: for programs, and other languages.
    """

    field: str
    kind: str
    message: str
    values: dict[str, Any]
    hint: HintRecord


def find_concerns(readings: Readings, limits: Limits) -> list[Concern]:
    """Find all that needs attention, the most serious first."""
    return [
        *_licence(readings.licence, limits),
        *_services(readings.services),
        *_trunks(readings.trunks),
        *_extensions(readings.extensions),
        *_calls(readings.calls),
        *_disk(readings.disk),
        *_backup(readings, limits),
        *_unavailable(readings.unavailable),
    ]


def _concern(field: str, kind: str, action: str, values: dict[str, Any] | None = None, **arguments: Any) -> Concern:
    text, known = TEXTS[kind], values or {}
    if not isinstance(text, str):
        text = text[known["number"] != 1]
    return Concern(field, kind, text.format_map(known), known, HintRecord("", action, arguments))


def _licence(licence: Licence, limits: Limits) -> Iterator[Concern]:
    show = "license_status.get"
    ends, maintenance_ends = licence.days_left, licence.maintenance_days_left
    if ends is not None and ends < limits.licence_days:
        yield _ending("licence", ends, licence.expires)
    elif licence.active is False:
        yield _concern("licence", "licence_inactive", show)
    if maintenance_ends is not None and maintenance_ends < limits.licence_days and maintenance_ends != ends:
        yield _ending("maintenance", maintenance_ends, licence.maintenance_expires)


def _ending(what: str, days: int, time: str | None) -> Concern:
    date = {"date": (time or "")[:10]}
    if days < 0:
        return _concern("licence", f"{what}_ended", "license_status.get", date)
    return _concern("licence", f"{what}_ends", "license_status.get", {"number": days, **date})


def _services(services: Services) -> Iterator[Concern]:
    if services.not_running:
        names = ", ".join(f"{service.name} ({service.status})" for service in services.not_running)
        yield _concern("services", "services_not_running", "services.list", {"names": names})
    elif services.all_running is False:
        yield _concern("services", "some_services_not_running", "services.list")


def _trunks(trunks: Trunks) -> Iterator[Concern]:
    registered, total = trunks.registered, trunks.total
    values: dict[str, Any]
    if trunks.not_registered:
        kind, values = "trunks_not_registered", {"names": ", ".join(map(str, trunks.not_registered))}
    elif registered is not None and total is not None and registered < total:
        kind, values = "some_trunks_not_registered", {"count": total - registered, "total": total}
    else:
        return
    yield _concern("trunks", kind, "trunks.list", values, select="Number,IsOnline,ConfigurationIssue")


def _extensions(extensions: Extensions) -> Iterator[Concern]:
    """Judge phones together: some are off everywhere, but none is where the network or the SIP service fails."""
    if extensions.total and extensions.registered == 0:
        values = {"total": extensions.total}
        select = "Number,IsRegistered"
        yield _concern("extensions", "no_extension_registered", "users.list", values, select=select)
    if extensions.system_registered is False:
        yield _concern("extensions", "system_extensions_not_registered", "system_status.system_extensions")


def _calls(calls: CallCount) -> Iterator[Concern]:
    if calls.active is not None and calls.licensed and calls.active >= calls.licensed:
        yield _concern("calls", "calls_in_use", "active_calls.list", {"licensed": calls.licensed})


def _disk(disk: Disk) -> Iterator[Concern]:
    show, fields = "system_status.get", "FreeDiskSpace,RecordingUsedSpace,ChatUsedSpace,LogUsedSpace"
    if disk.used_percent is not None and disk.used_percent > DISK_PERCENT:
        yield _concern("disk", "disk_full", show, {"percent": disk.used_percent}, select=fields)
    if disk.stopped:
        yield _concern("disk", "disk_stopped", show, {"names": ", ".join(disk.stopped)}, select=fields)
    for name in disk.quotas_reached:
        if name not in disk.stopped:
            yield _concern("disk", "quota_reached", show, {"name": name}, select=fields)


def _backup(readings: Readings, limits: Limits) -> Iterator[Concern]:
    backup: Backup = readings.backup
    age, is_unscheduled = backup.age_days, backup.scheduled is False
    values: dict[str, Any] = {}
    if age is None and "backups" not in readings.unavailable:
        kind = "no_backup_scheduled" if is_unscheduled else "no_backup"
    elif age is not None and age > limits.backup_days:
        kind, values = "backup_old_none_scheduled" if is_unscheduled else "backup_old", {"days": age}
    else:
        return
    yield _concern("backup", kind, "backups.backup", values, description={"Name": "now"})


def _unavailable(unavailable: Mapping[str, ErrorRecord]) -> Iterator[Concern]:
    """Judge what can't be read: it may be wrong."""
    failed = [part for part, error in unavailable.items() if error.code not in MISSING]
    if failed:
        yield _concern("unavailable", "unavailable", "doctor", {"names": ", ".join(failed)})
