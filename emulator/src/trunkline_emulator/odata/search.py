"""``$search``: terms, phrases in double quotes, AND, OR, NOT and parentheses, from the OData 4.0 ABNF.

What is searched is not known of a PBX; here it is every text of a row, and case doesn't matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..refusals import bad_query

Matches = Callable[[str], bool]

_TOKENS = re.compile(r'\s*(?:"((?:[^"\\]|\\["\\])+)"|([()])|([^\s()"]+))')
_MAX_DEPTH = 100


def parse_search(text: str) -> Callable[[Any], bool]:
    """Return a predicate over rows. Raises Refusal (400)."""
    matches = _Parser(text).read()
    return lambda row: matches(_texts(row))


def _texts(row: Any) -> str:
    """Return the texts of a row, apart from each other so that no phrase spans two."""
    values = row.values() if isinstance(row, dict) else [row]
    return "\0".join(value for value in values if isinstance(value, str)).casefold()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._phrase, self._mark, self._word = self._advance()

    def _advance(self) -> tuple[str, str, str]:
        """Return the phrase, parenthesis or word that comes next, each "" if it is not the one."""
        rest = self._text[self._at :]
        if not rest.strip():
            return "", "", ""
        match = _TOKENS.match(rest)
        if match is None:
            raise self._refusal()
        self._at += match.end()
        phrase, mark, word = (found or "" for found in match.groups())
        return re.sub(r"\\(.)", r"\1", phrase), mark, word

    def _next(self) -> None:
        self._phrase, self._mark, self._word = self._advance()

    def _refusal(self) -> Exception:
        return bad_query(f"Syntax error at position {self._at} in '{self._text}'.")

    def read(self) -> Matches:
        found = self._any()
        if self._phrase or self._mark or self._word:
            raise self._refusal()
        return found

    def _any(self) -> Matches:
        terms = [self._all()]
        while self._word == "OR":
            self._next()
            terms.append(self._all())
        return terms[0] if len(terms) == 1 else lambda text: any(term(text) for term in terms)

    def _all(self) -> Matches:
        """Terms side by side must all be there, with or without AND between them."""
        terms = [self._not()]
        while self._word == "AND" or self._phrase or self._mark == "(" or self._word not in ("", "OR"):
            if self._word == "AND":
                self._next()
            terms.append(self._not())
        return terms[0] if len(terms) == 1 else lambda text: all(term(text) for term in terms)

    def _not(self) -> Matches:
        if self._word != "NOT":
            return self._term()
        self._next()
        term = self._term()
        return lambda text: not term(text)

    def _term(self) -> Matches:
        if self._mark == "(":
            self._depth += 1
            if self._depth > _MAX_DEPTH:
                raise bad_query("Recursion depth exceeded allowed limit.")
            self._next()
            found = self._any()
            if self._mark != ")":
                raise self._refusal()
            self._next()
            self._depth -= 1
            return found
        term = (self._phrase or self._word).casefold()
        if not term or (not self._phrase and self._word in ("AND", "OR", "NOT")):
            raise self._refusal()
        self._next()
        return lambda text: term in text
