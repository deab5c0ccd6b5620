"""Where a template's braces end, told as JavaScript reads them: ``}}`` within strings and objects does not count."""

from __future__ import annotations

import re

_WORD = re.compile(r"[\w$\u0080-\U0010ffff]+")
_BEFORE_REGEX = frozenset(
    ["return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "await", "yield"]
)


def end_of_expression(text: str, start: int) -> int:
    """The index of the ``}}`` that ends the JavaScript which begins at ``start``; -1 if none does."""
    depth, position = 0, start
    value_before = False  # after a value a slash divides; anywhere else it begins a regular expression
    while position < len(text):
        char = text[position]
        if char == "}" and depth == 0:
            if text.startswith("}}", position):
                return position
            return -1
        if word := _WORD.match(text, position):
            value_before = word[0] not in _BEFORE_REGEX
            position = word.end()
            continue
        position += 1
        if char in "\"'":
            position, value_before = _end_of_string(text, position, char), True
        elif char == "`":
            position, value_before = _end_of_literal(text, position), True
        elif char == "/" and text.startswith("/", position):
            position = _end_of_comment(text, position, depth)
        elif char == "/" and text.startswith("*", position):
            end = text.find("*/", position + 1)
            position = len(text) if end < 0 else end + 2
        elif char == "/" and not value_before:
            position, value_before = _end_of_regex(text, position), True
        elif not char.isspace():
            depth += (char == "{") - (char == "}")
            value_before = char in ")]}"
        if position < 0:
            return -1
    return -1


def _end_of_string(text: str, position: int, quote: str) -> int:
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] == quote:
            return position + 1
        position += 1
    return -1


def _end_of_literal(text: str, position: int) -> int:
    """After a template literal; ``${…}`` within it holds JavaScript again."""
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] == "`":
            return position + 1
        elif text.startswith("${", position):
            position = _end_of_braces(text, position + 2)
            if position < 0:
                return -1
            continue
        position += 1
    return -1


def _end_of_braces(text: str, position: int) -> int:
    """After the brace that closes a ``${``."""
    # With one brace more in front of it, the closing brace looks like the end of a template.
    for end in (i for i in range(position, len(text)) if text[i] == "}"):
        if end_of_expression(text[:end] + "}}", position) == end:
            return end + 1
    return -1


def _end_of_comment(text: str, position: int, depth: int) -> int:
    """After a comment to the end of the line, which the template's own end ends too."""
    ends = [end for end in (text.find("\n", position), text.find("}}", position) if depth == 0 else -1) if end >= 0]
    return min(ends, default=len(text))


def _end_of_regex(text: str, position: int) -> int:
    in_class = False
    while position < len(text) and text[position] != "\n":
        char = text[position]
        if char == "\\":
            position += 1
        elif char == "/" and not in_class:
            return position + 1
        elif char in "[]":
            in_class = char == "["
        position += 1
    return -1
