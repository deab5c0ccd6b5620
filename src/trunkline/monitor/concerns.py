"""What needs attention on a PBX, judged from what was read of it, each with what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


class Concern(msgspec.Struct, frozen=True):
    """Something that needs attention. ``field`` is the field of the status that shows it."""

    field: str
    message: str
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


def _concern(field: str, message: str, action: str, **arguments: Any) -> Concern:
    return Concern(field, message, HintRecord("", action, arguments))


def _licence(licence: Licence, limits: Limits) -> Iterator[Concern]:
    show = "license_status.get"
    ends, maintenance_ends = licence.days_left, licence.maintenance_days_left
    if ends is not None and ends < limits.licence_days:
        yield _concern("licence", f"The licence {_ends(ends, licence.expires)}.", show)
    elif licence.active is False:
        yield _concern("licence", "The licence is not active.", show)
    if maintenance_ends is not None and maintenance_ends < limits.licence_days and maintenance_ends != ends:
        ending = _ends(maintenance_ends, licence.maintenance_expires)
        yield _concern("licence", f"The maintenance of the licence {ending}.", show)


def _ends(days: int, date: str | None) -> str:
    day = (date or "")[:10]
    return f"has ended ({day})" if days < 0 else f"ends in {days} day{'s' * (days != 1)} ({day})"


def _services(services: Services) -> Iterator[Concern]:
    if services.not_running:
        names = ", ".join(f"{service.name} ({service.status})" for service in services.not_running)
        yield _concern("services", f"Not running: {names}.", "services.list")
    elif services.all_running is False:
        yield _concern("services", "Some services are not running.", "services.list")


def _trunks(trunks: Trunks) -> Iterator[Concern]:
    registered, total = trunks.registered, trunks.total
    if trunks.not_registered:
        message = f"Not registered: {', '.join(map(str, trunks.not_registered))}."
    elif registered is not None and total is not None and registered < total:
        message = f"{total - registered} of {total} trunks are not registered."
    else:
        return
    yield _concern("trunks", message, "trunks.list", select="Number,IsOnline,ConfigurationIssue")


def _extensions(extensions: Extensions) -> Iterator[Concern]:
    """Judge phones together: some are off everywhere, but none is where the network or the SIP service fails."""
    if extensions.total and extensions.registered == 0:
        message = f"None of {extensions.total} extensions is registered."
        yield _concern("extensions", message, "users.list", select="Number,IsRegistered")
    if extensions.system_registered is False:
        message = "Queues, ring groups or other system extensions are not registered."
        yield _concern("extensions", message, "system_status.system_extensions")


def _calls(calls: CallCount) -> Iterator[Concern]:
    if calls.active is not None and calls.licensed and calls.active >= calls.licensed:
        message = f"All {calls.licensed} calls of the licence are in use: the next one is refused."
        yield _concern("calls", message, "active_calls.list")


def _disk(disk: Disk) -> Iterator[Concern]:
    show, fields = "system_status.get", "FreeDiskSpace,RecordingUsedSpace,ChatUsedSpace,LogUsedSpace"
    if disk.used_percent is not None and disk.used_percent > DISK_PERCENT:
        yield _concern("disk", f"The disk is {disk.used_percent:g} % full.", show, select=fields)
    if disk.stopped:
        message = f"Stopped for lack of disk space: {' and '.join(disk.stopped)}."
        yield _concern("disk", message, show, select=fields)
    for name in disk.quotas_reached:
        if name not in disk.stopped:
            yield _concern("disk", f"The quota of {name} is reached.", show, select=fields)


def _backup(readings: Readings, limits: Limits) -> Iterator[Concern]:
    backup: Backup = readings.backup
    age, unscheduled = backup.age_days, ", and none is scheduled" if backup.scheduled is False else ""
    if age is None and "backups" not in readings.unavailable:
        message = f"There is no backup{unscheduled}."
    elif age is not None and age > limits.backup_days:
        message = f"The last backup is {age:.0f} days old{unscheduled}."
    else:
        return
    yield _concern("backup", message, "backups.backup", description={"Name": "now"})


def _unavailable(unavailable: Mapping[str, ErrorRecord]) -> Iterator[Concern]:
    """Judge what can't be read: it may be wrong."""
    failed = [part for part, error in unavailable.items() if error.code not in MISSING]
    if failed:
        yield _concern("unavailable", f"These parts could not be read: {', '.join(failed)}.", "doctor")
