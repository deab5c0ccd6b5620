"""How a path is taken apart: segments, and the arguments in their parentheses.

A path is split at its slashes before anything is decoded, so that ``%2F`` stays inside its literal.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_SEGMENT = re.compile(r"(\$?[A-Za-z_][\w.]*)(?:\((.*)\))?", re.DOTALL)
_ARGUMENT = re.compile(r"(?:([A-Za-z_]\w*)=)?('(?:[^']|'')*'|[^',()=]+)", re.DOTALL)


class BadPath(ValueError):
    """The bytes are not a path: an escape is broken, or the text is not UTF-8."""


class Segment(NamedTuple):
    """One step of a path. ``arguments`` maps names to literals, a bare key to ``""``; None means no parentheses."""

    name: str
    arguments: dict[str, str] | None = None

    @property
    def signature(self) -> tuple[str, tuple[str, ...] | None]:
        """What a route is found by: the name, and the names of the arguments in any order."""
        return self.name, None if self.arguments is None else tuple(sorted(self.arguments))


def decode(raw: bytes) -> str:
    """Percent-decode as RFC 3986 has it: ``+`` stays ``+``. Raises BadPath."""
    if _BAD_ESCAPE.search(raw):
        raise BadPath("A percent sign is not followed by two hexadecimal digits.")
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise BadPath("The text is not UTF-8.") from None


def read_path(raw: bytes) -> list[Segment] | None:
    """Return the segments of a path such as ``/Fax(3)/Groups``; None where it has no such form. Raises BadPath."""
    segments = [_read_segment(decode(part)) for part in raw.removeprefix(b"/").split(b"/")]
    known = [segment for segment in segments if segment is not None]
    return known if len(known) == len(segments) else None


def _read_segment(text: str) -> Segment | None:
    match = _SEGMENT.fullmatch(text)
    if match is None:
        return None
    name, inner = match.groups()
    if inner is None:
        return Segment(name)
    arguments = _read_arguments(inner)
    return None if arguments is None else Segment(name, arguments)


def _read_arguments(text: str) -> dict[str, str] | None:
    arguments: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _ARGUMENT.match(text, at)
        if match is None or (match[1] or "") in arguments:
            return None
        arguments[match[1] or ""] = match[2]
        at = match.end()
        if at < len(text):
            if text[at] != "," or at + 1 == len(text):
                return None
            at += 1
    return arguments
