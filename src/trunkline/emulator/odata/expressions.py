"""The expressions of ``$filter`` and ``$orderby``: tokens, syntax tree and parser.

Written from the OData 4.0 ABNF. Precedence, from loose to tight: ``or``, ``and``, comparison, ``add sub``,
``mul div mod``, ``not`` and minus, the rest; so ``not A eq B`` compares ``not A``, as ASP.NET has it.
What names and types mean is decided in ``evaluation``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from ..refusals import bad_query

MAX_DEPTH = 100


class Token(NamedTuple):
    kind: str
    text: str
    at: int


@dataclass(frozen=True)
class Literal:
    kind: str
    text: str


@dataclass(frozen=True)
class EnumLiteral:
    """``Pbx.PeerType'Extension'``."""

    type: str
    members: str


@dataclass(frozen=True)
class Path:
    """``Gateway/Host``, ``$it``, ``g/Name`` within a lambda, ``Groups/$count``."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Unary:
    operator: str
    operand: Node


@dataclass(frozen=True)
class Binary:
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Logic:
    """A chain of one operator, ``and`` or ``or``; flat, so that a filter of a thousand terms is no deep tree."""

    operator: str
    terms: tuple[Node, ...]


@dataclass(frozen=True)
class Membership:
    """``Number in ('100','101')``."""

    item: Node
    options: tuple[Node, ...]


@dataclass(frozen=True)
class Lambda:
    """``Groups/any(g: g/Name eq 'Sales')``; without a condition ``any()`` asks for any row."""

    path: Path
    quantifier: str
    variable: str
    condition: Node | None


Node = Literal | EnumLiteral | Path | Call | Unary | Binary | Logic | Membership | Lambda

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
  | (?P<mark>[(),/:-])
    """,
    re.VERBOSE | re.ASCII,
)
_LEVELS = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("eq", "ne", "gt", "ge", "lt", "le", "has", "in"), 3),
    **dict.fromkeys(("add", "sub"), 4),
    **dict.fromkeys(("mul", "div", "mod"), 5),
}
_KEYWORDS = {"null": "null", "true": "boolean", "false": "boolean", "INF": "number", "NaN": "number"}


def parse_filter(text: str) -> Node:
    """The tree of a ``$filter``. Raises Refusal (400)."""
    parser = _Parser(text)
    node = parser.expression()
    parser.end()
    return node


def parse_orderby(text: str) -> list[tuple[Node, bool]]:
    """The terms of an ``$orderby``, each with whether it descends. Raises Refusal (400)."""
    parser = _Parser(text)
    terms = [parser.order()]
    while parser.accept("mark", ","):
        terms.append(parser.order())
    parser.end()
    return terms


def tokens(text: str) -> list[Token]:
    """Raises Refusal (400) at a character that starts no token."""
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
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = 0
        self._depth = 0

    def _peek(self) -> Token:
        return self._tokens[self._next] if self._next < len(self._tokens) else Token("end", "", len(self._text))

    def _take(self) -> Token:
        token = self._peek()
        self._next += 1
        return token

    def accept(self, kind: str, *texts: str) -> str:
        """The next token's text where it is one of these, else ""."""
        token = self._peek()
        if token.kind == kind and token.text in texts:
            self._next += 1
            return token.text
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
            operator = self._take().text
            if operator in ("and", "or"):
                node = self._logic(operator, node)
                continue
            links += 1
            self._deeper()
            if operator == "in":
                node = Membership(node, self._list())
            else:
                node = Binary(operator, node, self._operation(level + 1))
        self._depth -= links
        return node

    def _level(self) -> int:
        """How tightly the next token binds as an operator; 0 if it is none."""
        token = self._peek()
        return _LEVELS.get(token.text, 0) if token.kind == "name" else 0

    def _logic(self, operator: str, first: Node) -> Logic:
        terms = [first, self._operation(_LEVELS[operator] + 1)]
        while self.accept("name", operator):
            terms.append(self._operation(_LEVELS[operator] + 1))
        return Logic(operator, tuple(terms))

    def _list(self) -> tuple[Node, ...]:
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
        if token.kind != "name":
            self._next -= 1
            raise self._syntax_error()
        if token.text in _KEYWORDS:
            return Literal(_KEYWORDS[token.text], token.text)
        if self.accept("mark", "("):
            return Call(token.text, self._arguments())
        return self._path(token.text)

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
            if token.text in ("any", "all") and self.accept("mark", "("):
                return self._lambda(Path(tuple(names)), token.text)
            names.append(token.text)
        return Path(tuple(names))

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
    if name == "duration":
        return Literal("duration", quoted[:-1])
    return EnumLiteral(name, quoted[:-1])
