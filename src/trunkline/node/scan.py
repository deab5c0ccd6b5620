"""Where a template's braces end, as JavaScript reads it: ``}}`` within strings and objects does not count.

One pass, whatever is nested: what is open stands on a stack.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"(?:[\w$]|[^\x00-\x7f\s])+")
_STRING = {quote: re.compile(rf"(?:[^{quote}\\]|\\.)*{quote}", re.S) for quote in "\"'"}
_LITERAL = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(`|\$\{)", re.S)  # up to its end or the next ${
_REGEX = re.compile(r"(?:[^/\\\[\n\r]|\\[^\n\r]|\[(?:[^\]\\\n\r]|\\[^\n\r])*\])+/")
_BLOCK_COMMENT = re.compile(r".*?\*/", re.S)
_END_OF_LINE = re.compile("[\n\r\u2028\u2029]")
_END_OF_LINE_OR_BRACES = re.compile("[\n\r\u2028\u2029]|}}")
_BEFORE_REGEX = frozenset(
    ["return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "await", "yield"]
)


class AmbiguousComment(ValueError):
    """``}}`` stands in a ``//`` comment, and another one after it: either may be the end of the template."""


def end_of_expression(text: str, start: int, words: list[re.Match[str]] | None = None) -> int:
    """Return the index of the ``}}`` that ends the JavaScript which begins at ``start``; -1 if none does.

    ``words`` gets the words of the code on the way there, without those in text and comments.

    ``}}`` in a comment to the end of the line ends the template as well, as in n8n, unless brackets are open there.
    Raises AmbiguousComment where text that follows has a ``}}`` of its own.
    """
    open_braces: list[str] = []  # "{" and "${"; after the end of a "${" its template literal goes on
    open_brackets = 0  # "(" and "["
    position = start
    value_before = False  # after a value a slash divides; anywhere else it begins a regular expression
    while position < len(text):
        char = text[position]
        if char == "}" and not open_braces:
            return position if text.startswith("}}", position) else -1
        if word := _WORD.match(text, position):
            value_before = word[0] not in _BEFORE_REGEX or text[position - 1] == "."
            position = word.end()
            if words is not None:
                words.append(word)
            continue
        position += 1
        if char in "\"'":
            position, value_before = _after(_STRING[char], text, position), True
        elif char == "`" or (char == "}" and open_braces[-1] == "${"):
            if char == "}":
                open_braces.pop()
            part = _LITERAL.match(text, position)
            if part is None:
                return -1
            position, value_before = part.end(), part[1] == "`"
            if part[1] == "${":
                open_braces.append("${")
        elif char == "/" and text.startswith(("/", "*"), position):
            position = _end_of_comment(text, position, is_inside=bool(open_braces) or open_brackets > 0)
        elif char == "/" and not value_before:
            position, value_before = _after(_REGEX, text, position), True
        elif char in "+-" and text.startswith(char, position):  # a++ and ++a: what was before decides
            position += 1
        elif not char.isspace():
            _note_brace(char, open_braces)
            open_brackets += (char in "([") - (char in ")]")
            value_before = char in ")]}"
        if position < 0:
            return -1
    return -1


def _after(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else -1


def _note_brace(char: str, open_braces: list[str]) -> None:
    if char == "{":
        open_braces.append(char)
    elif char == "}":
        open_braces.pop()


def _end_of_comment(text: str, position: int, *, is_inside: bool) -> int:
    """Find the end of a comment from its second character on; -1 if a block comment does not end.

    A ``//`` comment ends with its line or, where no bracket is open, at a ``}}`` before that.
    """
    if text[position] == "*":
        return _after(_BLOCK_COMMENT, text, position + 1)
    end = (_END_OF_LINE if is_inside else _END_OF_LINE_OR_BRACES).search(text, position)
    if end is None:
        return len(text)
    if end[0] == "}}":
        another = text.find("}}", end.end())
        if another >= 0 and text.find("{{", end.end(), another) < 0:
            raise AmbiguousComment
    return end.start()
