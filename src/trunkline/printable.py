"""Text that others wrote, as a terminal may have it: a caller's name can hold what would drive the terminal."""

from __future__ import annotations

import re

_UNSEEN = re.compile("\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and what turns the direction of all that follows; marks for one word's direction may stay."""
_BREAK = re.compile("[\t-\r\x85\u2028\u2029]")


def printable(text: str) -> str:
    """A text whose control characters are replaced, but for tabs and the ends of lines."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


def in_a_cell(text: str) -> str:
    """The same in one line."""
    return printable(_BREAK.sub(" ", text))
