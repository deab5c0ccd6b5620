"""Expressions of ``$filter`` and ``$orderby`` as trees, and the text of a tree.

Text is written so that every reader takes it the same way: ``not`` binds tighter than a comparison to ASP.NET and
looser to others, so what it denies always stands in parentheses, and so does ``not`` itself beside an operator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ..errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Literal:
    """A value. ``type`` is OData's name of its type without ``Edm.``, or ``Null``; ``value`` is what was given."""

    type: str
    text: str
    value: object = None


@dataclass(frozen=True, slots=True)
class EnumLiteral:
    """``Pbx.PeerType'Extension'``."""

    type: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """What an ``any`` or ``all`` runs over. It gets its name where it is written, so that nested ones differ."""


@dataclass(frozen=True, slots=True)
class Path:
    """``Number``, ``Hours/Type``, ``Groups/$count``; from a variable where there is one, else from the row."""

    variable: Variable | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negative:
    operand: Node


@dataclass(frozen=True, slots=True)
class Not:
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """A comparison, ``has``, or arithmetic."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic:
    """A chain of ``and`` or of ``or``; flat, so that a filter of a thousand terms is not a deep tree."""

    operator: str
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Membership:
    """``Number in ('100','101')``."""

    item: Node
    options: tuple[Literal | EnumLiteral, ...]


@dataclass(frozen=True, slots=True)
class Lambda:
    """``Groups/any(x: x/Name eq 'Sales')``; without a condition it asks for any item at all."""

    path: Path
    quantifier: str
    variable: Variable
    condition: Node | None


@dataclass(frozen=True, slots=True)
class Raw:
    """Text that somebody wrote by hand."""

    text: str


Node = Literal | EnumLiteral | Path | Call | Negative | Not | Binary | Logic | Membership | Lambda | Raw
Names = Mapping[Variable, str]

NOBODY: Names = MappingProxyType({})
ARITHMETIC = {"add": 5, "sub": 5, "mul": 6, "div": 6, "mod": 6}
_OR, _AND, _NOT, _COMPARISON, _SUM, _NEGATIVE, _TIGHT = 1, 2, 3, 4, 5, 7, 8


def written(node: Node, names: Names = NOBODY) -> str:
    """Return the text of a tree, with only the parentheses it needs. ``names`` are the variables around it.

    InvalidArgument for a variable that is used outside of its ``any`` or ``all``.
    """
    return _within(node, names, 0)


def named(variable: Variable, names: Names) -> Names:
    """Return the names with one more for a variable: ``x``, ``y``, ``z``, ``x4``, by how deep it stands."""
    depth = len(names)
    return {**names, variable: "xyz"[depth] if depth < 3 else f"x{depth + 1}"}


def _within(node: Node, names: Names, tightness: int) -> str:
    """Text of an operand; in parentheses where it binds looser than what is around it."""
    text = _text(node, names)
    return f"({text})" if _tightness(node) < tightness else text


def _tightness(node: Node) -> int:
    match node:
        case Raw():
            return 0
        case Logic():
            return _OR if node.operator == "or" else _AND
        case Not():
            return _NOT
        case Binary():
            return ARITHMETIC.get(node.operator, _COMPARISON)
        case Membership():
            return _COMPARISON
        case Negative():
            return _NEGATIVE
        case _:
            return _TIGHT


def _text(node: Node, names: Names) -> str:
    match node:
        case Literal() | Raw():
            return node.text
        case EnumLiteral():
            return f"{node.type}'{','.join(node.members)}'"
        case Path():
            return _path(node, names)
        case Call():
            return f"{node.function}({','.join(_within(a, names, _OR) for a in node.arguments)})"
        case Negative():
            return f"-{_within(node.operand, names, _TIGHT)}"
        case Not():
            return f"not ({_text(node.operand, names)})"
        case Binary():
            tightness = ARITHMETIC.get(node.operator, _COMPARISON)
            # Comparisons don't chain, so one beside another needs parentheses on either side; sums do, to the left.
            left = _within(node.left, names, tightness if node.operator in ARITHMETIC else _SUM)
            return f"{left} {node.operator} {_within(node.right, names, tightness + 1)}"
        case Logic():
            around = _OR if node.operator == "or" else _AND
            return f" {node.operator} ".join(_within(term, names, around) for term in node.terms)
        case Membership():
            options = ",".join(_text(option, names) for option in node.options)
            return f"{_within(node.item, names, _SUM)} in ({options})"
        case Lambda():
            return _lambda(node, names)


def _path(node: Path, names: Names) -> str:
    if node.variable is None:
        hidden = node.names[0] in names.values()
        return "/".join(("$it", *node.names) if hidden else node.names)
    if node.variable not in names:
        raise InvalidArgument(
            "The variable of an any() or all() is used outside of it.",
            hint="It means something only within its own lambda.",
        )
    return "/".join((names[node.variable], *node.names))


def _lambda(node: Lambda, names: Names) -> str:
    path = f"{_path(node.path, names)}/{node.quantifier}"
    if node.condition is None:
        return f"{path}()"
    inner = named(node.variable, names)
    return f"{path}({inner[node.variable]}: {_text(node.condition, inner)})"
