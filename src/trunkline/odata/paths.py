"""Keys and function arguments in a path."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote


def fill(template: str, literals: Mapping[str, str]) -> str:
    """Put literals into a path template: ``/Fax({Id})`` → ``/Fax(3)``.

    A string literal is percent-encoded whole but for its outer quotes, so that a slash, a percent sign or a
    quote in a key stays part of the key; colons of dates stay as they are (docs/pbx.md, Requests).
    """
    return template.format_map({name: _encoded(text) for name, text in literals.items()})


def _encoded(text: str) -> str:
    if text.isdecimal() and text.isascii():
        return text
    if text.startswith("'"):
        return f"'{quote(text[1:-1], safe='')}'"
    return quote(text, safe=":-")
