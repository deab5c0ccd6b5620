"""The words of the console in the language of the browser, and numbers and times as its browser's user reads them.

English texts stand in the source, as literals in ``_("…")``; ``locale/de.po`` has the German ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates, numbers
from babel.messages.pofile import read_po

from ..local.timestamps import parse_timestamp
from .visitor import visitor

_FOLDER = Path(__file__).with_name("locale")
_KIB = 1024


def _(text: str, /, **values: Any) -> str:
    """Return a text in the language of the browser, ``{name}`` replaced by values, which are never markup."""
    own = _texts(visitor().language).get(text, text)
    return own.format_map(values) if values else own


def ngettext(one: str, many: str, number: int, /, **values: Any) -> str:
    """Return the text for a number; ``{number}`` is it, spelled as the language does."""
    language = visitor().language
    forms = _texts(language).get(f"{one}\0{many}", f"{one}\0{many}").split("\0")
    return forms[number != 1].format_map({"number": format_number(number), **values})


def translated(text: str | tuple[str, str], values: Mapping[str, Any]) -> str:
    """Return a text of a room below in the language of the browser; of a pair the one for the ``number`` in values."""
    texts = _texts(visitor().language)
    if isinstance(text, str):
        return texts.get(text, text).format_map(values)
    one, many = texts.get("\0".join(text), "\0".join(text)).split("\0")
    return (one if values["number"] == 1 else many).format_map(values)


@cache
def _texts(language: str) -> Mapping[str, str]:
    """Read the texts of a language: by the English text, or by both forms of it with a NUL between them."""
    file = _FOLDER / f"{language}.po"
    if not file.exists():
        return {}
    with file.open("rb") as content:
        catalog = read_po(content, locale=language, abort_invalid=True)
    return {_joined(message.id): _joined(message.string) for message in catalog if message.id and message.string}


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "\0".join(text)


def format_time(time: str | datetime | None, *, seconds: bool = False) -> str:
    """Return a time in the browser's zone; "" for None, and a text that is not a time as it is."""
    moment = parse_timestamp(time) if isinstance(time, str) else time
    if moment is None:
        return time if isinstance(time, str) else ""
    current = visitor()
    zone = ZoneInfo(current.zone)
    day = dates.format_date(moment.astimezone(zone), "medium", locale=current.language)
    clock = dates.format_time(moment, "HH:mm:ss" if seconds else "HH:mm", tzinfo=zone, locale=current.language)
    return f"{day}, {clock}"


def format_number(number: float | None, digits: int = 1) -> str:
    """Return a number with at most ``digits`` digits after the point; "" for None."""
    if number is None:
        return ""
    return str(numbers.format_decimal(round(number, digits), locale=visitor().language))


def format_duration(duration: float | timedelta | None) -> str:
    """Return seconds as a clock has them: ``0:07``, ``12:34``, ``1:02:03``; "" for None."""
    if duration is None:
        return ""
    total = max(0, round(duration.total_seconds() if isinstance(duration, timedelta) else duration))
    minutes, seconds = divmod(total, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def format_bytes(count: float | None) -> str:
    """Return a size in KiB, MiB, GiB or TiB; "" for None."""
    if count is None:
        return ""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < _KIB:
            return f"{format_number(count)} {unit}"
        count /= _KIB
    return f"{format_number(count)} TiB"
