"""The shape of an answer: types, presence, order and format of what is in it, and none of the values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import msgspec

from trunkline.catalog import Catalog, TypeSpec
from trunkline.catalog.secret import MASK, is_secret, masked_by_name

from .vocabulary import WITHHELD, may_keep_name, sentence

_DEEPEST, _WIDEST = 16, 400
_FORMATS = {
    "empty": r"",
    "guid": r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    "date": r"\d{4}-\d\d-\d\d",
    "duration": r"-?P(?=.)(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?",
    "datetime Z": r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.(?P<fraction>\d+))?)?Z",
    "datetime offset": r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.(?P<fraction>\d+))?)?[+-]\d\d:\d\d",
    "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.(?P<fraction>\d+))?)?",
    "time of day": r"\d\d?:\d\d:\d\d(?:\.(?P<fraction>\d+))?",
    "url": r"(?s:https?://.*)",
}
_PATTERNS = {name: re.compile(pattern, re.ASCII) for name, pattern in _FORMATS.items()}


class Shape(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What stood in one place of the rows of an answer.

    ``kinds`` counts texts such as ``number: integer, 3-digit``; what stands before the colon is the type in JSON.
    ``properties`` are in the order in which the PBX sent them; ``items`` is the shape of all items of its lists.
    ``optional`` is what a property is that may be null or has to be asked for, as far as 3CX published.
    """

    kinds: dict[str, int] = {}
    optional: bool = False
    properties: dict[str, Shape] = {}
    items: Shape | None = None

    def count(self, kind: str) -> None:
        self.kinds[kind] = self.kinds.get(kind, 0) + 1


class Shaper:
    """Takes the shapes of bodies, by what 3CX published of their types; ``says`` is where a PBX explains an error."""

    def __init__(self, catalog: Catalog, *, says: bool = False) -> None:
        self._catalog = catalog
        self._says = says

    def shape(self, body: Any, spec: TypeSpec | None, *, is_entity: bool) -> Shape:
        """Return the shape of an entity of that type, or of an object with such a ``value``."""
        shape = Shape()
        if is_entity or spec is None or not isinstance(body, dict):
            self._add(shape, masked_by_name(body), spec if is_entity else None)
        else:
            shape.count("object")
            self._add_properties(shape, masked_by_name(body), {"value": spec}, is_open=True, depth=0)
        return shape

    def _add(self, shape: Shape, value: Any, spec: TypeSpec | None, depth: int = 0) -> None:
        shape.count(self._kind(value, spec))
        if isinstance(value, dict) and depth < _DEEPEST:
            known = spec is not None and spec.name in self._catalog.types
            fields = self._catalog.fields(spec.name) if spec is not None and known else {}
            is_open = spec is None or not known or self._catalog.types[spec.name].open
            self._add_properties(shape, value, fields, is_open=is_open, depth=depth)
        elif isinstance(value, list) and value and depth < _DEEPEST:
            shape.items = shape.items or Shape()
            for item in value:
                self._add(shape.items, item, spec, depth + 1)

    def _add_properties(
        self, shape: Shape, row: dict[str, Any], fields: Mapping[str, TypeSpec], *, is_open: bool, depth: int
    ) -> None:
        wide = list(row)[:_WIDEST]
        names = {name: name if name in fields or may_keep_name(name, is_open=is_open) else WITHHELD for name in wide}
        shape.properties = _in_order(shape.properties, list(names.values()))
        for name, kept in names.items():
            inner, spec = shape.properties[kept], fields.get(name)
            inner.optional = spec is not None and (spec.nullable or spec.navigation)
            if is_secret(name):
                inner.count("secret")
            elif name == "@odata.context":
                absolute, _, fragment = str(row[name]).rpartition("#")
                kind = "url" if absolute.startswith("http") else "path"
                inner.count(f"text: {kind} with #{sentence(fragment).replace(' ', '')}")
            else:
                self._add(inner, row[name], spec, depth + 1)

    def _kind(self, value: Any, spec: TypeSpec | None) -> str:
        match value:
            case None:
                return "null"
            case bool():
                return "boolean"
            case int():
                size = f"{len(str(abs(value)))}-digit" if value.bit_length() <= 64 else "large"
                return f"number: integer, {'negative ' if value < 0 else ''}{size}"
            case float():
                return "number: fraction"
            case list():
                return f"list: {bucket(len(value))}"
            case str():
                return "secret" if MASK in value else f"text: {self._format(value, spec)}"
        return "object"

    def _format(self, text: str, spec: TypeSpec | None) -> str:
        if text and self._says:
            return f"says {sentence(text)}"
        if text and spec is not None and spec.name in self._catalog.enums:
            members = {each.name for each in self._catalog.enums[spec.name].members}
            chosen = [part.strip() for part in text.split(",")]
            return f"enum, {', '.join(chosen)}" if members.issuperset(chosen) else "enum, unpublished"
        for name, pattern in _PATTERNS.items():
            if match := pattern.fullmatch(text):
                fraction = match.groupdict("").get("fraction")
                return name if fraction is None else f"{name}, {len(fraction)} digits of a second"
        return f"words, {bucket(len(text))} characters"


def _in_order(known: dict[str, Shape], names: list[str]) -> dict[str, Shape]:
    """Return the properties with the new names among them, each after the one that came before it."""
    order = list(known)
    for before, name in pairwise(["", *names]):
        if name not in order:
            order.insert(order.index(before) + 1 if before else 0, name)
    return {name: known.get(name) or Shape() for name in order}


def bucket(size: int) -> str:
    """Return a size as a range; 50 and 100 are the sizes of pages, and stand by themselves."""
    if size in (0, 1, 50, 100):
        return str(size)
    ranges = ((2, 9), (10, 49), (51, 99), (101, 999))
    return next((f"{low}-{high}" for low, high in ranges if size <= high), "1000 or more")
