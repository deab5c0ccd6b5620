"""Nodes of files as values in file form: the catalog says what a scalar is, never YAML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ...catalog import Catalog, TypeSpec, nearest
from ...catalog.secret import HELD, NAMES, is_secret
from ...errors import InvalidArgument
from ...flows.document import core_kind
from ...odata.literals import DURATION, GUID, INSTANT, INTEGER_RANGES, TIME_OF_DAY, described, encodable, integer
from ..forms import Form, forms, people_fields
from ..model import Fields, Secret
from ..spelling.times import CLOCK, as_written
from .document import SECRET, Node, Scalar, core_value
from .faults import Faults

_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TRUE = frozenset(("true", "True", "TRUE"))
_TRUTHS = _TRUE | {"false", "False", "FALSE"}
_LOOSE_TRUTHS = frozenset(("yes", "no", "on", "off", "y", "n"))
_PERSON = "Number"
_SHOWN = 60  # characters of a wrong value
_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "DateTimeOffset": INSTANT,
    "Guid": GUID,
    "Date": re.compile(r"\d{4}-\d\d-\d\d"),
}


def clock(text: str, spec: TypeSpec) -> str:
    """Return a time of day or a duration in file form, ``09:00`` for ``9:00``; "" if the text is neither."""
    padded = f"0{text}" if text[1:2] == ":" else text
    if spec.name == "Duration":
        valid = CLOCK.fullmatch(padded) or DURATION.fullmatch(padded)
        return str(as_written(spec, padded.removesuffix(":00") if padded.count(":") == 2 else padded)) if valid else ""
    return str(as_written(spec, padded)) if TIME_OF_DAY.fullmatch(padded) else ""


@lru_cache(maxsize=16)
def _choices(catalog: Catalog) -> dict[str, tuple[tuple[str, ...], bool]]:
    """Return the values of each enum, and whether several may be given."""
    return {name: (catalog.enum_values(name), each.flags) for name, each in catalog.enums.items()}


class Typing:
    """Makes values of nodes; what is wrong goes to ``faults``, and the value is then left out."""

    def __init__(self, catalog: Catalog, faults: Faults) -> None:
        self._catalog = catalog
        self._faults = faults
        self._choices = _choices(catalog)
        self._by_type: dict[str, Callable[[Node, str, str, TypeSpec], Any]] = {
            "String": self._text,
            "Boolean": self._truth,
            **dict.fromkeys(("TimeOfDay", "Duration"), self._time),
            "Any": lambda node, _name, _text, _spec: core_value(node.value),
            **dict.fromkeys(INTEGER_RANGES, self._whole),
            **dict.fromkeys(("Single", "Double", "Decimal"), self._number),
        }

    def object(self, node: Node, known: Mapping[str, Form], type_name: str) -> Fields:
        """Return the fields of an object whose fields and forms are known; {} for what is not an object."""
        if not isinstance(node.value, dict):
            self._faults.add(node.place, f"fields are expected here, such as `Name: value`, not {node.described}")
            return {}
        held = HELD if _names_secret(node.value) else ()
        fields: Fields = {}
        for name, inner in node.value.items():
            form = known.get(name)
            if form is None:
                value = self._unknown(name, inner, known, type_name)
            elif inner.is_removal:
                continue
            elif name in held and isinstance(inner.value, Scalar) and inner.value.text and not inner.value.tag:
                value = self._exposed(inner, name)
            else:
                value = self._value(inner, name, form)
            if value is not _WRONG:
                fields[name] = value
        return fields

    def _unknown(self, name: str, node: Node, known: Mapping[str, Form], type_name: str) -> Any:
        """Return the value of a field that an open type has besides its documented ones; of others it is a fault."""
        own = self._catalog.types.get(type_name)
        if own is not None and own.open:
            if node.is_removal:
                return _WRONG
            is_bare = isinstance(node.value, Scalar) and not node.value.tag
            return self._hidden(node, name) if is_bare and is_secret(name) else node.plain()
        if type_name and name in self._catalog.fields(type_name):
            self._faults.note(node.place, f"{name} is kept by the PBX itself, and left out here")
            return _WRONG
        if lifetime := type_name and self._catalog.elsewhere(type_name, name):
            return self._wrong(node, f"{self._catalog.version} has no field {name}, which was {lifetime}")
        near = nearest(name, iter(known)) or " The schema in .schema has all fields."
        return self._wrong(node, f"there is no field {name}.{near}")

    def _value(self, node: Node, name: str, form: Form) -> Any:
        if not form.spec.collection:
            return self._single(node, name, form, form.spec)
        if isinstance(node.value, Scalar) and node.value.is_null:
            return None
        if not isinstance(node.value, list):
            return self._wrong(node, f"{name} must be a list, each element after `- `, not {node.described}")
        spec = form.spec._replace(collection=False, nullable=False)
        values = [self._single(inner, name, form, spec) for inner in node.value]
        return [value for value in values if value is not _WRONG]

    def _single(self, node: Node, name: str, form: Form, spec: TypeSpec) -> Any:
        value = node.value
        if isinstance(value, Scalar):
            if value.tag:
                return self._tagged(node, name, form)
            if value.is_null:
                if spec.nullable:
                    return None
                return self._wrong(node, f"{name} can't be null; it must be {self._described(spec)}")
        match form.way:
            case "roles":
                return self._roles(node, name)
            case "person" if spec.name in self._catalog.types:
                return self._person(node, name, spec.name)
            case "object":
                return self._inner(node, name, spec.name)
        if not isinstance(value, Scalar):
            return self._wrong(node, f"{name} must be {self._described(spec)}, not {node.described}")
        if form.way == "secret":
            return self._hidden(node, name)
        if spec.name in self._choices:
            return self._choice(node, name, value.text, spec)
        return self._by_type.get(spec.name, self._patterned)(node, name, value.text, spec)

    def _tagged(self, node: Node, name: str, form: Form) -> Any:
        if node.is_removal:
            return self._wrong(node, f"an element of {name} can't be !remove; a layer gives the whole list")
        if form.way in ("roles", "person", "object"):
            return self._wrong(node, f"{name} can't be {SECRET}")
        if not node.value.text:
            return self._wrong(node, f"{SECRET} needs what the secret is called, such as {SECRET} users/100/{name}")
        return Secret(node.value.text)

    def _hidden(self, node: Node, name: str) -> Any:
        """Return a secret that is empty, or null; every other one is a fault."""
        if node.value.is_null:
            return None
        return "" if node.value.text == "" else self._exposed(node, name)

    def _exposed(self, node: Node, name: str) -> Any:
        return self._wrong(
            node,
            f"{name} is a secret, and stands in no file; write {SECRET} and what it is called, such as "
            f"{SECRET} users/100/{name}, and give it when the configuration is applied",
        )

    def _roles(self, node: Node, name: str) -> Any:
        if not isinstance(node.value, dict):
            return self._wrong(node, f"{name} must have a role for each department, such as `Sales: users`")
        roles = {}
        for department, inner in node.value.items():
            if inner.is_removal:
                continue
            if not isinstance(inner.value, Scalar) or inner.value.tag:
                self._faults.add(inner.place, f"the role in {department} must be a text, not {inner.described}")
            else:
                roles[department] = "" if inner.value.is_null else inner.value.text
        return roles

    def _person(self, node: Node, name: str, type_name: str) -> Any:
        if isinstance(node.value, Scalar):
            return node.value.text
        beside = people_fields(type_name) or ()
        if not beside or not isinstance(node.value, dict):
            return self._wrong(node, f'{name} must be a number, such as "100", not {node.described}')
        known = {each: form for each, form in self._forms_of_person(type_name).items() if each in (_PERSON, *beside)}
        fields = self.object(node, known, "")
        if not fields.get(_PERSON):
            return self._wrong(node, f"one of {name} has no {_PERSON}")
        return fields[_PERSON] if fields.keys() == {_PERSON} else fields

    def _forms_of_person(self, type_name: str) -> Mapping[str, Form]:
        return {_PERSON: Form("plain", TypeSpec("String")), **forms(self._catalog, type_name)}

    def _inner(self, node: Node, name: str, type_name: str) -> Any:
        if not isinstance(node.value, dict):
            return self._wrong(node, f"{name} must be an object, its fields in lines below it, not {node.described}")
        return self.object(node, forms(self._catalog, type_name), type_name)

    def _choice(self, node: Node, name: str, text: str, spec: TypeSpec) -> Any:
        known, is_flags = self._choices[spec.name]
        for part in text.split(",") if is_flags else [text]:
            if part.strip() not in known:
                lifetime = self._catalog.value_elsewhere(spec.name, part)
                if lifetime:
                    why = f" {self._catalog.version} has no such value, which was {lifetime}."
                else:
                    why = nearest(part, iter(known)) or f" It is one of {', '.join(known[:12])}."
                return self._wrong(node, f"{name} can't be {part.strip()[:_SHOWN]!r}.{why}")
        return text

    def _text(self, node: Node, name: str, text: str, spec: TypeSpec) -> Any:
        if not encodable(text):
            return self._wrong(node, f"{name} has half a character in it")
        if spec.max_length is not None and len(text) > spec.max_length:
            return self._wrong(node, f"{name} has {len(text):,} characters, and may have {spec.max_length:,}")
        return text

    def _truth(self, node: Node, name: str, text: str, spec: TypeSpec) -> Any:
        if text in _TRUTHS:
            return text in _TRUE
        hint = ", which YAML takes for a text" if text.lower() in _LOOSE_TRUTHS else ""
        return self._wrong(node, f"{name} must be true or false, not {text[:_SHOWN]!r}{hint}")

    def _whole(self, node: Node, name: str, text: str, spec: TypeSpec) -> Any:
        try:
            return integer(text[:_SHOWN], spec)
        except InvalidArgument as problem:
            return self._wrong(node, f"{name} {problem.message}")

    def _number(self, node: Node, name: str, text: str, spec: TypeSpec) -> Any:
        if text in ("INF", "-INF", "NaN") and spec.name != "Decimal":
            return text
        if not _NUMBER.fullmatch(text[:400]):
            return self._wrong(node, f"{name} must be a number, not {text[:_SHOWN]!r}")
        return int(text) if core_kind(text) == "int" else float(text)

    def _time(self, node: Node, name: str, text: str, spec: TypeSpec) -> Any:
        return clock(text, spec) or self._wrong(node, f"{name} must be a time, such as 08:30, not {text[:_SHOWN]!r}")

    def _patterned(self, node: Node, name: str, text: str, spec: TypeSpec) -> Any:
        pattern = _PATTERNS.get(spec.name)
        if pattern is not None and not pattern.fullmatch(text):
            return self._wrong(node, f"{name} must be {described(spec)}, not {text[:_SHOWN]!r}")
        return text

    def _described(self, spec: TypeSpec) -> str:
        if spec.name in self._catalog.enums:
            return f"one of {', '.join(self._catalog.enum_values(spec.name)[:12])}"
        return described(spec) if "." not in spec.name else "an object"

    def _wrong(self, node: Node, text: str) -> Any:
        self._faults.add(node.place, text)
        return _WRONG


def _names_secret(fields: Mapping[str, Node]) -> bool:
    """Whether an object with a name and a value is a secret by its name."""
    names = [fields[name].value for name in NAMES if name in fields]
    return any(isinstance(each, Scalar) and is_secret(each.text) for each in names)


_WRONG = object()
