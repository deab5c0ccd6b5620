"""What a PBX says, for a terminal: the names of callers come from anybody who calls."""

from __future__ import annotations

import re

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """A text with ``\\u001b`` in place of what would steer a terminal, or turn the order of a line round.

    Line ends and tabs stay.
    """
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
