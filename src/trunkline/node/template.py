"""Templates: ``{{ … }}`` with JavaScript, as n8n's users write them (docs/node-semantics.md, rules T).

Paths such as ``{{ $json.Id }}`` are read directly; anything else runs in a QuickJS sandbox (javascript.py). A lone
template keeps its value's type; mixed with text it joins. A value that is missing is an error, never an empty text:
``DELETE /Fax()`` must not be sent.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from ..errors import InvalidArgument, TemplateError
from . import javascript
from .items import Item
from .scan import AmbiguousComment, end_of_expression
from .zones import known

_STEP = r"""(?:\.[A-Za-z_$][\w$]*|\[(?:"[^"\\\n]*"|'[^'\\\n]*'|0|[1-9][0-9]*)\])"""
_PLAIN = re.compile(rf"\$json({_STEP}*)")
_STEPS = re.compile(r"""\.([A-Za-z_$][\w$]*)|\[(?:"([^"\\]*)"|'([^'\\]*)'|([0-9]+))\]""")
_INDEX = re.compile(r"0|[1-9][0-9]*")

NOT_JSON = (RecursionError, TypeError, OverflowError, UnicodeEncodeError)  # what encoding JSON raises
LONGEST = 1_000_000  # characters of a template


class World:
    """What templates see besides the items: variables, allowed environment, time zone, clock.

    ``variables`` are ``$vars``. ``allow_env`` names what ``$env`` may show of ``environment`` (the process's own).
    ``zone`` is the zone of ``$now``, ``$today`` and ``DateTime``. ``clock`` gives seconds since 1970; expressions see
    it at most a second old, since items are evaluated ahead.
    Raises InvalidArgument for a zone that doesn't exist.
    """

    def __init__(
        self,
        variables: Mapping[str, Any] | None = None,
        allow_env: Iterable[str] = (),
        zone: str = "UTC",
        *,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.variables = dict(variables or {})
        self.allow_env = frozenset([allow_env] if isinstance(allow_env, str) else allow_env)
        self.zone = zone
        self.clock = clock
        self._environment = os.environ if environment is None else environment
        if zone != "UTC":
            known(zone)

    def stopped(self) -> World:
        """Return the same world with its clock standing: a whole run then sees one ``$now``."""
        now = self.clock()
        return World(self.variables, self.allow_env, self.zone, environment=self._environment, clock=lambda: now)

    def now(self) -> datetime:
        """Return what the clock shows, in the world's zone."""
        return datetime.fromtimestamp(self.clock(), UTC if self.zone == "UTC" else known(self.zone))

    @cached_property
    def outside(self) -> str:
        allowed = {name: self._environment.get(name) for name in self.allow_env}
        return msgspec.json.encode({"env": allowed, "vars": self.variables}).decode()


_PLAIN_WORLD = World()


class Scope(NamedTuple):
    """What a template sees: one item among all, and the world around them."""

    items: Sequence[Item]
    position: int
    world: World = _PLAIN_WORLD

    @property
    def item(self) -> Item:
        return self.items[self.position]


class _Undefined:
    """What JavaScript calls undefined; None is its null."""


UNDEFINED = _Undefined()
_INTO_TEXT = _Undefined()  # a path that goes on inside a text: its characters are JavaScript's to count


class Expression:
    """The JavaScript between one pair of braces."""

    def __init__(self, source: str) -> None:
        self.source = source.strip()
        plain = _PLAIN.fullmatch(self.source)
        self.path: list[str | int] | None = None
        if plain:
            self.path = [
                int(number) if number else name or double or single
                for name, double, single, number in _STEPS.findall(plain[1])
            ]

    def value(self, scope: Scope) -> Any:
        """Return the expression's value for an item; ValueError says why it has none."""
        found = _INTO_TEXT if self.path is None else _walk(scope.item["json"], self.path)
        if found is _INTO_TEXT:
            try:
                found = _decoded(self._evaluation.run(self._given(scope)))
            except NOT_JSON as problem:
                raise ValueError(f"can't be evaluated: what it is given is not JSON ({_reason(problem)})") from None
        if found is UNDEFINED:
            raise ValueError(self._missing(scope))
        return found

    @cached_property
    def _evaluation(self) -> javascript.Evaluation:
        return javascript.Evaluation(self.source)

    def _given(self, scope: Scope) -> javascript.Given:
        names, world = self._evaluation.source.names, scope.world
        outside = world.outside if "$env" in names or "$vars" in names else ""
        return javascript.Given(scope.items, scope.position, float(round(world.clock() * 1000)), world.zone, outside)

    def _missing(self, scope: Scope) -> str:
        if self.path is None:
            name = javascript.undefined_name(self._evaluation.source, self._given(scope))
            return f"is undefined: {name} has no value" if name and name != self.source else "is undefined"
        for depth in range(1, len(self.path) + 1):
            if _walk(scope.item["json"], self.path[:depth]) is UNDEFINED:
                break
        name = ".".join(map(str, self.path[:depth]))
        return f"has no value: the item has no field {name}"


def _walk(value: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(str(step), UNDEFINED)
        elif isinstance(value, list) and (isinstance(step, int) or _INDEX.fullmatch(step)):
            value = value[int(step)] if int(step) < len(value) else UNDEFINED
        elif isinstance(value, list) and step == "length":
            value = len(value)
        elif isinstance(value, str):
            return _INTO_TEXT
        else:
            return UNDEFINED
    return value


def _reason(problem: Exception) -> str:
    if isinstance(problem, RecursionError):
        return "it is nested too deep"
    if isinstance(problem, UnicodeEncodeError):
        return "it holds half a character"
    return str(problem)


def _decoded(answer: str) -> Any:
    if answer == "undefined":
        return UNDEFINED
    try:
        return msgspec.json.decode(answer)
    except RecursionError:
        raise ValueError("gave a value that is nested too deep") from None
    except msgspec.DecodeError:
        raise ValueError("gave text that ends in half a character") from None


class Template:
    """A parameter's text, cut into literal text and expressions once, evaluated for each item.

    Text with ``{{`` may have a million characters. Raises TemplateError if it has more, or if braces don't close.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts: list[str | Expression] = []
        begin = 1 if text.startswith("=") and "{{" in text else 0
        if len(text) > LONGEST and "{{" in text:
            raise TemplateError(
                f"The template {text[:40]!r}… has {len(text):,} characters; {LONGEST:,} is the most.",
                hint="Put long text into a field of the item, and name that.",
            )
        while (start := text.find("{{", begin)) >= 0:
            end = _end(text, start + 2)
            if not text[start + 2 : end].strip():
                raise TemplateError(f"{_shown(text)} has nothing between its braces.", hint="Write {{ $json.Id }}.")
            if start > begin:
                self.parts.append(text[begin:start])
            self.parts.append(Expression(text[start + 2 : end]))
            begin = end + 2
        if begin < len(text) or not self.parts:
            self.parts.append(text[begin:])

    @cached_property
    def constant(self) -> bool:
        return not any(isinstance(part, Expression) for part in self.parts)

    def value(self, scope: Scope, parameter: str) -> Any:
        """Return the value for one item.

        TemplateError names the item, the parameter, the expression and what is missing.
        """
        if len(self.parts) == 1:
            return self.part(0, scope, parameter)
        return "".join(
            part if isinstance(part, str) else self.text_of(at, scope, parameter) for at, part in enumerate(self.parts)
        )

    def part(self, at: int, scope: Scope, parameter: str) -> Any:
        """Return the value of one part."""
        part = self.parts[at]
        if isinstance(part, str):
            return part
        try:
            return part.value(scope)
        except ValueError as problem:
            raise _failed(scope, parameter, part, str(problem)) from None

    def text_of(self, at: int, scope: Scope, parameter: str) -> str:
        """Return the value of one part as it is joined to text."""
        value = self.part(at, scope, parameter)
        if isinstance(value, str):
            return value
        try:
            return _joined(value)
        except ValueError as problem:
            why = str(problem)
        except RecursionError:
            why = "gave a value that is nested too deep"
        part = self.parts[at]
        assert isinstance(part, Expression)  # noqa: S101 - literal text is a str
        raise _failed(scope, parameter, part, why)


def _end(text: str, start: int) -> int:
    """Where the expression that begins at ``start`` ends."""
    try:
        end = end_of_expression(text, start)
    except AmbiguousComment:
        raise TemplateError(
            f"{_shown(text)} has }}}} in a // comment, and another }}}} after it: either could be its end.",
            hint="Take the braces out of the comment, or write it as /* … */.",
        ) from None
    if end < 0:
        raise TemplateError(f"{_shown(text)} opens {{{{ and does not close it.", hint="Write {{ $json.Id }}.")
    return end


def _shown(text: str) -> str:
    return repr(_short(text))


def _short(text: str) -> str:
    return text if len(text) <= 500 else f"{text[:500]}…"


def _failed(scope: Scope, parameter: str, part: Expression, why: str) -> TemplateError:
    return TemplateError(
        f"Item {scope.position}: {parameter} = {{{{ {_short(part.source)} }}}} {_short(why)}.",
        hint=f"The item has {', '.join(scope.item['json']) or 'no fields'}. Nothing was sent for it.",
    )


def _joined(value: Any) -> str:
    """Return a value within text, as n8n joins it: null is nothing, a list its elements with commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        return ",".join(map(_joined, value))
    if isinstance(value, Mapping):
        raise ValueError("is an object, which has no text; write JSON.stringify(…) or name a field of it")
    return str(value)


def _number(value: float) -> str:
    """Return a number as JavaScript writes it: ``1e-7``, ``0.00001``, ``1e+21``, ``100``."""
    if value == 0:
        return "0"
    digits = Decimal(repr(value)).normalize()
    exponent = digits.adjusted()
    if -7 < exponent < 21:
        return format(digits, "f")
    sign, figures, _ = digits.as_tuple()
    fraction = "".join(map(str, figures[1:]))
    return (
        f"{'-' if sign else ''}{figures[0]}{'.' if fraction else ''}{fraction}e{'+' if exponent > 0 else ''}{exponent}"
    )


class JsonTemplate:
    """JSON text with templates inside: in a string a value is joined as text, elsewhere it stands as JSON."""

    def __init__(self, text: str, parameter: str) -> None:
        self.template = Template(text.removeprefix("="))
        self.text = text
        self.lone = len(self.template.parts) == 1 and not self.template.constant
        self.quoted: list[bool] = []
        inside = False
        for part in self.template.parts:
            self.quoted.append(inside)
            if isinstance(part, str):
                for _ in re.finditer(r'\\.|(")', part, re.S):
                    inside ^= _[1] is not None
        if not self.lone:
            self._checked(parameter)

    def _checked(self, parameter: str) -> None:
        shape = "".join(
            part if isinstance(part, str) else "" if quoted else "0"
            for part, quoted in zip(self.template.parts, self.quoted, strict=True)
        )
        parsed(shape, parameter)

    def value(self, scope: Scope, parameter: str) -> Any:
        """Return the JSON value for one item."""
        if self.lone:
            value = self.template.value(scope, parameter)
            return parsed(value, parameter) if isinstance(value, str) else value
        written = []
        for at, (part, quoted) in enumerate(zip(self.template.parts, self.quoted, strict=True)):
            if isinstance(part, str):
                written.append(part)
            elif quoted:
                written.append(_encoded(self.template.text_of(at, scope, parameter), scope, parameter, part)[1:-1])
            else:
                written.append(_encoded(self.template.part(at, scope, parameter), scope, parameter, part))
        return parsed("".join(written), parameter)


def _encoded(value: Any, scope: Scope, parameter: str, part: Expression) -> str:
    if isinstance(value, float) and not math.isfinite(value):  # msgspec writes null for these
        raise _failed(scope, parameter, part, f"is {value}, which is not a JSON number")
    try:
        return msgspec.json.encode(value).decode()
    except NOT_JSON as problem:
        raise _failed(scope, parameter, part, f"gave a value that is not JSON ({_reason(problem)})") from None


def parsed(text: str, parameter: str) -> Any:
    """JSON out of text; InvalidArgument names the parameter."""
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise InvalidArgument(f"{parameter} is nested too deep.", hint="Nothing was sent.") from None
    except (msgspec.DecodeError, UnicodeEncodeError) as problem:
        raise InvalidArgument(
            f"{parameter} is not JSON: {problem}.", hint="Text needs double quotes, names too; nothing was sent."
        ) from None


def prepared(value: Any) -> Any:
    """Return a parameter value with its texts cut into templates, in lists and objects too.

    Raises TemplateError for braces that don't close, and InvalidArgument for what JSON can't hold.
    """
    try:
        return _prepared(value)
    except RecursionError:
        raise InvalidArgument("A parameter is nested too deep, or holds itself.", hint="Nothing was sent.") from None


def _prepared(value: Any) -> Any:
    if isinstance(value, str):
        template = Template(value)
        return value if template.constant and "{{" not in value else template
    if isinstance(value, Mapping):
        return {name: _prepared(v) for name, v in value.items()}
    if isinstance(value, list):
        return [_prepared(v) for v in value]
    if type(value) is tuple:
        return tuple(_prepared(v) for v in value)
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidArgument(f"{value} is not a JSON number.")
    return value


def evaluated(value: Any, scope: Scope, parameter: str) -> Any:
    """Return a prepared value for one item."""
    if isinstance(value, Template | JsonTemplate):
        return value.value(scope, parameter)
    if isinstance(value, dict):
        return {name: evaluated(v, scope, f"{parameter}.{name}") for name, v in value.items()}
    if isinstance(value, list):
        return [evaluated(v, scope, parameter) for v in value]
    if type(value) is tuple:
        return tuple(evaluated(v, scope, parameter) for v in value)
    return value
