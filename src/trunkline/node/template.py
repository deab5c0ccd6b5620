"""Templates: ``{{ … }}`` with JavaScript, as n8n's users write them.

``{{ $json.Id }}`` and the like are read directly; anything else runs in a QuickJS sandbox without files or network,
stopped after a second or 32 MB. A lone template keeps its value's type; mixed with text it joins. A value
that is missing is an error, never an empty text: ``DELETE /Fax()`` must not be sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from ..errors import TemplateError
from .items import Item

TIME_LIMIT = 1.0  # seconds of CPU
MEMORY_LIMIT = 32 * 1024 * 1024  # bytes

_STEP = r"""(?:\.[A-Za-z_$][\w$]*|\[(?:"[^"\\]*"|'[^'\\]*'|\d+)\])"""
_PLAIN = re.compile(rf"\$json({_STEP}+)")
_STEPS = re.compile(r"""\.([A-Za-z_$][\w$]*)|\[(?:"([^"\\]*)"|'([^'\\]*)'|(\d+))\]""")


class Scope(NamedTuple):
    """What a template sees: one item among all."""

    items: Sequence[Item]
    position: int

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
        """The expression's value for an item; ValueError says why it has none."""
        found = _INTO_TEXT if self.path is None else _walk(scope.item["json"], self.path)
        if found is _INTO_TEXT:
            found = _javascript(self.source, scope)
        if found is UNDEFINED:
            raise ValueError(self._missing(scope))
        return found

    def _missing(self, scope: Scope) -> str:
        if self.path is None:
            return "is undefined"
        for depth in range(1, len(self.path) + 1):
            if _walk(scope.item["json"], self.path[:depth]) is UNDEFINED:
                break
        name = ".".join(map(str, self.path[:depth]))
        return f"has no value: the item has no field {name}"


def _walk(value: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(str(step), UNDEFINED)
        elif isinstance(value, list) and (isinstance(step, int) or (step.isascii() and step.isdigit())):
            value = value[int(step)] if int(step) < len(value) else UNDEFINED
        elif isinstance(value, list) and step == "length":
            value = len(value)
        elif isinstance(value, str):
            return _INTO_TEXT
        else:
            return UNDEFINED
    return value


def _javascript(source: str, scope: Scope) -> Any:
    import quickjs  # most runs need none

    context = quickjs.Context()
    context.set_time_limit(TIME_LIMIT)
    context.set_memory_limit(MEMORY_LIMIT)
    world = {"$itemIndex": scope.position, "$item": scope.item, "$json": scope.item["json"]}
    if "$items" in source or "$input" in source:
        world["$items"] = scope.items
    for name, value in world.items():
        context.set(name, context.parse_json(msgspec.json.encode(value).decode()))
    context.set("__source", f"return (\n{source}\n)")
    try:
        answer = context.eval(_HARNESS)
    except quickjs.JSException as problem:
        raise ValueError(_javascript_error(str(problem))) from None
    if answer == "undefined":
        return UNDEFINED
    try:
        return msgspec.json.decode(answer)
    except msgspec.DecodeError:
        raise ValueError("gave text that ends in half a character") from None


# `new Function` keeps what is between the braces from closing our own; JSON carries the value out, typed.
_HARNESS = """
(() => {
  const $input = typeof $items === "undefined" ? undefined : {
    all: () => $items, first: () => $items[0], last: () => $items[$items.length - 1], item: $item,
  };
  const value = new Function("$input", '"use strict"; ' + __source)($input);
  if (value === undefined || typeof value === "function") return "undefined";
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError("the value is " + value);
  if (typeof value === "bigint") return value.toString();
  return JSON.stringify(value) ?? "undefined";
})()
"""


def _javascript_error(text: str) -> str:
    first = text.splitlines()[0]
    if first == "InternalError: interrupted":
        return f"ran longer than {TIME_LIMIT:g} s and was stopped"
    if first == "InternalError: out of memory":
        return f"used more than {MEMORY_LIMIT // 2**20} MB and was stopped"
    return f"failed: {first}"


class Template:
    """A parameter's text, cut into literal text and expressions once, evaluated for each item."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts: list[str | Expression] = []
        rest = text[1:] if text.startswith("=") and "{{" in text else text
        while (start := rest.find("{{")) >= 0:
            end = rest.find("}}", start + 2)
            if end < 0:
                raise TemplateError(f"{text!r} opens {{{{ and does not close it.", hint="Write {{ $json.Id }}.")
            if not rest[start + 2 : end].strip():
                raise TemplateError(f"{text!r} has nothing between its braces.", hint="Write {{ $json.Id }}.")
            if start:
                self.parts.append(rest[:start])
            self.parts.append(Expression(rest[start + 2 : end]))
            rest = rest[end + 2 :]
        if rest or not self.parts:
            self.parts.append(rest)

    @cached_property
    def constant(self) -> bool:
        return not any(isinstance(part, Expression) for part in self.parts)

    def value(self, scope: Scope, parameter: str) -> Any:
        """The value for one item. TemplateError names the item, the parameter, the expression and what is missing."""
        values = []
        for part in self.parts:
            if isinstance(part, str):
                values.append(part)
                continue
            try:
                values.append(part.value(scope))
            except ValueError as problem:
                raise TemplateError(
                    f"Item {scope.position}: {parameter} = {{{{ {part.source} }}}} {problem}.",
                    hint=f"The item has {', '.join(scope.item['json']) or 'no fields'}. Nothing was sent for it.",
                ) from None
        return values[0] if len(values) == 1 else "".join(map(_joined, values))


def _joined(value: Any) -> str:
    """A value inside text, as JavaScript would join it."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return msgspec.json.encode(value).decode()


def prepared(value: Any) -> Any:
    """A parameter value with its texts cut into templates, in lists and objects too."""
    if isinstance(value, str):
        template = Template(value)
        return value if template.constant and "{{" not in value else template
    if isinstance(value, Mapping):
        return {name: prepared(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [prepared(v) for v in value]
    return value


def evaluated(value: Any, scope: Scope, parameter: str) -> Any:
    """A prepared value for one item."""
    if isinstance(value, Template):
        return value.value(scope, parameter)
    if isinstance(value, dict):
        return {name: evaluated(v, scope, f"{parameter}.{name}") for name, v in value.items()}
    if isinstance(value, list):
        return [evaluated(v, scope, parameter) for v in value]
    return value
