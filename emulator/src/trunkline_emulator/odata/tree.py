"""The syntax tree of an expression; what its names and types mean is decided in ``evaluation``."""

from __future__ import annotations

from dataclasses import dataclass


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
    """``Gateway/Host``, ``$it``, ``g/Name`` within a lambda; a name with a dot is a type: ``$it/Pbx.DN/Number``."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Count:
    """``Groups/$count``, or ``Groups/$count($filter=Name eq 'Sales')`` with a condition on the rows themselves."""

    path: Path
    condition: Node | None


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
    """A chain of one operator, ``and`` or ``or``; flat, so that a filter of a thousand terms is not a deep tree."""

    operator: str
    terms: tuple[Node, ...]


@dataclass(frozen=True)
class Membership:
    """``Number in ('100','101')``, or ``'AI' in Tags`` with a collection."""

    item: Node
    options: tuple[Node, ...] | Path


@dataclass(frozen=True)
class Lambda:
    """``Groups/any(g: g/Name eq 'Sales')``; without a condition ``any()`` asks for any row."""

    path: Path
    quantifier: str
    variable: str
    condition: Node | None


Node = Literal | EnumLiteral | Path | Count | Call | Unary | Binary | Logic | Membership | Lambda
