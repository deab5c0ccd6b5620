"""The status of PBXs on a terminal: one as a list of lines, many as a table, and below what deserves attention."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from ..local.timestamps import format_age
from ..printable import printable
from ..redaction import redacted
from .attention import trunk_name
from .glance import Row
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


def draw_one(row: Row, view: View) -> None:
    """One PBX, a line for each thing; then a line for each part that could not be read, which says why."""
    lines = {
        "Version": _version(row),
        "Licence": _licence(row["licence"]),
        "Calls": _of(row["calls"]["active"], row["calls"]["licensed"]),
        "Extensions": _of(row["extensions"]["registered"], row["extensions"]["total"], "registered"),
        "Trunks": _trunks(row["trunks"]),
        "Services": _services(row["services"]),
        "Disk": _disk(row["disk"]),
        "Backup": _backup(row["backup"]),
    }
    unread = row["unread"]
    shown = [[name, text or "not told"] for name, text in lines.items() if text or _PART_OF[name] not in unread]
    shown += [[part.capitalize(), f"{told['why']}: {told['message']}"] for part, told in unread.items()]
    place = "" if row["pbx"] in row["url"] else f" ({row['url']})"
    draw(["PBX", f"{row['pbx']}{place}"], shown, view)
    _attention([row], named=False)


def draw_fleet(rows: list[Row], view: View) -> None:
    """Many PBXs, each a row; then what deserves attention, and the errors, PBX by PBX."""
    columns = ["PBX", "State", "Version", "Calls", "Extensions", "Trunks", "Services", "Backup", "Licence"]
    draw(columns, [_cells(row) for row in rows], view)
    _attention(rows, named=True)


def _cells(row: Row) -> list[str]:
    if row["error"] is not None:
        return [row["pbx"], "FAILED", *[""] * 7]
    calls, extensions, trunks = row["calls"], row["extensions"], row["trunks"]
    services, age, left = row["services"], row["backup"]["age_days"], row["licence"]["days_left"]
    return [
        row["pbx"],
        ", ".join(dict.fromkeys(item["about"] for item in row["attention"])) or "ok",
        row["version"] or "",
        _slash(calls["active"], calls["licensed"]),
        _slash(extensions["registered"], extensions["total"]),
        _slash(trunks["registered"], trunks["total"]),
        _slash(services["running"], services["total"]),
        ("none" if row["backup"]["count"] == 0 else "") if age is None else format_age(timedelta(days=age)),
        "" if left is None else _left(left),
    ]


def _attention(rows: list[Row], *, named: bool) -> None:
    """The lines below a table: outside of it, so that no command to type is cut."""
    wanted = [row for row in rows if row["attention"] or row["error"]]
    if wanted:
        click.echo("\nAttention:")
    for row in wanted:
        whose = f"{row['pbx']}: " if named else ""
        said = [(item["said"], item["next"]) for item in row["attention"]]
        if row["error"]:
            said.append((row["error"]["message"], row["error"]["hint"]))
        for text, following in said:
            click.echo(redacted(printable(f"  {whose}{text}")) + (f"\n      {following}" if following else ""))


def _slash(some: int | None, every: int | None) -> str:
    return "" if some is None and every is None else f"{_figure(some)}/{_figure(every)}"


def _of(some: int | None, every: int | None, what: str = "") -> str:
    return "" if some is None and every is None else f"{_figure(some)} of {_figure(every)} {what}".rstrip()


def _figure(value: int | None) -> str:
    return "?" if value is None else str(value)


def _version(row: Row) -> str:
    updates = row["updates"]
    if updates["version"]:
        return f"{row['version'] or ''} ({updates['version']} is available)".strip()
    more = f" ({updates['available']} updates are available)" if updates["available"] else ""
    return f"{row['version'] or ''}{more}".strip()


def _licence(licence: dict[str, Any]) -> str:
    active = {True: "", False: "not active", None: ""}[licence["active"]]
    ends, maintained = licence["expires"], licence["maintenance_expires"]
    until = f"until {ends[:10]} ({_left(licence['days_left'])})" if ends else ""
    upkeep = f"maintenance until {maintained[:10]} ({_left(licence['maintenance_days_left'])})" if maintained else ""
    if ends == maintained:
        upkeep = ""
    return ", ".join(part for part in (licence["product"], active, until, upkeep) if part)


def _left(days: int) -> str:
    return "ended" if days < 0 else f"{days} day{'s' * (days != 1)}"


def _trunks(trunks: dict[str, Any]) -> str:
    text = _of(trunks["registered"], trunks["total"], "registered")
    return f"{text}, not: {', '.join(map(trunk_name, trunks['not_registered']))}" if trunks["not_registered"] else text


def _services(services: dict[str, Any]) -> str:
    text = _of(services["running"], services["total"], "running")
    if not text and services["all_running"] is not None:
        return "all run" if services["all_running"] else "not all run"
    down = ", ".join(str(one["name"]) for one in services["not_running"])
    return f"{text}, not: {down}" if down else text


def _disk(disk: dict[str, Any]) -> str:
    used, free = disk["used_percent"], disk["free"]
    shown = f"{used:g} % used" if used is not None else ""
    return ", ".join(part for part in (shown, f"{free / 2**30:,.1f} GiB free" if free is not None else "") if part)


def _backup(backup: dict[str, Any]) -> str:
    if backup["age_days"] is None:
        return "none" if backup["count"] == 0 else ""
    age = f"{format_age(timedelta(days=backup['age_days']))} ago"
    unplanned = "none scheduled" if backup["scheduled"] is False else ""
    return ", ".join(part for part in (age, backup["file"], unplanned) if part)
