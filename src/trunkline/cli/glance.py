"""One PBX at a glance: a few cheap reads, and what they tell, as one row with the same fields everywhere.

A part that can't be read takes no other part down: its fields are None, and `unread` says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..client import AsyncPbx
from ..errors import (
    ConfigurationError,
    Forbidden,
    NotFound,
    SignInError,
    TrunklineError,
    Unreachable,
    VersionMismatch,
)
from ..local.timestamps import format_timestamp, parse_timestamp
from ..transport.sign_in import TOKEN_PATH
from ..work.outcome import as_error, kept

Row = dict[str, Any]

PATIENCE = 10.0
"""Seconds that each part may take in all: a glance is no place to wait the minute that a report may need."""

PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "licence": ("license_status.get", {}),
    "system": ("system_status.get", {}),
    "services": ("services.list", {"select": "Name,Status"}),
    "trunks": ("trunks.list", {"select": "Number,IsOnline,Gateway"}),
    "backups": ("backups.list", {"select": "FileName,CreationTime"}),
    "updates": ("updates.get_updates", {}),
}
"""What is asked: the name of each part, its action and options."""

Parts = dict[str, Any]
"""What each part answered: an entity, a list of rows, or the error that it ended with."""


_HOPELESS = (ConfigurationError, SignInError, Unreachable)
"""After these the other parts would only fail the same way, and a sign-in be tried again (docs/pbx.md, Signing in)."""


async def look(pbx: AsyncPbx, patience: float = PATIENCE) -> Parts:
    """Read all parts: one alone, so that a PBX that is down is asked but once, then the others at once.

    Raises the error of a PBX that can't be reached or signed in to, and of one that shows nothing at all.
    """

    async def read(action: str, options: Mapping[str, Any]) -> Any:
        try:
            return await pbx.call(action, **options, timeout=patience)
        except BaseException as problem:
            return as_error(problem)

    (first, asked), *others = PARTS.items()
    parts: Parts = {first: await read(*asked)}
    if isinstance(parts[first], _HOPELESS) or getattr(parts[first], "path", "") == TOKEN_PATH:
        raise parts[first]
    answers = await asyncio.gather(*(read(*question) for _, question in others))
    parts |= dict(zip((name for name, _ in others), answers, strict=True))
    failures = [answer for answer in parts.values() if isinstance(answer, TrunklineError)]
    if len(failures) == len(parts):
        raise _nothing(pbx, failures)
    return parts


def _nothing(pbx: AsyncPbx, failures: list[TrunklineError]) -> TrunklineError:
    if all(isinstance(failure, Forbidden) for failure in failures):
        return Forbidden(
            f"Signed in to {pbx.url}, but this client may see nothing of its status (403).",
            hint="`trunkline doctor` looks why: the client's role, or the licence.",
            status=403,
        )
    return failures[0]


# ── what it tells ───────────────────────────────────────────────────────────────────────────────


def told(parts: Parts, version: str | None, now: datetime) -> Row:
    """The row of a PBX. Dates are ISO 8601 in UTC, sizes bytes, ``days_left`` and ``age_days`` days.

    What nothing says is None: rows of a PBX may leave fields out (docs/pbx.md, Answers).
    """
    system, licence = _entity(parts, "system"), _entity(parts, "licence")
    version = _text(system.get("Version")) or version or _text(licence.get("Version"))
    return {
        "version": version,
        "updates": _updates(_entity(parts, "updates"), version),
        "licence": _licence({**system, **{k: v for k, v in licence.items() if v is not None}}, now),
        "calls": {"active": _number(system.get("CallsActive")), "licensed": _calls_licensed(licence, system)},
        "extensions": {
            "registered": _number(system.get("ExtensionsRegistered")),
            "total": _number(system.get("ExtensionsTotal")),
            "system_registered": _opposite(system.get("HasUnregisteredSystemExtensions")),
        },
        "trunks": _trunks(_rows(parts, "trunks"), system),
        "services": _services(_rows(parts, "services"), system),
        "disk": _disk(system),
        "backup": _backup(_rows(parts, "backups"), system, now),
        "stopped": [what for field, what in _STOPPED.items() if system.get(field) is True],
        "unread": {name: _why(answer) for name, answer in parts.items() if isinstance(answer, TrunklineError)},
    }


def _why(error: TrunklineError) -> Row:
    """``why`` is refused, missing (this PBX has no such thing), or failed."""
    missing = isinstance(error, NotFound | VersionMismatch)
    why = "refused" if isinstance(error, Forbidden) else "missing" if missing else "failed"
    return {"why": why, "message": kept(error.message)}


UNKNOWN: Row = {
    **dict.fromkeys(("version", "updates", "licence", "calls", "extensions", "trunks", "services", "disk", "backup")),
    "stopped": [],
    "unread": {},
}
"""The same fields of a PBX of which nothing is known."""

_STOPPED = {
    "RecordingStopped": "recording",
    "VoicemailStopped": "voicemail",
    "RecordingQuotaReached": "recording quota",
    "VoicemailQuotaReached": "voicemail quota",
}


def _entity(parts: Parts, name: str) -> Row:
    answer = parts.get(name)
    return answer if isinstance(answer, dict) else {}


def _rows(parts: Parts, name: str) -> list[Row] | None:
    """The rows of a list; None if it wasn't read."""
    answer = parts.get(name)
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _opposite(value: Any) -> bool | None:
    return not value if isinstance(value, bool) else None


def _calls_licensed(licence: Row, system: Row) -> int | None:
    found = _number(licence.get("MaxSimCalls"))
    return found if found is not None else _number(system.get("MaxSimCalls"))


def _updates(found: Row, version: str | None) -> Row:
    """How many updates are on offer, and the version that replaces the PBX's own, if one does."""
    entries = found.get("Entries")
    if not isinstance(entries, list):
        return {"available": None, "version": None}
    offered = [one for one in entries if isinstance(one, dict) and one.get("OutOfDate") and not one.get("Ignore")]
    own = [one for one in offered if version and one.get("LocalVersion") == version]
    return {"available": len(offered), "version": _text(own[0].get("ServerVersion")) if own else None}


def _licence(found: Row, now: datetime) -> Row:
    ends, maintained = parse_timestamp(found.get("ExpirationDate")), parse_timestamp(found.get("MaintenanceExpiresAt"))
    active = found.get("LicenseActive")
    return {
        "product": _text(found.get("ProductCode")),
        "active": active if isinstance(active, bool) else None,
        "expires": _written(ends),
        "days_left": (ends - now).days if ends else None,
        "maintenance_expires": _written(maintained),
        "maintenance_days_left": (maintained - now).days if maintained else None,
    }


def _trunks(rows: list[Row] | None, system: Row) -> Row:
    """Counted by the PBX where it counts; the names are of those whose IsOnline is false, not of those without it."""
    registered, total = _number(system.get("TrunksRegistered")), _number(system.get("TrunksTotal"))
    known = rows or []
    if rows is not None and (registered is None or total is None):
        online = [row.get("IsOnline") for row in rows]
        registered, total = None if None in online else online.count(True), len(rows)
    return {
        "registered": registered,
        "total": total,
        "not_registered": [
            {"number": row.get("Number"), "name": _text(_entity(row, "Gateway").get("Name"))}
            for row in known
            if row.get("IsOnline") is False
        ],
    }


def _services(rows: list[Row] | None, system: Row) -> Row:
    """A PBX whose services can't be listed may still say whether all run (``all_running``)."""
    states = [row.get("Status") for row in rows or ()]
    down = [row for row in rows or () if row.get("Status") not in (None, "Running")]
    told = not down if states and None not in states else _opposite(system.get("HasNotRunningServices"))
    return {
        "running": None if rows is None else states.count("Running"),
        "total": None if rows is None else len(rows),
        "all_running": False if down else told,
        "not_running": [{"name": row.get("Name"), "status": row["Status"]} for row in down],
    }


def _disk(system: Row) -> Row:
    """That DiskUsage is a percentage is assumed; it counts only where the sizes are missing."""
    free, total = _number(system.get("FreeDiskSpace")), _number(system.get("TotalDiskSpace"))
    used = round(100 * (total - free) / total, 1) if free is not None and total else _number(system.get("DiskUsage"))
    return {"free": free, "total": total, "used_percent": used}


def _backup(rows: list[Row] | None, system: Row, now: datetime) -> Row:
    """The latest backup of the list, else the one that the status tells of."""
    dated = [(at, row) for row in rows or () if (at := parse_timestamp(row.get("CreationTime")))]
    last, row = max(dated, key=lambda each: each[0], default=(None, {}))
    last = last or parse_timestamp(system.get("LastBackupDateTime"))
    scheduled = system.get("BackupScheduled")
    return {
        "last": _written(last),
        "age_days": round((now - last).total_seconds() / 86400, 1) if last else None,
        "file": _text(row.get("FileName")),
        "count": None if rows is None else len(rows),
        "scheduled": scheduled if isinstance(scheduled, bool) else None,
    }


def _written(when: datetime | None) -> str | None:
    return None if when is None else format_timestamp(when)
