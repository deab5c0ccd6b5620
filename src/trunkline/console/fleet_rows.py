"""A PBX as a row of the first page: texts to show, and values to sort by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from ..errors import Forbidden, SignInError, TimedOut, Unreachable
from ..monitor.records import ErrorRecord
from ..monitor.status import Status
from ..redaction import redacted
from .errors import concern_text, spelled
from .language import _, format_number, format_time, ngettext

_LAST = 10**9  # sorts what is unknown behind all that is known
Cell = dict[str, Any]


def fleet_row(name: str, status: Status | None) -> dict[str, Any]:
    """Return the row of a PBX, with ``cells`` by column; of one that was not read yet, with its name only.

    ``state`` is ``bad`` (it could not be read), ``warn`` (it needs attention), ``reading`` or ``good``.
    """
    row: dict[str, Any] = {
        "name": name,
        "href": f"/pbx/{quote(name, safe='')}",
        "time": "",
        "read": "",
        "notes": [],
        "cells": {},
    }
    if status is None:
        return {**row, "state": "reading", "word": _("Reading …"), "rank": [2, 0]}
    row |= {"time": status.time, "read": format_time(status.time, seconds=True)}
    if status.error is not None:
        advice, _action = spelled(status.error.hint.as_hint())
        notes = [redacted(text) for text in (status.error.message, advice) if text]
        return {**row, "state": "bad", "word": _failure(status.error), "rank": [0, 0], "notes": notes}
    count = len(status.concerns)
    row |= {"notes": [redacted(concern_text(concern)) for concern in status.concerns], "cells": _cells(status)}
    if count:
        word = ngettext("{number} concern", "{number} concerns", count)
        return {**row, "state": "warn", "word": word, "rank": [1, -count]}
    return {**row, "state": "good", "word": _("OK"), "rank": [3, 0]}


def _failure(error: ErrorRecord) -> str:
    if error.code in (Unreachable.code, TimedOut.code):
        return _("Unreachable")
    if error.code in (SignInError.code, Forbidden.code):
        return _("Sign-in refused")
    return _("Failed")


def _cells(status: Status) -> dict[str, Cell]:
    return {
        "version": _version(status),
        "calls": _share(status.calls.active, status.calls.licensed),
        "licence": _days_left(status.licence.days_left),
        "backup": _age(status),
        "extensions": _share(status.extensions.registered, status.extensions.total),
        "trunks": _share(status.trunks.registered, status.trunks.total),
    }


def _version(status: Status) -> Cell:
    version, new = status.version or "", status.updates.version
    parts = [part.zfill(6) for part in version.split(".")]
    return {"text": version, "sort": ".".join(parts), "note": _("{version} is available", version=new) if new else ""}


def _share(some: int | None, every: int | None) -> Cell:
    if some is None and every is None:
        return {"text": "", "sort": _LAST}
    unknown = "?"
    texts = [unknown if number is None else format_number(number) for number in (some, every)]
    return {"text": " / ".join(texts), "sort": _LAST if some is None else some}


def _days_left(days: int | None) -> Cell:
    if days is None:
        return {"text": "", "sort": _LAST}
    return {"text": _("ended") if days < 0 else ngettext("{number} day", "{number} days", days), "sort": days}


def _age(status: Status) -> Cell:
    days = status.backup.age_days
    if days is None:
        return {"text": _("none") if status.backup.count == 0 else "", "sort": _LAST}
    age = timedelta(days=days)
    hours = round(age.total_seconds() / 3600)
    if hours < 48:
        return {"text": ngettext("{number} hour", "{number} hours", hours), "sort": days}
    return {"text": ngettext("{number} day", "{number} days", round(days)), "sort": days}
