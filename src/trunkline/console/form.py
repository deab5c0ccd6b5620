"""The form of an action, made from the catalog: its fields, and what is typed into them as arguments of a call. Pure.

Rows are edited with the same fields: `Form.inputs_of` fills them in from an entity.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import Any, Literal, NamedTuple

import msgspec

from ..catalog import Action, Catalog, Param, TypeSpec
from ..catalog.common_fields import common_fields
from ..catalog.defaults import default_of
from ..catalog.facts import (
    IF_MATCH,
    IF_MATCH_ANYWAY,
    OPTION_MEANINGS,
    enum_fact,
    field_facts,
    meaning_of,
    parameter_facts,
    type_facts,
)
from ..catalog.names import phrase
from ..catalog.secret import MASK, has_mask, is_secret, secret_path
from ..errors import InvalidArgument
from ..odata import OPTIONS
from ..odata.literals import INTEGER_RANGES, described

Kind = Literal["text", "number", "truth", "choice", "choices", "list", "json", "moment", "file"]
Place = Literal["parameter", "body", "rest", "option", "condition"]
Input = Any
"""What somebody gave a field: text, a list of texts for `choices`, what `request.multipart.part` takes for `file`, or
None for null. A field that isn't set has no input at all; an empty text is a text."""

MOST_TEXT = 1_000_000
"""Characters that one field may have."""
MOST_ELEMENTS = 10_000
"""Elements that a list may have."""
REST = "body"
"""The field for what the form has no field for: parts of the body as JSON."""
_COMMON_OPTIONS = ("filter", "search", "orderby", "select", "top")


class Field(NamedTuple):
    """One field. ``name`` is the argument's or the body's own name, unique in its form; ``label`` is that in words.

    ``default``: what it means to leave it out, in words. ``choices``: the values of an enum, each with the versions
    that have it where this one lacks it. ``elsewhere``: the same of the whole field. ``is_common``: most calls need it.
    """

    name: str
    label: str
    help: str
    kind: Kind
    place: Place
    spec: TypeSpec
    is_required: bool = False
    is_common: bool = True
    default: str = ""
    choices: Mapping[str, str] = {}
    elsewhere: str = ""

    @property
    def can_be_null(self) -> bool:
        return self.spec.nullable and self.place == "body"

    @property
    def is_secret(self) -> bool:
        return is_secret(self.name)

    def value(self, given: Input, zone: tzinfo = UTC) -> Any:
        """Return an input as the value of a call. A point in time without a zone is read in ``zone``.

        Raises:
            InvalidArgument: it can't be a value of this field; ``parameter`` is the field's name.
        """
        if given is None or self.kind == "file":
            return given
        if self.kind == "choices":
            return self._chosen(given)
        text = str(given)
        if len(text) > MOST_TEXT:
            raise self._wrong(f"has {len(text):,} characters; at most {MOST_TEXT:,} can be sent")
        match self.kind:
            case "number":
                return self._number(text)
            case "truth":
                if text not in ("true", "false"):
                    raise self._wrong(f"must be true or false, not {self._shown(text)}")
                return text == "true"
            case "list":
                return self._elements(text)
            case "json":
                return self._json(text)
            case "moment":
                return _in_zone(text.strip(), zone)
        return text

    def _chosen(self, given: Input) -> Any:
        values = [given] if isinstance(given, str) else [str(each) for each in given]
        return values if self.spec.collection else ",".join(values)

    def _number(self, text: str) -> Any:
        is_whole = self.spec.name in INTEGER_RANGES
        try:
            return int(text) if is_whole else float(text)
        except ValueError:
            raise self._wrong(f"must be {described(self.spec)}, not {self._shown(text)}") from None

    def _elements(self, text: str) -> list[Any]:
        if text.lstrip().startswith("["):
            return list(self._json(text))
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > MOST_ELEMENTS:
            raise self._wrong(f"has {len(lines):,} elements; at most {MOST_ELEMENTS:,} can be sent")
        if self.spec.name == "String":
            return lines
        return [self._number(line) for line in lines]

    def _json(self, text: str) -> Any:
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as problem:
            raise self._wrong(f"is not JSON: {problem}") from None
        if self.spec.collection and not isinstance(value, list):
            raise self._wrong("must be a JSON list")
        if not self.spec.collection and self.spec.name != "Any" and not isinstance(value, dict):
            raise self._wrong("must be a JSON object")
        return value

    def shown(self, value: Any) -> Input:
        """Return the input whose `value` this is, to fill the field in."""
        if value is None:
            return None
        match self.kind:
            case "choices":
                parts = value if isinstance(value, list) else str(value).split(",")
                return [str(part).strip() for part in parts if str(part).strip()]
            case "list":
                lines = [str(each) for each in value]
                plain = all(each.strip() and len(each.splitlines()) == 1 for each in lines)
                is_list = lines[:1] and lines[0].lstrip().startswith("[")  # `value` takes that for JSON
                return "\n".join(lines) if plain and not is_list else _pretty(value)
            case "json":
                return _pretty(value)
            case "truth":
                return "true" if value else "false"
        return str(value)

    def _shown(self, text: str) -> str:
        return MASK if secret_path(self.name) else repr(text if len(text) <= 80 else f"{text[:79]}…")

    def _wrong(self, what: str) -> InvalidArgument:
        return InvalidArgument(
            f"{self.label} ({self.name}) {what}.", parameter=self.name, reason=f"{what}.", hint="Nothing was sent."
        )


class Form:
    """The fields of one action, in the order of the page: what a call needs, what most set, the rest.

    ``catalog`` is that of the PBX's version. Fields that only other versions have are there too, and say so: late
    builds of a version have fields that its published file lacks (docs/pbx.md, Versions).
    """

    def __init__(self, catalog: Catalog, action: Action) -> None:
        self.catalog = catalog
        self.action = action

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        return (*self._parameters(), *self._body(), *self._options(), *self._conditions())

    def __getitem__(self, name: str) -> Field:
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @cached_property
    def _by_name(self) -> Mapping[str, Field]:
        return {field.name: field for field in self.fields}

    def arguments(self, inputs: Mapping[str, Input], zone: tzinfo = UTC) -> dict[str, Any]:
        """Return the arguments of a call, from the inputs of the fields that are set.

        Raises:
            InvalidArgument: an input can't be a value of its field, which ``parameter`` names.
        """
        arguments: dict[str, Any] = {}
        body: dict[str, Any] | None = None
        for field in self.fields:
            if field.name not in inputs:
                continue
            value = field.value(inputs[field.name], zone)
            if field.place == "body":
                body = {**(body or {}), field.name: value}
            elif field.place == "rest":
                if twice := sorted(value.keys() & (body or {}).keys()):
                    raise field._wrong(f"has {', '.join(twice)}, which has a field of its own that is set")
                body = {**(body or {}), **value}
            else:
                arguments[field.name] = value
        if body is None and self.action.kind == "create":
            body = {}  # enough for much that is created (docs/pbx.md, Creating and changing)
        return arguments if body is None else {**arguments, "body": body}

    def inputs_of(self, entity: Mapping[str, Any]) -> dict[str, Input]:
        """Return the inputs that an entity fills the fields of the body in with; a masked secret fills in nothing."""
        return {
            field.name: field.shown(entity[field.name])
            for field in self.fields
            if field.place == "body" and field.name in entity and not has_mask(entity[field.name])
        }

    def _parameters(self) -> list[Field]:
        fields = [self._parameter(each) for each in self.action.parameters]
        return sorted(fields, key=lambda field: not field.is_required)

    def _parameter(self, parameter: Param) -> Field:
        default = default_of(self.action, parameter)
        meaning = f"Default: {default.meaning}." if default else ""
        facts = [fact for fact in parameter_facts(self.catalog, self.action, parameter) if fact != meaning]
        return self._field(
            parameter.name,
            parameter.type,
            "parameter",
            facts,
            is_required=default is None,
            default=default.meaning if default else "",
        )

    def _body(self) -> list[Field]:
        action, catalog = self.action, self.catalog
        if action.body is None:
            return []
        known = {name: spec for name, spec in catalog.spec_fields(action.body).items() if name not in action.keys}
        given = _given_by_pbx(catalog, action)
        ranked = [name for name in common_fields(catalog, action) if name in known and name not in given]
        fields = [
            self._field(
                name,
                known[name],
                "body",
                [*meaning_of(catalog, action, name), *field_facts(catalog, action, name, known[name])],
                is_common=name in ranked,
                is_required=action.kind == "upload",
            )
            for name in [*ranked, *(name for name in known if name not in ranked)]
        ]
        if action.kind == "upload":
            return fields
        for name, (spec, lifetime) in sorted(catalog.body_elsewhere(action).items()):
            if name not in action.keys:
                own = [] if spec.name in catalog.enums else type_facts(catalog, spec)
                facts = [*meaning_of(catalog, action, name), *own]
                fields.append(self._field(name, spec, "body", facts, is_common=False, elsewhere=lifetime))
        rest = "Parts of the body as a JSON object, such as fields that no published version has."
        return [*fields, Field(REST, "More fields", rest, "json", "rest", TypeSpec("Object"), is_common=False)]

    def _options(self) -> list[Field]:
        names = [name for name in OPTIONS if name in self.action.query and name != "count"]
        return [
            Field(
                name,
                phrase(name).capitalize(),
                OPTION_MEANINGS[name],
                "number" if name in ("top", "skip") else "text",
                "option",
                TypeSpec("Int32" if name in ("top", "skip") else "String"),
                is_common=name in _COMMON_OPTIONS,
            )
            for name in names
            if name not in self.action.params
        ]

    def _conditions(self) -> list[Field]:
        if not self.action.if_match:
            return []
        text, truth = TypeSpec("String"), TypeSpec("Boolean")
        return [
            Field("if_match", "If Match", IF_MATCH, "text", "condition", text, is_common=False),
            Field("if_match_anyway", "If Match anyway", IF_MATCH_ANYWAY, "truth", "condition", truth, is_common=False),
        ]

    def _field(self, name: str, spec: TypeSpec, place: Place, facts: list[str], **more: Any) -> Field:
        kind = self._kind(spec)
        choices = self._choices(spec)
        said = enum_fact(self.catalog, spec) if "" in choices.values() else ""  # the choices say the same
        words = phrase(name)
        meant = " ".join(fact for fact in facts if fact != said)
        return Field(name, words[:1].upper() + words[1:], meant, kind, place, spec, choices=choices, **more)

    def _kind(self, spec: TypeSpec) -> Kind:
        if self.action.kind == "upload" and spec.name == "Binary":
            return "file"
        if spec.name in self.catalog.enums:
            return "choices" if spec.collection or self.catalog.enums[spec.name].flags else "choice"
        if spec.name in self.catalog.types or spec.name == "Any":
            return "json"
        if spec.collection:
            return "list" if spec.name == "String" or spec.name in INTEGER_RANGES else "json"
        if spec.name in INTEGER_RANGES or spec.name in ("Single", "Double", "Decimal"):
            return "number"
        return {"Boolean": "truth", "DateTimeOffset": "moment"}.get(spec.name, "text")  # type: ignore[return-value]

    def _choices(self, spec: TypeSpec) -> Mapping[str, str]:
        if spec.name not in self.catalog.enums:
            return {}
        own = dict.fromkeys(self.catalog.enum_values(spec.name), "")
        others = {
            member.name: self.catalog.lifetime(member.since, member.until)
            for member in self.catalog.enums[spec.name].members
            if member.name not in own
        }
        return {**own, **others}


def _given_by_pbx(catalog: Catalog, action: Action) -> set[str]:
    """Return the keys of a body that the PBX assigns on creating: those that are numbers."""
    if action.kind != "create" or not isinstance(action.body, str):
        return set()
    return {name for name in catalog.key(action.body) if catalog.fields(action.body)[name].name != "String"}


def _in_zone(text: str, zone: tzinfo) -> str:
    """Return a date and time without a zone in ``zone``; all else, such as ``last-month`` or a day, as it is."""
    if len(text) < len("2026-09-12T08:00") or text[4:5] != "-":
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if moment.tzinfo is not None else moment.replace(tzinfo=zone).isoformat()


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
