"""Checking a JSON body against the types of the catalog."""

from __future__ import annotations

import datetime as dt
import uuid
import warnings
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from ..catalog import Action, Catalog, TypeSpec, nearest, parse_type
from ..catalog.answered import was_answered
from ..catalog.secret import MASK, is_masked, secret_path
from ..errors import InvalidArgument, UnknownName, VersionWarning
from ..odata.literals import (
    DURATION,
    GUID,
    INSTANT,
    INTEGER_RANGES,
    TIME_OF_DAY,
    described,
    duration,
    encodable,
    integer,
)


def checked_body(catalog: Catalog, action: Action, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of an action as JSON values, each checked; InvalidArgument or UnknownName names the field's path.

    A field that only other versions have, or none, is warned of (VersionWarning) and sent: late builds have fields that
    no published file lists. There is no warning if a PBX has answered the field, either to this process or in the body
    itself, which then still has its ``@odata.context``. Annotations are left out, but for what only a sender writes.
    """
    own = parse_type(action.body).name if isinstance(action.body, str) else ""
    checker = _Checker(catalog, action, was_read="@odata.context" in fields)
    is_open = own in catalog.types and catalog.types[own].open
    return checker.object(fields, own, catalog.spec_fields(action.body), "", is_open=is_open)


class _Checker:
    def __init__(self, catalog: Catalog, action: Action, *, was_read: bool) -> None:
        self.catalog = catalog
        self.action = action
        self.was_read = was_read

    def object(
        self, given: Mapping[str, Any], type_name: str, fields: Mapping[str, TypeSpec], path: str, *, is_open: bool
    ) -> dict[str, Any]:
        checked: dict[str, Any] = {}
        for name, value in given.items():
            if "@" in name:
                if name == "@odata.type" or name.endswith("@odata.bind"):  # a sender's own
                    checked[name] = value
            elif name in fields:
                checked[name] = self.value(value, fields[name], f"{path}{name}")
            elif elsewhere := self.elsewhere(type_name, name):
                spec, lifetime = elsewhere
                self.warn(f"{path}{name}", lifetime)
                checked[name] = self.value(value, spec, f"{path}{name}")
            elif is_open or self.was_read or was_answered(type_name, name):
                checked[name] = self.unknown(value, f"{path}{name}")
            else:
                near = nearest(name, iter(fields))
                if not type_name:  # a parameter of an OData action, which comes and goes with the action
                    raise UnknownName(f"{self.action.id} has no parameter {name}.{near}", parameter=name)
                checked[name] = self.unknown(value, f"{path}{name}")
                what = f"{path}{name} in the body of {self.action.id}"
                said = f"No published version of 3CX has {what}. It is sent anyway.{near}"
                warnings.warn(said, VersionWarning, stacklevel=2)
        return checked

    def elsewhere(self, type_name: str, name: str) -> tuple[TypeSpec, str] | None:
        """Type and lifetime of a field that only other versions have; None if none has it."""
        if not type_name:
            return self.catalog.body_elsewhere(self.action).get(name)
        lifetime = self.catalog.elsewhere(type_name, name)
        return (self.catalog.newest_form(type_name, name), lifetime) if lifetime else None

    def unknown(self, value: Any, path: str) -> Any:
        """Return a value whose type no published version tells: as it is, without annotations."""
        if is_masked(value):
            raise self.masked(path)
        if isinstance(value, Mapping):
            return {k: self.unknown(v, f"{path}.{k}") for k, v in value.items() if "@" not in k}
        if isinstance(value, list | tuple):
            return [self.unknown(v, f"{path}[{i}]") for i, v in enumerate(value)]
        return value

    def value(self, value: Any, spec: TypeSpec, path: str) -> Any:
        if is_masked(value):  # what `get` wrote and is sent back: it would become the password
            raise self.masked(path)
        if spec.collection:
            if value is None and spec.nullable:
                return None
            if not isinstance(value, list | tuple):
                raise self.wrong(path, f"must be a list, not {_shown(path, value)}")
            item = spec._replace(collection=False, nullable=False)
            return [self.value(v, item, f"{path}[{i}]") for i, v in enumerate(value)]
        if value is None:
            if spec.nullable or self.was_read:
                return None
            raise self.wrong(path, f"can't be null; it must be {described(spec)}")
        if spec.name in self.catalog.enums:
            return self.enum(value, spec.name, path)
        if spec.name in self.catalog.types:
            if not isinstance(value, Mapping):
                raise self.wrong(path, f"must be an object of type {spec.name}, not {_shown(path, value)}")
            own = self.catalog.types[spec.name]
            return self.object(value, spec.name, self.catalog.fields(spec.name), f"{path}.", is_open=own.open)
        return self.primitive(value, spec, path)

    def enum(self, value: Any, name: str, path: str) -> str:
        known = self.catalog.enum_values(name)
        parts = value.split(",") if isinstance(value, str) and self.catalog.enums[name].flags else [value]
        for part in parts:
            if not isinstance(part, str) or part.strip() not in known:
                if lifetime := self.catalog.value_elsewhere(name, part):
                    self.warn(f"{part!r} for {path}", lifetime)
                    continue
                if isinstance(part, str) and (self.was_read or was_answered(name, part.strip())):
                    continue
                near = nearest(str(part), iter(known)) or f" It is one of {', '.join(known[:12])}."
                kind = name.removeprefix("Pbx.")
                raise self.wrong(path, f"can't be {part!r} ({kind}).{near}")
        return str(value)

    def primitive(self, value: Any, spec: TypeSpec, path: str) -> Any:
        if spec.name in INTEGER_RANGES and not isinstance(value, str):
            try:
                return integer(value, spec)
            except InvalidArgument as problem:
                raise self.wrong(path, str(problem)) from None
        match spec.name, value:
            case "String", str():
                return self.text(value, spec, path)
            case "Single" | "Double" | "Decimal", int() | float() | Decimal() if not isinstance(value, bool):
                return value
            case "Single" | "Double", "INF" | "-INF" | "NaN":
                return value
            case "DateTimeOffset", dt.datetime() if value.tzinfo is not None:
                return value.isoformat().replace("+00:00", "Z")
            case "DateTimeOffset", str() if instant := _instant(value):
                return instant
            case "Guid", uuid.UUID():
                return str(value)
            case "Guid", str() if GUID.fullmatch(value):
                return value
            case "TimeOfDay", str() if TIME_OF_DAY.fullmatch(value):
                return value
            case "Duration", dt.timedelta():
                return duration(value)
            case "Duration", str() if DURATION.fullmatch(value):
                return value
            case ("Boolean", bool()) | ("Date" | "Binary", str()) | ("Any", _):
                return value
        raise self.wrong(path, f"must be {described(spec)}, not {_shown(path, value)}")

    def text(self, value: str, spec: TypeSpec, path: str) -> str:
        if not encodable(value):
            raise self.wrong(path, f"has half a character in it: {_shown(path, value)}")
        if spec.max_length is not None and len(value) > spec.max_length:
            raise self.wrong(path, f"must have at most {spec.max_length} characters, and this has {len(value)}")
        return value

    def warn(self, what: str, lifetime: str) -> None:
        said = (
            f"{what} of {self.action.id} was {lifetime}, and this PBX runs {self.catalog.version}. It is sent anyway."
        )
        warnings.warn(said, VersionWarning, stacklevel=2)

    def masked(self, path: str) -> InvalidArgument:
        wrong = self.wrong(path, f"is masked ({MASK}), and would be set to just that")
        return wrong.replace(hint="Take the field out, or read it again with its secrets shown.")

    def wrong(self, path: str, what: str) -> InvalidArgument:
        end = "" if what.endswith((".", "?")) else "."
        return InvalidArgument(f"{path} of {self.action.id} {what}{end}", parameter=path, reason=f"{what}{end}")


def _instant(text: str) -> str:
    """Return a point in time as OData writes it; "" if the text is not one.

    ISO 8601 allows what OData doesn't: 20260912T000000Z, or a space. Such a text is written in UTC.
    """
    with suppress(ValueError, OverflowError):
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return text if INSTANT.fullmatch(text) else moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    return ""


def _shown(path: str, value: Any) -> str:
    """Return a value for a message, which may end in somebody's log."""
    return MASK if secret_path(path) else repr(value)
