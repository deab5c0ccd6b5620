"""JSON Schemas of the files, made from the catalog: editors complete fields and values, and say what each means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ...catalog import Catalog, TypeSpec
from ...catalog.descriptions.fields import field_description
from ...odata.literals import INTEGER_RANGES
from ..forms import Form, forms, people_fields
from ..kinds import SETTINGS, Kind, kinds, settings_kinds
from ..model import Id
from .manifest import FILE

FOLDER = ".schema"
MANIFEST = "trunkline"
_DRAFT = "http://json-schema.org/draft-07/schema#"  # what yaml-language-server reads best
_ELSEWHERE = "elsewhere"
_TEXT = ["string", "number", "boolean"]
"""The catalog takes a scalar for a text where it wants one, whatever YAML takes it for."""
_Schema = dict[str, Any]


def schema_name(id: Id) -> str:
    """Return the name of the schema for an entity's file: ``queues``, of settings ``settings/mail_settings``."""
    return str(id) if id.kind == SETTINGS else id.kind


def schema_file(name: str) -> str:
    """Return the path of a schema within a folder."""
    return f"{FOLDER}/{name}.json"


def schemas(catalog: Catalog) -> Mapping[str, _Schema]:
    """Return the schema for each kind of file by name, as `schema_name` has it, and that of the manifest."""
    found = {name: schema(catalog, kind) for name, kind in kinds(catalog).items() if name != SETTINGS}
    found |= {f"{SETTINGS}/{name}": schema(catalog, kind) for name, kind in settings_kinds(catalog).items()}
    return {**found, MANIFEST: manifest_schema(catalog)}


def schema(catalog: Catalog, kind: Kind) -> _Schema:
    """Return the schema for the files of one kind."""
    return _Schemas(catalog).entity(kind)


def schema_text(schema: _Schema) -> str:
    """Return a schema as the text of its file."""
    return msgspec.json.format(msgspec.json.encode(schema), indent=1).decode() + "\n"


class _Schemas:
    """One schema, with a definition for each type of object in it."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._definitions: dict[str, _Schema] = {
            _ELSEWHERE: {
                "description": "A value from elsewhere, such as ${customer.prefix}, or !remove.",
                "type": "string",
                "pattern": r"^$|\$\{",
            }
        }

    def entity(self, kind: Kind) -> _Schema:
        whole = self._object(kind.type_name, kind.forms)
        return {
            "$schema": _DRAFT,
            "title": kind.label if kind.name != SETTINGS else kind.single.replace("_", " "),
            **whole,
            "type": ["object", "string"],
            "maxLength": 0,  # a file that has nothing but !remove
            **_required(kind),
            "definitions": self._definitions,
        }

    def _object(self, type_name: str, known: Mapping[str, Form]) -> _Schema:
        own = self._catalog.types[type_name]
        properties = {name: self._field(type_name, name, form) for name, form in known.items()}
        return {"type": "object", "properties": properties, "additionalProperties": own.open}

    def _field(self, owner: str, name: str, form: Form) -> _Schema:
        description = field_description(self._catalog, owner, name)
        single = self._single(form, form.spec)
        whole = {"type": "array", "items": single} if form.spec.collection else single
        return {**({"description": str(description)} if description else {}), **_or_elsewhere(whole, form.spec)}

    def _single(self, form: Form, spec: TypeSpec) -> _Schema:
        match form.way:
            case "roles":
                return {"type": "object", "additionalProperties": {"type": _TEXT}}
            case "secret":
                return {"type": "string"}
            case "person" if spec.name in self._catalog.types:
                return self._person(spec.name)
            case "object":
                return self._definition(spec.name)
        if spec.name in self._catalog.enums:
            return self._choice(spec.name)
        if spec.name == "Boolean":
            return {"type": "boolean"}
        if spec.name in INTEGER_RANGES:
            low, high = INTEGER_RANGES[spec.name]
            return {"type": "integer", "minimum": low, "maximum": high}
        if spec.name in ("Single", "Double", "Decimal"):
            return {"type": "number"}
        return {"type": _TEXT, **({"maxLength": spec.max_length} if spec.max_length is not None else {})}

    def _person(self, type_name: str) -> _Schema:
        beside = people_fields(type_name) or ()
        if not beside:
            return {"type": _TEXT}
        known = forms(self._catalog, type_name)
        properties = {"Number": {"type": _TEXT}} | {name: self._field(type_name, name, known[name]) for name in beside}
        whole = {"type": "object", "properties": properties, "required": ["Number"], "additionalProperties": False}
        return {"anyOf": [{"type": _TEXT}, whole]}

    def _definition(self, type_name: str) -> _Schema:
        name = type_name.removeprefix("Pbx.")
        if name not in self._definitions:
            self._definitions[name] = {}  # types may lead back to themselves
            self._definitions[name] = self._object(type_name, forms(self._catalog, type_name))
        return {"$ref": f"#/definitions/{name}"}

    def _choice(self, name: str) -> _Schema:
        values = list(self._catalog.enum_values(name))
        if not self._catalog.enums[name].flags:
            return {"enum": values}
        one = "|".join(map(re.escape, values))
        return {"anyOf": [{"enum": values}, {"type": "string", "pattern": rf"^\s*({one})(\s*,\s*({one}))*\s*$"}]}


def _or_elsewhere(whole: _Schema, spec: TypeSpec) -> _Schema:
    """Return a schema that also takes null, where the field may have it, and values from elsewhere."""
    others = [{"type": "null"}] if spec.nullable or spec.collection else []
    if whole.get("type") in (_TEXT, "string"):
        return {**whole, "type": [*([whole["type"]] if isinstance(whole["type"], str) else whole["type"]), "null"]}
    return {"anyOf": [whole, *others, {"$ref": f"#/definitions/{_ELSEWHERE}"}]}


def _required(kind: Kind) -> _Schema:
    """Return which fields a file must have to name its entity."""
    if not kind.keys:
        return {}
    heads = list(dict.fromkeys(name.partition(".")[0] for name in kind.key))
    beside = [kind.part.by] if kind.part is not None else []
    if len(heads) == 1:
        return {"required": [*heads, *beside]}
    return {"anyOf": [{"required": [head, *beside]} for head in heads]}


def manifest_schema(catalog: Catalog) -> _Schema:
    """Return the schema for ``trunkline.yaml``."""
    patterns = {"type": "array", "items": {"type": "string"}}
    paths = {"anyOf": [{"type": "string"}, patterns]}
    names = list(kinds(catalog))
    managed = {"type": "object", "properties": dict.fromkeys(names, patterns), "additionalProperties": False}
    return {
        "$schema": _DRAFT,
        "title": FILE,
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            "extends": {"description": "Folders that this one builds on, the lowest first.", **paths},
            "values": {"description": "Files of values for ${name}; later ones count for more.", **paths},
            "manage": {
                "description": "Of which kinds this folder has all entities, or all whose key fits a pattern; with no "
                "pattern, as in contacts: [], it speaks for none but those that it has. Of other kinds it has all if "
                "it has a file.",
                "anyOf": [managed, {"type": "array", "items": {"enum": names}}],
            },
            "ignore": {"description": "Fields that are left to others, such as users/*/Mobile.", **patterns},
            "protect": {"description": "Entities that are never removed, such as users/100.", **patterns},
            "complete": {
                "description": "Whether a field that no file has is one that the PBX did not have.",
                "type": "boolean",
            },
            "version": {"description": "The version of the PBX that was exported.", "type": "string"},
        },
    }
