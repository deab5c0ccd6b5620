"""Filters written in Python: ``F.Number.startswith("8") & (F.Enabled == True)``.

What is built here can't be a wrong literal or a wrong pair of parentheses. Whether the fields exist and go with what
they are compared with is decided where the type of the rows is known (`checks`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NoReturn

from ..catalog import nearest
from ..errors import InvalidArgument, UnknownName
from .constants import Value, checked_text, constant
from .tree import (
    Binary,
    Call,
    EnumLiteral,
    Lambda,
    Literal,
    Logic,
    Membership,
    Negative,
    Node,
    Not,
    Path,
    Raw,
    Variable,
    written,
)

_NAME = re.compile(r"[^\W\d]\w*")
_STEP = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_RESERVED = frozenset({"null", "true", "false", "not", "INF", "NaN"})
_BRACKETS = "Put parentheses around each comparison: (F.Enabled == True) & (F.Number == '100')."


class Term:
    """A part of a filter. It never changes; ``str()`` gives its OData text.

    ``==`` builds a filter, so a term can't be looked up in a list by value; its hash is its identity.
    """

    __slots__ = ("_node",)
    _node: Node

    def __init__(self, node: Node) -> None:
        object.__setattr__(self, "_node", node)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} can't be changed; to compare {name}, write ==.")

    def __reduce__(self) -> tuple[type[Term], tuple[Node]]:
        return type(self), (self._node,)

    def __str__(self) -> str:
        return written(self._node)

    def __repr__(self) -> str:
        try:
            text = str(self)
        except InvalidArgument:
            text = "within any() or all()"
        return f"<{type(self).__name__} {text}>"

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Filter:  # type: ignore[override]
        return self._compared("eq", other)

    def __ne__(self, other: object) -> Filter:  # type: ignore[override]
        return self._compared("ne", other)

    def __and__(self, other: Term) -> Filter:
        return self._joined("and", other)

    def __or__(self, other: Term) -> Filter:
        return self._joined("or", other)

    def __rand__(self, other: object) -> NoReturn:
        raise TypeError(f"{other!r} is not a condition. {_BRACKETS}")

    __ror__ = __rand__

    def __invert__(self) -> Filter:
        return Filter(Not(self._node))

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "A filter is neither true nor false: only the PBX knows, row by row. "
            "Write & for and, | for or, ~ for not, and (1 < F.X) & (F.X < 5) for 1 < F.X < 5."
        )

    def _compared(self, operator: str, other: object) -> Filter:
        return Filter(Binary(operator, self._node, _operand(other)))

    def _joined(self, operator: str, other: object) -> Filter:
        if not isinstance(other, Term):
            raise TypeError(f"{other!r} is not a condition. {_BRACKETS}")
        terms: list[Node] = []
        for node in (self._node, other._node):
            terms += node.terms if isinstance(node, Logic) and node.operator == operator else (node,)
        return Filter(Logic(operator, tuple(terms)))


class Filter(Term):
    """A condition on rows, for ``filter=``. Combine with ``&``, ``|`` and ``~``."""

    __slots__ = ()

    def _compared(self, operator: str, other: object) -> Filter:
        if isinstance(other, Term | bool):
            return super()._compared(operator, other)
        raise TypeError(f"A condition is true or false, never {other!r}. {_BRACKETS}")


Ordered = str | int | float | Decimal | dt.datetime | dt.date | dt.time | dt.timedelta | Term
Number = int | float | Decimal | dt.datetime | dt.date | dt.timedelta | Term


class Expression(Term):
    """Something with a value: a field, a function of one, a sum."""

    __slots__ = ()

    def __lt__(self, other: Ordered) -> Filter:
        return self._ordered("lt", other)

    def __le__(self, other: Ordered) -> Filter:
        return self._ordered("le", other)

    def __gt__(self, other: Ordered) -> Filter:
        return self._ordered("gt", other)

    def __ge__(self, other: Ordered) -> Filter:
        return self._ordered("ge", other)

    def _ordered(self, operator: str, other: object) -> Filter:
        if other is None or isinstance(other, bool):
            raise InvalidArgument(f"Nothing is more or less than {other}; compare with == or !=.")
        return self._compared(operator, other)

    def in_(self, values: Iterable[Value]) -> Filter:
        """Whether the value is one of several. An empty list is refused: it matches nothing, so don't ask."""
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            raise InvalidArgument(f"in_ takes a list of values, not {values!r}.")
        options = tuple(_listed(value) for value in values)
        if not options:
            raise InvalidArgument("in_ got an empty list.", hint="Nothing would match; leave the request out.")
        return Filter(Membership(self._node, options))

    def has(self, flag: str | Term) -> Filter:
        """Whether a value of several enum members has this one. Standard OData wants its type: see `Fields.enum`."""
        return Filter(Binary("has", self._node, _text_operand("has", flag)))

    # Text

    def startswith(self, text: str | Term) -> Filter:
        return Filter(Call("startswith", (self._node, _text_operand("startswith", text))))

    def endswith(self, text: str | Term) -> Filter:
        return Filter(Call("endswith", (self._node, _text_operand("endswith", text))))

    def contains(self, text: str | Term) -> Filter:
        return Filter(Call("contains", (self._node, _text_operand("contains", text))))

    def indexof(self, text: str | Term) -> Expression:
        """Where text begins in this, from 0; -1 where it doesn't occur."""
        return self._applied("indexof", _text_operand("indexof", text))

    def concat(self, text: str | Term) -> Expression:
        return self._applied("concat", _text_operand("concat", text))

    def substring(self, start: int | Term, length: int | Term | None = None) -> Expression:
        given = (start,) if length is None else (start, length)
        return self._applied("substring", *(_whole_operand("substring", number) for number in given))

    def lower(self) -> Expression:
        return self._applied("tolower")

    def upper(self) -> Expression:
        return self._applied("toupper")

    def trim(self) -> Expression:
        return self._applied("trim")

    def length(self) -> Expression:
        return self._applied("length")

    # Dates and times; the parts are those of UTC unless the PBX keeps another offset

    def year(self) -> Expression:
        return self._applied("year")

    def month(self) -> Expression:
        return self._applied("month")

    def day(self) -> Expression:
        return self._applied("day")

    def hour(self) -> Expression:
        return self._applied("hour")

    def minute(self) -> Expression:
        return self._applied("minute")

    def second(self) -> Expression:
        return self._applied("second")

    def date(self) -> Expression:
        return self._applied("date")

    def time(self) -> Expression:
        return self._applied("time")

    # Numbers

    def round(self) -> Expression:
        return self._applied("round")

    def floor(self) -> Expression:
        return self._applied("floor")

    def ceiling(self) -> Expression:
        return self._applied("ceiling")

    def __add__(self, other: Number) -> Expression:
        return _calculated("add", self, other)

    def __radd__(self, other: Number) -> Expression:
        return _calculated("add", other, self)

    def __sub__(self, other: Number) -> Expression:
        return _calculated("sub", self, other)

    def __rsub__(self, other: Number) -> Expression:
        return _calculated("sub", other, self)

    def __mul__(self, other: Number) -> Expression:
        return _calculated("mul", self, other)

    def __rmul__(self, other: Number) -> Expression:
        return _calculated("mul", other, self)

    def __truediv__(self, other: Number) -> Expression:
        """OData's ``div``: of two whole numbers it gives a whole number."""
        return _calculated("div", self, other)

    def __rtruediv__(self, other: Number) -> Expression:
        return _calculated("div", other, self)

    def __mod__(self, other: Number) -> Expression:
        return _calculated("mod", self, other)

    def __rmod__(self, other: Number) -> Expression:
        return _calculated("mod", other, self)

    def __neg__(self) -> Expression:
        return Expression(Negative(self._node))

    # Order

    def asc(self) -> OrderBy:
        return OrderBy(self, descending=False)

    def desc(self) -> OrderBy:
        return OrderBy(self, descending=True)

    def _applied(self, function: str, *arguments: Node) -> Expression:
        return Expression(Call(function, (self._node, *arguments)))


class Field(Expression):
    """A field by its path: ``F.Number``, ``F.Hours.Type``, ``F["key"]``. Attributes are 3CX's names, so any goes."""

    __slots__ = ()
    _node: Path

    def __getattr__(self, name: str) -> Field:
        # Python and its tools look for names with underscores on everything.
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return self[name]

    def __getitem__(self, name: str) -> Field:
        return Field(Path(self._node.variable, (*self._node.names, *_steps(name))))

    def __contains__(self, value: object) -> NoReturn:
        raise TypeError(f"For {value!r} in a text there is contains(), for a value in a list in_() or any().")

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
        name = self._node.names[-1] if self._node.names else "that"
        known = (method for kind in (Field, Fields) for method in dir(kind) if not method.startswith("_"))
        raise UnknownName(f"A field has no method {name!r}.{nearest(name, known)}")

    def any(self, condition: Callable[[Field], Term] | None = None) -> Filter:
        """Whether some item of a collection meets a condition; without one, whether there is any item."""
        return self._quantified("any", condition)

    def all(self, condition: Callable[[Field], Term]) -> Filter:
        """Whether every item of a collection meets a condition; so it is where there is none."""
        return self._quantified("all", condition)

    def count(self) -> Expression:
        """How many items a collection has."""
        return Expression(Path(self._node.variable, (*self._node.names, "$count")))

    def _quantified(self, quantifier: str, condition: Callable[[Field], Term] | None) -> Filter:
        variable = Variable()
        if condition is None and quantifier == "any":
            return Filter(Lambda(self._node, quantifier, variable, None))
        # A field is callable only to say that it has no such method.
        if not callable(condition) or isinstance(condition, Term):
            raise TypeError(f"{quantifier}() takes a lambda: F.Groups.{quantifier}(lambda g: g.Name == 'Sales').")
        met = condition(Field(Path(variable, ())))
        if not isinstance(met, Term):
            raise TypeError(f"The lambda of {quantifier}() must give a condition on its item, not {met!r}.")
        return Filter(Lambda(self._node, quantifier, variable, met._node))


class OrderBy:
    """A term of ``orderby=``: ``F.Number.desc()``."""

    __slots__ = ("descending", "expression")

    def __init__(self, expression: Expression, *, descending: bool) -> None:
        self.expression = expression
        self.descending = descending

    def __str__(self) -> str:
        return f"{self.expression} {'desc' if self.descending else 'asc'}"

    def __repr__(self) -> str:
        return f"<OrderBy {self}>"


class Fields:
    """Where filters begin: ``F.Number``; ``F["key"]`` for a name that Python or this class has taken."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Field:
        if name.startswith("_"):
            raise AttributeError(f"F has no attribute {name!r}; F[{name!r}] is that field.")
        return self[name]

    def __getitem__(self, name: str) -> Field:
        return Field(Path(None, _steps(name)))

    def __repr__(self) -> str:
        return "F"

    @staticmethod
    def raw(text: str) -> Filter:
        """Return a condition in OData's own words, for what can't be built here; nothing in it is checked."""
        if not isinstance(text, str) or not text.strip():
            raise InvalidArgument(f"F.raw takes the text of a condition, not {text!r}.")
        return Filter(Raw(checked_text(text)))

    @staticmethod
    def enum(type_name: str, *members: str) -> Expression:
        """Return a typed enum literal: ``F.enum("Pbx.PeerType", "Extension")`` → ``Pbx.PeerType'Extension'``."""
        if not isinstance(type_name, str) or not _STEP.fullmatch(type_name):
            raise InvalidArgument(f"{type_name!r} is not a name of an enum, such as Pbx.PeerType.")
        for member in members:
            if not isinstance(member, str) or not _STEP.fullmatch(member):
                raise InvalidArgument(f"{member!r} is not a member of an enum.")
        if not members:
            raise InvalidArgument(f"F.enum needs a member of {type_name}.")
        return Expression(EnumLiteral(type_name, members))

    @staticmethod
    def now() -> Expression:
        """Return the time on the PBX when it reads the filter."""
        return Expression(Call("now", ()))


F = Fields()
"""``F.Number`` is the field Number of a row."""


def _steps(name: object) -> tuple[str, ...]:
    """Return the names of a path, each one that OData can carry: no quote, space or operator slips in."""
    steps = tuple(name.split("/")) if isinstance(name, str) else ()
    fits = [_STEP.fullmatch(step) is not None and step not in _RESERVED for step in steps]
    if steps and (fits[0] or steps[0] == "$it") and all(fits[1:]):
        return steps
    raise InvalidArgument(
        f"{name!r} can't be the name of a field.",
        hint="A name has letters, digits and underscores, a path has slashes; F.raw takes anything.",
    )


def _operand(value: object) -> Node:
    return value._node if isinstance(value, Term) else constant(value)


def _listed(value: object) -> Literal | EnumLiteral:
    if isinstance(value, Term) and isinstance(value._node, EnumLiteral):
        return value._node
    return constant(value)


def _text_operand(function: str, value: object) -> Node:
    node = _operand(value)
    if isinstance(node, Literal) and node.type != "String":
        raise InvalidArgument(f"{function} takes text, not {value!r}.")
    return node


def _whole_operand(function: str, value: object) -> Node:
    node = _operand(value)
    if isinstance(node, Literal) and node.type != "Int64":
        raise InvalidArgument(f"{function} takes whole numbers, not {value!r}.")
    return node


def _calculated(operator: str, left: object, right: object) -> Expression:
    nodes = _operand(left), _operand(right)
    for node, value in zip(nodes, (left, right), strict=True):
        if isinstance(node, Literal) and node.type in ("String", "Boolean", "Null", "Guid", "TimeOfDay"):
            hint = "Texts are joined with concat()." if node.type == "String" else ""
            raise InvalidArgument(f"{value!r} can't be part of a calculation.", hint=hint)
    return Expression(Binary(operator, *nodes))
