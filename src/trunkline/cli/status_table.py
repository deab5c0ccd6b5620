"""The status of PBXs on a terminal: one as a list of lines, many as a table, and below what needs attention."""

from __future__ import annotations

from datetime import timedelta

import click

from ..local.timestamps import format_age
from ..monitor.readings import Backup, Disk, Licence, Services, Trunks
from ..monitor.status import Status
from ..printable import printable
from ..redaction import redacted
from .hints import spelled
from .output import View, draw

_PART_OF = {
    "Version": "system",
    "Licence": "licence",
    "Calls": "system",
    "Extensions": "system",
    "Trunks": "system",
    "Services": "services",
    "Disk": "system",
    "Backup": "backups",
}


def draw_one(status: Status, view: View, profile: str) -> None:
    """Draw one PBX, a line for each thing; then a line for each part that could not be read, with its error."""
    lines = {
        "Version": _version(status),
        "Licence": _licence(status.licence),
        "Calls": _of(status.calls.active, status.calls.licensed),
        "Extensions": _of(status.extensions.registered, status.extensions.total, "registered"),
        "Trunks": _trunks(status.trunks),
        "Services": _services(status.services),
        "Disk": _disk(status.disk),
        "Backup": _backup(status.backup),
    }
    unavailable = status.unavailable
    rows = [[name, text or "unknown"] for name, text in lines.items() if text or _PART_OF[name] not in unavailable]
    rows += [[part.capitalize(), f"unavailable: {error.message}"] for part, error in unavailable.items()]
    place = "" if status.pbx in status.url else f" ({status.url})"
    draw(["PBX", f"{status.pbx}{place}"], rows, view)
    if status.concerns:
        click.echo("\nConcerns:")
    _show_concerns(status, "", profile)


def draw_many(statuses: list[Status], view: View) -> None:
    """Draw many saved PBXs, each a row; then what needs attention, and the errors, PBX by PBX."""
    columns = ["PBX", "State", "Version", "Calls", "Extensions", "Trunks", "Services", "Backup", "Licence"]
    draw(columns, [_cells(status) for status in statuses], view)
    if any(status.concerns or status.error for status in statuses):
        click.echo("\nConcerns:")
    for status in statuses:
        _show_concerns(status, f"{status.pbx}: ", status.pbx)


def _cells(status: Status) -> list[str]:
    if status.error is not None:
        return [status.pbx, "FAILED", *[""] * 7]
    services, age, left = status.services, status.backup.age_days, status.licence.days_left
    return [
        status.pbx,
        ", ".join(dict.fromkeys(concern.field for concern in status.concerns)) or "ok",
        status.version or "",
        _slash(status.calls.active, status.calls.licensed),
        _slash(status.extensions.registered, status.extensions.total),
        _slash(status.trunks.registered, status.trunks.total),
        _slash(services.running, services.total),
        ("none" if status.backup.count == 0 else "") if age is None else format_age(timedelta(days=age)),
        "" if left is None else _left(left),
    ]


def _show_concerns(status: Status, whose: str, profile: str) -> None:
    """Show the lines below a table: outside of it, so that no command to type is cut."""
    shown = [(concern.message, concern.hint) for concern in status.concerns]
    if status.error:
        shown.append((status.error.message, status.error.hint))
    for message, record in shown:
        click.echo(redacted(printable(f"  {whose}{message}")))
        hint = spelled(record.as_hint(), ["--profile", profile] if profile else [])
        if hint:
            click.echo(f"      {hint}")


def _slash(some: int | None, every: int | None) -> str:
    return "" if some is None and every is None else f"{_figure(some)}/{_figure(every)}"


def _of(some: int | None, every: int | None, what: str = "") -> str:
    return "" if some is None and every is None else f"{_figure(some)} of {_figure(every)} {what}".rstrip()


def _figure(value: int | None) -> str:
    return "?" if value is None else str(value)


def _version(status: Status) -> str:
    version, updates = status.version or "", status.updates
    if updates.version:
        return f"{version} ({updates.version} is available)".strip()
    more = f" ({updates.available} updates are available)" if updates.available else ""
    return f"{version}{more}".strip()


def _licence(licence: Licence) -> str:
    active = "not active" if licence.active is False else ""
    until = _until(licence.expires, licence.days_left)
    maintained = _until(licence.maintenance_expires, licence.maintenance_days_left)
    maintenance = f"maintenance {maintained}" if maintained and licence.expires != licence.maintenance_expires else ""
    return ", ".join(part for part in (licence.product, active, until, maintenance) if part)


def _until(date: str | None, days: int | None) -> str:
    return f"until {date[:10]} ({_left(days)})" if date and days is not None else ""


def _left(days: int) -> str:
    return "ended" if days < 0 else f"{days} day{'s' * (days != 1)}"


def _trunks(trunks: Trunks) -> str:
    text = _of(trunks.registered, trunks.total, "registered")
    return f"{text}, not: {', '.join(map(str, trunks.not_registered))}" if trunks.not_registered else text


def _services(services: Services) -> str:
    text = _of(services.running, services.total, "running")
    if not text and services.all_running is not None:
        return "all run" if services.all_running else "not all run"
    down = ", ".join(str(service.name) for service in services.not_running)
    return f"{text}, not: {down}" if down else text


def _disk(disk: Disk) -> str:
    used = f"{disk.used_percent:g} % used" if disk.used_percent is not None else ""
    free = f"{disk.free_bytes / 2**30:,.1f} GiB free" if disk.free_bytes is not None else ""
    return ", ".join(part for part in (used, free) if part)


def _backup(backup: Backup) -> str:
    if backup.age_days is None:
        return "none" if backup.count == 0 else ""
    age = f"{format_age(timedelta(days=backup.age_days))} ago"
    unscheduled = "none scheduled" if backup.scheduled is False else ""
    return ", ".join(part for part in (age, backup.file, unscheduled) if part)
