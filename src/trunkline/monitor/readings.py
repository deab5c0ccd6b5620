"""What was read from one PBX, as records with the same fields everywhere. Nothing is guessed.

What a PBX doesn't answer is None: its rows may leave fields out (docs/pbx.md, Answers). Dates are ISO 8601 in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from ..errors import TrunklineError
from ..local.timestamps import format_timestamp, parse_timestamp
from .records import ErrorRecord

Row = Mapping[str, Any]
Answers = Mapping[str, Any]
"""What each part answered: an entity, a list of rows, or the error that it ended with."""


class Updates(msgspec.Struct, frozen=True):
    """How many updates are available, and the version that replaces the PBX's own, if one does."""

    available: int | None = None
    version: str | None = None


class Licence(msgspec.Struct, frozen=True):
    """The licence, and how many whole days are left of it and of its maintenance; negative once they have ended."""

    product: str | None = None
    active: bool | None = None
    expires: str | None = None
    days_left: int | None = None
    maintenance_expires: str | None = None
    maintenance_days_left: int | None = None


class CallCount(msgspec.Struct, frozen=True):
    """Calls in progress, and how many the licence allows at once."""

    active: int | None = None
    licensed: int | None = None


class Extensions(msgspec.Struct, frozen=True):
    """``system_registered``: whether all queues, ring groups and other system extensions are."""

    registered: int | None = None
    total: int | None = None
    system_registered: bool | None = None


class Trunk(msgspec.Struct, frozen=True):
    """A trunk, by number and by the name of its gateway."""

    number: str | None
    name: str | None

    def __str__(self) -> str:
        return f"{self.number} ({self.name})" if self.name else str(self.number)


class Trunks(msgspec.Struct, frozen=True):
    """``not_registered`` lists the trunks that the PBX reports as offline, not those of which it reports nothing."""

    registered: int | None = None
    total: int | None = None
    not_registered: list[Trunk] = []


class Service(msgspec.Struct, frozen=True):
    """A service of the PBX, and its status in 3CX's words."""

    name: str | None
    status: str


class Services(msgspec.Struct, frozen=True):
    """A PBX whose services can't be listed may still report whether all run (``all_running``)."""

    running: int | None = None
    total: int | None = None
    all_running: bool | None = None
    not_running: list[Service] = []


class Disk(msgspec.Struct, frozen=True):
    """Space, what has ``stopped`` for lack of it (recording, voicemail), and whose quotas are reached."""

    free_bytes: int | None = None
    total_bytes: int | None = None
    used_percent: float | None = None
    stopped: list[str] = []
    quotas_reached: list[str] = []


class Backup(msgspec.Struct, frozen=True):
    """The last backup, how many there are, and whether they are scheduled."""

    last: str | None = None
    age_days: float | None = None
    file: str | None = None
    count: int | None = None
    scheduled: bool | None = None


class Readings(msgspec.Struct, frozen=True, kw_only=True):
    """What was read from a PBX at a ``time``. ``unavailable`` has the error of each part that could not be read."""

    pbx: str
    url: str
    time: str
    version: str | None = None
    updates: Updates = Updates()
    licence: Licence = Licence()
    calls: CallCount = CallCount()
    extensions: Extensions = Extensions()
    trunks: Trunks = Trunks()
    services: Services = Services()
    disk: Disk = Disk()
    backup: Backup = Backup()
    unavailable: dict[str, ErrorRecord] = {}


def read_answers(pbx: str, url: str, version: str | None, answers: Answers, now: datetime) -> Readings:
    """Put the answers of all parts together; ``version`` is what the client knows of it."""
    system, licence = _entity(answers, "system"), _entity(answers, "licence")
    version = _text(system.get("Version")) or version or _text(licence.get("Version"))
    return Readings(
        pbx=pbx,
        url=url,
        time=format_timestamp(now),
        version=version,
        updates=_updates(_entity(answers, "updates"), version),
        licence=_licence({**system, **{k: v for k, v in licence.items() if v is not None}}, now),
        calls=CallCount(_number(system.get("CallsActive")), _calls_licensed(licence, system)),
        extensions=Extensions(
            _number(system.get("ExtensionsRegistered")),
            _number(system.get("ExtensionsTotal")),
            _opposite(system.get("HasUnregisteredSystemExtensions")),
        ),
        trunks=_trunks(_rows(answers, "trunks"), system),
        services=_services(_rows(answers, "services"), system),
        disk=_disk(system),
        backup=_backup(_rows(answers, "backups"), system, now),
        unavailable={
            part: ErrorRecord.of(error) for part, error in answers.items() if isinstance(error, TrunklineError)
        },
    )


def _entity(answers: Answers, part: str) -> Row:
    answer = answers.get(part)
    return answer if isinstance(answer, dict) else {}


def _rows(answers: Answers, part: str) -> list[Row] | None:
    """Take the rows of a list; None if it wasn't read."""
    answer = answers.get(part)
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _opposite(value: Any) -> bool | None:
    return not value if isinstance(value, bool) else None


def _calls_licensed(licence: Row, system: Row) -> int | None:
    licensed = _number(licence.get("MaxSimCalls"))
    return licensed if licensed is not None else _number(system.get("MaxSimCalls"))


def _updates(entity: Row, version: str | None) -> Updates:
    entries = entity.get("Entries")
    if not isinstance(entries, list):
        return Updates()
    available = [
        each for each in entries if isinstance(each, dict) and each.get("OutOfDate") and not each.get("Ignore")
    ]
    own = [each for each in available if version and each.get("LocalVersion") == version]
    return Updates(len(available), _text(own[0].get("ServerVersion")) if own else None)


def _licence(entity: Row, now: datetime) -> Licence:
    ends = parse_timestamp(entity.get("ExpirationDate"))
    maintenance_ends = parse_timestamp(entity.get("MaintenanceExpiresAt"))
    return Licence(
        product=_text(entity.get("ProductCode")),
        active=_flag(entity.get("LicenseActive")),
        expires=format_timestamp(ends) if ends else None,
        days_left=(ends - now).days if ends else None,
        maintenance_expires=format_timestamp(maintenance_ends) if maintenance_ends else None,
        maintenance_days_left=(maintenance_ends - now).days if maintenance_ends else None,
    )


def _trunks(rows: list[Row] | None, system: Row) -> Trunks:
    """Count as the PBX does where it counts, else by the list."""
    registered, total = _number(system.get("TrunksRegistered")), _number(system.get("TrunksTotal"))
    if rows is not None and (registered is None or total is None):
        online = [row.get("IsOnline") for row in rows]
        registered, total = None if None in online else online.count(True), len(rows)
    offline = [row for row in rows or () if row.get("IsOnline") is False]
    return Trunks(
        registered,
        total,
        [Trunk(_text(row.get("Number")), _text(_entity(row, "Gateway").get("Name"))) for row in offline],
    )


def _services(rows: list[Row] | None, system: Row) -> Services:
    states = [row.get("Status") for row in rows or ()]
    down = [row for row in rows or () if row.get("Status") not in (None, "Running")]
    all_running = not down if states and None not in states else _opposite(system.get("HasNotRunningServices"))
    return Services(
        running=None if rows is None else states.count("Running"),
        total=None if rows is None else len(rows),
        all_running=False if down else all_running,
        not_running=[Service(_text(row.get("Name")), str(row["Status"])) for row in down],
    )


def _disk(system: Row) -> Disk:
    """Take DiskUsage only where the sizes are missing: that it is a percentage is assumed."""
    free, total = _number(system.get("FreeDiskSpace")), _number(system.get("TotalDiskSpace"))
    used = round(100 * (total - free) / total, 1) if free is not None and total else _number(system.get("DiskUsage"))
    features = {"recording": "Recording", "voicemail": "Voicemail"}
    return Disk(
        free,
        total,
        used,
        stopped=[name for name, field in features.items() if system.get(f"{field}Stopped") is True],
        quotas_reached=[name for name, field in features.items() if system.get(f"{field}QuotaReached") is True],
    )


def _backup(rows: list[Row] | None, system: Row, now: datetime) -> Backup:
    """Take the latest backup of the list, else the one that the system status names."""
    dated = [(created, row) for row in rows or () if (created := parse_timestamp(row.get("CreationTime")))]
    last, row = max(dated, key=lambda each: each[0], default=(None, {}))
    last = last or parse_timestamp(system.get("LastBackupDateTime"))
    return Backup(
        last=format_timestamp(last) if last else None,
        age_days=round((now - last).total_seconds() / 86400, 1) if last else None,
        file=_text(row.get("FileName")),
        count=None if rows is None else len(rows),
        scheduled=_flag(system.get("BackupScheduled")),
    )
