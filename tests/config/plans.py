"""Readings and files in file form, for tests of plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trunkline.catalog import load
from trunkline.config.kinds import kind_of
from trunkline.config.lacking import lacking_of
from trunkline.config.model import Configuration, Entity, Id, Place, Scope
from trunkline.config.planning.plan import Plan, plan
from trunkline.config.reading import Reading
from trunkline.config.spelling import Names

URL = "https://pbx.example.com"
State = Mapping[str, Mapping[str, Any]]
"""Fields by ``kind/key``."""


def id_of(text: str) -> Id:
    kind, _, key = text.partition("/")
    return Id(kind, key)


def entities(state: State, file: str = "") -> dict[Id, Entity]:
    found = {}
    for text, fields in state.items():
        id = id_of(text)
        found[id] = Entity(id, _keyed(id, fields), {"": Place(f"{text}.yaml", 1)} if file else {})
    return found


def _keyed(id: Id, fields: Mapping[str, Any]) -> dict[str, Any]:
    kind = kind_of(load(), id)
    key = {} if kind.single or not kind.keys or "." in kind.keys[0][0] else {kind.keys[0][0]: id.key}
    return {**key, **fields}


def held(state: State, version: str = "20.0.10", files: frozenset[str] = frozenset()) -> Reading:
    """A reading of a PBX in that state."""
    names = Names()
    for n, (text, fields) in enumerate(state.items(), 1):
        id = id_of(text)
        names.add(id, {"Id": n, **_keyed(id, fields), **({"Number": f"1000{n}"} if id.kind == "trunks" else {})})
    names.add(Id("prompt_sets", "English"), {"Folder": "1E6C594D"})
    kinds = {id_of(text).kind for text in state}
    configuration = Configuration(URL, entities(state), Scope(dict.fromkeys(kinds, ("*",)), is_complete=True))
    for text in state:  # as a reading finds it
        id = id_of(text)
        rows = [entity.fields for each, entity in configuration.entities.items() if each.kind == id.kind]
        configuration.lacking = {
            **configuration.lacking,
            id.kind: lacking_of(load(), load(version), id, rows),
        }
    return Reading(configuration, names, files, URL, version, 0)


def files(state: State, **scope: Any) -> Configuration:
    kinds = {id_of(text).kind for text in state}
    manage = scope.pop("manage", dict.fromkeys(kinds, ("*",)))
    return Configuration("acme", entities(state, "yes"), Scope(manage, **scope))


def planned(wanted: State, present: State, manage: Mapping[str, tuple[str, ...]] | None = None, **options: Any) -> Plan:
    scope = {} if manage is None else {"manage": manage}
    return plan(files(wanted, **scope), held(present), **options)


def steps(plan: Plan) -> list[str]:
    """The steps in short: ``0 add users/100``."""
    return [f"{step.wave} {step.change} {step.id}" for step in plan.steps]


def notes(plan: Plan, kind: str) -> Sequence[str]:
    return [note.text for note in plan.notes if note.kind == kind]
