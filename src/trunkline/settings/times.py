"""Hours of a week in plain words, and as a PBX has them: ``Mon-Fri 09:00-12:30, 13:30-17:30, Sat 10:00-13:00``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ..errors import InvalidArgument

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_CHARACTERS = 1_000
MOST_PERIODS = 100
END_OF_DAY = "23:59"
"""What 24:00 is written as: 3CX's time of day ends at 23:59:59 (docs/pbx.md, Hours and holidays)."""
_WORDS = {"daily": (0, 6), "every day": (0, 6), "weekdays": (0, 4), "weekends": (5, 6)}
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
_TIME = r"\d{1,2}(?::\d\d)?"
_TOKEN = re.compile(
    rf"(?P<word>{'|'.join(_WORDS)})\b"
    rf"|(?P<first>{_DAY})(?:\s*[-–]\s*(?P<last>{_DAY}))?"
    rf"|(?P<start>{_TIME})\s*[-–]\s*(?P<stop>{_TIME})"
    r"|(?P<between>[\s,;]+|and\b)",
    re.I,
)
_EXAMPLE = "Write them so: Mon-Fri 09:00-12:30, 13:30-17:30, Sat 10:00-13:00."

Span = tuple[int, str, str]
"""A day, 0 for Monday, with start and stop as ``HH:MM``."""


def parse_week(text: str) -> list[Span]:
    """Return the spans that plain words mean, in the order of the week.

    Raises InvalidArgument for what isn't one, for a span that ends before it begins, and for two that overlap.
    """
    if len(text) > MOST_CHARACTERS:
        raise InvalidArgument(f"Hours have at most {MOST_CHARACTERS:,} characters.")
    spans, days, has_times = list[Span](), list[int](), True
    for token in _tokens(text):
        if token["start"]:
            if not days:
                raise InvalidArgument(f"No day stands before {token[0]} in {text!r}.", hint=_EXAMPLE)
            start, stop = _time(token["start"]), _time(token["stop"])
            if stop <= start:
                raise InvalidArgument(
                    f"{token[0]} ends before it begins.",
                    hint="Hours past midnight are two spans: Fri 22:00-24:00, Sat 00:00-02:00.",
                )
            spans += [(day, start, stop) for day in days]
            has_times = True
        else:
            days = _days(token) if has_times else days + _days(token)
            has_times = False
    if not spans or not has_times:
        raise InvalidArgument(f"{text!r} has {'days without' if days else 'no'} hours.", hint=_EXAMPLE)
    return _in_order(spans)


def _tokens(text: str) -> Iterator[re.Match[str]]:
    place = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise InvalidArgument(f"{text[place : place + 20]!r} is neither a day nor a time.", hint=_EXAMPLE)
        if not token["between"]:
            yield token
        place = token.end()


def _days(token: re.Match[str]) -> list[int]:
    if token["word"]:
        first, last = _WORDS[token["word"].lower()]
    else:
        first = _day(token["first"])
        last = first if token["last"] is None else _day(token["last"])
    return [day % 7 for day in range(first, last + 1 if last >= first else last + 8)]


def _day(text: str) -> int:
    """Return a day, 0 for Monday, of the start of its English name. Raises InvalidArgument."""
    for number, name in enumerate(DAYS):
        if name.lower().startswith(text.lower()):
            return number
    raise InvalidArgument(f"{text!r} is not a day.", hint=_EXAMPLE)


def _time(text: str) -> str:
    hour, _, minute = text.partition(":")
    if (int(hour), int(minute or 0)) == (24, 0):
        return END_OF_DAY
    if int(hour) > 23 or int(minute or 0) > 59:
        raise InvalidArgument(f"{text!r} is not a time of day.", hint="Times are written 09:00 or 17:30.")
    return f"{int(hour):02}:{int(minute or 0):02}"


def _in_order(spans: list[Span]) -> list[Span]:
    ordered = sorted(set(spans))
    if len(ordered) > MOST_PERIODS:
        raise InvalidArgument(f"{len(ordered)} spans of hours; at most {MOST_PERIODS} may be.")
    for (day, _, stop), (next_day, start, next_stop) in pairwise(ordered):
        if day == next_day and start < stop:
            raise InvalidArgument(f"{DAYS[day]} has hours twice: until {stop} and {start}-{next_stop}.")
    return ordered


def periods(spans: Sequence[Span]) -> list[dict[str, str]]:
    """Return spans as a PBX's ``Periods``."""
    return [{"DayOfWeek": DAYS[day], "Start": f"{start}:00", "Stop": f"{stop}:00"} for day, start, stop in spans]


def week_in_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a PBX's ``Periods`` in the words that `parse_week` takes, days with equal hours together."""
    by_day: dict[int, list[str]] = {}
    for row in sorted(rows, key=lambda row: str(row.get("Start"))):
        if (name := row.get("DayOfWeek")) in DAYS:
            by_day.setdefault(DAYS.index(name), []).append(f"{_short(row.get('Start'))}-{_short(row.get('Stop'))}")
    parts: list[tuple[list[int], list[str]]] = []
    for day, spans in sorted(by_day.items()):
        if parts and parts[-1][1] == spans and parts[-1][0][-1] == day - 1:
            parts[-1][0].append(day)
        else:
            parts.append(([day], spans))
    return ", ".join(f"{_range(days)} {', '.join(spans)}" for days, spans in parts)


def _short(time: Any) -> str:
    return str(time or "?")[:5]


def _range(days: Sequence[int]) -> str:
    first, last = DAYS[days[0]][:3], DAYS[days[-1]][:3]
    return first if len(days) == 1 else f"{first}-{last}"
