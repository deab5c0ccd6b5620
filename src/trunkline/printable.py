"""Text that others wrote, as a terminal may have it: a caller's name can hold what would drive the terminal."""

from __future__ import annotations

import re

_UNSEEN = re.compile("\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and what turns the direction of all that follows; marks for one word's direction may stay."""
_BREAK = re.compile("[\t-\r\x85\u2028\u2029]")


def printable(text: str) -> str:
    """Return a text with ``\\u001b`` in place of an escape character and its like; tabs and the ends of lines stay."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def in_a_cell(text: str) -> str:
    """Return the same in one line."""
    return printable(_BREAK.sub(" ", text))
