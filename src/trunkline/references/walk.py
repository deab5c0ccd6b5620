"""Rows of a PBX, walked by their types: each place in them that refers to what is looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from ..catalog import Catalog, TypeSpec
from .fields import Sort, Source, sorts_of, type_of
from .target import Target, same_outside

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_LABELS = ("Name", "Input")
"""What tells one element of a list from another: the name of a profile, the key of a digital receptionist."""
_SILENT = frozenset(("Number", "Route", "ForwardDN", "GroupId"))  # nobody says it: "agent", not "agent number"
_ENDS = frozenset(("DN", "id"))
_WORDS = {
    "Blfs": "BLF keys",
    "Data": "number of the rule",
    "DN": "assigned number",
    "DNRanges": "extension range",
    "DidNumbers": "DID",
    "GroupIds": "department",
    "Groups": "member",
    "PrimaryGroupId": "primary department",
}
_NOWHERE = ("None", "External")  # a destination of this kind goes by no number of the PBX's own
_DEEPEST = 12  # objects within objects; 3CX's have six


class Reference(msgspec.Struct, frozen=True):
    """One place that refers to what was looked for: in which entity, and as what.

    ``resource`` and ``id`` say which entity: ``id`` is its key, null for settings, which are one. ``field`` leads to
    the place as in ``Agents[0].Number``, ``role`` is the same in words, and ``value`` is what stands there.
    ``certain`` is false where a text only contains the number, or a pattern covers it.
    """

    resource: str
    id: int | str | None
    number: str | None
    name: str | None
    field: str
    role: str
    value: str
    certain: bool = True

    @property
    def entity(self) -> str:
        """Name the entity as a person does: ``queue 800 Sales``."""
        what = self.resource.replace("_", " ")
        what = what.removesuffix("s") if self.id is not None else what
        what = {"receptionist": "digital receptionist", "user": "extension", "group": "department"}.get(what, what)
        label = " ".join(part for part in (self.number, self.name) if part)
        return f"{what} {label or ('' if self.id is None else self.id)}".strip()

    def __str__(self) -> str:
        return f"{self.entity} ({self.role}{'' if self.certain else ', perhaps'})"


class Place(NamedTuple):
    """Where a value stands: the steps from the row, each a field, with the place in a list and what labels it there."""

    steps: tuple[tuple[str, int | None, str], ...]

    def within(self, name: str) -> Place:
        return Place((*self.steps, (name, None, "")))

    def at(self, index: int, label: str) -> Place:
        name, _, _ = self.steps[-1]
        return Place((*self.steps[:-1], (name, index, label)))

    @property
    def field(self) -> str:
        return ".".join(name if index is None else f"{name}[{index}]" for name, index, _ in self.steps)

    @property
    def role(self) -> str:
        said = [self._words(*step) for step in self.steps if step[0] not in _SILENT]
        return ", ".join(said or [self._words(*self.steps[0])])

    @staticmethod
    def _words(name: str, index: int | None, label: str) -> str:
        if name in _WORDS:
            return _WORDS[name]
        words = [word if word.isupper() else word.lower() for word in _WORD.findall(name)]
        if len(words) > 1 and words[-1] in _ENDS:
            words.pop()
        if index is not None:
            words[-1] = words[-1].removesuffix("s")
        return " ".join([*words, label] if label else words)


def references(catalog: Catalog, source: Source, row: Mapping[str, Any], target: Target) -> Iterator[Reference]:
    """Yield each place in a row that refers to the target; none in the target's own row."""
    identity = None if source.is_single else _identity(source, row)
    number = row.get("Number")
    number = number if isinstance(number, str) and not source.is_single else None
    if number is not None and number == target.number and target.kind != "did":
        return
    for place, value, certain in _places(catalog, source, row, target):
        yield Reference(source.resource, identity, number, _name(row), place.field, place.role, str(value), certain)


def _identity(source: Source, row: Mapping[str, Any]) -> int | str | None:
    value = row.get(source.key[0]) if source.key else None
    return value if isinstance(value, int | str) else None


def _name(row: Mapping[str, Any]) -> str | None:
    person = " ".join(str(row[name]) for name in ("FirstName", "LastName") if row.get(name))
    gateway = row.get("Gateway")
    names = (
        row.get("Name"), person, row.get("DisplayName"), row.get("RuleName"), row.get("FriendlyName"),
        gateway.get("Name") if isinstance(gateway, dict) else None, row.get("MAC"), row.get("Link"),
    )  # fmt: skip
    return next((name for name in names if isinstance(name, str) and name), None)


def _places(
    catalog: Catalog, source: Source, row: Mapping[str, Any], target: Target
) -> Iterator[tuple[Place, Any, bool]]:
    known = catalog.fields(source.type_name)
    for name in source.fields:
        yield from _in_field(catalog, source.type_name, name, known[name], row, target, Place(()))


def _in_field(
    catalog: Catalog, owner: str, name: str, spec: TypeSpec, row: Mapping[str, Any], target: Target, place: Place
) -> Iterator[tuple[Place, Any, bool]]:
    value = row.get(name)
    if value is None or len(place.steps) > _DEEPEST:
        return
    place = place.within(name)
    elements = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
    for index, element in elements:
        here = place if index is None else place.at(index, _label(element, target))
        if isinstance(element, dict):
            if spec.name in catalog.types:
                yield from _in_object(catalog, spec, name, element, target, here)
        elif (certain := _refers(sorts_of(owner, name, spec), element, row, target)) is not None:
            yield here, element, certain


def _in_object(
    catalog: Catalog, spec: TypeSpec, name: str, element: Mapping[str, Any], target: Target, place: Place
) -> Iterator[tuple[Place, Any, bool]]:
    """Yield the places in an object; one of those that say the same, such as a department's number and Id."""
    owner = type_of(name, spec)
    if owner == "Pbx.DNRange":
        if _covers(element, target):
            first, last = element.get("From"), element.get("To")
            yield place, f"{first}-{last}", first == last or not last
        return
    if owner == "Pbx.Destination" and element.get("To") in _NOWHERE and target.kind != "did":
        return
    plain = False
    for inner, each in catalog.fields(spec.name).items():
        for found in _in_field(catalog, owner, inner, each, element, target, place):
            if each.name in catalog.types:
                yield found
            elif not plain:
                plain = True
                yield found


def _label(element: Any, target: Target) -> str:
    """Return what tells an element of a list from the others; "" where it is the target itself."""
    if not isinstance(element, dict) or element.get("Number") == target.number:
        return ""
    return next((str(element[name]) for name in _LABELS if element.get(name)), "")


def _covers(span: Mapping[str, Any], target: Target) -> bool:
    """Whether a range has the target's number: numbers of another length are not in it."""
    first, last = str(span.get("From") or ""), str(span.get("To") or span.get("From") or "")
    number = target.number
    if not (first.isdecimal() and last.isdecimal() and number.isdecimal()):
        return number == first
    return len(first) <= len(number) <= len(last) and int(first) <= int(number) <= int(last)


def _refers(sorts: tuple[Sort, ...], value: Any, row: Mapping[str, Any], target: Target) -> bool | None:
    """Whether a value refers to the target: True, False if only perhaps, None if not."""
    found: bool | None = None
    for sort in sorts:
        if sort in target.sorts and (certain := _COMPARE[sort](value, target)) is not None:
            found = certain or bool(found)
    return found


def _number(value: Any, target: Target) -> bool | None:
    return True if str(value) == target.number else None


def _numbers_in_text(value: Any, target: Target) -> bool | None:
    pattern = rf"(?<![\w+]){re.escape(target.number)}(?!\w)"
    return False if isinstance(value, str) and re.search(pattern, value) else None


def _outside_number(value: Any, target: Target) -> bool | None:
    if isinstance(value, str) and value.startswith("*") and len(value) > 1:  # the last digits of a DID, by a mask
        return False if target.number.endswith(value[1:]) else None
    return True if same_outside(value, target.number) else None


def _file(value: Any, target: Target) -> bool | None:
    names = re.split(r"[/\\]", value) if isinstance(value, str) else [""]
    return True if names[-1].casefold() == target.number.casefold() else None


def _department(value: Any, target: Target) -> bool | None:
    return True if value == target.number or (target.id is not None and value == target.id) else None


def _department_name(value: Any, target: Target) -> bool | None:
    names = {name.casefold() for name in (target.number, target.name) if name}
    return True if isinstance(value, str) and value.casefold() in names else None


def _id(value: Any, target: Target) -> bool | None:
    return True if target.id is not None and value == target.id else None


_COMPARE: Mapping[Sort, Any] = {
    "number": _number,
    "numbers in text": _numbers_in_text,
    "range": lambda value, target: None,  # an object, which `_in_object` judges as a whole
    "outside number": _outside_number,
    "file": _file,
    "department": _department,
    "department name": _department_name,
    "trunk": _id,
    "user": _id,
}
