"""Rows as a PBX could answer them, made of the catalog's types, and a PBX's names for what they refer to.

A row is made of a seed, which hypothesis draws: to draw every field of types as deep as a user's would take minutes.
"""

from __future__ import annotations

from random import Random
from typing import Any

from trunkline.catalog import Catalog, TypeSpec, load
from trunkline.config.forms import forms
from trunkline.config.kinds import Kind, kinds
from trunkline.config.model import Id
from trunkline.config.spelling import Names, references
from trunkline.config.tables import tables

CATALOG = load()
KINDS = [kind for kind in kinds(CATALOG).values() if kind.type_name]
NUMBERS = ("100", "101", "102", "800", "10000")
RAW: dict[str, list[Any]] = {
    "Id": [1, 2, 3, 99, 101],
    "Number": ["10000", "10999"],
    "Name": ["Everybody", "Sales", "Gone"],
    "Folder": ["1e6ed594", "gone"],
}
_INTEGERS = {"Byte": (0, 255), "Int16": (-9, 99), "Int32": (-9, 10**6), "Int64": (-9, 10**12)}
_TEXTS = ("", "a", "ä é", ",:'\"", "#1", "{}", "[]", "0019", "+44 20", "-1", "two\nlines", "true", "null")
_PLAIN: dict[str, tuple[Any, ...]] = {
    "Boolean": (True, False),
    "TimeOfDay": ("00:00:00.0000000", "09:00:00.0000000", "17:30:15.0000000"),
    "Duration": ("PT0S", "PT9H", "PT23H59M", "PT17H30M5S", "P2DT1H", "PT12.5S"),
    "DateTimeOffset": ("2026-11-29T12:00:00Z",),
    "Guid": ("7b0c3a5e-0000-4000-8000-000000000001",),
    "Single": (0.5, 2.0),
}


def named() -> Names:
    """Names of a small PBX."""
    names = Names()
    names.add(Id("groups", "DEFAULT"), {"Id": 1, "Name": "Everybody", "Number": "GRP0000"})
    names.add(Id("groups", "Sales"), {"Id": 2, "Name": "Sales", "Number": "GRP0001"})
    names.add(Id("groups", "Sales#2"), {"Id": 3, "Name": "Sales", "Number": "GRP0002"})
    names.add(Id("trunks", "London SIP"), {"Id": 101, "Number": "10000"})
    names.add(Id("prompt_sets", "English"), {"Id": 1, "Folder": "1e6ed594"})
    for number in NUMBERS[:3]:
        names.add(Id("users", number), {"Id": int(number), "Number": number})
    names.add(Id("queues", "800"), {"Id": 61, "Number": "800"})
    return names


def knowing(kind: Kind, fields: dict[str, Any]) -> Names:
    """The names of `named`, and everything that an entity refers to, called as the API calls it."""
    names = named()
    for reference in references(CATALOG, kind, fields):
        if not reference.is_loose and Id(reference.kind, reference.key) not in names:
            number = int(reference.key) if reference.key.isdigit() else 0
            api = {"Id": number, "Number": reference.key, "Folder": reference.key}
            names.add(Id(reference.kind, reference.key), api)
    return names


def row(kind: Kind, seed: int) -> dict[str, Any]:
    """A row of a kind, with a natural key. It refers to what `named` has, and to what that lacks."""
    random = Random(seed)
    while True:
        made = _object(random, CATALOG, kind.type_name, 4)
        try:
            kind.key_of(made)
        except ValueError:
            continue
        return made


def _object(random: Random, catalog: Catalog, type_name: str, depth: int) -> dict[str, Any]:
    share = random.choice((0.3, 0.7, 1.0))
    made = {
        name: _value(random, catalog, type_name, name, spec, depth - 1)
        for name, spec in catalog.fields(type_name).items()
        if (depth > 1 or spec.name not in catalog.types) and random.random() < share
    }
    named = tables().elements.get(type_name)  # an element that a field names has that field
    spec = catalog.fields(type_name).get(named or "")
    return made | {named: _plain(random, catalog, spec) or "x"} if named and spec else made


def _value(random: Random, catalog: Catalog, owner: str, name: str, spec: TypeSpec, depth: int) -> Any:
    form = forms(catalog, owner).get(name)
    if spec.name == "Pbx.UserGroup":
        return [_membership(random, group) for group in random.sample((1, 2, 3), random.randrange(3))]
    if form is not None and form.way == "person":
        people = [_person(random, catalog, spec.name, number) for number in random.sample(NUMBERS, 3)]
        return people[: random.randrange(4)] if spec.collection else people[0]

    def one() -> Any:
        if form is not None and form.way == "reference":
            return random.choice(RAW[form.by])
        return (
            _object(random, catalog, spec.name, depth) if spec.name in catalog.types else _plain(random, catalog, spec)
        )

    return [one() for _ in range(random.randrange(4))] if spec.collection else one()


def _membership(random: Random, group: int) -> dict[str, Any]:
    rights = random.choice(({"Rights": {"RoleName": "users", "CanIntercom": True}}, {"Rights": {"RoleName": "owners"}}))
    return {"GroupId": group, "Id": group, "Name": f"Group {group}", "Tags": [], **rights}


def _person(random: Random, catalog: Catalog, type_name: str, number: str) -> dict[str, Any]:
    has_skill = "SkillGroup" in catalog.fields(type_name) and random.random() < 0.5
    skill = {"SkillGroup": random.choice("12")} if has_skill else {}
    return {"Number": number, "Id": 7, "Name": f"Somebody {number}", **skill}


def _plain(random: Random, catalog: Catalog, spec: TypeSpec) -> Any:
    if spec.name in catalog.enums:
        return random.choice(catalog.enum_values(spec.name))
    if spec.name in _INTEGERS:
        return random.randint(*_INTEGERS[spec.name])
    return random.choice(_PLAIN.get(spec.name, _TEXTS))
