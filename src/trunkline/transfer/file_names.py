"""Names of files from a pattern of somebody's and from rows of a PBX: never out of their folder, never twice the same.

The pattern is the user's own, so its ``/`` makes folders. What a PBX answers is not trusted: it fills a name, and no
more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, tzinfo
from string import Formatter
from typing import Any

from ..errors import InvalidArgument
from ..result.files import harmless

DEFAULT_NAME = "{start:%Y-%m-%d}/{start:%H%M%S}-{from}-{to}-{id}.wav"
FIELDS = {
    "id": "the number of the recording",
    "start": "when it began, as strftime writes it: {start:%Y-%m-%d}",
    "end": "when it ended, likewise",
    "from": "the number of the caller, else their extension",
    "to": "the number that was called, else its extension",
    "from_dn": "the extension or trunk of the caller",
    "to_dn": "the extension or trunk that was called",
    "from_name": "the name of the caller",
    "to_name": "the name of who was called",
    "did": "the number of the company that an outside caller dialled",
    "type": "InboundExternal, OutboundExternal or Local",
}
"""What a pattern may have in braces."""
_TIMES = ("start", "end")
_LONGEST_PATTERN = 500
_DIRECTIVE = re.compile(r"%(.?)")
_DIRECTIVES = "YymdHMSjVGuBbaA%"
_PLAIN_TIME = "%Y%m%dT%H%M%S"
_NOTHING = "unknown"


class NamePattern:
    """A pattern such as ``{start:%Y-%m-%d}/{from}-{to}-{id}.wav``; `FIELDS` has what may stand in braces."""

    def __init__(self, text: str, zone: tzinfo) -> None:
        """Check a pattern; times are written in ``zone``.

        Raises:
            InvalidArgument: an unknown field or directive, no file's name at its end, or a name outside of the folder.
        """
        if len(text) > _LONGEST_PATTERN:
            raise InvalidArgument(f"A pattern of names has at most {_LONGEST_PATTERN} characters, not {len(text):,}.")
        self.text, self._zone = text, zone
        try:
            self._parts = [(before, field, form, kind) for before, field, form, kind in Formatter().parse(text)]
        except ValueError as problem:
            raise self._wrong(f"{problem}".rstrip(".")) from None
        for _, field, form, kind in self._parts:
            self._check(field, form or "", kind)
        self._check_folders("".join(before + _stand_in(field, form) for before, field, form, _ in self._parts))

    def _check(self, field: str | None, form: str, kind: str | None) -> None:
        if field is None:
            return
        if field not in FIELDS:
            raise self._wrong(f"there is no field {{{field}}}", f"There are {', '.join(FIELDS)}.")
        if kind or "{" in form or (form and field not in _TIMES):
            raise self._wrong(f"{{{field}}} is written without anything behind its name")
        for directive in _DIRECTIVE.findall(form):
            if not directive or directive not in _DIRECTIVES:
                raise self._wrong(f"%{directive} is not a part of a time", f"There are %{', %'.join(_DIRECTIVES)}.")

    def _check_folders(self, text: str) -> None:
        if "\\" in text or "\0" in text:
            raise self._wrong("folders are parted by /")
        if any(part.strip(" .") == "" for part in text.split("/")):
            raise self._wrong("a folder or file in it has no name, or leads out of the folder")

    def _wrong(self, why: str, hint: str = "Such as {start:%Y-%m-%d}/{from}-{to}-{id}.wav.") -> InvalidArgument:
        return InvalidArgument(f"The pattern {self.text!r} can't be used: {why}.", hint=hint)

    def name(self, row: Mapping[str, Any]) -> str:
        """Return the name of a recording's file, with ``/`` between folders."""
        values = _values(row)
        filled = ""
        for before, field, form, _ in self._parts:
            filled += before
            if field in _TIMES:
                filled += self._time(values[field], form or _PLAIN_TIME)
            elif field is not None:
                filled += _in_a_name(values[field])
        return "/".join(harmless(part, _NOTHING) for part in filled.split("/"))

    def _time(self, text: Any, form: str) -> str:
        moment = when(text)
        return _NOTHING if moment is None else moment.astimezone(self._zone).strftime(form)


def when(text: Any) -> datetime | None:
    """Return a moment of a PBX; None where it gives none, or none with its zone."""
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else None
    except (TypeError, ValueError):
        return None


def folded_name(name: str) -> str:
    """Return a name as a disk compares it that knows no capitals and no forms of letters."""
    return unicodedata.normalize("NFC", name).casefold()


def numbered(name: str, number: int) -> str:
    """Return a name with a number before its ending: ``a/b.wav`` becomes ``a/b-7.wav``."""
    folder, slash, file = name.rpartition("/")
    stem, dot, ending = file.rpartition(".")
    return f"{folder}{slash}{stem}-{number}.{ending}" if dot and stem else f"{name}-{number}"


def _stand_in(field: str | None, form: str | None) -> str:
    """Return what shows where a field may part folders: the time's own form does."""
    return "" if field is None else _DIRECTIVE.sub("x", form or "x")


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    def first(*names: str) -> Any:
        return next((row[name] for name in names if row.get(name) not in (None, "")), _NOTHING)

    return {
        "id": row["Id"],
        "start": row.get("StartTime"),
        "end": row.get("EndTime"),
        "from": first("FromCallerNumber", "FromDn"),
        "to": first("ToCallerNumber", "ToDn"),
        "from_dn": first("FromDn"),
        "to_dn": first("ToDn"),
        "from_name": first("FromDisplayName"),
        "to_name": first("ToDisplayName"),
        "did": first("FromDidNumber", "ToDidNumber"),
        "type": first("CallType"),
    }


def _in_a_name(value: Any) -> str:
    """Return a value of a PBX as a part of one name; it makes no folder, and no name of dots."""
    return re.sub(r"[/\\]+", "_", str(value)).strip(". ")[:100] or _NOTHING
