"""The expressions of ``$filter`` and ``$orderby``: tokens, and the parser that makes a tree of them.

Written from the OData 4.0 ABNF. Precedence, from loose to tight: ``or``, ``and``, comparison, ``add sub``,
``mul div divby mod``, ``not`` and minus, the rest; so ``not A eq B`` compares ``not A``, as ASP.NET has it.
Operators may be written in any case, for ASP.NET's resolver is told so unless a service says otherwise.
What names and types mean is decided in ``evaluation``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..refusals import bad_query
from .budget import MOST_TOKENS, too_costly
from .tree import Binary, Call, Count, EnumLiteral, Lambda, Literal, Logic, Membership, Node, Path, Unary

MAX_DEPTH = 100


class Token(NamedTuple):
    kind: str
    text: str
    at: int


Aliases = Mapping[str, str]
NO_ALIASES: Aliases = MappingProxyType({})

_TOKENS = re.compile(
    r"""
    (?P<space>[ \t]+)
  | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+-]\d\d:\d\d))(?!\w)
  | (?P<guid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})(?!\w)
  | (?P<date>\d{4}-\d\d-\d\d)(?!\w)
  | (?P<time>\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?)(?!\w)
  | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[mMdDfFlL]?)(?![\w.])
  | (?P<string>'(?:[^']|'')*')
  | (?P<typed>[A-Za-z_][\w.]*'(?:[^']|'')*')
  | (?P<name>\$?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
  | (?P<alias>@[A-Za-z_]\w*)
  | (?P<mark>[(),/:=;-])
    """,
    re.VERBOSE | re.ASCII,
)
_LEVELS = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("eq", "ne", "gt", "ge", "lt", "le", "has", "in"), 3),
    **dict.fromkeys(("add", "sub"), 4),
    **dict.fromkeys(("mul", "div", "divby", "mod"), 5),
}
_KEYWORDS = {"null": "null", "true": "boolean", "false": "boolean", "INF": "number", "NaN": "number"}


def parse_filter(text: str, aliases: Aliases = NO_ALIASES) -> Node:
    """Return the tree of a ``$filter``; ``aliases`` are the texts of ``@name`` in the query. Raises Refusal (400)."""
    parser = _Parser(text, aliases)
    node = parser.expression()
    parser.end()
    return node


def parse_orderby(text: str, aliases: Aliases = NO_ALIASES) -> list[tuple[Node, bool]]:
    """Return the terms of an ``$orderby``, each with whether it descends. Raises Refusal (400)."""
    parser = _Parser(text, aliases)
    terms = [parser.order()]
    while parser.accept("mark", ","):
        terms.append(parser.order())
    parser.end()
    return terms


def tokens(text: str) -> list[Token]:
    """Split an expression into tokens. Raises Refusal (400) at a character that starts no token."""
    found = []
    at = 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None or match.lastgroup is None:
            raise bad_query(f"Syntax error at position {at} in '{text}'.")
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match[0], at))
        at = match.end()
    return found


class _Parser:
    def __init__(self, text: str, aliases: Aliases, depth: int = 0, read_before: int = 0) -> None:
        self._text = text
        self._aliases = aliases
        self._tokens = tokens(text)
        # How many tokens were read so far, those of the aliases with them.
        self.read = read_before + len(self._tokens)
        if self.read > MOST_TOKENS:
            raise too_costly()
        self._next = 0
        self._depth = depth

    def _peek(self) -> Token:
        return self._tokens[self._next] if self._next < len(self._tokens) else Token("end", "", len(self._text))

    def _take(self) -> Token:
        token = self._peek()
        self._next += 1
        return token

    def accept(self, kind: str, *texts: str) -> str:
        """Return the next token's text in lower case where it is one of these, else ""."""
        token = self._peek()
        if token.kind == kind and token.text.lower() in texts:
            self._next += 1
            return token.text.lower()
        return ""

    def _expect(self, text: str) -> None:
        if not self.accept("mark", text):
            raise self._syntax_error()

    def _syntax_error(self) -> Exception:
        return bad_query(f"Syntax error at position {self._peek().at} in '{self._text}'.")

    def end(self) -> None:
        if self._peek().kind != "end":
            raise self._syntax_error()

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise bad_query("Recursion depth exceeded allowed limit.")

    def order(self) -> tuple[Node, bool]:
        node = self.expression()
        return node, self.accept("name", "asc", "desc") == "desc"

    def expression(self) -> Node:
        self._deeper()
        node = self._operation(_LEVELS["or"])
        self._depth -= 1
        return node

    def _operation(self, loosest: int) -> Node:
        """Operands joined by operators that bind at least as tightly as ``loosest``, from left to right."""
        node = self._unary()
        links = 0
        while (level := self._level()) >= loosest:
            operator = self._take().text.lower()
            if operator in ("and", "or"):
                node = self._logic(operator, node)
                continue
            links += 1
            self._deeper()
            if operator == "in":
                node = Membership(node, self._options())
            else:
                node = Binary(operator, node, self._operation(level + 1))
        self._depth -= links
        return node

    def _level(self) -> int:
        """How tightly the next token binds as an operator; 0 if it is none."""
        token = self._peek()
        return _LEVELS.get(token.text.lower(), 0) if token.kind == "name" else 0

    def _logic(self, operator: str, first: Node) -> Logic:
        terms = [first, self._operation(_LEVELS[operator] + 1)]
        while self.accept("name", operator):
            terms.append(self._operation(_LEVELS[operator] + 1))
        return Logic(operator, tuple(terms))

    def _options(self) -> tuple[Node, ...] | Path:
        if self._peek().kind == "name":
            node = self._path(self._take().text)
            if not isinstance(node, Path):
                raise self._syntax_error()
            return node
        self._expect("(")
        options = [self._unary()]
        while self.accept("mark", ","):
            options.append(self._unary())
        self._expect(")")
        return tuple(options)

    def _unary(self) -> Node:
        operator = self.accept("name", "not") or self.accept("mark", "-")
        if not operator:
            return self._primary()
        self._deeper()
        node = Unary(operator, self._unary())
        self._depth -= 1
        return node

    def _primary(self) -> Node:
        if self.accept("mark", "("):
            node = self.expression()
            self._expect(")")
            return node
        token = self._take()
        if token.kind in ("datetime", "guid", "date", "time", "number", "string"):
            return Literal(token.kind, token.text)
        if token.kind == "typed":
            return _typed_literal(token.text)
        if token.kind == "alias":
            return self._alias(token.text)
        if token.kind != "name":
            self._next -= 1
            raise self._syntax_error()
        if token.text in _KEYWORDS:
            return Literal(_KEYWORDS[token.text], token.text)
        if self.accept("mark", "("):
            return Call(token.text, self._arguments())
        return self._path(token.text)

    def _alias(self, name: str) -> Node:
        """Return what an alias stands for; one that the query doesn't give is null, as the OData standard says."""
        if name not in self._aliases:
            return Literal("null", "null")
        self._deeper()
        parser = _Parser(self._aliases[name], self._aliases, self._depth, self.read)
        node = parser.expression()
        parser.end()
        self.read = parser.read
        self._depth -= 1
        return node

    def _arguments(self) -> tuple[Node, ...]:
        if self.accept("mark", ")"):
            return ()
        arguments = [self.expression()]
        while self.accept("mark", ","):
            arguments.append(self.expression())
        self._expect(")")
        return tuple(arguments)

    def _path(self, first: str) -> Node:
        names = [first]
        while self.accept("mark", "/"):
            token = self._take()
            if token.kind != "name":
                self._next -= 1
                raise self._syntax_error()
            if token.text.lower() in ("any", "all") and self.accept("mark", "("):
                return self._lambda(Path(tuple(names)), token.text.lower())
            if token.text == "$count":
                return self._count(Path(tuple(names)))
            names.append(token.text)
        return Path(tuple(names))

    def _count(self, path: Path) -> Count:
        if not self.accept("mark", "("):
            return Count(path, None)
        if not self.accept("name", "$filter", "filter"):
            raise self._syntax_error()
        self._expect("=")
        condition = self.expression()
        self._expect(")")
        return Count(path, condition)

    def _lambda(self, path: Path, quantifier: str) -> Lambda:
        if quantifier == "any" and self.accept("mark", ")"):
            return Lambda(path, quantifier, "", None)
        variable = self._take()
        if variable.kind != "name":
            self._next -= 1
            raise self._syntax_error()
        self._expect(":")
        condition = self.expression()
        self._expect(")")
        return Lambda(path, quantifier, variable.text, condition)


def _typed_literal(text: str) -> Node:
    name, _, quoted = text.partition("'")
    if name in ("duration", "binary"):
        return Literal(name, quoted[:-1])
    return EnumLiteral(name, quoted[:-1])
