"""Values of the catalog's types: checking what a client sent, and filling in what it left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import msgspec

from trunkline.catalog import Catalog, TypeSpec

from .evidence import ASSUMED
from .odata.literals import DATE_TIME, GUID, read_date_time
from .refusals import BadBody, bad_field
from .warning_codes import warning

Row = dict[str, Any]

DURATION = re.compile(r"-?P(?=.)(?:[0-9]+D)?(?:T(?=.)(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?")
TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,12})?)?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_INTEGERS = {"Byte": (0, 255), "Int32": (-(2**31), 2**31 - 1), "Int64": (-(2**63), 2**63 - 1)}
_EPOCH = "2026-01-01T00:00:00Z"
_DEFAULTS: dict[str, object] = {
    "String": "",
    "Boolean": False,
    "Byte": 0,
    "Int32": 0,
    "Int64": 0,
    "Single": 0,
    "Double": 0,
    "Decimal": 0,
    "DateTimeOffset": _EPOCH,
    "Date": "2026-01-01",
    "TimeOfDay": "00:00:00",
    "Duration": "PT0S",
    "Guid": "00000000-0000-0000-0000-000000000000",
}


def _is_date_time(value: object) -> bool:
    if not isinstance(value, str) or not DATE_TIME.fullmatch(value):
        return False
    try:
        read_date_time(value)
    except ValueError:
        return False
    return True


def _text(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_number(value: object) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return whole or isinstance(value, float)


_CHECKS: dict[str, Callable[[object], bool]] = {
    "String": lambda value: isinstance(value, str),
    "Boolean": lambda value: isinstance(value, bool),
    "Single": _is_number,
    "Double": _is_number,
    "Decimal": _is_number,
    "DateTimeOffset": _is_date_time,
    "Date": _text(DATE),
    "TimeOfDay": _text(TIME),
    "Duration": _text(DURATION),
    "Guid": _text(GUID),
}


class Values:
    """Checks and fills values by the types of one version's catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.strict = False
        self._blanks: dict[str, bytes] = {}
        self._too_long = warning(catalog, "WARNINGS.STRING_TOO_LONG")

    def check_object(self, body: object, fields: Mapping[str, TypeSpec], owner: str) -> Row:
        """Return a JSON object's fields without annotations such as ``@odata.type``.

        ``owner`` names the type in messages. Raises Refusal (400) at the first wrong value, and at the first unknown
        field unless the type is open.
        """
        if not isinstance(body, dict):
            raise BadBody(owner, f"Cannot convert the value to the expected type '{owner}': an object is expected.")
        checked: Row = {}
        for field, value in body.items():
            if field.startswith("@") or "@odata." in field:
                continue
            spec = fields.get(field)
            if spec is None:
                if self._is_open(owner):
                    checked[field] = value
                    continue
                raise BadBody(field, f"The property does not exist on type '{owner}'.")
            if value is None and not self.strict and not (spec.nullable or spec.navigation):
                continue  # as if it were left out
            checked[field] = self.check(value, spec, field)
        return checked

    def check(self, value: object, spec: TypeSpec, field: str) -> Any:
        """``value`` if it is one of the type; raises Refusal (400) naming ``field``."""
        if spec.collection:
            if value is None and spec.nullable:
                return None
            if not isinstance(value, list):
                raise BadBody(field, f"A list of '{edm(spec)}' is expected.")
            return [self._check_one(item, spec, field) for item in value]
        if value is None:
            # A navigation property without a target is null whatever the spec says.
            if spec.nullable or spec.navigation:
                return None
            raise BadBody(field, f"The type '{edm(spec)}' does not allow null values.")
        return self._check_one(value, spec, field)

    def _check_one(self, value: object, spec: TypeSpec, field: str) -> Any:
        if spec.name in self.catalog.types:
            return self.check_object(value, self.catalog.fields(spec.name), spec.name)
        if spec.name in self.catalog.enums:
            return self._check_enum(value, spec, field)
        if spec.name in _INTEGERS:
            lowest, highest = _INTEGERS[spec.name]
            fits = isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest
        else:
            fits = _CHECKS[spec.name](value)
        if not fits:
            raise BadBody(field, f"Cannot convert the value to the expected type '{edm(spec)}'.")
        if self.strict and isinstance(value, str) and spec.max_length is not None and len(value) > spec.max_length:
            raise bad_field(field, self._too_long, fact=ASSUMED)
        return value

    def _check_enum(self, value: object, spec: TypeSpec, field: str) -> str:
        known = self.catalog.enum_values(spec.name)
        if isinstance(value, str):
            flags = self.catalog.enums[spec.name].flags
            names = [name.strip() for name in value.split(",")] if flags else [value]
            if all(name in known for name in names):
                return value
        raise BadBody(
            field, f"Cannot convert the value to the expected type '{spec.name}': its members are {', '.join(known)}."
        )

    def default(self, spec: TypeSpec) -> Any:
        """null where allowed, else the type's default: 0, "", false, [], an enum's first member."""
        if spec.collection:
            return []
        if spec.nullable:
            return None
        if spec.name in self.catalog.types:
            return self.complete(spec.name, {})
        if spec.name in self.catalog.enums:
            return self.catalog.enum_values(spec.name)[0]
        return _DEFAULTS[spec.name]

    def complete(self, type_name: str, row: Mapping[str, Any]) -> Row:
        """Return a row with every field of its type, in the catalog's order; objects inside it are completed too."""
        fields = self.catalog.fields(type_name)
        completed = {
            name: self._complete(row[name], spec) if name in row else self.default(spec)
            for name, spec in fields.items()
        }
        if self._is_open(type_name):
            completed |= {name: value for name, value in row.items() if name not in completed}
        return completed

    def fit(self, type_name: str, row: Mapping[str, Any]) -> Row:
        """Return a row that was written for the newest version as this one has it, sharing nothing with it.

        Fields and enum members that this version lacks go; missing fields get their default.
        """
        if type_name not in self._blanks:
            self._blanks[type_name] = msgspec.msgpack.encode(self.complete(type_name, {}))
        whole: Row = msgspec.msgpack.decode(self._blanks[type_name])
        fields = self.catalog.fields(type_name)
        for name, value in row.items():
            if name in fields:
                whole[name] = self._narrow(value, fields[name])
            elif self._is_open(type_name):
                whole[name] = deepcopy(value)
        return whole

    def _narrow(self, value: Any, spec: TypeSpec) -> Any:
        if value is None:
            return None
        if spec.collection:
            one = spec._replace(collection=False, nullable=True)
            return [narrowed for item in value if (narrowed := self._narrow(item, one)) is not None]
        if spec.name in self.catalog.types:
            return self.fit(spec.name, value)
        if spec.name in self.catalog.enums:
            known = self.catalog.enum_values(spec.name)
            names = value.split(", ") if self.catalog.enums[spec.name].flags else [value]
            if not all(name in known for name in names):
                return self.default(spec)
        return value

    def _is_open(self, type_name: str) -> bool:
        """Whether objects of a type may have fields that it doesn't name."""
        return type_name in self.catalog.types and self.catalog.types[type_name].open

    def _complete(self, value: Any, spec: TypeSpec) -> Any:
        if value is None or spec.name not in self.catalog.types:
            return value
        if spec.collection:
            return [self.complete(spec.name, item) for item in value]
        return self.complete(spec.name, value)


def edm(spec: TypeSpec) -> str:
    """Return a type's full name, as it stands in contexts and messages."""
    return spec.name if spec.name.startswith("Pbx.") else f"Edm.{spec.name}"
