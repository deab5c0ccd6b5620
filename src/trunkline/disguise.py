"""What programs make of a text that they repeat: escapes as in URLs, JSON, HTML and code, and breaks inside it."""

from __future__ import annotations

import re

__all__ = ["ESCAPE", "ESCAPE_OR_BREAK", "places", "undone"]

ESCAPE = re.compile(  # every alternative begins with one character, so that re skips quickly to where one is
    r"%(?:25)*(?P<percent>[0-9a-fA-F]{2})"  # %252F is a slash that was encoded twice
    r"|\\\\*(?:u(?P<u>[0-9a-fA-F]{4})|x(?P<x>[0-9a-fA-F]{2})|(?=[\"'/]))"
    r"|&(?:amp;)*(?:#[xX](?P<hex>[0-9a-fA-F]{1,6})|#(?P<decimal>[0-9]{1,7})|(?P<name>amp|lt|gt|quot|apos));"
    r"|0x(?P<byte>[0-9a-fA-F]{2})(?![0-9a-fA-F])"
)
ESCAPE_OR_BREAK = re.compile(
    r"[\s\0\u00ad\u200b-\u200f\u2060\ufeff]+|\\+(?:[nrt\s]|u(?:0000|00[aA][dD]|200[b-fB-F]|2060|[fF][eE][fF][fF])|x00)"
    r"|=\s+|</?w?br ?/?>"
    r"|(?<=[0-9a-fA-F]{2})[:-](?=[0-9a-fA-F]{2})"  # between the bytes of a hexadecimal dump
    rf"|{ESCAPE.pattern}"
)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


def undone(text: str, pattern: re.Pattern[str]) -> str:
    """Return the text as it was. Escaped bytes become the characters of their numbers, and breaks disappear."""
    return pattern.sub(_character, text)


def places(text: str, pattern: re.Pattern[str]) -> list[int]:
    """Where each character of ``undone(text, pattern)`` stands in the text, and then where the text ends."""
    kept: list[int] = []
    end = 0
    for found in pattern.finditer(text):
        kept += range(end, found.start())
        kept += [found.start()] * len(_character(found))
        end = found.end()
    return [*kept, *range(end, len(text) + 1)]


def _character(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind is None:
        return ""
    if kind == "name":
        return _NAMED[found[kind]]
    number = int(found[kind], 10 if kind == "decimal" else 16)
    return chr(number) if number <= 0x10FFFF else ""
